"""What others are told when the service is to end."""

import signal
from pathlib import Path

import httpx

from tests.service import Server, problem


def test_told_to_end_it_is_not_ready_but_goes_on_for_a_while(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_DRAIN_SECONDS="60") as server, server.client() as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/v2/health/ready").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.drains()
        assert "the service is shutting down" in problem(client.get("/readyz"), 503)["detail"]
        response = client.get("/v2/health/ready")
        assert (response.status_code, list(response.json())) == (503, ["error"])
        assert client.get("/livez").status_code == 200
        assert httpx.post(f"{server.address}/v1/loss", json={"logits": [1], "labels": 1}).status_code == 200
        assert server.stop() == 0
