"""What kind of labels are these? The contract's table, in its order, on both sides of each border."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import ArrayLike

from xent_core import Infinite, InvalidInput, NotANumber, evaluate

ROW = (4,)
COLUMN = (4, 1)
TABLE = (2, 3)
AXIS_FIRST = (3, 2)


def kind_of(labels: ArrayLike, shape: tuple[int, ...], axis: int = -1, **options: Any) -> str:
    """The label kind, where the loss type that the labels call for is computed; "other" of no labels of any kind."""
    try:
        return evaluate(np.zeros(shape), labels, axis=axis, **options).recommendation.label_kind
    except InvalidInput as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("kind", "labels", "shape"),
    [
        ("binary", 1, TABLE),
        ("binary", 0.0, TABLE),
        ("binary", True, TABLE),
        ("binary", [0, 1, 1, 0], ROW),
        ("binary", 1, ROW),
        ("binary", [0, 1, 0, 0], ROW),
        ("binary", [0, 0, 0, 0], ROW),
        ("binary", [False, True, True, False], ROW),
        ("binary", [1.0, 0.0, 1.0, 1.0], COLUMN),
        ("binary", [[1], [0], [1], [1]], COLUMN),
        ("soft_binary", 0.3, TABLE),
        ("soft_binary", [0, 1, 0.999, 0], ROW),
        ("soft_binary", [0.25, 0.25, 0.25, 0.25], ROW),
        ("soft_binary", [[0.1], [0], [1], [1]], COLUMN),
        ("soft_binary", [0.1, 0, 1, 1], COLUMN),
        ("class_indices", [0, 2], TABLE),
        ("class_indices", [0, 1], TABLE),
        ("class_indices", [0.0, 2.0], TABLE),
        ("class_indices", [False, True], TABLE),
        ("class_indices", 2, (3,)),
        ("class_indices", 3.0, ROW),
        ("one_hot", [[0, 0, 1], [0, 1, 0]], TABLE),
        ("one_hot", [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], TABLE),
        ("one_hot", [[False, False, True], [True, False, False]], TABLE),
        ("distribution", [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]], TABLE),
        ("distribution", [[0, 0, 1], [0.5, 0.5, 0]], TABLE),
        ("distribution", [[0.2, 0.3, 0.5009], [0.1, 0.6, 0.2991]], TABLE),
        ("distribution", [[0.333, 0.333, 0.333], [0.1, 0.6, 0.3]], TABLE),
        ("multi_hot", [[0, 1, 1], [0, 1, 0]], TABLE),
        ("multi_hot", [[0, 0, 0], [0, 1, 0]], TABLE),
        ("multi_hot", [[0, 0, 0], [0, 0, 0]], TABLE),
        ("multi_hot", [[1, 1, 0], [0, 0, 0]], TABLE),
        ("distribution", [[0.2, 0.3, 0.5011], [0.1, 0.6, 0.3]], TABLE),
        ("distribution", [[0.2, 0.3, 0.4989], [0.1, 0.6, 0.3]], TABLE),
        ("distribution", [[0.2, 0.3, 0.5499], [0.1, 0.6, 0.3]], TABLE),
        ("soft_multi_label", [[0.2, 0.3, 0.5501], [0.1, 0.6, 0.3]], TABLE),
        ("soft_multi_label", [[0.2, 0.3, 0.5011], [0.1, 0.6, 0.3022]], TABLE),
        ("distribution", [[0.33, 0.33, 0.33], [0.62, 0.27, 0.12]], TABLE),
        ("soft_multi_label", [[0.33, 0.33, 0.36], [0.62, 0.27, 0.15]], TABLE),
        ("multi_hot", [[0, 1, np.nan], [1, np.nan, 0]], TABLE),
        ("soft_multi_label", [[0, 0.5, np.nan], [1, np.nan, 0]], TABLE),
        ("one_hot", [[0, 1, 0], [np.nan] * 3], TABLE),
        ("class_indices", [np.nan, 2], TABLE),
        ("binary", [0, 1, np.nan, 0], ROW),
        ("soft_multi_label", [[1, 1, 0.5], [0, 0, 0]], TABLE),
        ("unclear_labels", 2, TABLE),
        ("unclear_labels", -1, TABLE),
        ("unclear_labels", [0.5, 1.5], TABLE),
        ("unclear_labels", [0, 0, 1, 1.5], ROW),
        ("unclear_labels", [0, 0, 1, -0.5], COLUMN),
        ("unclear_labels", [[0.5, 0.5, 0], [1.5, -0.5, 0]], TABLE),
        ("unclear_labels", [[0, 0, 2], [1, 0, 0]], TABLE),
        ("unclear_labels", [[0, 0, -1], [1, 1, 0]], TABLE),
        ("wrong_shape", [[1], [0]], TABLE),
        ("wrong_shape", [1, 0, 0], TABLE),
        ("wrong_shape", [[1, 0], [0, 1]], COLUMN),
        ("wrong_shape", [[1, 0, 1, 0]], COLUMN),
        ("wrong_shape", [[0, 1, 1, 0]], ROW),
    ],
    ids=repr,
)
def test_the_first_fitting_row_of_the_table_names_the_kind(
    kind: str, labels: ArrayLike, shape: tuple[int, ...]
) -> None:
    assert kind_of(labels, shape) == kind


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("class_indices", [2, 0]),
        ("one_hot", [[0, 1], [0, 0], [1, 0]]),
        ("distribution", [[0.2, 0.1], [0.3, 0.6], [0.5, 0.3]]),
        ("multi_hot", [[0, 0], [1, 1], [1, 0]]),
        ("soft_multi_label", [[0.2, 0.1], [0.3, 0.6], [0.6, 0.3]]),
    ],
)
def test_rows_of_labels_lie_along_the_class_axis(kind: str, labels: ArrayLike) -> None:
    assert kind_of(labels, AXIS_FIRST, axis=0) == kind


@pytest.mark.parametrize(
    ("dtype", "excess", "kind"),
    [
        (np.float64, 0.0009, "distribution"),
        (np.float64, 0.0011, "soft_multi_label"),
        (np.float64, -0.0009, "distribution"),
        (np.float64, -0.0011, "soft_multi_label"),
        (np.float32, 0.0009, "distribution"),
        (np.float32, 0.0011, "soft_multi_label"),
        (np.float16, 0.0088, "distribution"),
        (np.float16, 0.0117, "soft_multi_label"),
        (ml_dtypes.bfloat16, 0.0078, "distribution"),
        (ml_dtypes.bfloat16, 0.0156, "soft_multi_label"),
    ],
)
def test_a_row_sums_to_1_within_a_thousandth_and_of_half_precision_within_a_hundredth(
    dtype: Any, excess: float, kind: str
) -> None:
    labels = np.array([[0.5, 0.5 + excess]], dtype)
    assert float(labels[0, 1]) == pytest.approx(0.5 + excess, abs=1e-4 if dtype != ml_dtypes.bfloat16 else 1e-3)
    assert kind_of(labels, (1, 2)) == kind


def test_a_single_odd_row_among_many_decides() -> None:
    labels = np.eye(7)[np.arange(100_000) % 7]
    assert kind_of(labels, labels.shape) == "one_hot"
    labels[99_999, 0] = 1
    assert kind_of(labels, labels.shape) == "multi_hot"
    labels[99_999] = 1 / 7
    assert kind_of(labels, labels.shape) == "distribution"
    labels[99_999] = 0.5
    assert kind_of(labels, labels.shape) == "soft_multi_label"
    labels[99_999, 3] = 1.5
    assert kind_of(labels, labels.shape) == "unclear_labels"


def test_as_many_ones_as_rows_are_not_one_hot_where_two_share_a_row() -> None:
    assert kind_of([[0, 1, 1], [0, 0, 0]], TABLE) == "multi_hot"


def test_ones_so_tiny_beside_a_1_that_its_sum_hides_them_are_no_one_hot_row() -> None:
    assert kind_of([[1, 1e-300, 0], [0, 1, 0]], TABLE) == "distribution"


def test_ignored_labels_do_not_keep_labels_from_being_class_indices() -> None:
    assert kind_of([2, -100], TABLE, ignore_index=-100) == "class_indices"


@pytest.mark.parametrize("labels", [[0.5, 1.5], [[0, 2, 0], [1, 0, 0]]])
def test_labels_of_no_known_kind_are_computed_where_the_loss_type_is_named(labels: Any) -> None:
    if np.ndim(labels) == 1:
        evaluation = evaluate(np.zeros(2), labels, loss_type="sigmoid_cross_entropy")
    else:
        evaluation = evaluate(np.zeros(TABLE), labels, loss_type="softmax_cross_entropy")
    assert evaluation.recommendation.label_kind == "other"
    assert evaluation.recommendation.loss_type == evaluation.loss_type


@pytest.mark.parametrize(
    ("labels", "shape", "position"),
    [
        (np.nan, TABLE, ()),
        ([0, np.nan], TABLE, (1,)),
        ([0, 0, np.nan, 0], ROW, (2,)),
        ([0, 0, np.nan, 0], COLUMN, (2,)),
        ([[0], [0], [np.nan], [0]], COLUMN, (2, 0)),
        ([[0, 0, 1], [0, np.nan, 0]], TABLE, (1, 1)),
    ],
)
def test_no_label_is_infinite(labels: Any, shape: tuple[int, ...], position: tuple[int, ...]) -> None:
    with pytest.raises(Infinite) as refusal:
        evaluate(np.zeros(shape), np.where(np.isnan(labels), -np.inf, labels))
    assert refusal.value.argument == "labels"
    assert refusal.value.position == position


def test_a_scalar_label_that_is_nan_is_refused() -> None:
    with pytest.raises(NotANumber):
        evaluate(np.zeros(TABLE), np.nan)


def test_a_row_of_a_softmax_with_some_labels_missing_is_refused() -> None:
    with pytest.raises(NotANumber) as refusal:
        evaluate(np.zeros(TABLE), [[0, 1, 0], [0, np.nan, 1]], loss_type="softmax_cross_entropy")
    assert refusal.value.position == (1, 1)
