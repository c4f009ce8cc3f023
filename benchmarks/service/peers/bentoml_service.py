"""BentoML: a service whose arguments are NumPy arrays, sent as nested lists."""

from typing import Annotated, Any

import bentoml
import numpy as np
import torch
from bentoml.validators import DType
from torch.nn import functional

torch.set_num_threads(1)


@bentoml.service(
    workers=1,
    traffic={"timeout": 120},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class Loss:
    """Takes `logits` and `labels`."""

    @bentoml.api
    def loss(
        self, logits: Annotated[np.ndarray, DType("float32")], labels: Annotated[np.ndarray, DType("int64")]
    ) -> dict[str, Any]:
        losses = functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels), reduction="none")
        return {"losses": losses.tolist(), "mean": losses.mean().item()}
