"""FastAPI and PyTorch as a newcomer writes it: lists validated by pydantic, a plain function as the endpoint."""

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from torch.nn import functional

torch.set_num_threads(1)
app = FastAPI()


class Batch(BaseModel):
    """Logits and class indices."""

    logits: list[list[float]]
    labels: list[int]


class Losses(BaseModel):
    """One loss for each sample, and their mean."""

    losses: list[float]
    mean: float


@app.post("/loss")
def loss(batch: Batch) -> Losses:
    losses = functional.cross_entropy(torch.tensor(batch.logits), torch.tensor(batch.labels), reduction="none")
    return Losses(losses=losses.tolist(), mean=losses.mean().item())
