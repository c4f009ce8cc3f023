"""What the checks look at: a batch, what was computed of it, and facts of its logits, found once for all checks."""

import math
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np

from xent_core.accumulate import Accumulated
from xent_core.compute.layout import TILE_ELEMENTS, Array, Layout, extremes
from xent_core.labels.counts import logit_reader, row_reader
from xent_core.labels.facts import LabelFacts
from xent_core.losses.loss import Loss
from xent_core.prepare import PreparedBatch
from xent_core.results import Reduction

NEAR_ONE = 0.9


class LogitFacts(NamedTuple):
    """What all logits that count have in common. It is not looked further once nothing odd can be found any more.

    values, rows  how many there are, as far as was looked
    low, high     the least and the largest
    zeros         how many are 0, where none is negative
    between       whether one lies between 0 and 1, where none is negative
    near_one      how many lie beyond ±0.9, where all lie within ±1
    identical     whether all rows are the same
    """

    values: int
    rows: int
    low: float
    high: float
    zeros: int
    between: bool
    near_one: int
    identical: bool

    @property
    def unit_interval(self) -> bool:
        """Whether all lie in [0, 1], as probabilities do, and one inside."""
        return self.low >= 0 and self.high <= 1 and self.between


class Form(NamedTuple):
    """What decides which checks apply. Flags say whether there are such: `losses` were computed, `ignored` labels,
    `label_rows` if labels were looked at as rows, `dense_labels` of the logits' shape.
    """

    loss: Loss
    layout: Layout
    reduction: Reduction
    logits: bool
    losses: bool
    from_logits: bool
    smoothed: bool
    weights: bool
    class_weights: bool
    pos_weight: bool
    label_rows: bool
    dense_labels: bool
    labels_are_logits: bool
    ignored: bool

    @classmethod
    def of(cls, batch: PreparedBatch, *, losses: bool) -> "Form":
        parameters = batch.parameters
        return cls(
            batch.loss,
            batch.layout,
            batch.options.reduction,
            batch.logits is not None,
            losses,
            parameters.from_logits,
            parameters.label_smoothing != 0,
            batch.weights is not None,
            parameters.class_weights is not None,
            parameters.pos_weight is not None,
            batch.facts.row_sums is not None,
            batch.labels.shape == batch.layout.shape,
            parameters.labels_are_logits,
            batch.counts.ignored is not None,
        )

    @property
    def softmax(self) -> bool:
        return not self.loss.is_elementwise

    @property
    def softmax_rows(self) -> bool:
        """Whether the labels are looked at as rows that each belong to one sample of a softmax."""
        return self.label_rows and self.softmax and self.dense_labels

    @property
    def reads_logits(self) -> bool:
        return self.from_logits and self.logits

    @property
    def reads_probabilities(self) -> bool:
        return self.logits and not self.from_logits


class PlanFacts(NamedTuple):
    """What a plan knows of a batch whose elements all count, and which has no weights: see `xent_core.plan`.

    low, high      the least and the largest logit
    rows_differ    whether the first row of logits differs from the last
    mean           the mean loss
    rows, classes  of the logits
    labels         of a kind that is known to the plan
    """

    low: float
    high: float
    rows_differ: bool
    mean: float
    rows: int
    classes: int
    labels: LabelFacts


class Subject:
    """A batch as the checks see it. `accumulated` is None where no loss was computed."""

    def __init__(self, batch: PreparedBatch, accumulated: Accumulated | None) -> None:
        self.batch = batch
        self.accumulated = accumulated

    @cached_property
    def logits(self) -> LogitFacts:
        """For a batch that has logits."""
        batch = self.batch
        read = batch.layout.reader(cast(Array, batch.logits), batch.dtype)
        # A row in which not all counts has no others to be compared with.
        mask = batch.counts.counting
        whole_rows = mask is None or mask.by_row
        if mask is not None:
            read = row_reader(read, batch.counts) if whole_rows else logit_reader(read, batch.counts)
        values = rows = zeros = near_one = 0
        low, high, between, identical = math.inf, -math.inf, False, whole_rows
        first: Array | None = None
        for block in batch.layout.blocks(TILE_ELEMENTS):
            found = read(block)
            if not found.size:
                continue
            values, rows = values + found.size, rows + len(found)
            least, most = extremes(found)
            low, high = min(low, least), max(high, most)
            if identical:
                first = found[0].copy() if first is None else first
                # One number of the last row usually tells; else that row, and only then all.
                identical = bool(found[-1, 0] == first[0]) and bool((found[-1] == first).all())
                identical = identical and bool((found == first).all())
            if low >= 0:
                zeros += int(np.count_nonzero(found == 0))
                between = between or (high > 0 and bool(((found > 0) & (found < 1)).any()))
            if low >= -1 and high <= 1:
                near_one += int(np.count_nonzero(np.abs(found) > NEAR_ONE))
            elif low < 0 and not identical:
                break
        return LogitFacts(values, rows, low, high, zeros, between, near_one, identical)

    @property
    def softmax(self) -> bool:
        return not self.batch.loss.is_elementwise
