"""What a loss of the sigmoid family need not define: masks, probabilities, and its call in each framework."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.equivalents import equivalents
from xent_core.losses import LOSSES
from xent_core.losses.loss import FrameworkText, Parameters
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY
from xent_core.losses.sigmoid_family import SigmoidFamily, Terms

Array = NDArray[Any]


class Softplus(SigmoidFamily):
    """log(1 + exp(x)) − z · x: sigmoid cross-entropy, defined by as little as can be."""

    entry = SIGMOID_CROSS_ENTROPY.entry

    def losses(self, x: Array, z: Array, parameters: Parameters, terms: Terms) -> Array:  # noqa: ARG002  of this form
        losses, positive, product = terms()
        np.multiply(x, np.where(z == 0, 0, z), out=product)
        product[np.broadcast_to(z == 0, x.shape)] = 0
        return np.asarray(losses + positive - product)

    def gradient(self, x: Array, z: Array, parameters: Parameters, out: Array) -> None:  # noqa: ARG002  of this form
        out[...] = 1 / (1 + np.exp(-x)) - z

    def elements(self, framework: FrameworkText) -> str:
        given = "logits" if framework.from_logits else "log_odds"
        return f"{framework.log}(1 + {framework.exp}({given})) - {framework.named_targets()} * {given}"


def test_probabilities_are_computed_by_their_logits() -> None:
    p, y = np.array([[0.0, 0.25, 0.5, 1.0]]), np.array([[0, 1, 0.25, 1]])
    for compute in (all_losses, all_gradients):
        expected = compute(SIGMOID_CROSS_ENTROPY.of(p, y, from_logits=False))
        assert_allclose(compute(Softplus().of(p, y, from_logits=False)), expected, rtol=1e-8)


def test_what_is_not_finite_is_computed_again_in_float64() -> None:
    x, y = np.array([[-np.inf, 3e38, 1.0]], np.float32), np.array([[0, 3.0, 1]], np.float32)
    assert_allclose(all_losses(Softplus().of(x, y)), all_losses(SIGMOID_CROSS_ENTROPY.of(x, y)), rtol=1e-6)


@pytest.mark.parametrize("from_logits", [True, False])
def test_its_call_is_put_together_from_its_elements(monkeypatch: pytest.MonkeyPatch, from_logits: bool) -> None:
    monkeypatch.setitem(LOSSES, "softplus", Softplus())
    texts = equivalents(
        "softplus",
        logits_shape=(4, 3),
        labels_shape=(4, 3),
        labels_dtype=np.dtype("float32"),
        label_kind="soft_multi_label",
        from_logits=from_logits,
    )
    given = "logits" if from_logits else "log_odds"
    assert f"torch.mean(torch.log(1 + torch.exp({given})) - labels * {given})" in texts["pytorch"]
    assert "cross_entropy" not in "".join(texts.values()).replace("compute_weighted_loss", "")
