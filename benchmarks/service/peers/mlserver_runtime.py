"""MLServer: a custom runtime. Its settings are written by the benchmark when it starts it."""

import torch
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from torch.nn import functional


class Loss(MLModel):  # type: ignore[misc]
    """Takes the inputs `logits` and `labels`."""

    async def load(self) -> bool:
        torch.set_num_threads(1)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        tensors = {each.name: torch.from_numpy(NumpyCodec.decode_input(each)) for each in payload.inputs}
        losses = functional.cross_entropy(tensors["logits"], tensors["labels"], reduction="none")
        named = {"per_sample": losses, "loss": losses.mean().reshape(1)}
        outputs = [NumpyCodec.encode_output(name, tensor.numpy()) for name, tensor in named.items()]
        return InferenceResponse(model_name=self.name, outputs=outputs)
