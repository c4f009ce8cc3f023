"""Every error has a name, and carries what the service said."""

import pickle
from typing import Any

import httpx
import numpy as np
import pytest

import xent_client
from tests.client_python.misbehaving import Misbehaving, problem, respond
from tests.service import Server
from xent_client import (
    Forbidden,
    InvalidInput,
    Overloaded,
    ServerFailed,
    TimedOut,
    TooLarge,
    Unauthorized,
    UnexpectedResponse,
    Unreachable,
    Xent,
    XentError,
)

BATCH: dict[str, Any] = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}


# --- Of the real service


def test_an_error_of_the_input_says_where_and_why(xent: Xent) -> None:
    with pytest.raises(InvalidInput, match=r"^labels\[1\] is 3; a class index from 0 to 2 was expected") as raised:
        xent.loss(BATCH["logits"], [1, 3])
    assert raised.value.status == 422
    assert raised.value.problem
    assert raised.value.problem.title == "Unprocessable Content"
    (error,) = raised.value.errors
    assert (error.loc, error.code) == (["body", "labels", 1], "label_out_of_range")
    assert error.message.startswith("is 3; a class index from 0 to 2 was expected; labels run from 1 to 3")


def test_all_that_is_wrong_is_named(xent: Xent) -> None:
    with pytest.raises(InvalidInput) as raised:
        xent.loss(BATCH["logits"], [1, 2], axis="last", reduction="average")  # type: ignore[arg-type]
    assert {error.loc[1] for error in raised.value.errors} == {"axis", "reduction"}


def test_a_nan_is_found_by_the_service(xent: Xent) -> None:
    with pytest.raises(InvalidInput, match=r"logits\[0\]\[1\] is NaN"):
        xent.loss(np.array([[1.0, np.nan]]), [0])
    with pytest.raises(InvalidInput, match=r"label_smoothing is (?i:nan)"):
        xent.loss(**BATCH, label_smoothing=np.nan)


def test_no_input_at_all_is_an_error_of_the_input(xent: Xent) -> None:
    with pytest.raises(InvalidInput, match="num_sampled"):
        xent.sampled_softmax([[0.4], [0.2]], [0.2, 0.1], [[1.0]], [1])
    with pytest.raises(InvalidInput, match="logits"):
        xent.recommend([0, 1])


@pytest.mark.parametrize("rows", [200, 200_000], ids=["sent at once", "sent piece by piece"])
def test_a_batch_over_the_limit_is_too_large(narrow: Server, client_class: type[Xent], rows: int) -> None:
    with (
        client_class(narrow.address) as xent,
        pytest.raises(
            TooLarge, match=r"2000 bytes.*; send smaller batches: evaluate\(logits, labels, batch_size=…\)"
        ) as raised,
    ):
        xent.loss(np.ones((rows, 10)), np.zeros(rows, int))
    assert raised.value.status == 413


def test_another_service_is_none_of_xents(server: Server, client_class: type[Xent]) -> None:
    with client_class(f"{server.address}/elsewhere") as xent, pytest.raises(UnexpectedResponse) as raised:
        xent.losses()
    assert raised.value.status == 404


# --- Of any service

KINDS = {
    400: InvalidInput,
    401: Unauthorized,
    403: Forbidden,
    404: UnexpectedResponse,
    405: UnexpectedResponse,
    408: TimedOut,
    413: TooLarge,
    415: UnexpectedResponse,
    422: InvalidInput,
    429: Overloaded,
    500: ServerFailed,
    502: ServerFailed,
    503: Overloaded,
    504: ServerFailed,
}


@pytest.mark.parametrize(("status", "kind"), KINDS.items())
def test_every_status_has_its_error(client_class: type[Xent], status: int, kind: type[XentError]) -> None:
    with (
        Misbehaving(problem(status, "so it is")) as server,
        client_class(server.address, retries=0) as xent,
        pytest.raises(kind, match=r"^so it is(; send smaller batches: .*)?$") as raised,
    ):
        xent.loss(**BATCH)
    assert type(raised.value) is kind
    assert raised.value.status == status
    assert raised.value.problem
    assert raised.value.problem.status == status


@pytest.mark.parametrize(("status", "kind"), [*KINDS.items(), (302, UnexpectedResponse), (599, ServerFailed)])
def test_a_proxys_page_is_no_problem(client_class: type[Xent], status: int, kind: type[XentError]) -> None:
    with (
        Misbehaving(respond(status, b"<html>Sorry</html>", Content_Type="text/html")) as server,
        client_class(server.address, retries=0) as xent,
        pytest.raises(kind, match=f"^the response has the status {status}") as raised,
    ):
        xent.loss(**BATCH)
    assert (raised.value.status, raised.value.problem, raised.value.errors) == (status, None, [])


@pytest.mark.parametrize(
    "content",
    [
        b"<html>Welcome</html>",
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"loss_type": "sparse_softmax_cross_entropy", "per_sample": {"dtype": "x", "shape": [1], "data": ""}}',
        b'{"loss_type": "sparse_softmax_cross_entropy", "per_sample": {"dtype": "float32", "shape": [9], "data": ""}}',
    ],
    ids=["a page", "nothing", "null", "a list", "an object", "bytes", "depth", "a strange dtype", "too few bytes"],
)
@pytest.mark.parametrize("status", [200, 422])
def test_what_is_not_xents_is_told_from_what_is(client_class: type[Xent], status: int, content: bytes) -> None:
    with (
        Misbehaving(respond(status, content)) as server,
        client_class(server.address) as xent,
        pytest.raises(XentError) as raised,
    ):
        xent.loss(**BATCH)
    assert type(raised.value) is (UnexpectedResponse if status == 200 else InvalidInput)
    assert raised.value.status == status
    assert raised.value.problem is None


def test_a_response_that_cannot_be_decompressed_is_not_xents(client_class: type[Xent]) -> None:
    with (
        Misbehaving(respond(200, b"not gzip", Content_Encoding="gzip")) as server,
        client_class(server.address) as xent,
        pytest.raises(UnexpectedResponse, match="decompressed"),
    ):
        xent.loss(**BATCH)


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1:8000"])
def test_an_address_that_is_none_is_unreachable(client_class: type[Xent], address: str) -> None:
    with client_class(address) as xent, pytest.raises(Unreachable):
        xent.losses()


def test_what_can_be_no_address_is_told_at_once(client_class: type[Xent]) -> None:
    with pytest.raises(httpx.InvalidURL), client_class("http://localhost:port") as xent:
        xent.losses()


ERRORS = sorted(
    {kind for kind in vars(xent_client).values() if isinstance(kind, type) and issubclass(kind, XentError)},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_crosses_processes_whole(kind: type[XentError]) -> None:
    error = pickle.loads(pickle.dumps(kind("so it is", status=418, retry_after=2.0)))  # noqa: S301  our own
    assert type(error) is kind
    assert (str(error), error.status, error.retry_after) == ("so it is", 418, 2.0)
