"""Measure xent beside its peers on the same work: `make bench`.

Each server gets one core, wrk another. A server whose losses are wrong is not measured. In every turn each server is
started anew, and the order rotates. The report goes to standard output, and what is being done to standard error.
Everything made on the way is in a temporary folder, but for the peers' environments.
"""

import argparse
import http.client
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.service.load import Failed, measure, require_wrk
from benchmarks.service.memory import measure_growth, measure_peaks
from benchmarks.service.report import Conditions, report
from benchmarks.service.results import Results
from benchmarks.service.servers import SERVERS, XENT, Server, Unavailable
from benchmarks.service.work import SIZES, Size, WrongAnswer, write_body

REPORT = Path(__file__).parents[1] / "service.md"


def main() -> None:
    options = read_options()
    require_wrk()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("make bench: needs two cores, one for the server and one for wrk")
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, lambda *_: sys.exit("make bench: was told to stop"))
    servers = [server for server in SERVERS if server.key in options.only]
    results = Results()
    for server in servers:
        tell(f"environment of {server.name}")
        try:
            server.programs()
        except Unavailable as error:
            results.unavailable[server.key] = str(error)
    os.sched_setaffinity(0, {cores[1]})
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="xent-bench-") as made:
        folder = Path(made)
        for turn in range(options.turns if "speed" in options.parts else 0):
            at = turn * len(servers) // options.turns
            for server in servers[at:] + servers[:at]:
                if server.key not in results.unavailable:
                    measure_server(server, turn, options, (cores[0], cores[1]), folder, results)
        if "memory" in options.parts and XENT.key in options.only:
            results.peaks = measure_peaks((cores[0], cores[1]), folder, tell)
            tell(f"growth of xent over {options.requests} requests")
            results.growth = measure_growth(cores[0], options.requests, folder, tell)
    text = report(results, servers, Conditions(options.turns, options.seconds, options.requests, load))
    print(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")


def read_options() -> argparse.Namespace:
    keys = [server.key for server in SERVERS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.service", description="Measure xent beside its peers on the same work."
    )
    parser.add_argument("--only", type=one_of(keys), default=keys, help=f"servers, with commas: {', '.join(keys)}")
    sizes = {str(size).replace("×", "x"): size for size in SIZES}
    parser.add_argument("--sizes", type=one_of([*sizes]), default=[*sizes], help=f"with commas: {', '.join(sizes)}")
    parts = ["speed", "memory"]
    parser.add_argument("--parts", type=one_of(parts), default=parts, help="speed or memory; both where absent")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement (2)")
    parser.add_argument("--turns", type=int, default=3, help="of all servers (3)")
    parser.add_argument("--requests", type=int, default=10_000, help="sent to see whether memory grows (10000)")
    parser.add_argument(
        "--quick", action="store_true", help="one turn, one second, 2000 requests: to try the benchmark"
    )
    parser.add_argument("--write", action="store_true", help="also into benchmarks/service.md")
    options = parser.parse_args()
    if options.quick:
        options.turns, options.seconds, options.requests = 1, 1.0, 2000
    if options.write and (options.quick or [options.only, options.sizes, options.parts] != [keys, [*sizes], parts]):
        parser.error("--write takes the whole benchmark")
    if min(options.turns, options.seconds, options.requests / 2000) < 1:
        parser.error("at least 1 turn, 1 second and 2000 requests are needed")
    options.sizes = [sizes[name] for name in options.sizes]
    return options


def one_of(known: list[str]) -> Callable[[str], list[str]]:
    def read(argument: str) -> list[str]:
        names = argument.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: there are {', '.join(known)}")
        return names

    return read


def measure_server(
    server: Server, turn: int, options: argparse.Namespace, cores: tuple[int, int], folder: Path, results: Results
) -> None:
    """One turn of one server: all its forms at all sizes, the small ones first."""
    own = folder / f"{server.key}-{turn}"
    sizes: list[Size] = options.sizes
    try:
        with server.start(cores[0], own) as running:
            results.idle.setdefault(server.key, []).append(running.idle)
            results.processes[server.key] = len(running.processes())
            for size in sizes:
                for form, path in server.paths.items():
                    row = results.row(server, form, size)
                    if row.is_refused:
                        continue
                    tell(f"turn {turn + 1} of {options.turns}: {server.name}, {form}, {size}")
                    body = write_body(form, size, folder)
                    results.lengths[form, size] = body.length
                    try:
                        row.turns[turn] = measure(running, path, body, cores[1], options.seconds, own)
                    except WrongAnswer as error:
                        row.is_refused, row.failure = True, str(error)
                    except (Failed, OSError, http.client.HTTPException) as error:
                        row.failure = f"{error}" or type(error).__name__
                    if row.failure:
                        tell(f"  not measured: {row.failure}")
    except Unavailable as error:
        results.unavailable[server.key] = str(error)
        tell(f"  not measured: {error}")


def tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
