"""Per-sample losses take less than 8 MiB beyond their result, and what they take does not grow with the batch."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xent_core import (
    evaluate,
    recommend,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
    weighted_cross_entropy,
)
from xent_core.errors import ParameterOutOfRange

Array = NDArray[Any]
MIB = 2**20
SMALL, MEDIUM, LARGE, HUGE = MIB // 2, 4 * MIB, 2 * MIB, 16 * MIB
FORMS = ["index", "one-hot", "distribution", "yes-no", "scalar", "pos-weight"]


def extra(compute: Callable[[], Any]) -> int:
    """The peak of memory that NumPy allocates, beyond the losses themselves."""
    tracemalloc.start()
    try:
        result = compute()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - int(getattr(result, "per_sample", result).nbytes)


def batch(form: str, elements: int, classes: int, axis: int, dtype: Any, label_dtype: Any) -> tuple[Array, Any]:
    rows = elements // classes
    shape = (rows, classes) if axis else (classes, rows)
    logits = np.zeros(shape, dtype)
    logits.reshape(-1)[:: classes + 1] = 3
    indices = np.arange(rows) % classes
    match form:
        case "index":
            return logits, indices.astype(label_dtype)
        case "scalar":
            return logits, 1
        case "distribution":
            return logits, np.full(shape, 1 / classes, dtype)
    labels = np.zeros(shape, label_dtype)
    labels[(np.arange(rows), indices) if axis else (indices, np.arange(rows))] = 1
    if form != "one-hot":
        labels[:2, :2] = 1
    return logits, labels


def functions(form: str, axis: int) -> list[Callable[[Array, Any], Any]]:
    """The loss function for labels of this form, and `evaluate`."""
    match form:
        case "index":
            return [lambda x, y: sparse_softmax_cross_entropy(x, y, axis=axis), lambda x, y: evaluate(x, y, axis=axis)]
        case "one-hot" | "distribution":
            return [lambda x, y: softmax_cross_entropy(x, y, axis=axis), lambda x, y: evaluate(x, y, axis=axis)]
        case "pos-weight":
            return [
                lambda x, y: weighted_cross_entropy(x, y, axis=axis, pos_weight=2.0),
                lambda x, y: evaluate(x, y, axis=axis, pos_weight=2.0),
            ]
        case _:
            return [sigmoid_cross_entropy, lambda x, y: evaluate(x, y, axis=axis)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    ("classes", "dtype", "label_dtype"),
    [(2, np.float32, np.int64), (2, np.float64, np.uint8), (1000, np.float64, np.float32)],
)
def test_memory_beyond_the_losses_is_small_and_does_not_grow(
    form: str, axis: int, classes: int, dtype: Any, label_dtype: Any
) -> None:
    for compute in functions(form, axis):
        peaks = []
        for elements in (SMALL, MEDIUM):
            logits, labels = batch(form, elements, classes, axis, dtype, label_dtype)
            peaks.append(extra(lambda: compute(logits, labels)))  # noqa: B023 - called at once
        assert peaks[1] < 8 * MIB
        assert peaks[1] - peaks[0] < MIB // 4


@pytest.mark.unmeasured
@pytest.mark.parametrize("form", ["index", "yes-no"])
def test_memory_beyond_the_losses_of_16_million_logits_is_small(form: str) -> None:
    logits, labels = batch(form, HUGE, 2, 1, np.float32, np.int8)
    for compute in functions(form, 1):
        assert extra(lambda: compute(logits, labels)) < 8 * MIB  # noqa: B023 - called at once


@pytest.mark.unmeasured
@pytest.mark.parametrize("form", FORMS[:3])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("hard", [1e4, -1e4, -np.inf], ids=["huge", "far below", "masked"])
def test_rows_that_need_a_shift_take_no_more(form: str, axis: int, hard: float) -> None:
    logits, labels = batch(form, LARGE, 1000, axis, np.float64, np.float32)
    if hard == -np.inf:
        np.moveaxis(logits, axis, -1)[..., 1::2] = hard
    else:
        logits += hard
    for compute in functions(form, axis):
        assert extra(lambda: compute(logits, labels)) < 8 * MIB  # noqa: B023 - called at once


@pytest.mark.parametrize("options", [{"ignore_index": 1}, {"class_weights": [1, 2]}, {"label_smoothing": 0.1}], ids=str)
def test_parameters_of_the_loss_take_no_more(options: dict[str, Any]) -> None:
    logits, labels = batch("index", LARGE, 2, 1, np.float32, np.int32)
    for compute in (sparse_softmax_cross_entropy, evaluate):
        assert extra(lambda: compute(logits, labels, **options)) < 8 * MIB  # noqa: B023 - called at once


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_a_million_classes_takes_no_more(dtype: Any) -> None:
    logits = np.zeros((4, MIB), dtype)
    logits[1::2] = 1000
    for labels in (np.arange(4), np.full(logits.shape, 1 / MIB, dtype)):
        compute = sparse_softmax_cross_entropy if labels.ndim == 1 else softmax_cross_entropy
        assert extra(lambda: compute(logits, labels)) < 8 * MIB  # noqa: B023 - called at once


@pytest.mark.unmeasured
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_list_of_yes_no_logits_takes_no_more(dtype: Any) -> None:
    for labels in (1, np.zeros(HUGE, np.int8)):
        for compute in (sigmoid_cross_entropy, evaluate):
            logits = np.zeros(HUGE, dtype)
            assert extra(lambda: compute(logits, labels)) < 8 * MIB  # noqa: B023 - called at once


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss_type", ["softmax_focal_cross_entropy", "poly_cross_entropy", "kl_divergence"])
@pytest.mark.parametrize("classes", [2, 1000])
def test_losses_class_by_class_take_no_more(loss_type: str, dtype: Any, classes: int) -> None:
    logits, labels = batch("distribution", LARGE, classes, 1, dtype, dtype)
    options: list[dict[str, Any]] = [{}, {"temperature": 2.0}]
    if loss_type == "kl_divergence":
        options.append({"labels_are_logits": True})
    for given in options:
        options_of_call: Any = {"loss_type": loss_type, "advice": "none", **given}
        assert extra(lambda: evaluate(logits, labels, **options_of_call)) < 8 * MIB  # noqa: B023 - called at once


def test_a_focal_loss_of_questions_takes_no_more() -> None:
    logits, labels = batch("yes-no", LARGE, 1000, 1, np.float32, np.float32)
    assert extra(lambda: evaluate(logits, labels, loss_type="sigmoid_focal_cross_entropy", alpha=0.25)) < 8 * MIB


def test_advice_on_a_shape_alone_takes_nothing_for_its_elements() -> None:
    tracemalloc.start()
    try:
        recommend(1, logits_shape=(MIB, MIB), weights=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


@pytest.mark.parametrize(
    ("labels", "shape", "weights"),
    [(1, (1 << 31, 2), 0), (1, (1 << 40,), 0), (np.zeros(4096, int), (4096, 1 << 12), np.arange(4096)[None])],
)
def test_weights_of_0_are_not_repeated_for_more_logits_than_a_request_pays_for(
    labels: Any, shape: tuple[int, ...], weights: Any
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ParameterOutOfRange, match="logits_shape: repeats weights of 0"):
            recommend(labels, logits_shape=shape, weights=weights)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MIB
