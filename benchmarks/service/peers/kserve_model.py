"""KServe's SDK: a model of its own kind, one worker, no gRPC."""

from typing import Any

import torch
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid
from torch.nn import functional


class Loss(Model):  # type: ignore[misc]
    """Takes the inputs `logits` and `labels`."""

    def __init__(self) -> None:
        super().__init__("loss")
        self.ready = True

    async def predict(self, payload: InferRequest, headers: Any = None, response_headers: Any = None) -> InferResponse:  # noqa: ARG002
        tensors = {each.name: torch.from_numpy(each.as_numpy()) for each in payload.inputs}
        losses = functional.cross_entropy(tensors["logits"], tensors["labels"], reduction="none")
        outputs = []
        for name, tensor in (("per_sample", losses), ("loss", losses.mean().reshape(1))):
            output = InferOutput(name=name, shape=list(tensor.shape), datatype="FP32")
            output.set_data_from_numpy(tensor.numpy(), binary_data=payload.use_binary_outputs)
            outputs.append(output)
        return InferResponse(
            response_id=payload.id or generate_uuid(),
            model_name=self.name,
            infer_outputs=outputs,
            requested_outputs=payload.request_outputs,
            use_binary_outputs=payload.use_binary_outputs,
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    ModelServer().start([Loss()])
