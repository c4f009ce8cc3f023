"""Offer one worker more than it can take, in the ways that clients do, and see what it still does.

`.venv-dev/bin/python -m benchmarks.overload` takes some minutes and prints a report in Markdown, with its targets; with
`--write` it also goes to overload.md in this folder, and `--short` only shows that it works. The worker has one core,
the clients have another. First as many clients as serve best ask one thing after another, then requests come at twice
the rate that these got, whatever becomes of them; once from clients that hang up when they are refused, and once from
such as send on. Then bursts come to an idle service, and slow senders beside fast clients.
`--set XENT_LOG_REQUESTS=false` tries another setting.
"""

import argparse
import asyncio
import os
import platform
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import orjson
import uvloop

from benchmarks.faults.good import tensor
from benchmarks.faults.wire import Request
from benchmarks.sampled import processor
from tests.service import Server

HOST = "127.0.0.1"
CLIENTS = (1, 2, 4, 8, 16, 32, 48)
SECONDS_OF_SWEEP, SECONDS_OF_BEST, SECONDS_OF_OVERLOAD = 1.0, 2.0, 4.0
SECONDS_TO_ANSWER_ALL = 20.0
REPETITIONS = 5
# At once, to an idle service; and senders of a slow line, as many as once left no room for fast ones.
BURST, SLOW_SENDERS, SLOW_BYTES_PER_SECOND, SECONDS_OF_A_STEP = 24, 12, 1_200_000, 0.05
SECONDS_BETWEEN_BURSTS = 1.0
LEAST_OF_BEST, MOST_MILLISECONDS, LEAST_OF_BURST, LEAST_BESIDE_SLOW = 0.9, 300, 16, 0.9
# The most connections that clients open. Who finds none free and may open no more does not ask at all.
# And whether who is refused sends on.
WAYS = ((256, False), (1024, False), (256, True))
SECONDS_BETWEEN_LOOKS = 0.05
SECONDS_OF_A_TICK = 0.001
LENGTH, CLOSE = b"content-length: ", b"\r\nconnection: close"
LIVEZ = Request("/livez", {}, method="GET").head()


class Work(NamedTuple):
    """One request, again and again."""

    name: str
    request: bytes


def works() -> list[Work]:
    return [as_lists(32, 10), as_lists(256, 1000), as_tensors(1024, 1000)]


def as_lists(rows: int, classes: int) -> Work:
    logits, labels = batch(rows, classes)
    body = orjson.dumps({"logits": logits, "labels": labels}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Work(f"JSON lists, {rows}×{classes}", asked(body))


def as_tensors(rows: int, classes: int) -> Work:
    logits, labels = batch(rows, classes)
    return Work(f"base64, {rows}×{classes}", asked(orjson.dumps({"logits": tensor(logits), "labels": tensor(labels)})))


def batch(rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.standard_normal((rows, classes), np.float32) * 3, random.integers(0, classes, rows)


def asked(body: bytes) -> bytes:
    return Request("/v1/loss", {"Content-Type": "application/json"}, body).head() + body


@dataclass
class Times:
    """What was answered. `seconds`: of each answer by its status, from when the request was due."""

    seconds: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    livez: list[float] = field(default_factory=list)
    offered: int = 0
    without_connection: int = 0
    cut: int = 0
    late: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """A connection on which one request at a time is asked.

    Where the response ends it, it is hung up, or the body sent on.
    """

    def __init__(self, client: "Client") -> None:
        self.client = client
        self._due = 0.0
        self._received = b""
        self._waiting = b""
        self._is_open = self._is_asked = self._is_sending = False

    def ask(self, request: bytes, due: float) -> None:
        self._due, self._is_asked = due, True
        if self._is_open:
            self.transport.write(request)
        else:
            self._waiting = request

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as all of TCP are
        self.transport, self._is_open = transport, True
        transport.set_write_buffer_limits(high=0)
        if self._waiting:
            transport.write(self._waiting)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return
        at = received.index(LENGTH) + len(LENGTH)
        if len(received) - end - 4 >= int(received[at : received.index(b"\r", at)]):
            self._received, self._is_asked = b"", False
            self.client.times.seconds[int(received[9:12])].append(time.perf_counter() - self._due)
            if CLOSE not in received[:end]:
                self._be_free()
            elif not (self.client.sends_on and self._is_sending):
                self.transport.abort()

    def pause_writing(self) -> None:
        self._is_sending = True

    def resume_writing(self) -> None:
        self._is_sending = False
        self._be_free()

    def eof_received(self) -> bool:
        """Who sends on does so although the other side will say nothing more."""
        return self.client.sends_on and self._is_sending

    def _be_free(self) -> None:
        """Once the request is out and answered."""
        if self._is_open and not (self._is_asked or self._is_sending):
            self.client.be_free(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's form
        self._is_open = False
        self.client.lose(self, is_asked=self._is_asked)


class Client:
    """All connections to the service, and what came of what was asked on them."""

    def __init__(self, port: int, request: bytes, most: int, *, sends_on: bool = False) -> None:
        self.port = port
        self.request = request
        self.most = most
        self.sends_on = sends_on
        self.times = Times()
        self.when_free: Callable[[], None] = lambda: None
        self._connections: set[Connection] = set()
        self._free: list[Connection] = []
        self._opening: set[asyncio.Task[Any]] = set()

    def be_free(self, connection: Connection) -> None:
        self._free.append(connection)
        self.when_free()

    def lose(self, connection: Connection, *, is_asked: bool) -> None:
        self.times.cut += is_asked
        self._connections.discard(connection)
        if connection in self._free:
            self._free.remove(connection)
        else:
            # Told to close, a client opens another connection.
            self.when_free()

    def ask(self, due: float) -> None:
        """On a free connection, or on a new one."""
        self.times.offered += 1
        self.times.late.append(time.perf_counter() - due)
        if not self._free and len(self._connections) >= self.most:
            self.times.without_connection += 1
            return
        connection = self._free.pop() if self._free else self._opened()
        connection.ask(self.request, due)

    def _opened(self) -> Connection:
        connection = Connection(self)
        self._connections.add(connection)
        opening = asyncio.ensure_future(
            asyncio.get_running_loop().create_connection(lambda: connection, HOST, self.port)
        )
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        return connection

    async def answered(self) -> None:
        """Until nothing is waited for, within reason."""
        until = time.perf_counter() + SECONDS_TO_ANSWER_ALL
        while len(self._free) < len(self._connections) and time.perf_counter() < until:  # noqa: ASYNC110  for the end
            await asyncio.sleep(0.01)

    def close(self) -> None:
        for connection in list(self._connections):
            connection.transport.abort()


@dataclass(frozen=True)
class Found:
    """What one measurement came to.

    goodput  answers of status 200 in a second
    busy     the part of its core that the clients' process had
    """

    goodput: float
    busy: float
    times: Times


async def closed_loop(port: int, request: bytes, clients: int, seconds: float) -> Found:
    """So many clients, each of which asks again when it is answered."""
    client = Client(port, request, clients)
    until = time.perf_counter() + seconds

    def ask() -> None:
        if (now := time.perf_counter()) < until:
            client.ask(now)

    async def begin() -> None:
        client.when_free = ask
        for _ in range(clients):
            ask()
        await asyncio.sleep(seconds)

    return await measured(client, begin)


async def open_loop(
    port: int, request: bytes, rate: float, most: int, seconds: float, *, sends_on: bool = False
) -> Found:
    """So many requests in a second, whatever becomes of them."""
    client = Client(port, request, most, sends_on=sends_on)

    async def come() -> None:
        began, number = time.perf_counter(), 0
        while (now := time.perf_counter()) < began + seconds:
            while (due := began + number / rate) <= now:
                client.ask(due)
                number += 1
            await asyncio.sleep(SECONDS_OF_A_TICK)

    return await measured(client, come)


async def burst(port: int, request: bytes) -> Found:
    """Requests that come at once to an idle service."""
    client = Client(port, request, BURST)

    async def come() -> None:
        for _ in range(BURST):
            client.ask(time.perf_counter())
        await client.answered()

    return await measured(client, come)


async def beside_slow_senders(port: int, work: Work, clients: int, seconds: float) -> Found:
    """The closed loop, while others send large bodies slowly, again and again."""
    senders = [asyncio.ensure_future(send_slowly(port)) for _ in range(SLOW_SENDERS)]
    await asyncio.sleep(SECONDS_OF_SWEEP)
    try:
        return await closed_loop(port, work.request, clients, seconds)
    finally:
        for each in senders:
            each.cancel()
        await asyncio.wait(senders)


async def send_slowly(port: int) -> None:
    request = as_tensors(1024, 1000).request
    step = int(SLOW_BYTES_PER_SECOND * SECONDS_OF_A_STEP)
    while True:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            for at in range(0, len(request), step):
                writer.write(request[at : at + step])
                await writer.drain()
                await asyncio.sleep(SECONDS_OF_A_STEP)
            await reader.readline()
        except ConnectionError:
            await asyncio.sleep(SECONDS_OF_A_STEP)
        finally:
            writer.transport.abort()


async def measured(client: Client, come: Callable[[], Awaitable[None]]) -> Found:
    """What comes of the requests, while another asks whether the service is alive."""
    looking = asyncio.ensure_future(look(client))
    began, worked = time.perf_counter(), time.process_time()
    await come()
    lasted, busy = time.perf_counter() - began, time.process_time() - worked
    goodput = len(client.times.seconds[200]) / lasted
    looking.cancel()
    await client.answered()
    client.close()
    await asyncio.wait([looking])
    return Found(goodput, busy / lasted, client.times)


async def look(client: Client) -> None:
    """Ask /livez, each time on a new connection. Who is told to stop has waited at least so long."""
    while True:
        began = time.perf_counter()
        try:
            await is_alive(client.port)
        finally:
            client.times.livez.append(time.perf_counter() - began)
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


async def is_alive(port: int) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(LIVEZ)
    if b" 200 " not in await reader.readline():
        raise SystemExit("benchmarks.overload: /livez was not answered 200")
    writer.close()


@dataclass(frozen=True)
class Row:
    """One work under one number of connections: in turn the best that was found, and what came of twice that."""

    work: Work
    clients: int
    connections: int
    sends_on: bool
    best: list[Found]
    overload: list[Found]

    @property
    def shares(self) -> list[float]:
        return [over.goodput / best.goodput for best, over in zip(self.best, self.overload, strict=True)]


@dataclass(frozen=True)
class Beside:
    """One work in bursts, and in the closed loop without and with slow senders beside it, in turn."""

    work: Work
    bursts: list[Found]
    alone: list[Found]
    beside: list[Found]

    @property
    def served(self) -> float:
        return median(len(each.times.seconds[200]) for each in self.bursts)

    @property
    def share(self) -> float:
        pairs = zip(self.alone, self.beside, strict=True)
        return median(beside.goodput / alone.goodput for alone, beside in pairs)


def main() -> None:
    options = read_options()
    if options.short:
        options.repetitions = 1
    ours, its = cores()
    settings = {"XENT_WORKERS": "1", **dict(each.split("=", 1) for each in options.set)}
    rows: list[Row] = []
    besides: list[Beside] = []
    with TemporaryDirectory() as folder, pinned(Path(folder) / "log", settings, ours, its) as server:
        for work in works():
            of_work, beside = uvloop.run(measure(port_of(server), work, options))
            rows += of_work
            besides.append(beside)
    text = report(rows, besides, settings, options)
    print(text)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also into this folder, as overload.md")
    parser.add_argument("--short", action="store_true", help="one turn of each: to see that it works")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help=f"of each measurement ({REPETITIONS})")
    parser.add_argument("--factor", type=float, default=2.0, help="how many times the best rate is offered (2)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the service")
    return parser.parse_args()


def cores() -> tuple[int, int]:
    """One for the clients and one for the service."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("benchmarks.overload: needs two cores, one for the service and one for its clients")
    return allowed[1], allowed[0]


@contextmanager
def pinned(log: Path, settings: Mapping[str, str], ours: int, its: int) -> Iterator[Server]:
    """The service on its core; whoever asks is on the other from then on."""
    os.sched_setaffinity(0, {its})
    with Server(log, **settings) as server:
        os.sched_setaffinity(0, {ours})
        yield server


def port_of(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


async def measure(port: int, work: Work, options: argparse.Namespace) -> tuple[list[Row], Beside]:
    swept = {count: (await closed_loop(port, work.request, count, SECONDS_OF_SWEEP)).goodput for count in CLIENTS}
    clients = max(swept, key=lambda count: swept[count])
    rows = []
    for connections, sends_on in WAYS:
        row = Row(work, clients, connections, sends_on, [], [])
        for _ in range(options.repetitions):
            best = await closed_loop(port, work.request, clients, SECONDS_OF_BEST)
            rate = options.factor * best.goodput
            row.best.append(best)
            over = await open_loop(port, work.request, rate, connections, SECONDS_OF_OVERLOAD, sends_on=sends_on)
            row.overload.append(over)
        rows.append(row)
    beside = Beside(work, [], [], [])
    for _ in range(options.repetitions):
        await asyncio.sleep(SECONDS_BETWEEN_BURSTS)
        beside.bursts.append(await burst(port, work.request))
        beside.alone.append(await closed_loop(port, work.request, clients, SECONDS_OF_BEST))
        beside.beside.append(await beside_slow_senders(port, work, clients, SECONDS_OF_BEST))
    return rows, beside


HEADER = """\
| work | best, 200s in a second (clients) | connections | refused, they | goodput at {factor:g}× | of the best | \
503, share | not asked, share | p50, ms | p99, ms | slowest, ms | 503: p50, ms | 503: p99, ms | /livez: p50, ms | \
slowest, ms | clients' core, % | asked late, p99, ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def line(row: Row) -> str:
    over = row.overload
    refused = [len(each.times.seconds[503]) / each.times.offered for each in over]
    unasked = [each.times.without_connection / each.times.offered for each in over]
    best = median(each.goodput for each in row.best)
    cells = [
        row.work.name,
        f"{best:.0f} ({row.clients})",
        str(row.connections),
        "send on" if row.sends_on else "hang up",
        f"{median(each.goodput for each in over):.0f}",
        f"{median(row.shares):.2f} ({min(row.shares):.2f} to {max(row.shares):.2f})",
        f"{median(refused):.2f}",
        f"{median(unasked):.2f}",
        *(at(over, 200, part) for part in (0.5, 0.99, 1)),
        *(at(over, 503, part) for part in (0.5, 0.99)),
        *(milliseconds(median(quantile(each.times.livez, part) for each in over)) for part in (0.5, 1)),
        f"{100 * median(each.busy for each in over):.0f}",
        milliseconds(median(quantile(each.times.late, 0.99) for each in over)),
    ]
    return f"| {' | '.join(cells)} |"


def at(found: list[Found], status: int, part: float) -> str:
    """The median of all measurements, of their quantiles."""
    quantiles = [quantile(seconds, part) for each in found if (seconds := each.times.seconds[status])]
    return milliseconds(median(quantiles)) if quantiles else ""


def quantile(seconds: list[float], part: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else float("nan")


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:.0f}"


def others(rows: list[Row]) -> str:
    """Statuses that were not to come, and connections that were cut."""
    statuses = {status for row in rows for each in row.overload for status in each.times.seconds} - {200, 503}
    cut = sum(each.times.cut for row in rows for each in row.overload)
    return f"Other statuses: {', '.join(map(str, sorted(statuses))) or 'none'}; connections cut: {cut}."


def targets(rows: list[Row], besides: list[Beside]) -> Iterator[str]:
    """Each with what was found, and whether it is met."""
    for row in rows:
        name = f"{row.work.name}, {row.connections} connections{', sending on' if row.sends_on else ''}"
        share = median(row.shares)
        yield target(f"{name}: goodput of the best", share, f"at least {LEAST_OF_BEST}", met=share >= LEAST_OF_BEST)
        slowest = 1000 * median(quantile(each.times.seconds[200], 0.99) for each in row.overload)
        yield target(f"{name}: p99, ms", slowest, f"at most {MOST_MILLISECONDS}", met=slowest <= MOST_MILLISECONDS)
    for each in besides:
        served, share = each.served, each.share
        name = f"{each.work.name}: of a burst of {BURST} served"
        yield target(name, served, f"at least {LEAST_OF_BURST}", met=served >= LEAST_OF_BURST)
        name = f"{each.work.name}: goodput beside {SLOW_SENDERS} slow senders, of that without them"
        yield target(name, share, f"at least {LEAST_BESIDE_SLOW}", met=share >= LEAST_BESIDE_SLOW)


def target(name: str, found: float, wanted: str, *, met: bool) -> str:
    return f"| {name} | {found:.3g} | {wanted} | {'met' if met else '**missed**'} |"


def report(rows: list[Row], besides: list[Beside], settings: Mapping[str, str], options: argparse.Namespace) -> str:
    table = "\n".join([HEADER.format(factor=options.factor), *map(line, rows)])
    met = "\n".join(["| target | found | wanted | |", "| --- | --- | --- | --- |", *targets(rows, besides)])
    return f"""\
# The service under more than it can take

Made by benchmarks/overload.py on {datetime.now(UTC):%Y-%m-%d}, with Python {platform.python_version()} and NumPy \
{np.__version__}, on {processor()}: one worker on a core of its own, its clients on another. Settings: \
{", ".join(f"`{name}={value}`" for name, value in settings.items())}.

First clients in a closed loop, as many as got the most answers of status 200 in a second; then, in an open loop, \
{options.factor:g} times as many requests in a second as these, evenly spaced and whatever becomes of them, for \
{SECONDS_OF_OVERLOAD:g} s, over at most so many connections: a request that finds none free is not asked, as by a \
pool of connections that has run out. Who is told that the connection ends hangs up or sends its body on, and opens \
another. Times are from when \
a request was due to its answer; given are medians of {options.repetitions} turns, in each of which the best was \
measured anew, and of the share also the extremes.

{table}

{others(rows)}

{met}

A burst is {BURST} requests at once to a service that was idle for a second. The slow senders send bodies of 5.5 MB at \
{SLOW_BYTES_PER_SECOND / 1e6:g} MB/s each, again and again, while others are served in the closed loop.

`asked late` is how long after they were due requests were asked: where it is long, or the clients' core is near \
100 % busy, the clients were the bottleneck, and part of the times is theirs.

This does not prove anything of a network, where bodies take longer to come and connections are slower to open; nor of \
several workers, which share their cores with one another; nor of longer floods than these.
"""


if __name__ == "__main__":
    main()
