"""Connections on which anything is sent, and what is to be said of what comes back."""

import asyncio
import socket
import struct
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.hostile.answers import Answer, NotHttp, WrongAnswer, judge, read_answers
from tests.hostile.probes import Probe

# So many wait for one another's time to run out.
CONNECTIONS = 150
SECONDS_TO_END = 20
SECONDS_TO_LIVEZ = 5
SECONDS_BETWEEN_PIECES = 0.001
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: xent\r\nConnection: close\r\n\r\n"
PIECE_BYTES = 1 << 16
SHOWN_BYTES = 4000


@dataclass(frozen=True)
class Case:
    """What is sent on a connection, piece by piece, and how its caller then ends.

    waiting    until the other side closes the connection, as in the end it always does
    half       closes its own half, and reads on
    leaving    closes at once
    resetting  closes at once and rudely
    """

    kind: str
    pieces: tuple[bytes, ...]
    end: str = "waiting"
    probes: tuple[Probe, ...] = ()
    # All probes are answered, in their order, and nothing else is.
    is_clear: bool = False
    # Who stands in another's body, and is never answered.
    never: tuple[str, ...] = ()

    @property
    def sent(self) -> bytes:
        return b"".join(self.pieces)


Address = tuple[str, int]


def address_of(url: str) -> Address:
    split = urlsplit(url)
    return split.hostname or "", split.port or 0


async def converse(address: Address, case: Case) -> bytes | None:
    """All that is received; None where the connection was not ended."""
    with socket.socket() as connection:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = bytearray()
        reading = asyncio.create_task(_read(connection, received))
        try:
            async with asyncio.timeout(SECONDS_TO_END):
                with suppress(ConnectionError):
                    await _send(connection, case)
                if case.end in ("waiting", "half"):
                    await reading
        except TimeoutError:
            return None
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
        if case.end == "resetting":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return bytes(received)


async def _send(connection: socket.socket, case: Case) -> None:
    for number, piece in enumerate(case.pieces):
        await asyncio.sleep(SECONDS_BETWEEN_PIECES if number else 0)
        await asyncio.get_running_loop().sock_sendall(connection, piece)
    if case.end == "half":
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)


async def _read(connection: socket.socket, received: bytearray) -> None:
    with suppress(ConnectionError):
        while piece := await asyncio.get_running_loop().sock_recv(connection, PIECE_BYTES):
            received += piece


def faults_of(case: Case, received: bytes, excused: Set[int] = frozenset()) -> list[str]:
    """What is wrong with what was received. `excused`: the statuses with which also a clear request may be answered."""
    if case.end in ("leaving", "resetting"):
        return []
    try:
        answers = read_answers(received, case.sent)
        for answer in answers:
            judge(answer, case.sent)
        return [*_mixed_up(case, answers, excused)]
    except (NotHttp, WrongAnswer, ValueError, KeyError, zlib.error) as error:
        return [f"{type(error).__name__}: {error}"]


def _mixed_up(case: Case, answers: list[Answer], excused: Set[int]) -> Iterator[str]:
    probes = {probe.id: probe for probe in case.probes}
    for answer in answers:
        if answer.id in case.never:
            yield f"{answer.id} was answered, which stands in another's body"
        if answer.id in probes and not (answer.status in excused or probes[answer.id].fits(answer)):
            yield f"{answer.id} was answered with {answer.status} {answer.body[:SHOWN_BYTES]!r}"
    answered = [answer.id for answer in answers if answer.id in probes]
    if answered != [*probes][: len(answered)]:
        yield f"answered in the order {answered}, asked in the order {[*probes]}"
    if case.is_clear and [answer.id for answer in answers] != [*probes]:
        yield f"answered were {[(answer.id, answer.status) for answer in answers]}, asked {[*probes]}"


@dataclass
class Report:
    """What came of many cases."""

    faults: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)


def play(url: str, cases: Iterable[Case], seed: int, excused: Set[int] = frozenset()) -> Report:
    """Many at once, each on a connection of its own, and after each of them /livez."""
    report, numbered, address = Report(), enumerate(cases), address_of(url)

    async def work() -> None:
        for number, case in numbered:
            report.kinds[case.kind] += 1
            received = await converse(address, case)
            faults = ["the connection was not ended"] if received is None else faults_of(case, received, excused)
            faults += await _faults_of_livez(address)
            lines = (received or b"").split(b"\r\n")
            report.statuses.update(int(line[9:12]) for line in lines if line.startswith(b"HTTP/1.1 "))
            if faults:
                report.faults.append(_shown(seed, number, case, received, faults))

    async def work_together() -> None:
        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))

    asyncio.run(work_together())
    return report


async def _faults_of_livez(address: Address) -> list[str]:
    began = time.monotonic()
    received = await converse(address, Case("livez", (LIVEZ,)))
    seconds = time.monotonic() - began
    if received and received.endswith(b'{"status":"ok"}') and seconds < SECONDS_TO_LIVEZ:
        return []
    return [f"/livez was afterwards answered with {received!r}, after {seconds:.1f} s"]


def _shown(seed: int, number: int, case: Case, received: bytes | None, faults: list[str]) -> str:
    """All that is needed to send it again: `noise.case(seed, number)` is the same."""
    pieces = [piece if len(piece) <= SHOWN_BYTES else piece[:SHOWN_BYTES] + b"..." for piece in case.pieces]
    first = f"seed {seed}, number {number} ({case.kind}, {case.end}):"
    return "\n".join([first, *faults, f"sent: {pieces!r}", f"received: {(received or b'')[:SHOWN_BYTES]!r}"])
