"""Measure xent_core against PyTorch and XLA, one thread each: `make bench-core`.

All compute losses without a reduction, from the same arrays, in turns, on one core. XLA compiles the functions of
Optax. Before anything is timed the losses are compared, with each other and, on a sample of rows, with extended
precision. The report goes to standard output. Options, after `.venv-bench/bin/python -m benchmarks.core`:

  --write           also into this folder: core.md, or with the options below core-without-avx512.md and the like
  --without-avx512  keep the libraries from using AVX-512, as on a machine that hasn't got it
  --plain-malloc    leave glibc's malloc as it is; see keep_freed_memory
  --only KIND       measure only the losses of this kind, such as "softmax focal"
"""

import os
import sys

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
os.environ.update(JAX_PLATFORMS="cpu", JAX_ENABLE_X64="1", XLA_FLAGS="--xla_cpu_multi_thread_eigen=false")
os.environ.update(
    {
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "XLA_FLAGS": os.environ["XLA_FLAGS"] + " --xla_cpu_max_isa=AVX2",
    }
    if "--without-avx512" in sys.argv
    else {}
)

import argparse
import ctypes
import gc
import itertools
import math
import platform
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
import optax
import torch
from numpy.lib import introspect
from numpy.typing import NDArray
from torch.nn import functional

import xent_core
from xent_core.compute import elementary

Array = NDArray[Any]
Kind = Literal[
    "class indices",
    "one-hot",
    "sigmoid",
    "distributions",
    "softmax focal",
    "sparse softmax focal",
    "sigmoid focal",
    "divergence from logits",
]

TURNS = 15
SHORTEST_TIMING = 0.02
COLD_BYTES = 256 << 20
SAMPLED_LOGITS = 1_000_000
MOST_MEMORY = 8 << 20


@dataclass(frozen=True)
class Case:
    """`target` is the lowest ratio to be content with, None where nothing was promised.

    It is one to the faster of PyTorch and XLA for class indices, otherwise to PyTorch.
    """

    kind: Kind
    rows: int
    classes: int
    dtype: str
    target: float | None = None
    huge_logits: bool = False

    def __str__(self) -> str:
        rows, classes = (f"{number:,}".replace(",", " ") for number in (self.rows, self.classes))
        return f"{self.kind}{', huge logits' if self.huge_logits else ''} | {rows} × {classes} | {self.dtype}"


class Batch(NamedTuple):
    """The same logits and labels as each library takes them. XLA has a copy of its own."""

    arrays: tuple[Array, Array]
    tensors: tuple[torch.Tensor, torch.Tensor]
    jax_arrays: tuple[jax.Array, jax.Array]

    @classmethod
    def of(cls, logits: Array, labels: Array) -> "Batch":
        tensors = torch.from_numpy(logits), torch.from_numpy(labels)
        return cls((logits, labels), tensors, (jax.numpy.array(logits), jax.numpy.array(labels)))

    def copy(self) -> "Batch":
        return Batch.of(*(array.copy() for array in self.arrays))


class Losses(NamedTuple):
    """The same losses by each library and in extended precision. xla: the function of Optax, if it has one."""

    ours: Callable[[Array, Array], Array]
    theirs: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    exact: Callable[[Array, Array], Array]
    xla: Callable[[jax.Array, jax.Array], jax.Array] | None = None


@dataclass(frozen=True)
class Timing:
    """Seconds of one call, at the median, and the times of PyTorch and of XLA divided by ours, turn by turn."""

    ours: float
    theirs: float
    xla: float | None
    ratios: list[float]
    xla_ratios: list[float]


@dataclass(frozen=True)
class Measured:
    """Errors are the greatest relative ones; memory is what a call takes at its peak beyond its result, in bytes.

    evaluation  the time of `evaluate` divided by that of the bare losses, turn by turn
    summary     the same with a summary
    """

    case: Case
    our_error: float
    their_error: float
    warm: Timing
    cold: Timing
    evaluation: list[float]
    summary: list[float]
    our_memory: int
    their_memory: int | None

    @property
    def ratio(self) -> float:
        """What is held against the target."""
        ratios = [self.warm.ratios, self.cold.ratios]
        if self.case.kind == "class indices" and not self.case.huge_logits:
            ratios += [self.warm.xla_ratios, self.cold.xla_ratios]
        return min(map(median, ratios))

    @property
    def is_met(self) -> bool:
        return self.case.target is None or self.ratio >= self.case.target


# In extended precision the exponential of no logit here overflows, and these formulas need no care.


def exact_index_losses(logits: Array, indices: Array) -> Array:
    rows = np.arange(len(logits))
    ahead = logits - logits[rows, indices, None]
    ahead[rows, indices] = -np.inf
    losses: Array = np.log1p(np.exp(ahead).sum(axis=1))
    return losses


def exact_one_hot_losses(logits: Array, labels: Array) -> Array:
    return exact_index_losses(logits, labels.argmax(axis=1))


def exact_distribution_losses(logits: Array, labels: Array) -> Array:
    log_sums = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    losses: Array = (labels * (log_sums - logits)).sum(axis=1)
    return losses


def exact_sigmoid_losses(logits: Array, labels: Array) -> Array:
    losses: Array = np.log1p(np.exp(np.where(labels == 1, -logits, logits)))
    return losses


def exact_focal(cross_entropy: Array) -> Array:
    losses: Array = np.expm1(-cross_entropy) ** 2 * cross_entropy
    return losses


def exact_softmax_focal_losses(logits: Array, labels: Array) -> Array:
    log_sums = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    losses: Array = (labels * exact_focal(log_sums - logits)).sum(axis=1)
    return losses


def exact_sparse_focal_losses(logits: Array, indices: Array) -> Array:
    return exact_focal(exact_index_losses(logits, indices))


def exact_sigmoid_focal_losses(logits: Array, labels: Array) -> Array:
    return exact_focal(exact_sigmoid_losses(logits, labels))


def exact_divergences(logits: Array, teacher: Array) -> Array:
    log_p, log_y = (each - np.log(np.exp(each).sum(axis=1, keepdims=True)) for each in (logits, teacher))
    losses: Array = (np.exp(log_y) * (log_y - log_p)).sum(axis=1)
    return losses


# What is written in PyTorch for want of a function: gamma is 2.


def softmax_focal(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    log_p = functional.log_softmax(logits, -1)
    return -(labels * (1 - log_p.exp()) ** 2 * log_p).sum(-1)


def sparse_softmax_focal(logits: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    losses = cross_entropy(logits, indices)
    return (1 - torch.exp(-losses)) ** 2 * losses


def sigmoid_focal(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """As torchvision.ops.sigmoid_focal_loss without alpha."""
    p = torch.sigmoid(logits)
    return binary_cross_entropy(logits, labels) * (1 - (p * labels + (1 - p) * (1 - labels))) ** 2


def divergence(logits: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    log_p, log_y = functional.log_softmax(logits, -1), functional.log_softmax(teacher, -1)
    return functional.kl_div(log_p, log_y, reduction="none", log_target=True).sum(-1)


cross_entropy = partial(functional.cross_entropy, reduction="none")
sigmoid_focal_by_optax = partial(optax.losses.sigmoid_focal_loss, gamma=2.0)
binary_cross_entropy = partial(functional.binary_cross_entropy_with_logits, reduction="none")
LOSSES: dict[Kind, Losses] = {
    "class indices": Losses(
        xent_core.sparse_softmax_cross_entropy,
        cross_entropy,
        exact_index_losses,
        optax.softmax_cross_entropy_with_integer_labels,
    ),
    "one-hot": Losses(
        xent_core.softmax_cross_entropy, cross_entropy, exact_one_hot_losses, optax.softmax_cross_entropy
    ),
    "distributions": Losses(
        xent_core.softmax_cross_entropy, cross_entropy, exact_distribution_losses, optax.softmax_cross_entropy
    ),
    "sigmoid": Losses(
        xent_core.sigmoid_cross_entropy, binary_cross_entropy, exact_sigmoid_losses, optax.sigmoid_binary_cross_entropy
    ),
    "softmax focal": Losses(xent_core.softmax_focal_cross_entropy, softmax_focal, exact_softmax_focal_losses),
    "sparse softmax focal": Losses(
        xent_core.sparse_softmax_focal_cross_entropy, sparse_softmax_focal, exact_sparse_focal_losses
    ),
    "sigmoid focal": Losses(
        xent_core.sigmoid_focal_cross_entropy, sigmoid_focal, exact_sigmoid_focal_losses, sigmoid_focal_by_optax
    ),
    "divergence from logits": Losses(
        partial(xent_core.kl_divergence, labels_are_logits=True), divergence, exact_divergences
    ),
}
# What makes `evaluate` compute the same loss; for the others the labels' form does.
NAMED: dict[Kind, dict[str, Any]] = {
    "softmax focal": {"loss_type": "softmax_focal_cross_entropy"},
    "sparse softmax focal": {"loss_type": "sparse_softmax_focal_cross_entropy"},
    "sigmoid focal": {"loss_type": "sigmoid_focal_cross_entropy"},
    "divergence from logits": {"loss_type": "kl_divergence", "labels_are_logits": True},
}

FASTER, LEVEL, WITHOUT_AVX512 = 1.0, 0.9, 0.8
TARGETS: tuple[tuple[Kind, int, int, float | None], ...] = (
    ("class indices", 32, 10, 0.5),
    ("class indices", 1024, 10, 0.6),
    ("class indices", 100_000, 10, FASTER),
    ("class indices", 1024, 1000, FASTER),
    ("class indices", 8192, 1000, FASTER),
    ("class indices", 256, 128_000, FASTER),
    ("one-hot", 1024, 10, LEVEL),
    ("one-hot", 100_000, 10, LEVEL),
    ("one-hot", 1024, 1000, LEVEL),
    ("one-hot", 8192, 1000, LEVEL),
    ("one-hot", 256, 128_000, LEVEL),
    ("sigmoid", 8192, 1000, FASTER),
    ("distributions", 8192, 1000, FASTER),
    ("softmax focal", 8192, 1000, FASTER),
    ("sparse softmax focal", 8192, 1000, FASTER),
    ("sigmoid focal", 8192, 1000, FASTER),
    ("divergence from logits", 8192, 1000, None),
)
MOST_OF_SUMMARY = 1.35
DTYPES = ("float32", "float64")


def cases(*, avx512: bool) -> list[Case]:
    found = [Case(kind, rows, classes, dtype, target) for kind, rows, classes, target in TARGETS for dtype in DTYPES]
    found += [Case("class indices", 8192, 1000, dtype, FASTER, huge_logits=True) for dtype in DTYPES]
    if avx512:
        return found
    usual = [case.kind == "class indices" and case.target == FASTER and not case.huge_logits for case in found]
    return [replace(case, target=WITHOUT_AVX512) if each else case for case, each in zip(found, usual, strict=True)]


def make_batch(case: Case) -> Batch:
    """Logits that are right about most labels, and sure of them to very different degrees."""
    random = np.random.default_rng(case.rows)
    dtype = np.dtype(case.dtype).type
    logits = random.standard_normal((case.rows, case.classes), dtype)
    logits *= 500 if case.huge_logits else 2
    if case.kind == "divergence from logits":
        return Batch.of(logits, logits + random.standard_normal(logits.shape, dtype))
    if case.kind in ("distributions", "softmax focal"):
        labels = random.random(logits.shape, dtype)
        labels /= labels.sum(axis=1, keepdims=True)
        return Batch.of(logits, labels)
    raised = random.uniform(0, 24, case.rows).astype(dtype)
    if case.kind in ("sigmoid", "sigmoid focal"):
        labels = (random.random(logits.shape, dtype) < 0.1).astype(dtype)
        logits += (labels - dtype(0.5)) * raised[:, None]
        return Batch.of(logits, labels)
    rows, indices = np.arange(case.rows), random.integers(0, case.classes, case.rows)
    logits[rows, indices] += raised
    if case.kind in ("class indices", "sparse softmax focal"):
        return Batch.of(logits, indices)
    labels = np.zeros_like(logits)
    labels[rows, indices] = 1
    return Batch.of(logits, labels)


def measure(case: Case) -> Measured:
    losses = LOSSES[case.kind]
    batch = make_batch(case)
    our_error, their_error = relative_errors(case, batch)

    def ours(batch: Batch) -> Array:
        return losses.ours(*batch.arrays)

    def theirs(batch: Batch) -> torch.Tensor:
        return losses.theirs(*batch.tensors)

    compiled = losses.xla and jax.jit(losses.xla)

    def by_xla(batch: Batch) -> object:
        return compiled and compiled(*batch.jax_arrays).block_until_ready()

    def evaluate(batch: Batch) -> xent_core.Evaluation:
        return xent_core.evaluate(*batch.arrays, **NAMED.get(case.kind, {}))

    def summarise(batch: Batch) -> xent_core.Evaluation:
        return xent_core.evaluate(*batch.arrays, include=["summary"], advice="none", **NAMED.get(case.kind, {}))

    our_memory = peak_of_allocations(lambda: ours(batch))
    their_memory = peak_of_process(lambda: theirs(batch))
    calls: list[Callable[[Batch], object]] = [ours, theirs, by_xla] if compiled else [ours, theirs]
    *times, evaluations, summaries = take_turns([*calls, evaluate, summarise], itertools.repeat(batch))
    warm = timing(*times)
    evaluation, summary = (quotients(each, times[0]) for each in (evaluations, summaries))
    copies = math.ceil(COLD_BYTES / sum(array.nbytes for array in batch.arrays))
    batches = itertools.cycle([batch, *(batch.copy() for _ in range(copies - 1))])
    cold = timing(*take_turns(calls, batches))
    return Measured(case, our_error, their_error, warm, cold, evaluation, summary, our_memory, their_memory)


def relative_errors(case: Case, batch: Batch) -> tuple[float, float]:
    """The worst of each library on a sample of rows. Exits where the two disagree on any row."""
    losses = LOSSES[case.kind]
    ours, theirs = losses.ours(*batch.arrays), losses.theirs(*batch.tensors).numpy()
    logits, labels = batch.arrays
    precision = np.finfo(logits.dtype)
    tolerance = 100 * float(precision.eps)
    if losses.xla is not None:
        by_xla = np.asarray(losses.xla(*batch.jax_arrays))
        if not np.allclose(ours, by_xla, rtol=tolerance, atol=tolerance * float(np.abs(logits).max())):
            raise SystemExit(f"{case}: XLA differs by up to {np.abs(ours - by_xla).max():.3g}")
    if not np.allclose(ours, theirs, rtol=tolerance, atol=tolerance * float(np.abs(logits).max())):
        raise SystemExit(f"{case}: the two differ by up to {np.abs(ours - theirs).max():.3g}")
    count = min(case.rows, max(1, SAMPLED_LOGITS // case.classes))
    sample = np.linspace(0, case.rows - 1, count).astype(np.intp)
    exact = losses.exact(logits[sample].astype(np.longdouble), labels[sample])
    # Below the normal numbers of its dtype, nothing keeps a relative accuracy.
    scale = np.maximum(exact, precision.smallest_normal)
    return float((np.abs(ours[sample] - exact) / scale).max()), float((np.abs(theirs[sample] - exact) / scale).max())


def take_turns(calls: Sequence[Callable[[Batch], object]], batches: Iterator[Batch]) -> list[list[float]]:
    """Seconds that one call takes: for each of the calls, turn by turn."""
    counts = []
    for call in calls:
        call(next(batches))
        counts.append(math.ceil(SHORTEST_TIMING / timed(call, [next(batches)])))
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for call, count, collected in zip(calls, counts, seconds, strict=True):
            call(next(batches))
            collected.append(timed(call, list(itertools.islice(batches, count))))
    return seconds


def timed(call: Callable[[Batch], object], batches: list[Batch]) -> float:
    start = time.perf_counter()
    for batch in batches:
        call(batch)
    return (time.perf_counter() - start) / len(batches)


def timing(ours: list[float], theirs: list[float], xla: list[float] | None = None) -> Timing:
    xla_ratios = [] if xla is None else quotients(xla, ours)
    return Timing(median(ours), median(theirs), xla and median(xla), quotients(theirs, ours), xla_ratios)


def quotients(numerators: list[float], denominators: list[float]) -> list[float]:
    return [n / d for n, d in zip(numerators, denominators, strict=True)]


def keep_freed_memory() -> None:
    """Have glibc's malloc keep what is freed and hand it out again, however large.

    As it comes, it gives large pieces back to the system, or not, as the heap happens to be. A library that allocates
    temporaries of the batch's size then takes several times as long in one run as in another.
    """
    if platform.libc_ver()[0] == "glibc":
        trim_threshold, mmap_max = -1, -4
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)


def peak_of_allocations(call: Callable[[], Array]) -> int:
    """By what Python and NumPy ask for."""
    tracemalloc.start()
    result = call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - result.nbytes


def peak_of_process(call: Callable[[], torch.Tensor]) -> int | None:
    """By what the process grows; None where it can't be seen (on other systems than Linux)."""
    peak_reset = Path("/proc/self/clear_refs")
    if not peak_reset.exists():
        return None
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    peak_reset.write_text("5")
    before = resident_memory("VmRSS")
    result = call()
    return max(0, resident_memory("VmHWM") - before - result.nbytes)


def resident_memory(field: str) -> int:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[field].removesuffix("kB")) << 10


def report(measured: list[Measured], title: str, conditions: str) -> str:
    promised = [one for one in measured if one.case.target is not None]
    met = sum(one.is_met for one in promised)
    most_memory = max(one.our_memory for one in measured)
    return f"""\
# {title}

Made by benchmarks/core.py on {datetime.now(UTC):%Y-%m-%d}.

{conditions}

**Speed: {met} of {len(promised)} targets met. Memory: at most {mebibytes(most_memory)} MiB beyond the result; the \
target, below {MOST_MEMORY >> 20} MiB, is {"met" if most_memory < MOST_MEMORY else "missed"}.**

## Speed

A ratio is the time of PyTorch, or of Optax compiled by XLA, divided by xent_core's: above 1, xent_core is the faster. \
Given are the median and the extremes of {TURNS} turns; in each turn one after the other is called for \
{SHORTEST_TIMING * 1e3:.0f} ms or more. \
Warm: on the same batch again and again, which stays in the caches as far as it fits. Cold: on one copy after the \
other, of as many as make up {COLD_BYTES >> 20} MiB, so that every batch comes from main memory. The lower of the \
medians, warm and cold, is held against the target, and the last column says how far above or below it that is. The \
target of class indices is one to the faster of PyTorch and XLA, that of all others one to PyTorch. Milliseconds are \
those of one call, warm.

{table(SPEED_HEADER, map(speed_line, measured))}

## Accuracy, memory, and `evaluate`

Errors are the greatest relative ones against extended precision, in a sample of rows. Memory is the peak during one \
call, less the result: xent_core's as tracemalloc counts it, PyTorch's by the growth of the process, which is coarser. \
The last two columns are the time of `evaluate`, with its reduction, recommendation and warnings, and of `evaluate` \
with a summary in place of advice, divided by that of the bare losses, warm. The target for a summary of class \
indices in float32 at 1000 classes is at most {MOST_OF_SUMMARY:g}.

{table(OTHER_HEADER, map(other_line, measured))}

## What this does not prove

{CAVEATS}
"""


SPEED_HEADER = (
    "losses | batch | dtype | xent_core, ms | PyTorch, ms | XLA, ms | ratio to PyTorch, warm | cold | "
    "ratio to XLA, warm | cold | target | met"
)
OTHER_HEADER = (
    "losses | batch | dtype | error of xent_core | error of PyTorch | "
    "memory of xent_core, MiB | memory of PyTorch, MiB | `evaluate` / losses | with a summary"
)
CAVEATS = """\
- That another machine gives the same ratios: the libraries choose their code by the processor, and this is one. \
What is left of them without AVX-512 is in core-without-avx512.md. And PyTorch's AVX-512 code is slow where classes \
are few: at 10 classes of float32 its AVX2 code (ATEN_CPU_CAPABILITY=avx2) is several times faster, at 1024 rows \
faster than xent_core and at 100 000 nearly as fast. The ratios there owe more to PyTorch's weakness than to xent_core.
- That several cores are used better: PyTorch spreads a call over them, xent_core leaves that to its caller.
- That training gets faster: no gradient is computed.
- That the service is as fast: here is no HTTP and no decoding, and every array has its final dtype and order already.
- That any logits are computed as fast: these are normal with a standard deviation of 2, the label's own raised by up \
to 24. Where they are huge (a standard deviation of 500) most rows are computed a second time, and where labels are \
distributions there is no shortcut; their lines show both.
- That it is the same work: PyTorch lets small losses lose their relative accuracy, hence its errors."""


def speed_line(one: Measured) -> str:
    times = f"{one.warm.ours * 1e3:.3g} | {one.warm.theirs * 1e3:.3g} | "
    times += "" if one.warm.xla is None else f"{one.warm.xla * 1e3:.3g}"
    of_xla = " | ".join(spread(each.xla_ratios) for each in (one.warm, one.cold))
    verdict = " | "
    if one.case.target is not None:
        verdict = f"{one.case.target:g} | {'yes' if one.is_met else '**no**'}, {one.ratio / one.case.target - 1:+.0%}"
    return f"{one.case} | {times} | {spread(one.warm.ratios)} | {spread(one.cold.ratios)} | {of_xla} | {verdict}"


def other_line(one: Measured) -> str:
    errors = f"{one.our_error:.1e} | {one.their_error:.1e}"
    their_memory = "" if one.their_memory is None else mebibytes(one.their_memory)
    ratios = f"{spread(one.evaluation)} | {spread(one.summary)}"
    return f"{one.case} | {errors} | {mebibytes(one.our_memory)} | {their_memory} | {ratios}"


def spread(values: list[float]) -> str:
    if not values:
        return ""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.2f}"


def table(header: str, lines: Iterable[str]) -> str:
    rule = " | ".join("---" for _ in header.split(" | "))
    return "\n".join(f"| {line} |" for line in (header, rule, *lines))


def processor() -> str:
    """As Linux describes it; elsewhere only the architecture."""
    described, caches = Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu/cpu0/cache")
    if not (described.exists() and caches.exists()):
        return platform.machine()
    lines = described.read_text().splitlines()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    name, family, model = (facts.get(fact, "unknown") for fact in ("model name", "cpu family", "model"))
    sizes = {(i / "level").read_text().strip(): (i / "size").read_text().strip() for i in sorted(caches.glob("index*"))}
    return f"{name} (family {family}, model {model}), {', '.join(f'L{level} {sizes[level]}' for level in sizes)}"


MALLOC = {
    False: "glibc's malloc keeps freed memory. As it comes (--plain-malloc) it gives large pieces back to the system, "
    "and PyTorch, which makes temporaries of the batch's size, is slower at the larger sizes by up to several times.",
    True: "glibc's malloc is as it comes, and gives large pieces of freed memory back to the system.",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.core", description="Measure xent_core against its peers."
    )
    parser.add_argument("--write", action="store_true", help="write the report into this folder, too")
    parser.add_argument("--without-avx512", action="store_true", help="as on a machine that hasn't got it")
    parser.add_argument("--plain-malloc", action="store_true", help="leave glibc's malloc as it is")
    parser.add_argument("--only", choices=LOSSES, metavar="KIND", help="measure only the losses of this kind")
    options = parser.parse_args()
    if options.only and options.write:
        parser.error("--write is for the whole report")

    torch.set_num_threads(1)
    if not options.plain_malloc:
        keep_freed_memory()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    load = os.getloadavg()[0]
    measured = []
    for case in (case for case in cases(avx512=not options.without_avx512) if options.only in (None, case.kind)):
        print(str(case).replace(" | ", ", "), file=sys.stderr, flush=True)
        measured.append(measure(case))
    simd = introspect.opt_func_info(func_name="^exp$", signature="float32")["exp"]["ff"]["current"]
    by = f"NumPy, with {simd}" if elementary.exp is np.exp else "xent_core/compute/_elementary.c"
    conditions = f"""\
- {processor()}; {os.cpu_count()} cores, of which one is used; load average {load:.1f} at the start, \
{os.getloadavg()[0]:.1f} at the end.
- Python {platform.python_version()}, NumPy {np.__version__}, exp by {by}, PyTorch {torch.__version__} \
({torch.backends.cpu.get_cpu_capability()}), Optax {optax.__version__} by JAX {jax.__version__}, {platform.system()}.
- {MALLOC[options.plain_malloc]}"""
    title, name = "xent_core, PyTorch and XLA on one thread", "core"
    if options.without_avx512:
        title, name = f"{title}, without AVX-512", f"{name}-without-avx512"
    if options.plain_malloc:
        title, name = f"{title}, with the plain malloc", f"{name}-plain-malloc"
    text = report(measured, title, conditions)
    print(text)
    if options.write:
        Path(__file__).with_name(f"{name}.md").write_text(text)


if __name__ == "__main__":
    main()
