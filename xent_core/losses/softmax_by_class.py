"""Softmax losses that are a function of −log p, class by class: ℓ = Σ_c w_c · y_c · f(−log p_c)."""

from abc import abstractmethod

import numpy as np

from xent_core.compute.elementary import exp
from xent_core.compute.layout import TILE_BYTES, Array, row_dots, row_sums, row_tiles
from xent_core.compute.logsumexp import CheckBlock, class_terms, loss_terms
from xent_core.compute.reduction import multiply
from xent_core.losses.loss import Parameters
from xent_core.losses.softmax_family import SoftmaxFamily

# Bytes of a tile: the buffer has room for two.
CAREFUL_BYTES = TILE_BYTES // 2


class SoftmaxByClass(SoftmaxFamily):
    """A loss that defines f, by `value`, and f', by `derivative`.

    They get −log p and 1 − p, and f' p too, as arrays of one shape, each with its full relative accuracy. The gradient
    follows:

        ∂ℓ/∂x_c = p_c · Σ_{j≠c} t_j f'_j − t_c f'_c (1 − p_c),   t = w · y
    """

    @abstractmethod
    def value(self, negative_log_p: Array, rest: Array, parameters: Parameters) -> Array:
        """f; where p is 0 it may be infinite. `rest` may be written to."""

    @abstractmethod
    def derivative(self, negative_log_p: Array, p: Array, rest: Array, parameters: Parameters) -> Array:
        """f', finite everywhere."""

    def of_cross_entropy(self, cross_entropy: Array, parameters: Parameters) -> Array:
        return self.value(cross_entropy, -np.expm1(-cross_entropy), parameters)

    def slope(self, cross_entropy: Array, parameters: Parameters) -> Array | None:
        return self.derivative(cross_entropy, exp(-cross_entropy), -np.expm1(-cross_entropy), parameters)

    def target_losses(
        self, logits: Array, target: Array, parameters: Parameters, buffer: Array, check: CheckBlock
    ) -> Array:
        losses = np.empty(len(logits))
        for rows in row_tiles(len(logits), logits.shape[1], CAREFUL_BYTES // logits.itemsize):
            values = self.value(*loss_terms(logits[rows], check, buffer), parameters)
            found = row_dots(values, target[rows])
            if not np.isfinite(found).all():
                found = row_sums(multiply(values, target[rows]))
            losses[rows] = found
        return losses

    def target_gradient(self, logits: Array, target: Array, parameters: Parameters, out: Array) -> None:
        for rows in row_tiles(len(logits), logits.shape[1], CAREFUL_BYTES // logits.itemsize):
            negative_log_p, p, rest = class_terms(logits[rows], _sound)
            slopes = target[rows] * self.derivative(negative_log_p, p, rest, parameters)
            out[rows] = p * (row_sums(slopes)[:, None] - slopes) - slopes * rest

    def probability_losses(self, p: Array, target: Array, parameters: Parameters) -> Array:
        return row_sums(multiply(self.value(-np.log(p), 1 - p, parameters), target))

    def probability_gradient(self, p: Array, kept: Array, target: Array, parameters: Parameters, out: Array) -> None:
        """Σ_j t_j f'_j − t_c f'_c / p_c, the sum over what was not clipped."""
        np.multiply(target, kept, out=out)
        out *= self.derivative(-np.log(p), p, 1 - p, parameters)
        total = row_sums(out)
        np.divide(out, p, out=out, where=out != 0)
        np.subtract(total[:, None], out, out=out)


def _sound() -> None:
    """The losses of this block were computed, so its logits are sound; a row masked whole does not count."""
