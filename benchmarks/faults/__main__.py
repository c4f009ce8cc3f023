"""Load and every kind of ill treatment at once, and whether all is well at the end.

`.venv-dev/bin/python -m benchmarks.faults` takes about four minutes, prints a report in Markdown, and fails where
something is not well; with `--write` the report also goes to benchmarks/faults.md. `--seconds 20` is a short version,
without a worker that hangs.
"""

import argparse
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory

# As the service itself, which would else not give the same bits.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

from benchmarks.faults.callers import BAD, GOOD, RUDE, SECONDS_TO_PREPARE, WATCH, Orders, call
from benchmarks.faults.checks import Ending, Run, checks
from benchmarks.faults.probe import metric
from benchmarks.faults.report import report
from benchmarks.faults.service import KEYS, SETTINGS, IllTreatment
from benchmarks.faults.tally import Tally
from tests.service import Server

REPORT = Path(__file__).parents[1] / "faults.md"
SECONDS, FEWEST_SECONDS = 180.0, 15.0
# Processes of callers, and how many callers each has.
CALLERS = ((GOOD, 24), (GOOD, 24), (BAD, 12), (RUDE, 48), (WATCH, 1))
SECONDS_TO_END = 120
SECONDS_TO_SETTLE = 2.0


def main() -> int:
    options = read_options()
    with TemporaryDirectory() as folder, Server(Path(folder) / "log", **SETTINGS) as server:
        run = measured(server, options.seconds)
    found = checks(run)
    text = report(run, found)
    print(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")
    return 0 if all(check.is_met for check in found) else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of load ({SECONDS:g})")
    parser.add_argument("--write", action="store_true", help="also into benchmarks/faults.md")
    options = parser.parse_args()
    if options.seconds < FEWEST_SECONDS:
        parser.error(f"at least {FEWEST_SECONDS:g} seconds are needed")
    return options


@dataclass
class Process:
    """A process of callers, and the end of the pipe through which it tells what came of them."""

    process: multiprocessing.process.BaseProcess
    pipe: Pipe


def measured(server: Server, seconds: float) -> Run:
    """Ill-treat the service, let it come to rest, and look what is left."""
    port = int(server.address.rpartition(":")[2])
    ill = IllTreatment(server)
    began = time.time()
    tally = ill_treated(ill, port, seconds)
    ill.wait_until(time.monotonic() + SECONDS_TO_SETTLE)
    time.sleep(SECONDS_TO_SETTLE)
    ill.look()
    in_flight, workers = metric(port, "xent_in_flight_requests"), metric(port, "xent_workers")
    reserved = metric(port, "xent_computing_requests"), metric(port, "xent_reserved_bytes")
    evicted = metric(port, "xent_rejected_total", reason="reader_evicted")
    children = len(server.workers)
    stopping = time.monotonic()
    status = server.stop()
    ending = Ending(reserved, in_flight, workers, evicted, children, status, time.monotonic() - stopping)
    return Run(began, seconds, tally, ill, ending, server.log.read_text(), server.errors.read_text())


def ill_treated(ill: IllTreatment, port: int, seconds: float) -> Tally:
    """What came of all callers."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(CALLERS) + 1)
    processes = []
    for number, (group, callers) in enumerate(CALLERS):
        ours, its = context.Pipe(duplex=False)
        process = context.Process(
            daemon=True, target=call, args=(barrier, its, Orders(port, KEYS, group, number, callers), seconds)
        )
        process.start()
        processes.append(Process(process, ours))
    barrier.wait(SECONDS_TO_PREPARE)
    ill.go_on(seconds)
    total = Tally()
    for each in processes:
        if not each.pipe.poll(SECONDS_TO_END):
            raise SystemExit("benchmarks.faults: callers did not come to an end")
        total.add(each.pipe.recv())
        each.process.join()
    return total


if __name__ == "__main__":
    sys.exit(main())
