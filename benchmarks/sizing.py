"""What one worker on one core does in a second, and the memory it takes, by size and form of the requests.

`.venv-dev/bin/python -m benchmarks.sizing` takes about two minutes, and needs wrk and two cores, one for the
worker. It prints a report in Markdown; with `--write` that also goes to benchmarks/sizing.md. Responses are checked
before and after each measurement.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

# As the service itself, which would else not give the same bits.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import numpy as np

from benchmarks.faults.good import Good, in_frame, in_json, in_tensors
from benchmarks.faults.wire import Answer
from tests.service import Server

REPORT = Path(__file__).with_name("sizing.md")
SECONDS, WARMING = 4, 1
# Rows, classes, and the connections that send.
SIZES = ((32, 10, 16), (256, 1000, 8), (1024, 1000, 4), (32, 32_000, 4))
MIB = 1 << 20

SCRIPT = """\
local file = assert(io.open({path}, "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
{headers}
function done(summary, latency, requests)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "statuses": %d, "sockets": %d}}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""


class Measured(NamedTuple):
    """One form of one size. `busy` is the worker's part of its core; times are in milliseconds."""

    size: str
    form: str
    kilobytes: float
    connections: int
    rate: float
    p50: float
    p99: float
    busy: float
    refused: int
    idle: int
    peak: int


def forms(rows: int, classes: int) -> dict[str, Good]:
    random = np.random.default_rng((rows, classes))
    logits = (random.standard_normal((rows, classes)) * 3).astype(np.float32)
    labels = random.integers(0, classes, rows)
    # As many digits as a float32 has.
    lists = {"logits": logits.astype(np.float64).round(6), "labels": labels}
    return {
        "JSON lists": in_json("", lists),
        "tensor object": in_tensors("", {"logits": logits, "labels": labels}),
        "V2 binary": in_frame("", logits, random),
    }


def measure(size: str, form: str, good: Good, connections: int, folder: Path) -> Measured:
    """One worker, started anew."""
    all_cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, all_cores[:1])
    try:
        server = Server(folder / f"{size}-{form}.log", XENT_WORKERS="1")
    finally:
        os.sched_setaffinity(0, all_cores[1:])
    with server:
        process = server.process.pid
        idle = memory(process, "VmRSS")
        check(server, good)
        wrk(server, good, connections, WARMING, folder)
        with suppress(OSError):
            Path(f"/proc/{process}/clear_refs").write_text("5")
        worked, began = worked_by(process), time.monotonic()
        result = wrk(server, good, connections, SECONDS, folder)
        busy = (worked_by(process) - worked) / (time.monotonic() - began)
        peak = memory(process, "VmHWM")
        check(server, good)
    os.sched_setaffinity(0, all_cores)
    rate = (result["requests"] - result["statuses"]) / result["microseconds"] * 1e6
    times = result["p50"] / 1000, result["p99"] / 1000
    kilobytes = len(good.request.body) / 1000
    return Measured(size, form, kilobytes, connections, rate, *times, busy, result["statuses"], idle, peak)


def check(server: Server, good: Good) -> None:
    """Raises SystemExit where a response is wrong."""
    with server.client() as client:
        response = client.post(good.request.path, content=good.request.body, headers=dict(good.request.headers))
    fault = "" if response.status_code == 200 else f"status {response.status_code}"
    fault = fault or good.fault(Answer(response.status_code, dict(response.headers), response.content))
    if fault:
        raise SystemExit(f"benchmarks.sizing: wrong response: {fault}")


def wrk(server: Server, good: Good, connections: int, seconds: int, folder: Path) -> dict[str, int]:
    body, script = folder / "body", folder / "body.lua"
    body.write_bytes(good.request.body)
    headers = "\n".join(f"wrk.headers[{json.dumps(n)}] = {json.dumps(v)}" for n, v in good.request.headers.items())
    script.write_text(SCRIPT.format(path=json.dumps(str(body)), headers=headers))
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=60s", "--latency", f"--script={script}"]
    command = ["wrk", *options, f"{server.address}{good.request.path}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    result: dict[str, int] = json.loads(ran.stderr)
    if result["sockets"]:
        raise SystemExit(f"benchmarks.sizing: {result['sockets']} connections broke off")
    return result


def memory(process: int, field: str) -> int:
    text = Path(f"/proc/{process}/status").read_text()
    return int(text.partition(f"{field}:")[2].split()[0]) << 10


def worked_by(process: int) -> float:
    """Seconds, in the process and in the kernel for it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(measured: list[Measured], loop: float) -> str:
    lines = [
        "| size | form | body, KB | connections | requests/s | rows/s | p50, ms | p99, ms | core, % | 503 | "
        "memory at the peak, MiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in measured:
        rows = each.rate * int(each.size.partition("×")[0])
        lines.append(
            f"| {each.size} | {each.form} | {each.kilobytes:.3g} | {each.connections} | {each.rate:.3g} | "
            f"{rows:,.0f} | {each.p50:.3g} | {each.p99:.3g} | {each.busy:.0%} | {each.refused} | "
            f"{each.peak / MIB:.0f} |"
        )
    idle = max(each.idle for each in measured) / MIB
    return "\n".join(
        [
            "# What one worker on one core does",
            "",
            f"Made by `python -m benchmarks.sizing` on {datetime.now(UTC):%Y-%m-%d}: {cpu()}, Python "
            f"{platform.python_version()}; one worker with default settings on one core, with log lines for requests; "
            f"wrk on another core, {SECONDS} s for each row after {WARMING} s to warm up; loopback, no proxy. Softmax "
            "losses of class indices, whole responses with recommendation and warnings. "
            f"An idle worker has {idle:.0f} MiB; the peak is the whole process's.",
            "",
            "Virtual machines are as fast as their neighbours let them be: in those minutes five million additions in "
            f"Python took a core {loop:.2f} s. Where yours needs half of that, expect twice the requests.",
            "",
            *lines,
            "",
            "A core that is less busy than 100 % waits for wrk. A 503 is a request that the worker was too full for.",
            "",
        ]
    )


def loop_seconds() -> float:
    """How fast a core is at the time: five million additions in Python, the best of three."""

    def once() -> float:
        began, total = time.perf_counter(), 0
        for number in range(5_000_000):
            total += number
        return time.perf_counter() - began

    return min(once() for _ in range(3))


def cpu() -> str:
    fields = Path("/proc/cpuinfo").read_text().partition("model name")[2]
    return fields.partition(":")[2].partition("\n")[0].strip() or platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="also into benchmarks/sizing.md")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("two cores are needed")
    measured, loop = [], loop_seconds()
    with TemporaryDirectory() as folder:
        for rows, classes, connections in SIZES:
            size = f"{rows}×{classes}"
            for form, good in forms(rows, classes).items():
                measured.append(measure(size, form, good, connections, Path(folder)))
    text = report(measured, max(loop, loop_seconds()))
    print(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
