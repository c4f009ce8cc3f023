"""Requests to /v1/loss as the contract's tests make them."""

from typing import Any, Protocol

import httpx
import pytest


class PostLoss(Protocol):
    def __call__(self, logits: Any, labels: Any, **fields: Any) -> dict[str, Any]: ...


@pytest.fixture(scope="session")
def loss(client: httpx.Client) -> PostLoss:
    """The response to a batch that has no error."""

    def post(logits: Any, labels: Any, **fields: Any) -> dict[str, Any]:
        response = client.post("/v1/loss", json={"logits": logits, "labels": labels, **fields})
        assert response.status_code == 200, response.text
        content: dict[str, Any] = response.json()
        return content

    return post
