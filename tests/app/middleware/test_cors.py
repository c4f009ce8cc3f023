"""A preflight request that is refused is told why, as all errors are."""

import asyncio

import httpx
import pytest

from app.main import create_app
from app.settings import Settings

ORIGIN = "https://labels.example"


def preflight(**headers: str) -> httpx.Response:
    app = create_app(Settings(cors_origins=f"{ORIGIN}, https://other.example"))
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    asked |= {name.replace("_", "-"): value for name, value in headers.items()}

    async def response() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://xent") as client:
            return await client.options("/v1/loss", headers=asked)

    return asyncio.run(response())


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://evil.example"}, 'Origin is the string "https://evil.example"; XENT_CORS_ORIGINS lists'),
        ({"Access_Control_Request_Method": "BREW"}, 'Access-Control-Request-Method is the string "BREW"; one of'),
        ({"Access_Control_Request_Private_Network": "true"}, "Access-Control-Request-Private-Network is set"),
    ],
    ids=["origin", "method", "private network"],
)
def test_a_refused_preflight_is_a_problem_that_names_the_reason(headers: dict[str, str], reason: str) -> None:
    response = preflight(**headers)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["vary"].startswith("Origin")
    assert int(response.headers["content-length"]) == len(response.content)
    problem = response.json()
    assert (problem["title"], problem["status"], problem["errors"]) == ("Bad Request", 400, [])
    assert problem["detail"].startswith(f"the preflight request is refused: {reason}")
    is_allowed = headers.get("Origin", ORIGIN) == ORIGIN
    assert response.headers.get("access-control-allow-origin") == (ORIGIN if is_allowed else None)


def test_an_allowed_preflight_is_answered_as_before() -> None:
    response = preflight(Access_Control_Request_Headers="X-API-Key, Content-Type")
    assert (response.status_code, response.text) == (200, "OK")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-headers"] == "X-API-Key, Content-Type"
