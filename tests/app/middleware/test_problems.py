"""Every exception becomes a problem that may be shown to a client."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from app.middleware import problems
from app.middleware.api_keys import WrongKey
from app.middleware.body_limit import BodyTooLarge
from app.middleware.problems import Problems
from app.middleware.reservation import RequestsFull
from app.middleware.route_traits import TraitsByPath
from app.telemetry.access_log import AccessLog
from app.telemetry.metrics import Metrics
from app.wire.oip.errors import BadFrame
from app.wire.parse import NotJson
from xent_core.errors import InvalidInput

NO_ROUTES = TraitsByPath([], {})


def response_to(exception: BaseException, path: str = "/") -> httpx.Response:
    """What an application responds in which this happens."""

    async def fail(*_: object) -> None:
        raise exception

    async def get() -> httpx.Response:
        app = AccessLog(Problems(fail, NO_ROUTES), Metrics(), {}, log=False)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://xent") as client:
            return await client.get(path)

    return asyncio.run(get())


def content_of(exception: Exception, status: int) -> dict[str, Any]:
    response = response_to(exception)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    return content


def test_what_fails_inside_is_not_told_to_the_client() -> None:
    content = content_of(RuntimeError("the password is swordfish"), 500)
    assert content["errors"] == []
    assert "swordfish" not in str(content)
    assert "RuntimeError" not in str(content)


def test_an_http_error_keeps_its_own_words_and_headers() -> None:
    response = response_to(HTTPException(503, "the service is full", {"Retry-After": "1"}))
    assert response.json()["detail"] == "the service is full"
    assert response.headers["retry-after"] == "1"


def test_an_http_error_without_words_of_its_own_gets_some() -> None:
    assert "/docs" in content_of(HTTPException(404), 404)["detail"]
    assert content_of(HTTPException(409), 409)["detail"] == "Conflict"


def test_invalid_input_stands_at_its_place() -> None:
    class Odd(InvalidInput):
        code = "odd"

    content = content_of(Odd("labels", "is odd", (3, 1)), 422)
    assert content["detail"] == "labels[3][1] is odd"
    assert content["errors"] == [{"loc": ["body", "labels", 3, 1], "code": "odd", "message": "is odd"}]


def test_a_client_that_disconnected_is_no_failure_of_the_service() -> None:
    assert content_of(ClientDisconnect(), 400)["errors"] == []


@pytest.mark.parametrize("path", ["/v2", "/v2/models"])
@pytest.mark.parametrize(
    ("exception", "status", "error"),
    [
        (InvalidInput("labels", "is odd", (3,)), 400, "labels[3] is odd"),
        (BadFrame("the body is odd"), 400, "the body is odd"),
        (NotJson("the body is no JSON"), 400, "the body is no JSON"),
        (BodyTooLarge("too long"), 413, "too long"),
        (HTTPException(404, "there is no such model"), 404, "there is no such model"),
        (ClientDisconnect(), 400, "the client disconnected"),
        (RuntimeError("the password is swordfish"), 500, "internal error; the service's log has the details"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
def test_under_v2_it_is_written_as_the_open_inference_protocol_has_it(
    exception: Exception, status: int, error: str, path: str
) -> None:
    response = response_to(exception, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"error": error}


def test_headers_stay_under_v2_too() -> None:
    response = response_to(HTTPException(503, "the service is full", {"Retry-After": "1"}), "/v2/models")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["/v1/loss", "/v20", "/v", "/x/v2/models"])
def test_elsewhere_it_is_a_problem(path: str) -> None:
    assert response_to(InvalidInput("labels", "is odd"), path).headers["content-type"] == "application/problem+json"


def test_what_never_finished_when_the_service_ended_is_503() -> None:
    response = response_to(asyncio.CancelledError())
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_an_exception_derived_from_one_of_the_table_has_its_status() -> None:
    class Odd(BodyTooLarge):
        pass

    assert content_of(Odd("too long"), 413)


@pytest.mark.parametrize(
    ("exception", "reason"),
    [
        (InvalidInput("labels", "is odd"), InvalidInput.code),
        (NotJson("the body is no JSON"), "not_json"),
        (BodyTooLarge("no"), "body_too_large"),
        (HTTPException(404), "not_found"),
        (HTTPException(405, "not so"), "method_not_allowed"),
        (WrongKey("no"), "wrong_key"),
        (RequestsFull(5), "requests_full"),
        (RuntimeError("no"), "runtime_error"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_refusal_has_a_reason_in_one_word(exception: Exception, reason: str) -> None:
    assert problems.reason_of(exception) == reason


def test_what_fails_inside_is_in_the_log_with_the_requests_id(caplog: pytest.LogCaptureFixture) -> None:
    request_id = response_to(RuntimeError("the password is swordfish")).headers["x-request-id"]
    (record,) = caplog.records
    assert record.msg == {"message": "request failed", "request_id": request_id}
    assert "swordfish" in caplog.text


def test_a_response_that_has_begun_is_cut_off() -> None:
    async def fail(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def get() -> None:
        app = AccessLog(Problems(fail, NO_ROUTES), Metrics(), {}, log=False)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://xent") as client:
            await client.get("/")

    with pytest.raises(problems.ResponseBroken):
        asyncio.run(get())


def test_what_is_no_request_is_left_alone() -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the lifespan failed")

    async def nothing() -> Message:
        return {}

    async def start() -> None:
        await AccessLog(Problems(fail, NO_ROUTES), Metrics(), {}, log=False)(
            {"type": "lifespan"}, nothing, lambda _: nothing()
        )

    with pytest.raises(RuntimeError, match="the lifespan failed"):
        asyncio.run(start())
