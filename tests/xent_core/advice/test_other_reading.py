"""An alternative names the mean loss of the other reading, where labels are near misses of it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from xent_core import evaluate, recommend

SIGMOID, SOFTMAX = "sigmoid_cross_entropy", "softmax_cross_entropy"
RANDOM = np.random.default_rng(3)
LOGITS = RANDOM.standard_normal((6, 4))
ONE_HOT = np.eye(4)[RANDOM.integers(0, 4, 6)]
PADDED = ONE_HOT * [[1], [1], [0], [1], [0], [1]]
ALMOST = np.array([[0.621, 0.273, 0.127, 0.0], *[[0.1, 0.2, 0.3, 0.4]] * 5])
HALVES = np.full((6, 4), 0.25)


def told(logits: ArrayLike, labels: ArrayLike, other: str, **options: Any) -> str | None:
    """What is said of the mean loss by the alternative of this loss."""
    found = evaluate(logits, labels, **options).recommendation
    assert found is not None
    (when,) = (each.when for each in found.alternatives if each.loss_type == other)
    before, said, figure = when.partition("; the mean loss is then ")
    assert before
    return figure if said else None


@pytest.mark.parametrize(
    ("logits", "labels", "options"),
    [
        (LOGITS, ONE_HOT, {"loss_type": SIGMOID}),
        (LOGITS, ONE_HOT.astype(bool), {"pos_weight": 2.0}),
        (LOGITS, HALVES, {"loss_type": SIGMOID, "label_smoothing": 0.1}),
        (LOGITS.T, ONE_HOT.T, {"loss_type": SIGMOID, "axis": 0}),
        (LOGITS[0], ONE_HOT[0], {}),
        (LOGITS[0].astype(np.float32), HALVES[0], {"reduction": "sum"}),
    ],
)
def test_yes_no_questions_that_could_be_one_class_each(
    logits: ArrayLike, labels: ArrayLike, options: dict[str, Any]
) -> None:
    kept = {name: options[name] for name in ("label_smoothing", "axis") if name in options}
    other = evaluate(logits, labels, loss_type=SOFTMAX, **kept)
    assert other.reduced is not None
    assert told(logits, labels, SOFTMAX, **options) == f"{other.reduced.value:.4g}"


@pytest.mark.parametrize("options", [{}, {"loss_type": SOFTMAX}, {"loss_type": SOFTMAX, "temperature": 2.0}])
def test_padded_one_hot_rows_whose_padding_is_left_out(options: dict[str, Any]) -> None:
    rows = PADDED.any(axis=1)
    kept = {name: value for name, value in options.items() if name == "temperature"}
    other = evaluate(LOGITS[rows], PADDED[rows], loss_type=SOFTMAX, **kept)
    assert other.reduced is not None
    assert told(LOGITS, PADDED, SOFTMAX, **options) == f"{other.reduced.value:.4g}"


@pytest.mark.parametrize(
    ("logits", "labels", "options"),
    [(LOGITS, ALMOST, {"temperature": 3.0}), (LOGITS[0], ONE_HOT[0], {}), (LOGITS[0], HALVES[0], {})],
)
def test_rows_of_a_softmax_that_could_be_yes_no_questions(
    logits: ArrayLike, labels: ArrayLike, options: dict[str, Any]
) -> None:
    other = evaluate(logits, labels, loss_type=SIGMOID)
    assert other.reduced is not None
    assert told(logits, labels, SIGMOID, loss_type=SOFTMAX, **options) == f"{other.reduced.value:.4g}"


@pytest.mark.parametrize(
    ("logits", "labels", "other", "options"),
    [
        (LOGITS, ONE_HOT, SIGMOID, {}),
        (LOGITS, HALVES, SIGMOID, {}),
        (LOGITS[:, 0], [1, 0, 1, 0, 0, 0], SOFTMAX, {}),
        (LOGITS[:, 0], 1, SOFTMAX, {}),
        (LOGITS, PADDED, SOFTMAX, {"weights": [[1], [2], [3], [1], [1], [1]]}),
        (LOGITS, ONE_HOT, SOFTMAX, {"loss_type": SIGMOID, "weights": [[1], [2], [3], [1], [1], [0]]}),
        (np.where(ONE_HOT == 1, -np.inf, LOGITS), ONE_HOT, SOFTMAX, {"loss_type": SIGMOID}),
        (np.full((6, 4), -np.inf), ONE_HOT, SOFTMAX, {"loss_type": SIGMOID}),
    ],
)
def test_no_loss_is_named_of_clean_batches_and_of_what_the_other_reading_has_not(
    logits: ArrayLike, labels: ArrayLike, other: str, options: dict[str, Any]
) -> None:
    assert told(logits, labels, other, **options) is None


def test_the_loss_is_named_where_there_are_logits_and_advice_is_full() -> None:
    with_logits = recommend(PADDED, logits=LOGITS).recommendation
    found = evaluate(LOGITS, PADDED).recommendation
    assert found is not None
    assert with_logits.alternatives == found.alternatives
    assert "mean loss" not in repr(recommend(PADDED, logits_shape=(6, 4)))
    assert "mean loss" not in repr(evaluate(LOGITS, PADDED, advice="brief").recommendation)
