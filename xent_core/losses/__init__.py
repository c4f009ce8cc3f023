"""The losses. `LOSSES` is the one list: what there is to compute, to recommend and to document follows from it."""

from xent_core.losses.generalized import GENERALIZED_CROSS_ENTROPY
from xent_core.losses.kl_divergence import KL_DIVERGENCE
from xent_core.losses.loss import Entry, Loss
from xent_core.losses.poly import POLY_CROSS_ENTROPY
from xent_core.losses.sampled_softmax import SAMPLED_SOFTMAX
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY
from xent_core.losses.sigmoid_focal import SIGMOID_FOCAL_CROSS_ENTROPY
from xent_core.losses.softmax import SOFTMAX_CROSS_ENTROPY
from xent_core.losses.softmax_focal import SOFTMAX_FOCAL_CROSS_ENTROPY
from xent_core.losses.sparse_softmax import SPARSE_SOFTMAX_CROSS_ENTROPY
from xent_core.losses.sparse_softmax_focal import SPARSE_SOFTMAX_FOCAL_CROSS_ENTROPY
from xent_core.losses.weighted import WEIGHTED_CROSS_ENTROPY
from xent_core.results import LabelKind

LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        SIGMOID_CROSS_ENTROPY,
        WEIGHTED_CROSS_ENTROPY,
        SOFTMAX_CROSS_ENTROPY,
        SPARSE_SOFTMAX_CROSS_ENTROPY,
        SIGMOID_FOCAL_CROSS_ENTROPY,
        SOFTMAX_FOCAL_CROSS_ENTROPY,
        SPARSE_SOFTMAX_FOCAL_CROSS_ENTROPY,
        GENERALIZED_CROSS_ENTROPY,
        POLY_CROSS_ENTROPY,
        KL_DIVERGENCE,
    )
}
"""The losses that `evaluate` computes, by name."""

LOSS_TYPES: tuple[str, ...] = tuple(LOSSES)

CATALOGUE: dict[str, Entry] = {
    **{name: loss.entry for name, loss in LOSSES.items()},
    SAMPLED_SOFTMAX.loss_type: SAMPLED_SOFTMAX,
}
"""What is said of each loss, those with a function of their own included."""

AUTO: dict[LabelKind, Loss] = {kind: loss for loss in LOSSES.values() for kind in loss.entry.called_for_by}
"""What loss_type="auto" computes for each kind of labels."""


def losses_taking(parameter: str) -> tuple[str, ...]:
    """The losses that take a parameter."""
    return tuple(name for name, loss in LOSSES.items() if loss.takes(parameter))
