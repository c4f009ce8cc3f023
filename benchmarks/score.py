"""Measure `xent score` and `xent compare` beside reading and writing the files alone, and beside pandas and PyTorch.

`.venv-dev/bin/python -m benchmarks.score --peer .venv-bench/bin/python` takes a quarter of an hour, 3 GiB of disk and
8 GiB of memory, most of them for pandas; with `--write` the report also goes to score.md in this folder. Each command
is a process of its own; those that are compared take turns, on files in the page cache. `--only` names some of the data
sets, and `--rows` makes all of them smaller.
"""

import argparse
import ctypes
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

REPORT = Path(__file__).with_suffix(".md")
TURNS = 3
ROWS_PER_GROUP = {10: 1 << 20, 1000: 1 << 14}
MIB = 1 << 20
PR_SET_CHILD_SUBREAPER = 36

# What reading and writing takes alone, in one process with as many threads as PyArrow likes: the logits and labels that
# are read are looked at once, and a row number and a loss are written for each row, as `xent score` writes them.
RAW = """
import sys
import numpy as np, pyarrow as pa, pyarrow.ipc, pyarrow.parquet as pq
from xent_score.arrow import from_arrow, to_arrow  # PyArrow's own import pandas
source, labels, out = sys.argv[1:]
def blocks():
    if source.endswith(".npy"):
        x, y = np.load(source, mmap_mode="r"), np.load(labels, mmap_mode="r")
        for at in range(0, len(x), 1 << 16):
            yield x[at : at + (1 << 16)].max(), np.array(y[at : at + (1 << 16)])
        return
    if source.endswith(".arrow"):
        file = pa.ipc.open_file(pa.memory_map(source))
        batches = (file.get_batch(number) for number in range(file.num_record_batches))
    else:
        batches = pq.ParquetFile(source).iter_batches(1 << 16, columns=["logits", "labels"])
    for batch in batches:
        yield from_arrow(batch.column("logits").flatten()).max(), from_arrow(batch.column("labels"))
schema = pa.schema({"row": pa.int64(), "loss": pa.float32()})
with pq.ParquetWriter(out, schema, compression="none", use_dictionary=False,
                      column_encoding={"row": "DELTA_BINARY_PACKED", "loss": "PLAIN"}) as writer:
    first = 0
    for _, y in blocks():
        rows = np.arange(first, first + len(y))
        writer.write_table(pa.table({"row": to_arrow(rows), "loss": to_arrow(y.astype(np.float32))}))
        first += len(y)
"""
# What one writes without a tool.
PANDAS = """
import sys
import numpy as np, pandas as pd, torch
source, labels, out = sys.argv[1:]
frame = pd.read_parquet(source, columns=["logits", "labels"])
logits = torch.from_numpy(np.stack(frame["logits"].to_numpy()))
losses = torch.nn.functional.cross_entropy(logits, torch.tensor(frame["labels"].to_numpy()), reduction="none")
pd.DataFrame({"loss": losses.numpy()}).to_parquet(out)
print(losses.mean().item())
"""
# Posting to the service, on this machine too, in batches of about 4 MiB.
POST = """
import sys
sys.path.insert(0, "clients/python")
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from xent_client import Xent
from xent_score.arrow import from_arrow, to_arrow
address, source, labels, out, classes = sys.argv[1:]
size = (1 << 20) // int(classes)
def batches():
    if source.endswith(".npy"):
        x, y = np.load(source, mmap_mode="r"), np.load(labels, mmap_mode="r")
        for at in range(0, len(x), size):
            yield x[at : at + size], y[at : at + size]
        return
    for batch in pq.ParquetFile(source).iter_batches(size, columns=["logits", "labels"]):
        yield from_arrow(batch.column("logits").flatten()).reshape(len(batch), -1), from_arrow(batch.column("labels"))
with Xent(address) as xent:
    found = xent.evaluate(
        batches(), loss_type="sparse_softmax_cross_entropy", include=["summary", "calibration"], advice="brief",
        per_sample=True, progress=False,
    )
pq.write_table(pa.table({"row": to_arrow(np.arange(len(found.per_sample))), "loss": to_arrow(found.per_sample)}), out)
"""
READ_PAIR = """
import sys
import numpy as np
for name in sys.argv[1:]:
    with open(name, "rb", buffering=0) as file:
        block = bytearray(16 << 20)
        while file.readinto(block):
            pass
"""


class Took(NamedTuple):
    """What a command took: seconds, seconds of all processors, and the memory of its largest process in MiB."""

    seconds: float
    cpu: float
    memory: float


class Measured(NamedTuple):
    data: str
    rows: int
    took: dict[str, list[Took]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter that has pandas and PyTorch; without, no peer")
    parser.add_argument(
        "--only", metavar="NAMES", default=",".join(MEASUREMENTS), help="with commas; default: %(default)s"
    )
    parser.add_argument("--rows", type=float, default=1.0, metavar="SHARE", help="of the rows; default: all")
    parser.add_argument("--write", action="store_true", help="also into this folder, as score.md")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    sections = []
    for name in options.only.split(","):
        with TemporaryDirectory() as folder:
            sections.append(MEASUREMENTS[name](Path(folder), options.rows, options.peer))
        print(sections[-1], flush=True)
    if options.write:
        REPORT.write_text(report(sections), encoding="utf-8")


def _score(folder: Path, share: float, peer: str | None, classes: int, suffix: str) -> str:
    rows = int({10: 10_000_000, 1000: 200_000}[classes] * share)
    source, labels = in_a_process(make, folder, rows, classes, suffix)
    arguments = ["--labels-data", labels] if suffix == "npy" else []
    commands: dict[str, Callable[[], list[str]]] = {
        "reading and writing alone": lambda: [sys.executable, "-c", RAW, source, labels, str(folder / "raw.parquet")],
        "2 processes": lambda: xent("score", source, *arguments, "--out", fresh(folder), "--processes", "2"),
        "1 process": lambda: xent("score", source, *arguments, "--out", fresh(folder), "--processes", "1"),
    }
    if peer is not None and suffix == "parquet":
        commands["pandas and PyTorch"] = lambda: [peer, "-c", PANDAS, source, labels, str(folder / "peer.parquet")]
    with serving() if suffix != "arrow" else nullcontext() as address:
        if address is not None:
            posted = [sys.executable, "-c", POST, address, source, labels, str(folder / "posted.parquet"), str(classes)]
            commands[POSTED] = lambda: posted
        return section(Measured(f"score, {rows:,} × {classes} float32, {suffix}", rows, in_turns(commands)))


POSTED = "posting to the service (processor and memory of the client alone)"


@contextmanager
def serving() -> Iterator[str]:
    """The address of the service, with a worker for each core."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XENT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app"], env=environment | {"XENT_PORT": "0", "XENT_DRAIN_SECONDS": "0"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101  it is a pipe
    try:
        announced = next(line for line in process.stdout if "xent listens on" in line)
        yield re.findall(r"https?://[^\s,]+", announced)[0]
    finally:
        process.terminate()
        process.wait()


def compare_npy(folder: Path, share: float, _peer: str | None) -> str:
    rows, classes = int(10_000 * share), 32_000
    names = in_a_process(make_pair, folder, rows, classes)
    commands: dict[str, Callable[[], list[str]]] = {
        "reading the files": lambda: [sys.executable, "-c", READ_PAIR, *names],
        "2 processes": lambda: xent("compare", *names[:2], "--labels-data", names[2], "--out", fresh(folder)),
    }
    return section(Measured(f"compare, 2 × {rows:,} × {classes:,} float16, npy", rows, in_turns(commands)))


def make_pair(folder: Path, rows: int, classes: int) -> list[str]:
    """Logits of a model and of its quantised one, and labels: the names of their files."""
    random = np.random.default_rng(0)
    names = [str(folder / name) for name in ("a.npy", "b.npy", "labels.npy")]
    first, second = (np.lib.format.open_memmap(name, "w+", np.float16, (rows, classes)) for name in names[:2])
    for at in range(0, rows, 1000):
        block = 3 * random.standard_normal((min(1000, rows - at), classes), np.float32)
        first[at : at + 1000] = block
        second[at : at + 1000] = block + 0.05 * random.standard_normal(block.shape, np.float32)
    np.save(names[2], random.integers(0, classes, rows))
    return names


def in_a_process(work: Callable[..., Any], folder: Path, *arguments: int | str) -> Any:
    """What the work returns. A process starts with the memory of the one that starts it, as far as the system tells."""
    script = (
        "import json, sys; from pathlib import Path; from benchmarks import score; "
        "print(json.dumps(getattr(score, sys.argv[1])(Path(sys.argv[2]), *json.loads(sys.argv[3]))))"
    )
    command = [sys.executable, "-c", script, work.__name__, str(folder), json.dumps(arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603


def resume(folder: Path, share: float, _peer: str | None) -> str:
    """A run of one process that is killed when about half of its parts are committed, and resumed."""
    rows = int(10_000_000 * share)
    source, _ = in_a_process(make, folder, rows, 10, "parquet")
    lines = [
        "### score, killed and resumed",
        "",
        "| turn | undisturbed, s | killed and resumed, s | more |",
        "| --- | --- | --- | --- |",
    ]
    for turn in range(TURNS):
        whole = took(xent("score", source, "--out", fresh(folder), "--processes", "1")).cpu
        out = fresh(folder)
        command = xent("score", source, "--out", out, "--processes", "1")
        first = killed(command, Path(out), parts=max(1, rows // 2_800_000))
        second = took(command).cpu
        lines.append(f"| {turn + 1} | {whole:.2f} | {first:.2f} + {second:.2f} | {(first + second) / whole - 1:+.1%} |")
    return "\n".join(lines)


def killed(command: Sequence[str], out: Path, parts: int) -> float:
    """Run the command, kill it when `parts` parts are committed, and return the CPU seconds it used."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, process_group=0)  # noqa: S603
    while len([*(out / "state").glob("0*.json")]) < parts:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    return ended(process)[1].cpu


def make(folder: Path, rows: int, classes: int, suffix: str) -> tuple[str, str]:
    """Logits of a classifier that is mostly right, and labels: the names of their files, which are one but for npy."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, rows)
    source, beside = folder / f"data.{suffix}", folder / "labels.npy"
    if suffix == "npy":
        np.save(beside, labels)
        array = np.lib.format.open_memmap(source, "w+", np.float32, (rows, classes))
        for at, block in _blocks(random, labels, classes):
            array[at : at + len(block)] = block
        return str(source), str(beside)
    schema = pa.schema({"logits": pa.list_(pa.float32(), classes), "labels": pa.int64()})
    tables = (
        pa.table([pa.FixedSizeListArray.from_arrays(block.reshape(-1), classes), some], schema=schema)
        for some, block in ((labels[at : at + len(block)], block) for at, block in _blocks(random, labels, classes))
    )
    if suffix == "arrow":
        with pa.OSFile(str(source), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for table in tables:
                writer.write_table(table)
    else:
        with pq.ParquetWriter(source, schema) as writer:
            for table in tables:
                writer.write_table(table)
    return str(source), str(source)


def _blocks(random: np.random.Generator, labels: Any, classes: int) -> Iterator[tuple[int, Any]]:
    size = ROWS_PER_GROUP[classes]
    for at in range(0, len(labels), size):
        some = labels[at : at + size]
        block = random.standard_normal((len(some), classes), np.float32)
        block[np.arange(len(some)), some] += 3
        yield at, block


def xent(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "xent_cli", *arguments, "--quiet"]


def fresh(folder: Path) -> str:
    shutil.rmtree(folder / "out", ignore_errors=True)
    return str(folder / "out")


def in_turns(commands: dict[str, Callable[[], list[str]]]) -> dict[str, list[Took]]:
    found: dict[str, list[Took]] = {name: [] for name in commands}
    for _ in range(TURNS):
        for name, command in commands.items():
            found[name].append(took(command()))
    return found


def took(command: Sequence[str]) -> Took:
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    status, found = ended(process)
    if status:
        raise SystemExit(f"{' '.join(command)[:500]} ended with status {status}")
    return found


def ended(process: subprocess.Popen[bytes]) -> tuple[int, Took]:
    """The status of the process, which leads a process group, and what it took with all that it started."""
    began, seconds, status, usages = time.perf_counter(), 0.0, 0, []
    # Processes that outlive it become this one's, which is their subreaper.
    with suppress(ChildProcessError):
        while True:
            number, found, usage = os.wait4(-process.pid, 0)
            usages.append(usage)
            if number == process.pid:
                seconds, status = time.perf_counter() - began, found
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return status, Took(seconds, cpu, max(usage.ru_maxrss for usage in usages) * 1024 / MIB)


def section(measured: Measured) -> str:
    first = next(iter(measured.took))
    lines = [
        f"### {measured.data}", "",
        f"| | s | processor s | million rows/s | memory, MiB | time of {first} / its time |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, turns in measured.took.items():
        ratios = [one.seconds / each.seconds for one, each in zip(measured.took[first], turns, strict=True)]
        seconds, cpu = (median(getattr(each, figure) for each in turns) for figure in ("seconds", "cpu"))
        memory = max(each.memory for each in turns)
        lines.append(
            f"| {name} | {seconds:.2f} | {cpu:.2f} | {measured.rows / seconds / 1e6:.3f} | {memory:.0f} "
            f"| {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )
    return "\n".join(lines)


def report(sections: Sequence[str]) -> str:
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    made = (
        f"Made by benchmarks/score.py on {datetime.now(UTC):%Y-%m-%d}, with Python {platform.python_version()}, NumPy "
        f"{np.__version__} and PyArrow {pa.__version__}, on {len(os.sched_getaffinity(0))} cores of {processor()}. "
        f"The load (over 1, 5 and 15 minutes) was {load} at the end."
    )
    how = (
        "Each command is a process of its own, start included, on files in the page cache. Given are medians of "
        f"{TURNS} turns, in which the commands follow one another; ratios are of one turn, with their extremes in "
        "brackets. Processor seconds are those of all processes of a command, memory is that of the largest."
    )
    title = "# `xent score` and `xent compare` beside reading and writing alone"
    return "\n\n".join([title, made, how, *sections]) + "\n"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


MEASUREMENTS: dict[str, Callable[[Path, float, str | None], str]] = {
    f"{suffix}-{classes}": lambda folder, share, peer, suffix=suffix, classes=classes: _score(
        folder, share, peer, classes, suffix
    )
    for classes in (10, 1000)
    for suffix in ("parquet", "arrow", "npy")
} | {"resume": resume, "compare": compare_npy}

if __name__ == "__main__":
    main()
