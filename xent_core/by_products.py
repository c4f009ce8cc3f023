"""Outputs for each row or logit that come out of the pass that computes the losses: predictions, ranks, entropies."""

from collections.abc import Collection

import numpy as np

from xent_core.compute.bound_loss import BlockResult, BoundLoss
from xent_core.compute.elementary import exp, log1p
from xent_core.compute.layout import Array, Block
from xent_core.compute.row_figures import RowFigure
from xent_core.errors import UnexpectedParameter
from xent_core.losses.loss import Loss
from xent_core.results import BY_PRODUCTS, ByProduct, Output

OF_LOGITS: tuple[ByProduct, ...] = ("predictions", "entropy")
"""What sigmoid losses have, one for each logit."""
NEEDED: dict[Output, tuple[RowFigure, ...]] = {
    **{name: (name,) for name in BY_PRODUCTS},
    "summary": ("entropy", "top_rank"),
    "calibration": ("confidence", "squares", "top_rank"),
}


def figures_wanted(include: Collection[Output]) -> frozenset[RowFigure] | None:
    """The figures of rows that outputs are made of; None where no output needs any."""
    wanted = {figure for name in include for figure in NEEDED.get(name, ())}
    return frozenset(wanted) or None


def check_by_products(include: Collection[Output], loss: Loss) -> None:
    """Raises UnexpectedParameter where the loss has no such output."""
    for name in BY_PRODUCTS:
        if name in include and loss.is_elementwise and name not in OF_LOGITS:
            raise UnexpectedParameter(
                "include", f"holds {name!r}, which {loss.name} does not have: it is for softmax losses"
            )


class ByProducts:
    """Collects these outputs of a batch block by block."""

    def __init__(self, include: Collection[Output], bound: BoundLoss) -> None:
        self.bound = bound
        self.outputs: dict[ByProduct, Array] = {
            name: np.empty(bound.element_shape, np.int64 if name in ("predictions", "label_rank") else bound.dtype)
            for name in BY_PRODUCTS
            if name in include
        }

    def add(self, block: Block, result: BlockResult, _losses: Array, _weight: Array | None, /) -> None:
        if result.figures:
            for name, values in self.outputs.items():
                values.reshape(-1)[block.rows] = result.figures[name]
        elif self.outputs:
            self._add_logits(block)

    def _add_logits(self, block: Block) -> None:
        logits, layout = self.bound.read(block), self.bound.layout
        if "predictions" in self.outputs:
            layout.write(self.outputs["predictions"], block, logits > 0)
        if "entropy" in self.outputs:
            size = np.abs(logits)
            # log(1 + e^−|x|) + |x| · σ(−|x|): nothing cancels.
            shrunk = exp(-size)
            at_infinity = np.where(np.isfinite(size), size, 0)
            layout.write(self.outputs["entropy"], block, log1p(shrunk) + at_infinity * shrunk / (1 + shrunk))
