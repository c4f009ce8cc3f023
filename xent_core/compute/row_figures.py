"""What the pass over a block's logits gives beside losses: predictions, ranks, margins, entropies of its rows.

`Moments` takes what it needs from the exponentials that the losses are computed of, tile by tile, while these are in
the cache. Rows whose exponentials leave the range of the dtype, and losses that are computed in another way, go through
`shifted_figures`.
"""

from collections.abc import Collection
from typing import Literal

import numpy as np

from xent_core.compute.elementary import exp, log1p
from xent_core.compute.layout import Array, row_dots, row_sums, row_tiles

RowFigure = Literal[
    "predictions", "label_rank", "margin", "entropy", "logsumexp", "top_rank", "confidence", "squares", "exponentials"
]
"""What may be wanted of rows.

top_rank      the label's rank, exact below 5
confidence    the largest probability
squares       Σ_c (p_c − [c = label])²
exponentials  exp(x_c), [rows, classes], where losses were computed of them
"""
Figures = dict[RowFigure, Array]

TOP = 5
# NumPy goes along short rows one by one; of many such it is several times as fast with a row for each class.
FEW_CLASSES, MANY_ROWS = 16, 64
SAMPLED_COLUMNS = 128, 512
MAX_COUNTED_IN_WORDS = 255 * 8
OTHERS: frozenset[RowFigure] = frozenset({"margin", "confidence", "squares"})
"""What needs the exponentials of all classes but the label's."""
PLACES: frozenset[RowFigure] = frozenset({"predictions", "label_rank", "top_rank"})


def dtype_of(figure: RowFigure) -> type[np.generic]:
    return np.int64 if figure in PLACES else np.float64


class Moments:
    """Collects what figures of a block's rows need. `add` is called with each tile, `figures` when losses are known.

    kept: what the exponentials are kept in, [rows, classes].
    sums: Σ exp(x_c) of each row. unsafe: rows for which these are not ordinary numbers.
    """

    def __init__(self, rows: int, wanted: Collection[RowFigure], kept: Array | None = None) -> None:
        self.wanted = frozenset(wanted) - {"exponentials"}
        self._kept, self._are_kept = kept, False
        self.unsafe: Array | None = None
        self.sums = np.ones(rows)
        self._rows = rows
        self._predictions: Array | None = None
        self._ranks: Array | None = None
        self._dots = np.zeros(rows) if "entropy" in wanted else None
        self._squares = np.zeros(rows) if "squares" in wanted else None
        self._largest = np.zeros(rows) if self.wanted & {"margin", "confidence"} else None

    def sums_to_add(self) -> tuple[Array | None, ...]:
        """What `add_row_sums` writes to, in place of `add`: dots, squares, largest, ranks, kept; None if not wanted."""
        self._are_kept = self._kept is not None
        if self.wanted & PLACES:
            self._ranks = np.zeros(self._rows, np.int64)
        return self._dots, self._squares, self._largest, self._ranks, self._kept

    def room(self, rows: slice, buffer: Array) -> Array:
        """Where to compute the exponentials of a tile: where they are kept, or in the buffer."""
        return buffer if self._kept is None else self._kept[rows].reshape(-1)

    def add(self, rows: slice, logits: Array, exponentials: Array) -> None:
        """exponentials: exp(logits), 0 at the labels, in their room."""
        self._are_kept = self._kept is not None
        if self.wanted & PLACES and not self._ranks_by_class(logits.shape[1]):
            if self._predictions is None:
                self._predictions = np.empty(self._rows, np.int64)
            self._predictions[rows] = logits.argmax(axis=1)
        if self._dots is not None:
            self._dots[rows] = row_dots(exponentials, logits)
        if self._squares is not None:
            self._squares[rows] = row_dots(exponentials, exponentials)
        if self._largest is not None:
            self._largest[rows] = _largest(exponentials)

    def _ranks_by_class(self, classes: int) -> bool:
        return "predictions" not in self.wanted and _by_class(self._rows, classes)

    def figures(self, logits: Array, indices: Array, losses: Array) -> Figures:
        """losses: −log p of the labels."""
        found: Figures = {}
        label_logits = _at(logits, indices).astype(np.float64)
        missed = -np.expm1(-losses)
        log_sums = label_logits + losses
        inverse_sums = 1 / self.sums
        if self._ranks is not None:
            found.update(_places_of_ranks(logits, indices, self._ranks, self.wanted))
        elif self.wanted & PLACES:
            if self._predictions is None and not self._ranks_by_class(logits.shape[1]):
                # Rows too long for a tile, which are all computed anew.
                self._predictions = np.zeros(len(logits), np.int64)
            found.update(_places(logits, indices, self._predictions, self.wanted))
        if self._dots is not None:
            # With the label's logit taken off all others nothing large cancels where the label leads.
            found["entropy"] = np.maximum(losses + (label_logits * missed - self._dots * inverse_sums), 0)
        if "logsumexp" in self.wanted:
            found["logsumexp"] = log_sums
        if self._squares is not None:
            found["squares"] = self._squares * inverse_sums * inverse_sums + missed * missed
        if self._largest is not None:
            largest_other = self._largest * inverse_sums
            found.update(_leads(1 - missed, largest_other, self.wanted))
        self._mend(found, logits, indices)
        if self._kept is not None and self._are_kept:
            self._kept[np.arange(len(indices)), indices] = exp(label_logits)
            found["exponentials"] = self._kept
        return found

    def _mend(self, found: Figures, logits: Array, indices: Array) -> None:
        """Compute anew the rows that exponentials as they are do not serve."""
        unsafe = self.unsafe
        for values in (self._dots, self._squares, self._largest):
            if values is not None and not np.isfinite(values).all():
                unsafe = ~np.isfinite(values) if unsafe is None else unsafe | ~np.isfinite(values)
        if unsafe is None or not found:
            return
        rest = np.flatnonzero(unsafe)
        for name, values in shifted_figures(logits[rest], indices[rest], self.wanted).items():
            found[name][rest] = values


def _leads(label: Array, largest_other: Array, wanted: Collection[RowFigure]) -> Figures:
    found: Figures = {}
    if "margin" in wanted:
        found["margin"] = label - largest_other
    if "confidence" in wanted:
        found["confidence"] = np.maximum(label, largest_other)
    return found


def _by_class(rows: int, classes: int) -> bool:
    return classes <= FEW_CLASSES and rows >= MANY_ROWS


def _largest(matrix: Array) -> Array:
    """The largest value of each row."""
    if _by_class(*matrix.shape):
        return np.asarray(np.maximum.reduce(np.ascontiguousarray(matrix.T)))
    return np.asarray(np.maximum.reduce(matrix, axis=1))


def _places(logits: Array, indices: Array, predictions: Array | None, wanted: Collection[RowFigure]) -> Figures:
    """predictions: None where nobody wants them and ranks are found without."""
    if predictions is None:
        return _with_ranks({}, _ranks_by_class(logits, indices), wanted)
    found: Figures = {}
    if "predictions" in wanted:
        found["predictions"] = predictions
    if "label_rank" in wanted:
        return _with_ranks(found, label_ranks(logits, indices, predictions), wanted)
    if "top_rank" in wanted:
        found["top_rank"] = top_ranks(logits, indices, predictions)
    return found


def _with_ranks(found: Figures, ranks: Array, wanted: Collection[RowFigure]) -> Figures:
    if "label_rank" in wanted:
        found["label_rank"] = ranks
    if "top_rank" in wanted:
        found["top_rank"] = ranks
    return found


def _places_of_ranks(logits: Array, indices: Array, ranks: Array, wanted: Collection[RowFigure]) -> Figures:
    found: Figures = {}
    if "predictions" in wanted:
        found["predictions"] = predictions = indices.astype(np.int64)
        wrong = np.flatnonzero(ranks)
        for tile in row_tiles(len(wrong), logits.shape[1]):
            predictions[wrong[tile]] = logits[wrong[tile]].argmax(axis=1)
    return _with_ranks(found, ranks, wanted)


def _ranks_by_class(logits: Array, indices: Array) -> Array:
    """The same as `label_ranks`, of many short rows."""
    at_labels = _at(logits, indices)
    by_class = np.ascontiguousarray(logits.T)
    ranks: Array = np.add.reduce((by_class > at_labels).view(np.int8), dtype=np.int8).astype(np.int64)
    equal = by_class == at_labels
    if np.count_nonzero(equal) > len(indices):
        ranks += np.count_nonzero(equal & (np.arange(len(by_class))[:, None] < indices), axis=0)
    return ranks


def _at(logits: Array, indices: Array) -> Array:
    """The logit of each row's label."""
    found: Array = logits.reshape(-1).take(np.arange(0, logits.size, logits.shape[1]) + indices)
    return found


def label_ranks(logits: Array, indices: Array, predictions: Array) -> Array:
    """How many classes come before the label's by falling logits, the first of equals first: 0 where it is `argmax`.

    predictions: `argmax` of each row.
    """
    ranks = np.zeros(len(logits), np.int64)
    _rank(ranks, np.flatnonzero(predictions != indices), logits, indices)
    return ranks


def top_ranks(logits: Array, indices: Array, predictions: Array) -> Array:
    """The same where it is below 5, and else any number of 5 or more.

    Of most labels that are not among the first a few columns tell.
    """
    ranks = np.zeros(len(logits), np.int64)
    rest = np.flatnonzero(predictions != indices)
    for columns in SAMPLED_COLUMNS:
        if columns < logits.shape[1]:
            at_labels = logits[rest, indices[rest]][:, None]
            ranks[rest] = _count(logits[rest, :columns] > at_labels)
            rest = rest[ranks[rest] < TOP]
    _rank(ranks, rest, logits, indices)
    return ranks


def _rank(ranks: Array, rows: Array, logits: Array, indices: Array) -> None:
    """Write the ranks of some rows."""
    for tile in row_tiles(len(rows), logits.shape[1]):
        some = rows[tile]
        ranks[some] = _ranks(logits[some], indices[some])


def _ranks(logits: Array, indices: Array) -> Array:
    at_labels = logits[np.arange(len(indices)), indices][:, None]
    ranks = _count(logits > at_labels)
    equal = logits == at_labels
    tied = np.flatnonzero(_count(equal) > 1) if np.count_nonzero(equal) > len(equal) else ()
    if len(tied):
        before = np.arange(logits.shape[1]) < indices[tied, None]
        ranks[tied] += np.count_nonzero(equal[tied] & before, axis=1)
    return ranks


def _count(mask: Array) -> Array:
    """How many are True in each row of a C-contiguous matrix; eight at once where rows have whole words."""
    columns = mask.shape[1]
    if columns % 8 or columns > MAX_COUNTED_IN_WORDS:
        return np.asarray(np.count_nonzero(mask, axis=1))
    # Each byte of a sum of words counts up to 255.
    sums: Array = np.add.reduce(mask.view(np.uint64), axis=1)
    return np.asarray(sums.view(np.uint8).reshape(-1, 8).sum(axis=1, dtype=np.int64))


def shifted_figures(logits: Array, indices: Array, wanted: Collection[RowFigure]) -> Figures:
    """Figures of rows of any logits, by exponentials of what they are below the largest.

    indices: the label of each row. A row masked whole has the prediction 0, the entropy 0, and the probabilities 0.
    """
    count, classes = logits.shape
    found: Figures = {name: np.empty(count, dtype_of(name)) for name in wanted}
    for rows in row_tiles(count, classes):
        part = _shifted(logits[rows], indices[rows], wanted)
        for name, values in part.items():
            found[name][rows] = values
    return found


def _shifted(logits: Array, indices: Array, wanted: Collection[RowFigure]) -> Figures:
    every = np.arange(len(logits))
    predictions = logits.argmax(axis=1)
    largest = logits[every, predictions]
    masked = np.isneginf(largest)
    below = np.where(masked, 0, largest)[:, None] - logits
    exponentials = exp(-below)
    # The largest logit's own exponential is left out, so that nothing is lost beside it.
    exponentials[every, predictions] = 0
    rest = row_sums(exponentials).astype(np.float64)
    sums = np.where(masked, 1, 1 + rest)
    found: Figures = {}
    found.update(_places(logits, indices, predictions, wanted))
    if "entropy" in wanted:
        below[exponentials == 0] = 0
        found["entropy"] = log1p(rest) + row_dots(exponentials, below) / sums
    if "logsumexp" in wanted:
        found["logsumexp"] = largest.astype(np.float64) + log1p(rest)
    if OTHERS.isdisjoint(wanted):
        return found
    exponentials[every, predictions] = ~masked
    label = exponentials[every, indices] / sums
    exponentials[every, indices] = 0
    if "squares" in wanted:
        missed = row_sums(exponentials) / sums
        found["squares"] = missed * missed + row_dots(exponentials, exponentials) / (sums * sums)
    found.update(_leads(label, np.maximum.reduce(exponentials, axis=1) / sums, wanted))
    return found
