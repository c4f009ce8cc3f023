"""Endpoints in FastAPI's own form get their arrays from the wire."""

import asyncio
import threading
from typing import Annotated, NamedTuple

import httpx
from fastapi import APIRouter, Body, Response
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse

from app.api.array_route import ArrayRoute
from app.api.fields import Array, RequestModel
from app.main import create_app
from app.settings import Settings


class Batch(RequestModel):
    values: Array
    factor: float = 1


router = APIRouter(route_class=ArrayRoute)


@router.post("/batch")
async def batch(http: HttpRequest, request: Annotated[Batch, Body()]) -> Response:  # noqa: ARG001  the form of all
    content = {"shape": request.values.shape, "dtype": str(request.values.dtype), "factor": request.factor}
    return JSONResponse(content)


class Sent(NamedTuple):
    response: httpx.Response
    left_the_loop: bool


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "worker" in thread.name]


def post(path: str, body: bytes, media_type: str = "application/json", *, included: bool = False) -> Sent:
    app = create_app(Settings())
    if included:
        app.include_router(router)
    else:
        app.router.routes.extend(router.routes)

    for thread in workers():
        thread.join(10)  # of the test before

    async def send() -> Sent:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://xent") as client:
            response = await client.post(path, content=body, headers={"Content-Type": media_type})
            # A thread that took work off the loop waits for more, until the loop ends.
            return Sent(response, bool(workers()))

    return asyncio.run(send())


def test_the_models_array_fields_arrive_as_arrays() -> None:
    response, _ = post("/batch", b'{"values": [[1, 2], [3, 4.5]], "factor": 2}')
    assert response.json() == {"shape": [2, 2], "dtype": "float64", "factor": 2}


def test_so_they_do_where_the_router_is_included() -> None:
    response, _ = post("/batch", b'{"values": {"dtype": "int8", "shape": [2], "data": "AQI="}}', included=True)
    assert response.json() == {"shape": [2], "dtype": "int8", "factor": 1}


def test_a_large_body_is_decoded_off_the_loop_and_like_a_small_one() -> None:
    small, left_the_loop = post("/batch", b'{"values": [0.25, 1]}')
    assert not left_the_loop
    large, left_the_loop = post("/batch", b'{"values": [' + b"0.25," * 100_000 + b"1]}")
    assert left_the_loop
    assert large.json() == small.json() | {"shape": [100_001]}


def test_a_large_batch_is_computed_off_the_loop() -> None:
    """Ten thousand bytes of JSON, which are decoded where they stand, are forty thousand of float64."""
    for size, expected in ((100, False), (5000, True)):
        response, left_the_loop = post("/v1/loss", b'{"labels":1,"logits":[' + b"1," * (size - 1) + b"1]}")
        assert response.status_code == 200
        assert left_the_loop == expected


def test_all_that_is_wrong_is_said_together() -> None:
    response, _ = post("/batch", b'{"values": [[1, 2], [3]], "factor": "two"}')
    assert [error["loc"] for error in response.json()["errors"]] == [["body", "values", 1], ["body", "factor"]]


def test_a_body_of_another_media_type_is_not_read() -> None:
    response, _ = post("/batch", b'{"values": [1]}', "text/plain")
    assert response.status_code == 415


def test_work_is_large_by_all_that_the_request_holds() -> None:
    """Two logits, and weights which are more than can be looked at where they come."""
    text = b'{"labels":[0,1],"logits":[1,2],"weights":{"dtype":"int8","shape":[12000],"data":"%b"}}' % (b"AAAA" * 4000)
    response, left_the_loop = post("/v1/loss", text)
    assert response.status_code == 422
    assert left_the_loop
