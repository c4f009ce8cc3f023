"""FastAPI and PyTorch by somebody who measured: orjson both ways, no pydantic, no thread in between."""

from typing import Any

import numpy as np
import orjson
import torch
from fastapi import FastAPI, Request, Response
from torch import Tensor
from torch.nn import functional

torch.set_num_threads(1)
app = FastAPI()
IGNORED = -1


@app.post("/loss")
async def loss(request: Request) -> Response:
    logits, labels = tensors(await request.body(), np.int64)
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return response(losses, losses.mean())


@app.post("/padded")
async def padded(request: Request) -> Response:
    logits, labels = tensors(await request.body(), np.int64)
    losses = functional.cross_entropy(logits, labels, reduction="none", ignore_index=IGNORED)
    return response(losses, losses.sum() / torch.count_nonzero(labels != IGNORED))


@app.post("/one_hot")
async def one_hot(request: Request) -> Response:
    logits, labels = tensors(await request.body(), np.float32)
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return response(losses, losses.mean())


@app.post("/sigmoid")
async def sigmoid(request: Request) -> Response:
    logits, labels = tensors(await request.body(), np.float32)
    losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").mean(dim=1)
    return response(losses, losses.mean())


def tensors(body: bytes, dtype_of_labels: type[np.generic]) -> tuple[Tensor, Tensor]:
    """The logits and the labels of a request."""
    batch: dict[str, Any] = orjson.loads(body)
    logits = torch.from_numpy(np.array(batch["logits"], dtype=np.float32))
    return logits, torch.from_numpy(np.array(batch["labels"], dtype=dtype_of_labels))


def response(losses: Tensor, mean: Tensor) -> Response:
    answer = {"losses": losses.numpy(), "mean": mean.item()}
    return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
