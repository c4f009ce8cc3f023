"""Many batches come to what they would as one, and take no more memory than a few."""

import asyncio
import math
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xent_client
import xent_core
from tests.client_python.misbehaving import Misbehaving, problem
from tests.service import Server
from xent_client import AsyncXent, InvalidInput, LossResult, ServerFailed, TooLarge, Xent
from xent_client.batches import Merge, Split
from xent_core.compute.reduction import merge
from xent_core.errors import UndefinedLoss
from xent_core.results import REDUCTIONS, Reduced

RANDOM = np.random.default_rng(0)
LOGITS = 3 * RANDOM.normal(size=(60, 5))
LABELS = RANDOM.integers(0, 5, 60)
WEIGHTS = RANDOM.random(60) * (RANDOM.random(60) < 0.8)
SPARSE = {"loss_type": "sparse_softmax_cross_entropy"}
PARTS = [slice(0, 1), slice(1, 20), slice(20, 57), slice(57, 60)]


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("reduction", [each for each in REDUCTIONS if each != "none"])
def test_batches_come_to_what_they_are_as_one(xent: Xent, reduction: Any, concurrency: int) -> None:
    result = xent.evaluate(
        ((LOGITS[part], LABELS[part], WEIGHTS[part]) for part in PARTS),
        loss_type="sparse_softmax_cross_entropy",
        reduction=reduction,
        class_weights=[1, 2, 3, 4, 5],
        concurrency=concurrency,
    )
    options: dict[str, Any] = {**SPARSE, "reduction": reduction, "class_weights": np.arange(1, 6)}
    whole = xent_core.evaluate(LOGITS, LABELS, weights=WEIGHTS, **options).reduced
    parts = [xent_core.evaluate(LOGITS[part], LABELS[part], weights=WEIGHTS[part], **options).reduced for part in PARTS]
    expected = merge(part for part in parts if part)
    assert whole
    assert (result.reduced.value, result.reduced.numerator, result.reduced.denominator) == (
        expected.value,
        expected.numerator,
        expected.denominator,
    )
    assert result.reduced.value == pytest.approx(whole.value, rel=1e-14)
    assert (result.batches, result.loss_type) == (4, "sparse_softmax_cross_entropy")


numbers = st.floats(allow_nan=False)


@given(st.lists(st.tuples(numbers, st.floats(0, 1e300)), min_size=1), st.sampled_from(["sum", "mean"]))
def test_sums_are_the_cores_to_the_last_digit(parts: list[tuple[float, float]], reduction: Any) -> None:
    merged = Merge()
    for numerator, denominator in parts:
        merged.add(0, result(numerator, 1.0 if reduction == "sum" else denominator, reduction))
    collected = [Reduced(reduction, 0.0, *part) for part in parts]
    try:
        expected = merge(collected)
    except UndefinedLoss:
        with pytest.raises(InvalidInput, match="both Infinity and -Infinity"):
            merged.evaluation()
        return
    if math.isinf(expected.numerator) and all(math.isfinite(numerator) for numerator, _ in parts):
        return  # the core gives up on sums that run over on the way
    ours = merged.evaluation().reduced
    assert (ours.numerator, ours.denominator) == (expected.numerator, expected.denominator)
    assert ours.value == expected.value


def merged(numerators: list[float]) -> xent_client.Reduced:
    merge = Merge()
    for numerator in numerators:
        merge.add(0, result(numerator, 1.0, "sum"))
    return merge.evaluation().reduced


@pytest.mark.parametrize(
    ("numerators", "expected"),
    [
        ([1e16, 1.0, -1e16], 1.0),
        ([0.1] * 10, 1.0),
        ([5e-324] * 3, 1.5e-323),
        ([1.7e308, 1.7e308], math.inf),
        ([-1.7e308, -1.7e308], -math.inf),
        ([1.7e308, 1.7e308, -1.7e308], 1.7e308),
        ([math.inf, 1.0, math.inf], math.inf),
        ([-math.inf, 1.0], -math.inf),
    ],
)
def test_sums_are_rounded_once(numerators: list[float], expected: float) -> None:
    assert merged(numerators).value == expected


def test_losses_of_both_infinities_have_no_sum() -> None:
    with pytest.raises(InvalidInput, match="both Infinity and -Infinity"):
        merged([math.inf, 1.0, -math.inf])


def result(numerator: float, denominator: float, reduction: Any) -> LossResult:
    """What a batch is to the sum."""
    reduced = xent_client.Reduced(reduction, 0.0, numerator, denominator)
    return LossResult("softmax_cross_entropy", np.zeros(1), reduced, None, [], [], None, None, None)  # type: ignore[arg-type]


def test_batches_may_be_mappings_with_options_of_their_own(xent: Xent) -> None:
    batches = [
        {"logits": LOGITS[part], "labels": LABELS[part], "weights": None, "label_smoothing": 0.1} for part in PARTS
    ]
    expected = xent.loss(LOGITS, LABELS, label_smoothing=0.1)
    assert expected.reduced
    value = xent.evaluate(batches, **SPARSE, label_smoothing=0.5).reduced.value  # type: ignore[arg-type]
    assert value == pytest.approx(expected.reduced.value, rel=1e-14)


def test_warnings_are_counted(xent: Xent) -> None:
    probabilities = np.full((4, 5), 0.2)
    batches = [(probabilities, LABELS[:4]), (LOGITS[:4], LABELS[:4]), (probabilities, LABELS[:4], 2.0)]
    warnings = xent.evaluate(batches).warnings
    assert warnings == {"logits_look_like_probabilities": 2, "scalar_weight_only_rescales": 1}


def test_memory_may_be_used_again_for_the_next_batch(xent: Xent) -> None:
    logits, labels = np.empty((20, 5)), np.empty(20, np.int64)

    def batches() -> Iterator[tuple[Any, Any]]:
        for start in (0, 20, 40):
            logits[:], labels[:] = LOGITS[start : start + 20], LABELS[start : start + 20]
            yield logits, labels

    expected = xent.loss(LOGITS, LABELS)
    assert expected.reduced
    assert xent.evaluate(batches()).reduced.value == pytest.approx(expected.reduced.value, rel=1e-14)


@pytest.mark.parametrize(
    ("batches", "options", "message"),
    [
        ([], {}, "no batches"),
        ([(LOGITS,)], {}, "1 parts"),
        ([(LOGITS, LABELS, None, None)], {}, "4 parts"),
        ([(LOGITS, LABELS)], {"reduction": "none"}, "reduction is none"),
        ([(LOGITS, LABELS), (LOGITS, np.eye(5)[LABELS])], {}, "two kinds.*name loss_type"),
        ([(LOGITS, LABELS), {"logits": LOGITS, "labels": LABELS, "reduction": "sum"}], {}, "two kinds"),
        ([(["x"], LABELS)], {}, "logits"),
        (
            [(LOGITS, LABELS), (LOGITS[None], LABELS[None])],
            {"per_sample": True},
            "per_sample can't join",
        ),
    ],
    ids=[
        "none",
        "too few parts",
        "too many parts",
        "no reduction",
        "two losses",
        "two reductions",
        "no arrays",
        "two shapes",
    ],
)
def test_what_has_no_sum_is_refused(xent: Xent, batches: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        xent.evaluate(batches, **options)


@pytest.mark.parametrize("place", [0, 2, 5])
def test_an_error_says_which_batch_it_was(xent: Xent, place: int) -> None:
    batches = [(LOGITS[:3], LABELS[:3])] * 6
    batches[place] = (LOGITS[:3], LABELS[:2])
    with pytest.raises(InvalidInput, match="labels have shape") as raised:
        xent.evaluate(batches)
    assert raised.value.__notes__ == [f"in batch {place}"]


def test_an_error_of_the_source_comes_through(xent: Xent) -> None:
    def batches() -> Iterator[tuple[Any, Any]]:
        yield LOGITS, LABELS
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        xent.evaluate(batches())


def test_no_more_batches_are_taken_after_an_error(client_class: type[Xent]) -> None:
    taken = 0

    def batches() -> Iterator[tuple[Any, Any]]:
        nonlocal taken
        while True:
            taken += 1
            yield LOGITS, LABELS

    with (
        Misbehaving(problem(500, "it failed")) as server,
        client_class(server.address) as xent,
        pytest.raises(ServerFailed),
    ):
        xent.evaluate(batches(), concurrency=2)
    assert taken <= 3


def resident() -> int:
    """The bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


BATCH_BYTES = 96 * 256 * 4


def watched(count: int, seen: list[int]) -> Iterator[tuple[Any, Any]]:
    """Batches that would fill a lot of memory, were they kept, and note how much of it is in use."""
    labels = np.zeros(96, np.int64)
    for number in range(count):
        if number % 100 == 99:
            seen.append(resident())
        yield np.full((96, 256), number, np.float32), labels


async def watched_asynchronously(count: int, seen: list[int]) -> AsyncIterator[tuple[Any, Any]]:
    for batch in watched(count, seen):
        yield batch


def test_a_thousand_batches_take_the_memory_of_a_few(server: Server) -> None:
    seen: list[int] = []
    with Xent(server.address, python_warnings=False) as xent:
        result = xent.evaluate(watched(1_000, seen), loss_type="sparse_softmax_cross_entropy")
    assert (result.batches, result.reduced.denominator) == (1_000, 96_000)
    assert result.reduced.value == pytest.approx(math.log(256), rel=1e-6)
    assert max(seen) - min(seen) < 1_000 * BATCH_BYTES / 10


@pytest.mark.unmeasured
def test_a_thousand_awaited_batches_take_the_memory_of_a_few(server: Server) -> None:
    seen: list[int] = []

    async def main() -> int:
        async with AsyncXent(server.address, python_warnings=False) as xent:
            return (
                await xent.evaluate(watched_asynchronously(1_000, seen), loss_type="sparse_softmax_cross_entropy")
            ).batches

    assert asyncio.run(main()) == 1_000
    assert max(seen) - min(seen) < 1_000 * BATCH_BYTES / 10


# --- Arrays that are split


@pytest.mark.parametrize("size", [1, 7, np.int64(20), 60, 1000])
@pytest.mark.parametrize("concurrency", [1, 3])
def test_arrays_are_split_and_come_to_what_they_are_whole(xent: Xent, size: Any, concurrency: int) -> None:
    options: dict[str, Any] = {**SPARSE, "reduction": "weighted_mean", "class_weights": {i: 1.0 + i for i in range(5)}}
    split = xent.evaluate(LOGITS, LABELS, WEIGHTS, batch_size=size, per_sample=True, concurrency=concurrency, **options)
    whole = xent.loss(LOGITS, LABELS, WEIGHTS, **options)
    assert whole.reduced
    assert split.reduced.value == pytest.approx(whole.reduced.value, rel=1e-14)
    assert split.batches == math.ceil(60 / size)
    assert split.per_sample is not None
    np.testing.assert_allclose(split.per_sample, whole.per_sample, rtol=1e-14)


def test_losses_per_sample_come_only_on_demand_and_in_order(xent: Xent) -> None:
    batches = [(LOGITS[part], LABELS[part]) for part in PARTS]
    assert xent.evaluate(batches, **SPARSE).per_sample is None  # type: ignore[arg-type]
    per_sample = xent.evaluate(batches, per_sample=True, **SPARSE).per_sample  # type: ignore[arg-type]
    assert per_sample is not None
    np.testing.assert_allclose(per_sample, xent.loss(LOGITS, LABELS).per_sample, rtol=1e-14)


QUESTIONS = (RANDOM.random((60, 5)) < 0.4).astype(float)


@pytest.mark.parametrize(
    ("logits", "labels", "weights"),
    [
        (LOGITS, QUESTIONS, None),
        (LOGITS, QUESTIONS, 2.0),
        (LOGITS, QUESTIONS, WEIGHTS),
        (LOGITS, QUESTIONS, WEIGHTS[:, None]),
        (LOGITS, QUESTIONS, np.ones((1, 5))),
        (LOGITS, 1.0, WEIGHTS),
        (LOGITS[:, 0], QUESTIONS[:, 0], None),
        (LOGITS[:1], QUESTIONS[:1], [2.0]),
        (LOGITS[:1], 0, 2.0),
        (LOGITS.tolist(), QUESTIONS.tolist(), WEIGHTS.tolist()),
    ],
    ids=["none", "one", "each sample", "columns", "one row", "a label for all", "rank 1", "a row", "numbers", "lists"],
)
def test_labels_and_weights_are_split_as_they_lie_along_the_samples(
    xent: Xent, logits: Any, labels: Any, weights: Any
) -> None:
    options: dict[str, Any] = {"loss_type": "sigmoid_cross_entropy"}
    split = xent.evaluate(logits=logits, labels=labels, weights=weights, batch_size=16, **options)
    whole = xent.loss(logits, labels, weights, **options)
    assert whole.reduced
    assert split.reduced.value == pytest.approx(whole.reduced.value, rel=1e-13)
    assert split.reduced.denominator == whole.reduced.denominator


class Watched:
    """An array on disk, say, which can't be converted whole."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array, self.shape, self.most = array, array.shape, 0

    def __getitem__(self, part: slice) -> np.ndarray[Any, Any]:
        self.most = max(self.most, len(self.array[part]))
        return self.array[part]


def test_no_more_than_a_batch_of_an_array_is_converted_at_once(xent: Xent) -> None:
    logits, labels = Watched(LOGITS), Watched(LABELS)
    result = xent.evaluate(logits, labels, batch_size=8, **SPARSE)  # type: ignore[call-overload]
    assert (logits.most, labels.most) == (8, 8)
    assert result.reduced.denominator == 60


@pytest.mark.unmeasured
def test_a_thousand_batches_of_a_file_take_the_memory_of_a_few(server: Server, tmp_path: Path) -> None:
    rows = 32 * 1000
    np.lib.format.open_memmap(tmp_path / "logits.npy", "w+", np.float32, (rows, 256)).flush()
    logits, labels = np.load(tmp_path / "logits.npy", mmap_mode="r"), np.zeros(rows, np.uint8)
    seen: list[int] = []

    def watching() -> Iterator[Any]:
        for number, batch in enumerate(Split(logits, labels, None, 32, None)):
            if number % 100 == 99:
                seen.append(anonymous())
            yield batch

    with Xent(server.address, python_warnings=False) as xent:
        result = xent.evaluate(watching(), loss_type="sparse_softmax_cross_entropy")
    assert (result.batches, result.reduced.denominator) == (1000, rows)
    assert max(seen) - min(seen) < 1000 * BATCH_BYTES / 10


def anonymous() -> int:
    """The bytes of this process in memory that are of no file."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("RssAnon:")[2].split()[0])


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ((LOGITS, LABELS[:59]), {}, "labels have 59 rows; the logits have 60"),
        ((LOGITS, LABELS, WEIGHTS[:59]), {}, "weights have 59 rows; the logits have 60"),
        ((LOGITS, LABELS), {"batch_size": 0}, "batch_size is 0; a whole number of 1 or more was expected"),
        ((LOGITS, LABELS), {"batch_size": 2.0}, r"batch_size is 2\.0; a whole number"),
        ((LOGITS.T, LABELS), {"axis": 0}, r"classes on axis 0.*np\.moveaxis\(logits, 0, -1\)"),
        ((LOGITS.T, LABELS), {"axis": -2}, "classes on axis 0"),
        ((1.0, 1), {}, "logits is a single number"),
        ((LOGITS[:0], LABELS[:0]), {}, "no batches"),
        ((LOGITS[0], np.eye(5)[0]), {"loss_type": "softmax_cross_entropy"}, "not independent samples of softmax_"),
        (({"a": 1}, LABELS), {}, "logits has the type dict"),
    ],
)
def test_what_cannot_be_split_is_refused(xent: Xent, arrays: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        xent.evaluate(*arrays, **{"batch_size": 2, **options})


@pytest.mark.parametrize(
    ("arrays", "options"),
    [
        ((), {}),
        ((), {"logits": LOGITS}),
        ((LOGITS, LABELS), {}),
        ((LOGITS,), {"batch_size": 2}),
        ((), {"labels": LABELS, "batch_size": 2}),
        ((LOGITS, LABELS), {"logits": LOGITS, "batch_size": 2}),
        (([],), {"weights": WEIGHTS}),
    ],
)
def test_arguments_that_do_not_go_together_are_a_type_error(xent: Xent, arrays: Any, options: Any) -> None:
    with pytest.raises(TypeError, match="batch_size"):
        xent.evaluate(*arrays, **options)


def test_a_batch_that_is_too_large_can_be_split(narrow: Server, client_class: type[Xent]) -> None:
    with client_class(narrow.address, python_warnings=False) as xent:
        with pytest.raises(TooLarge, match=r"evaluate\(logits, labels, batch_size=…\)"):
            xent.loss(LOGITS, LABELS)
        assert xent.evaluate(LOGITS, LABELS, batch_size=20, **SPARSE).batches == 3  # type: ignore[arg-type]
        assert xent.limits().max_body_bytes == 2000


# --- Progress

PROGRAM = """
import sys
from xent_client import Xent
with Xent(sys.argv[1]) as xent:
    xent.evaluate([([[1.0, 2.0]], [0])] * 7, concurrency=1)
"""


def test_progress_is_shown_on_a_terminal(server: Server) -> None:
    ours, theirs = pty.openpty()
    try:
        run = subprocess.run([sys.executable, "-c", PROGRAM, server.address], env=ENVIRONMENT, stderr=theirs)
    finally:
        os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert run.returncode == 0
    assert shown.startswith("\rxent: ")
    assert "\rxent: 7/7 batches, " in shown
    assert shown.endswith("/s\r\n")


def test_nothing_is_shown_where_there_is_no_terminal(server: Server) -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM, server.address], env=ENVIRONMENT, capture_output=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "clients/python")}


@pytest.mark.parametrize("wanted", [True, False])
def test_whether_it_is_shown_can_be_said(xent: Xent, capsys: pytest.CaptureFixture[str], wanted: bool) -> None:
    xent.evaluate((batch for batch in [(LOGITS, LABELS)]), progress=wanted)
    shown = capsys.readouterr().err
    assert shown.startswith("\rxent: 1 batches, ") == wanted
    assert bool(shown) == wanted
