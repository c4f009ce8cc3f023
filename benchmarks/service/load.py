"""wrk: one body again and again over a few connections, from a core of its own."""

import json
import math
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.service.processes import Running, pinned, run
from benchmarks.service.work import Body, check

SECONDS_OF_WARMING = 0.7
# Of a slow server as many requests as are wanted for a rate, within reason.
ENOUGH_REQUESTS, LONGEST_SECONDS = 12, 12
SECONDS_BEYOND = 120

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


class Failed(Exception):
    """wrk did not run, or saw errors. The message says which."""


@dataclass(frozen=True)
class Measurement:
    """One turn of one server at one body.

    rate        requests in a second
    p50, p99    seconds
    busy        the part of the server's core that the server had
    peak        bytes that the server's processes took at most beyond those of an idle server
    """

    rate: float
    p50: float
    p99: float
    busy: float
    peak: int


def require_wrk() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("make bench: needs wrk (on Debian: apt-get install wrk)")


def measure(
    server: Running, path: str, body: Body, core: int, seconds: float, folder: Path, connections: int | None = None
) -> Measurement:
    """Checks the answer, then measures. Raises WrongAnswer and Failed."""
    connections = connections or body.size.connections
    check(server.post(path, body), body)
    start = time.perf_counter()
    check(server.post(path, body), body)
    one = time.perf_counter() - start
    if one < SECONDS_OF_WARMING:
        wrk(server, path, body, core, SECONDS_OF_WARMING, folder, connections)
    server.forget_peak()
    worked = server.worked()
    seconds = min(max(seconds, ENOUGH_REQUESTS * one), LONGEST_SECONDS)
    result = wrk(server, path, body, core, seconds, folder, connections)
    worked, peak = server.worked() - worked, server.peak() - server.idle
    if not result["requests"]:
        raise Failed(f"answered nothing within {seconds:.0f} s")
    check(server.post(path, body), body)
    lasted = result["microseconds"] / 1e6
    return Measurement(result["requests"] / lasted, result["p50"] / 1e6, result["p99"] / 1e6, worked / lasted, peak)


def wrk(
    server: Running, path: str, body: Body, core: int, seconds: float, folder: Path, connections: int
) -> dict[str, int]:
    script = folder / "body.lua"
    headers = "\n".join(
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in body.headers.items()
    )
    script.write_text(SCRIPT.format(path=json.dumps(str(body.path)), headers=headers))
    options = ["-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", f"--timeout={SECONDS_BEYOND}s"]
    command = ["wrk", *options, "--latency", f"--script={script}", f"http://127.0.0.1:{server.port}{path}"]
    try:
        ran = run(pinned(core, command), folder, seconds + SECONDS_BEYOND)
        result: dict[str, int] = json.loads(ran.stderr)
    except subprocess.TimeoutExpired as error:
        raise Failed("wrk did not end") from error
    except ValueError as error:
        raise Failed(f"wrk says {ran.stderr[:100]!r}") from error
    if result["statuses"] or result["sockets"]:
        raise Failed(
            f"of {result['requests']} requests {result['statuses']} were refused, {result['sockets']} broke off"
        )
    return result
