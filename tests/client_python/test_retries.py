"""What may pass is tried again, with pauses, and not for ever."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest

from tests.client_python.misbehaving import Misbehaving, Script, die, drip, problem, respond, stall
from xent_client import Overloaded, ServerFailed, TimedOut, Unreachable, Xent, XentError
from xent_client.responses import MAX_PAUSE, Response, pause_after

CATALOGUE = respond(200, {"losses": []})
FULL = problem(503, "full", Retry_After="0")


def gaps(server: Misbehaving) -> list[float]:
    return [later - earlier for earlier, later in pairwise(server.arrivals)]


@pytest.mark.parametrize(
    "refusal",
    [FULL, problem(429, "too many"), respond(503, b"<html>"), die],
    ids=["full", "too many requests", "not JSON", "connection closed"],
)
def test_a_server_that_refuses_twice_is_asked_a_third_time(client_class: type[Xent], refusal: Script) -> None:
    with Misbehaving(refusal, refusal, CATALOGUE) as server, client_class(server.address) as xent:
        assert xent.losses() == []
    assert len(server.arrivals) == 3
    first, second = gaps(server)
    assert 0.05 <= first < second + 0.05


def test_what_was_sent_is_sent_again(client_class: type[Xent]) -> None:
    with (
        Misbehaving(FULL, problem(422, "enough")) as server,
        client_class(server.address) as xent,
        pytest.raises(XentError, match="enough"),
    ):
        xent.loss([[0.0] * 1000] * 100, [0] * 100)
    first, second = server.requests
    assert len(first) > 1_000_000
    assert first == second


def test_a_server_that_stays_full_is_overloaded(client_class: type[Xent]) -> None:
    with (
        Misbehaving(FULL) as server,
        client_class(server.address, retries=2) as xent,
        pytest.raises(Overloaded, match=r"^full$") as raised,
    ):
        xent.losses()
    assert len(server.arrivals) == 3
    assert raised.value.retry_after == 0
    assert raised.value.status == 503


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "a date"])
def test_the_pause_is_as_long_as_the_server_asks(client_class: type[Xent], as_date: bool) -> None:
    until = datetime.now(UTC) + timedelta(seconds=2)  # as a date it has no fractions
    asked = format_datetime(until, usegmt=True) if as_date else "1"
    with (
        Misbehaving(problem(503, "full", Retry_After=asked), CATALOGUE) as server,
        client_class(server.address) as xent,
    ):
        xent.losses()
    (gap,) = gaps(server)
    assert 0.95 <= gap <= 2.5


def test_nobody_waits_for_an_hour(client_class: type[Xent]) -> None:
    with (
        Misbehaving(problem(503, "full", Retry_After="3600")) as server,
        client_class(server.address) as xent,
        pytest.raises(Overloaded) as raised,
    ):
        xent.losses()
    assert len(server.arrivals) == 1
    assert raised.value.retry_after == 3600


@pytest.mark.parametrize("value", ["soon", "-1", "", "1e3"])
def test_a_retry_after_that_is_none_asks_for_nothing(value: str) -> None:
    pause = pause_after(Response(503, httpx.Headers({"Retry-After": value}), b""), 0, 1)
    assert pause is not None
    assert pause <= 0.1


def test_pauses_double_up_to_a_bound_and_differ() -> None:
    full = Response(503, httpx.Headers(), b"")
    for attempt in range(2000):
        pauses = {pause_after(full, attempt, attempt + 1) for _ in range(5)}
        longest = min(0.1 * 2.0 ** min(attempt, 100), MAX_PAUSE)
        assert len(pauses) > 1
        assert all(pause is not None and longest / 2 <= pause <= longest for pause in pauses)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500, 502, 504])
def test_what_will_not_pass_is_not_tried_again(client_class: type[Xent], status: int) -> None:
    with Misbehaving(problem(status, "no")) as server, client_class(server.address) as xent, pytest.raises(XentError):
        xent.losses()
    assert len(server.arrivals) == 1


def test_a_server_that_always_dies_in_mid_answer_is_unreachable(client_class: type[Xent]) -> None:
    with (
        Misbehaving(die) as server,
        client_class(server.address, retries=1) as xent,
        pytest.raises(Unreachable, match=server.address) as raised,
    ):
        xent.losses()
    assert len(server.arrivals) == 2
    assert raised.value.status is None
    assert isinstance(raised.value.__cause__, httpx.RemoteProtocolError)


def test_where_nobody_listens_is_unreachable(client_class: type[Xent]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with client_class(address, retries=1) as xent, pytest.raises(Unreachable, match=address):
        xent.losses()


@pytest.mark.parametrize("script", [stall, drip])
def test_the_timeout_holds(client_class: type[Xent], script: Script) -> None:
    start = time.monotonic()
    with (
        Misbehaving(script) as server,
        client_class(server.address, timeout=0.3) as xent,
        pytest.raises(TimedOut, match=r"within 0\.3 seconds") as raised,
    ):
        xent.losses()
    assert 0.25 <= time.monotonic() - start < 8
    assert len(server.arrivals) == 1
    assert raised.value.status is None


def test_the_timeout_holds_for_a_server_that_does_not_read(client_class: type[Xent]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with client_class(address, timeout=0.3) as xent, pytest.raises(TimedOut):
            xent.loss([[0.0] * 1000] * 2000, [0] * 2000)


def test_a_server_that_fails_is_not_asked_again(client_class: type[Xent]) -> None:
    with (
        Misbehaving(problem(500, "it failed"), CATALOGUE) as server,
        client_class(server.address) as xent,
        pytest.raises(ServerFailed, match="it failed"),
    ):
        xent.losses()
    assert len(server.arrivals) == 1


@pytest.mark.parametrize(
    ("timeout", "header"),
    [(60.0, b"60000"), (0.25, b"250"), (2.0004, b"2001"), (1e7, None)],
)
def test_the_service_is_told_how_long_the_client_waits(
    client_class: type[Xent], timeout: float, header: bytes | None
) -> None:
    with Misbehaving(CATALOGUE) as server, client_class(server.address, timeout=timeout) as xent:
        xent.losses()
    (request,) = server.requests
    found = [
        line.split(b": ")[1] for line in request.lower().split(b"\r\n") if line.startswith(b"x-request-timeout-ms")
    ]
    assert found == ([] if header is None else [header])
