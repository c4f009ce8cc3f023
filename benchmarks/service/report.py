"""The report: what was asked for and whether it was met, every figure, and what they do not prove."""

import math
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.service.memory import IN_FLIGHT, Growth, Peak
from benchmarks.service.results import Results, Row
from benchmarks.service.servers import KSERVE, LIMIT, LIMIT_AS_IT_COMES, PLAIN, SERVERS, TUNED, XENT, Server
from benchmarks.service.work import SIZES, Form, Size

SMALL, MIDDLE = SIZES[0], SIZES[2]
MOST_IDLE, MOST_BODIES = 120 << 20, 3
LEAST_BUSY = 0.9


@dataclass(frozen=True)
class Conditions:
    """How it was measured."""

    turns: int
    seconds: float
    requests: int
    load: float


@dataclass(frozen=True)
class Target:
    """One promise: what was found for it, and whether it is met; None where nothing was found."""

    work: str
    asked: str
    found: str
    is_met: bool | None

    def line(self) -> str:
        verdict = {True: "yes", False: "**no**", None: "**not measured**"}[self.is_met]
        return f"{self.work} | {self.asked} | {self.found} | {verdict}"


def targets(results: Results) -> list[Target]:
    best = best_json_peer(results, MIDDLE)
    best_form: Form = "JSON" if best and "JSON" in best.paths else "V2 JSON"
    best_name = f"the best JSON peer ({best.name})" if best else "the best JSON peer"
    return [
        speed(results, "JSON", SMALL, PLAIN, "JSON", 2),
        speed(results, "JSON", SMALL, TUNED, "JSON", 1),
        speed(results, "JSON", MIDDLE, best, best_form, 1.7, best_name),
        speed(results, "JSON", MIDDLE, PLAIN, "JSON", 5),
        speed(results, "tensor object", MIDDLE, best, best_form, 9, best_name),
        speed(results, "V2 binary", MIDDLE, KSERVE, "V2 binary", 60, "KServe's SDK in binary"),
        speed(results, "V2 binary", MIDDLE, LIMIT_AS_IT_COMES, "V2 binary", 0.4),
        speed(results, "V2 binary", MIDDLE, LIMIT, "V2 binary", 0.4),
        idle_target(results),
        *(peak_target(results.peaks, count) for count in IN_FLIGHT),
        growth_target(results.growth),
    ]


def best_json_peer(results: Results, size: Size) -> Server | None:
    rates = {}
    for server in SERVERS:
        for form in ("JSON", "V2 JSON"):
            row = results.measured(server, form, size)
            if row and server not in (XENT, LIMIT, LIMIT_AS_IT_COMES):
                rates[server.key] = row.rate
    return (
        next((server for server in SERVERS if server.key == max(rates, key=rates.__getitem__)), None) if rates else None
    )


def speed(
    results: Results, form: Form, size: Size, peer: Server | None, peer_form: Form, least: float, name: str = ""
) -> Target:
    named = name or (peer.name if peer else "")
    work, asked = f"{form}, {size}, beside {named}", f"{least:g} ×"
    ours = results.measured(XENT, form, size)
    theirs = results.measured(peer, peer_form, size) if peer else None
    if ours is None or theirs is None:
        return Target(work, asked, "", None)
    ratios = results.ratios(ours, theirs)
    if not ratios:
        return Target(work, asked, "never in the same turn", None)
    found = f"{median(ratios):.3g} × ({min(ratios):.3g} to {max(ratios):.3g})"
    busy = theirs.median(lambda turn: turn.busy)
    if busy < LEAST_BUSY:
        found += f"; too favourable, the other's core was busy only {busy:.0%} of the time"
    return Target(work, asked, found, median(ratios) >= least)


def idle_target(results: Results) -> Target:
    work, asked = "idle memory of one worker", f"at most {mebibytes(MOST_IDLE)} MiB"
    if XENT.key not in results.idle:
        return Target(work, asked, "", None)
    found = max(results.idle[XENT.key])
    return Target(work, asked, f"{mebibytes(found)} MiB", found <= MOST_IDLE)


def peak_target(peaks: list[Peak], in_flight: int) -> Target:
    """Held against the largest body, however many are in flight."""
    work = f"peak memory above idle, {in_flight} in flight"
    asked = f"at most {MOST_BODIES} × the largest body in flight"
    taken = [peak for peak in peaks if peak.in_flight == in_flight]
    multiples = [peak.peak / peak.body.length for peak in taken if not isinstance(peak.peak, str)]
    if not multiples:
        return Target(work, asked, "", None)
    missing = f", {len(taken) - len(multiples)} of {len(taken)} not measured" if len(multiples) < len(taken) else ""
    is_met = max(multiples) <= MOST_BODIES and (None if missing else True)
    return Target(work, asked, f"{min(multiples):.2f} to {max(multiples):.2f} ×{missing}", is_met)


def growth_target(growth: Growth | str | None) -> Target:
    if not isinstance(growth, Growth):
        return Target("growth over requests of mixed sizes", "none", growth or "", None)
    slope, error = growth.slope()
    found = f"{slope * 1000 / 1024:.1f} ± {error * 1000 / 1024:.1f} KiB in 1000 requests"
    return Target(f"growth over {growth.requests} requests of mixed sizes", "none", found, growth.is_none())


def report(results: Results, servers: list[Server], conditions: Conditions) -> str:
    judged = targets(results)
    met = sum(target.is_met is True for target in judged)
    sizes = [size for size in SIZES if any(size == measured for _, _, measured in results.rows)]
    return f"""\
# xent beside its peers

Made by `make bench` (benchmarks/service) on {datetime.now(UTC):%Y-%m-%d}.

- {processor()}; the server has one core of {os.cpu_count()}, wrk another; kernel threads are 1; load average \
{conditions.load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.
- Python {platform.python_version()}, {platform.system()} {platform.release()}.
- Turns: {conditions.turns}. In each, every server is started anew, and its losses and their mean are held against \
PyTorch's in float64 before and after each measurement; wrong ones are not measured. A measurement takes \
{conditions.seconds:g} s, or longer where a server is slow, after a warm-up.

**{met} of {len(judged)} targets met.**

{table("work | at least | found | met", (target.line() for target in judged))}

A ratio is xent's requests per second divided by the other's, turn by turn; given are the median and the extremes.

## Sparse softmax cross-entropy of one batch

The same logits and class indices for everyone: standard normal × 3, and 5 more for the label, in float32, in JSON \
with as many digits as tell a float32. V2 is the Open Inference Protocol, where JSON is flat lists and binary is \
float32 and int64; a tensor object \
is xent's base64. The answer is every sample's loss and the mean, and xent's, besides, the recommendation and the \
warnings. Given are the medians of the turns, and of the rate the extremes. MB/s are those of the request bodies. \
The core is the server's, and below 100 % it waits for wrk. HTTP alone \
is an application that only reads the body, with glibc's malloc told to keep what was freed. As malloc comes, such an \
application spends most of a large body's time on page faults, more than servers that also work on the body, and is no \
limit: it is shown for the binary bodies. Peak memory is that of all the server's \
processes beyond what they took when idle.

{chr(10).join(size_section(results, servers, size) for size in sizes)}
## Memory of xent

{memory_section(results)}

## Servers

{table("server | versions | how it is run | processes | idle, MiB", (server_line(results, one) for one in servers))}

Access logs are off everywhere. Idle memory is the sum of the processes' resident memory, so that what they share \
counts for each.

## What this does not prove

{CAVEATS}
"""


CAVEATS = """\
- That another machine gives the same ratios: this is one, virtual, and its two cores share a cache. wrk's core copies \
every body as well; where the server's core is not busy all the time, wrk or the loopback device is the limit.
- That several workers scale: one worker on one core is measured, and peers that spread over processes (LitServe, \
BentoML) are made to share that core. That is not how they would be deployed where cores are free.
- That a model is served faster: the peers are made for models, here the computation is a small part, and what is \
compared is mostly how bytes become arrays.
- That the work is equal to the last step: xent computes nested lists in float64 and looks for mistakes; the peers \
compute in float32 and only that.
- That the peers could not do better: each is written as its documentation shows. The tuned FastAPI shows what a day's \
work on one of them gains; a peer's endpoint that reads raw bytes by itself would be no peer of that name.
- What callers wait for under a given load: wrk sends the next request when the last is answered. p99 in few, slow \
requests is about the slowest one.
- That memory never grows: it was looked at over so many requests of these sizes and forms, none of which failed."""


def size_section(results: Results, servers: list[Server], size: Size) -> str:
    lines = []
    for server in servers:
        for form in server.paths:
            row = results.rows.get((server.key, form, size))
            name = f"{server.name} | {form}"
            if row is None or not row.turns:
                reason = (row and row.failure) or results.unavailable.get(server.key, "")
                lines.append(f"{name} | | not measured: {cell(reason)} | | | | | | ")
            else:
                lines.append(f"{name} | {row_cells(results, row, form, size)}")
    header = "server | body | KB | req/s | p50, ms | p99, ms | MB/s | core, % | of HTTP alone | peak above idle, MiB"
    title = f"{size.rows} × {size.classes}, {size.connections} connections"
    return f"### {title}\n\n{table(header, lines)}\n"


def row_cells(results: Results, row: Row, form: Form, size: Size) -> str:
    length = results.lengths[form, size]
    rates = [turn.rate for turn in row.turns.values()]
    rate = f"{digits(row.rate)} ({digits(min(rates))} to {digits(max(rates))})"
    if row.failure:
        rate += f"; a turn failed: {cell(row.failure)}"
    limit = results.measured(LIMIT, "JSON" if form == "V2 JSON" else form, size)
    of_limit = f"{row.rate / limit.rate:.1%}" if limit else ""
    p50, p99 = (digits(row.median(value) * 1e3) for value in (lambda turn: turn.p50, lambda turn: turn.p99))
    megabytes = digits(row.rate * length / 1e6)
    busy = 100 * row.median(lambda turn: turn.busy)
    return f"{digits(length / 1e3)} | {rate} | {p50} | {p99} | {megabytes} | {busy:.0f} | {of_limit} | {peak_cell(row)}"


def peak_cell(row: Row) -> str:
    return mebibytes(max(turn.peak for turn in row.turns.values()))


def memory_section(results: Results) -> str:
    if not results.peaks and results.growth is None:
        return "Not measured."
    lines = []
    for peak in results.peaks:
        start = f"{peak.body.form} | {peak.body.size} | {peak.body.length / 1e6:.1f} | {peak.in_flight}"
        if isinstance(peak.peak, str):
            lines.append(f"{start} | not measured: {cell(peak.peak)} | | ")
        else:
            multiple = peak.peak / peak.body.length
            lines.append(f"{start} | {mebibytes(peak.peak)} | {multiple:.2f} | {multiple / peak.in_flight:.2f}")
    header = "body | batch | MB | in flight | peak above idle, MiB | × the largest body | × all bodies in flight"
    return f"""\
One worker, started anew for each line, given the same body for a few seconds over as many connections as are to be \
in flight. The target is held against the largest body, also where several are in flight.

{table(header, lines)}

{growth_text(results.growth)}"""


def growth_text(growth: Growth | str | None) -> str:
    if not isinstance(growth, Growth):
        return f"Growth was not measured: {growth or 'no reason was given'}."
    slope, error = growth.slope()
    half = len(growth.samples) // 2
    first, second = (median(part) for part in (growth.samples[:half], growth.samples[half:]))
    return f"""\
Growth: {growth.requests} requests over 4 connections, after half as many to warm up, bodies drawn from {SIZES[0]} \
(70 %), {SIZES[1]} (22 %), {SIZES[2]} (5 %) and {SIZES[3]} (3 %) in the forms {", ".join(growth.forms)}. Resident \
memory is read after every hundred, when nothing is in flight; it was {mebibytes(first)} MiB in the first half and \
{mebibytes(second)} MiB in the second (medians), {mebibytes(min(growth.samples))} to \
{mebibytes(max(growth.samples))} MiB in all. The line through it rises by {slope * 1000 / 1024:.1f} KiB in 1000 \
requests, with a standard error of {error * 1000 / 1024:.1f} KiB; up to two of those count as none."""


def server_line(results: Results, server: Server) -> str:
    idle = results.idle.get(server.key)
    memory = mebibytes(median(idle)) if idle else cell(results.unavailable.get(server.key, "not measured"))
    count = results.processes.get(server.key, "")
    return f"{server.name} | {server.versions()} | {server.deployment} | {count} | {memory}"


def cell(text: str) -> str:
    """Text that stays within its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def digits(value: float) -> str:
    """Three significant ones, and all of those before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.{max(0, 2 - math.floor(math.log10(value or 1)))}f}"


def mebibytes(size: float) -> str:
    return f"{size / (1 << 20):.0f}"


def table(header: str, lines: Iterable[str]) -> str:
    rule = " | ".join("---" for _ in header.split(" | "))
    return "\n".join(f"| {line} |" for line in (header, rule, *lines))


def processor() -> str:
    described = Path("/proc/cpuinfo").read_text().splitlines()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in described)}
    name, family, model = (facts.get(fact, "unknown") for fact in ("model name", "cpu family", "model"))
    return f"{name} (family {family}, model {model})"
