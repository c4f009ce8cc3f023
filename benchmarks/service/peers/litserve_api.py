"""LitServe: one API server, one inference worker, its ZeroMQ queue between them."""

import sys
from typing import Any

import litserve
import torch
from torch.nn import functional


class Loss(litserve.LitAPI):  # type: ignore[misc]
    """Takes `logits` and `labels`."""

    def setup(self, device: str) -> None:  # noqa: ARG002
        torch.set_num_threads(1)

    def decode_request(self, request: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.tensor(request["logits"]), torch.tensor(request["labels"])

    def predict(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return functional.cross_entropy(*batch, reduction="none")

    def encode_response(self, losses: torch.Tensor) -> dict[str, Any]:
        return {"losses": losses.tolist(), "mean": losses.mean().item()}


if __name__ == "__main__":
    server = litserve.LitServer(Loss(), accelerator="cpu", workers_per_device=1, timeout=120, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
