"""Two replicas behind nginx for a long time, with restarts, rotations of keys and killed workers, and what came of it.

`.venv-dev/bin/python -m benchmarks.soak` takes half an hour, prints a report in Markdown, and fails where something is
not well; with `--write` the report also goes to benchmarks/soak.md. CI runs `--seconds 120`.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

# As the service itself, which would else not give the same bits.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

from benchmarks.faults.tally import Tally
from benchmarks.soak.callers import SECONDS_TO_PREPARE, Orders, call, key
from benchmarks.soak.operations import Operator, metric, settings
from benchmarks.soak.report import Soak, checks, report
from tests.container.stand import HOSTS, Names, Replica, free_port, proxy_before

REPORT = Path(__file__).parents[1] / "soak.md"
SECONDS, FEWEST_SECONDS = 1800.0, 60.0
PROCESSES, CALLERS = 2, 8
SECONDS_TO_END = 120
SECONDS_TO_SETTLE = 2.0


def main() -> int:
    options = read_options()
    soak = soaked(options.seconds)
    found = checks(soak)
    text = report(soak, found)
    print(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")
    return 0 if all(check.is_met for check in found) else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of traffic ({SECONDS:g})")
    parser.add_argument("--write", action="store_true", help="also into benchmarks/soak.md")
    options = parser.parse_args()
    if options.seconds < FEWEST_SECONDS:
        parser.error(f"at least {FEWEST_SECONDS:g} seconds are needed")
    return options


def soaked(seconds: float) -> Soak:
    """Start all, let them go on, and look what is left."""
    began = time.time()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        names, port, keys = Names(), free_port(), folder / "keys"
        stack.callback(names.close)
        keys.write_text(f"{key(0)}\n")
        replicas = [replica_in(folder / host, host, port, names, keys) for host in HOSTS]
        for replica in replicas:
            replica.start()
            stack.callback(end, replica)
        (folder / "proxy").mkdir()
        proxy = stack.enter_context(proxy_before(replicas, folder / "proxy"))
        version = multiprocessing.get_context("spawn").Value("i", 0)
        operator = Operator(replicas, keys, version)
        tally = called(operator, proxy.port, seconds)
        time.sleep(SECONDS_TO_SETTLE)
        in_flight = [metric(replica, "xent_in_flight_requests") for replica in replicas]
        reserved = [metric(replica, "xent_reserved_bytes") for replica in replicas]
        statuses = [replica.stop() for replica in replicas]
        logs = [replica.log.read_text() for replica in replicas]
        proxied = [
            json.loads(line)
            for line in proxy.log.read_text().splitlines()
            if line.startswith("{") and '"/livez"' not in line
        ]
    callers = PROCESSES * CALLERS
    return Soak(began, seconds, callers, tally, operator, in_flight, reserved, statuses, logs, proxied)


def end(replica: Replica) -> None:
    """Where something went wrong before it was told to stop."""
    if replica.process:
        replica.kill()


def replica_in(folder: Path, host: str, port: int, names: Names, keys: Path) -> Replica:
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    return Replica(host, port, names, folder / "log", **settings(keys, temporary))


def called(operator: Operator, port: int, seconds: float) -> Tally:
    """What came of all callers while the operator worked."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES + 1)
    processes = []
    for number in range(PROCESSES):
        ours, its = context.Pipe(duplex=False)
        orders = Orders(port, number, CALLERS, seconds)
        process = context.Process(daemon=True, target=call, args=(barrier, its, orders, operator.version))
        process.start()
        processes.append((process, ours))
    barrier.wait(SECONDS_TO_PREPARE)
    operator.go_on(seconds)
    total = Tally()
    for process, ours in processes:
        if not ours.poll(SECONDS_TO_END):
            raise SystemExit("benchmarks.soak: callers did not come to an end")
        total.add(ours.recv())
        process.join()
    return total


if __name__ == "__main__":
    sys.exit(main())
