"""Whatever a loss is named, `evaluate` gives the numbers of the function of that name."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import xent_core
from xent_core import evaluate
from xent_core.losses import LOSS_TYPES, LOSSES


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"from_logits": False}], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_evaluate_gives_the_numbers_of_the_function_of_that_name(
    loss_type: Any, options: dict[str, Any], dtype: Any
) -> None:
    random = np.random.default_rng(7)
    logits = random.dirichlet(np.ones(5), 40).astype(dtype) if options.get("from_logits") is False else None
    logits = (3 * random.standard_normal((40, 5))).astype(dtype) if logits is None else logits
    own = {"pos_weight": 3.0} if loss_type == "weighted_cross_entropy" else {}
    if not LOSSES[loss_type].takes("label_smoothing"):
        options = {name: value for name, value in options.items() if name != "label_smoothing"}
    labels = random.dirichlet(np.ones(5), 40)
    if LOSSES[loss_type].takes_class_indices:
        labels = random.integers(0, 5, 40)
    evaluation = evaluate(
        logits, labels, loss_type=loss_type, include=["elements", "gradient"], reduction="sum", **own, **options
    )
    assert evaluation.loss_type == loss_type
    assert_array_equal(evaluation.elements, getattr(xent_core, loss_type)(logits, labels, **own, **options))
    gradient = getattr(xent_core, f"{loss_type}_gradient")(logits, labels, **own, **options)
    assert_array_equal(evaluation.gradient, gradient)
