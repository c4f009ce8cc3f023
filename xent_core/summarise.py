"""Collects the sums of a summary from the blocks of one batch."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from xent_core.compute.bound_loss import BlockResult, BoundLoss, all_losses
from xent_core.compute.exact_sums import (
    add_parts,
    canonical,
    exact_column_sums,
    exact_group_sums,
    exact_product,
    exact_total,
    product,
    square,
    total_of,
)
from xent_core.compute.layout import Array, Block, Layout, row_sums
from xent_core.compute.reduction import multiply
from xent_core.labels.counts import selected
from xent_core.losses.loss import Loss, Parameters
from xent_core.prepare import PreparedBatch
from xent_core.results import ClassSums, Summary, Sums
from xent_core.summary import MAX_CLASSES, Quantiles, summary_of

QUANTILES = (0.5, 0.9, 0.99)


def summary_collector(batch: PreparedBatch, bound: BoundLoss) -> "SoftmaxSummary | SigmoidSummary":
    return SigmoidSummary(batch, bound) if batch.loss.is_elementwise else SoftmaxSummary(batch, bound)


class SoftmaxSummary:
    """The summary of a softmax loss: a sample is an element."""

    def __init__(self, batch: PreparedBatch, bound: BoundLoss) -> None:
        layout = bound.layout
        self.batch, self.layout = batch, layout
        self.labels = np.empty(layout.rows, np.intp)
        self.losses, self.entropies = np.empty(layout.rows), np.empty(layout.rows)
        self.ranks = np.empty(layout.rows, np.int64)
        self.weights: Array | None = None
        self.label_sums: Array | None = None
        self.label_entropies: Array | None = None
        self.targets: list[Array] = []
        self.are_indices = np.zeros(layout.rows, bool)
        self.uniform, self.is_uniform_known = np.zeros(layout.rows), np.zeros(layout.rows, bool)
        self.by_class = layout.classes <= MAX_CLASSES

    def add(self, block: Block, result: BlockResult, losses: Array, weight: Array | None, /) -> None:
        rows, figures = block.rows, result.figures
        self.labels[rows], self.losses[rows] = result.labels, losses
        self.entropies[rows] = figures["entropy"]
        self.ranks[rows] = figures["top_rank"] if "top_rank" in figures else figures["label_rank"]
        if weight is not None or result.label_weights is not None:
            if self.weights is None:
                self.weights = np.ones(self.layout.rows)
            self.weights[rows] = row_weights(weight, result.label_weights)
        if result.target is None:
            self.are_indices[rows] = True
        else:
            self._add_target(block, result, result.target, weight)

    def _add_target(self, block: Block, result: BlockResult, target: Array, weight: Array | None) -> None:
        """Labels that are no class indices, or were smoothed."""
        if self.label_sums is None or self.label_entropies is None:
            self.label_sums, self.label_entropies = np.zeros(self.layout.rows), np.zeros(self.layout.rows)
        target = target.astype(np.float64)
        if weight is not None:
            target = multiply(target, weight.reshape(-1, 1).astype(np.float64))
        counting = self.batch.counts.rows(block)
        if counting is not None:
            target[~counting] = 0
        sums = row_sums(target)
        self.label_sums[block.rows] = sums
        if result.soft is not None and not self.batch.loss.is_cross_entropy:
            # Their loss at 0 need not be in proportion to what they sum to.
            at_zero = losses_of_zeros(self.batch.loss, self.batch.parameters, result.soft)
            counted = at_zero if weight is None else multiply(at_zero, weight.astype(np.float64))
            self.uniform[block.rows] = counted if counting is None else np.where(counting, counted, 0)
            self.is_uniform_known[block.rows] = True
        shares = np.where(target > 0, target / sums[:, None], 1)
        self.label_entropies[block.rows] = -row_sums(target * np.log(shares))
        if self.by_class:
            add_parts(self.targets, exact_column_sums(target))

    def finish(self, per_sample: Array) -> Summary:
        """per_sample: as in the response."""
        batch, layout = self.batch, self.layout
        counting = batch.counts.rows(Block(slice(0, layout.rows), slice(0, layout.classes)))
        numbers: dict[str, Any] = dict(batch.counts.number(layout, per_row=True))
        losses, labels, ranks = (
            selected(counting, self.losses),
            selected(counting, self.labels),
            selected(counting, self.ranks),
        )
        weights = selected(counting, self.weights)
        count = len(losses)
        cross_entropy = batch.loss.is_cross_entropy
        at_zero = loss_at_zero(batch.loss, batch.parameters, layout.classes)
        if self.label_sums is not None:
            self._add_indices_to_targets(self.label_sums, counting)
        sums = selected(counting, self.label_sums)
        uniform = at_zero * sums if sums is not None else None if weights is None else at_zero * weights
        if uniform is not None and self.is_uniform_known.any():
            uniform = np.where(selected(counting, self.is_uniform_known), selected(counting, self.uniform), uniform)
        entropies = selected(counting, self.label_entropies)
        hits = ranks == 0
        no_target = np.zeros(1) if entropies is None else exact_total(entropies)
        per_class = self._classes(losses, labels, weights, hits, cross_entropy) if self.by_class else None
        sums_of = Sums(
            samples=layout.rows,
            **numbers,
            counted_samples=count,
            **paired_sums(losses, weights, None if per_class is None else total_of(per_class.loss)),
            **_extremes(selected(counting, per_sample.reshape(-1))),
            hits=int(np.count_nonzero(hits)),
            uniform=exact_product(at_zero, count) if uniform is None else exact_total(uniform),
            top5_hits=int(np.count_nonzero(ranks < 5)),
            entropy=exact_total(selected(counting, self.entropies)),
            label_entropy=no_target if cross_entropy else None,
            per_class=per_class,
        )
        return summary_of(sums_of, quantiles(selected(counting, per_sample.reshape(-1))))

    def _add_indices_to_targets(self, label_sums: Array, counting: Array | None) -> None:
        """Rows whose labels are class indices, in a batch whose other rows have none."""
        chosen = self.are_indices if counting is None else self.are_indices & counting
        weights = np.ones(len(chosen)) if self.weights is None else self.weights
        label_sums[chosen] = weights[chosen]
        if self.by_class:
            self.targets.extend(exact_group_sums(weights[chosen], self.labels[chosen], self.layout.classes))

    def _classes(
        self, losses: Array, labels: Array, weights: Array | None, hits: Array, cross_entropy: bool
    ) -> ClassSums:
        classes = self.layout.classes
        count = np.bincount(labels, minlength=classes)
        weight = count[None].astype(np.float64) if weights is None else exact_group_sums(weights, labels, classes)
        target = weight
        if self.label_sums is not None:
            target = canonical(self.targets)
        return ClassSums(
            count=count,
            positives=None,
            hits=np.bincount(labels[hits], minlength=classes),
            loss=exact_group_sums(losses, labels, classes),
            weight=weight,
            target=target if cross_entropy else None,
            opposite=None,
        )


class SigmoidSummary:
    """The summary of a sigmoid loss: a sample has an element for each logit."""

    def __init__(self, batch: PreparedBatch, bound: BoundLoss) -> None:
        self.batch, self.bound, self.layout = batch, bound, bound.layout
        layout = bound.layout
        self.losses, self.weights, self.uniform = np.zeros(layout.rows), np.zeros(layout.rows), np.zeros(layout.rows)
        self.hits = 0
        self.by_column = layout.classes <= MAX_CLASSES
        columns = layout.classes if self.by_column else 0
        self.count, self.positives, self.hits_of = (np.zeros(columns, np.int64) for _ in range(3))
        self.sums: dict[str, list[Array]] = {name: [] for name in ("loss", "weight", "target", "opposite")}
        self.at_zero = losses_at_zero(batch.loss, batch.parameters, layout)

    def add(self, block: Block, result: BlockResult, losses: Array, weight: Array | None, /) -> None:
        counting = self.batch.counts.logits(block)
        shape, rows = block.shape, block.rows
        given = np.broadcast_to(result.labels, shape)
        yes = given > 0.5
        hits = yes == (self.bound.read(block) > 0)
        w = np.ones(shape) if weight is None else np.array(np.broadcast_to(weight, shape), np.float64)
        if counting is not None:
            hits, yes, w = hits & counting, yes & counting, np.where(counting, w, 0)
        smoothing = self.batch.parameters.label_smoothing
        z = given.astype(np.float64) * (1 - smoothing) + smoothing / 2
        no_loss, yes_loss = self.at_zero[:, block.columns]
        self.losses[rows] += row_sums(losses.astype(np.float64))
        self.weights[rows] += row_sums(w)
        self.uniform[rows] += row_sums(w * (no_loss + (yes_loss - no_loss) * np.where(w == 0, 0, z)))
        self.hits += int(np.count_nonzero(hits))
        if not self.by_column:
            return
        self.count += len(w) if counting is None else np.count_nonzero(counting, axis=0)
        self.positives += np.count_nonzero(yes, axis=0)
        self.hits_of += np.count_nonzero(hits, axis=0)
        add_parts(self.sums["loss"], exact_column_sums(losses.astype(np.float64)))
        add_parts(self.sums["weight"], exact_column_sums(w))
        if self.batch.loss.is_cross_entropy:
            positive = multiply(z, w)
            positive_weight = self.batch.parameters.pos_weight
            factor = 1.0 if positive_weight is None else positive_weight.astype(np.float64)
            add_parts(self.sums["target"], exact_column_sums(positive * factor))
            add_parts(self.sums["opposite"], exact_column_sums(w - positive))

    def finish(self, per_sample: Array) -> Summary:
        """per_sample: as in the response."""
        batch, layout = self.batch, self.layout
        counting = batch.counts.rows(Block(slice(0, layout.rows), slice(0, layout.classes)))
        losses, weights = selected(counting, self.losses), selected(counting, self.weights)
        samples = selected(counting, per_sample.reshape(-1))
        numbers: dict[str, Any] = dict(batch.counts.number(layout, per_row=False))
        sums = Sums(
            samples=layout.rows,
            **numbers,
            counted_samples=len(losses),
            **paired_sums(losses, weights),
            **_extremes(samples),
            hits=self.hits,
            uniform=exact_total(selected(counting, self.uniform)),
            per_class=self._columns() if self.by_column else None,
        )
        return summary_of(sums, quantiles(samples))

    def _columns(self) -> ClassSums:
        merged = {name: canonical(parts) for name, parts in self.sums.items() if parts}
        return ClassSums(
            count=self.count,
            positives=self.positives,
            hits=self.hits_of,
            loss=merged["loss"],
            weight=merged["weight"],
            target=merged.get("target"),
            opposite=merged.get("opposite"),
        )


def paired_sums(a: Array, b: Array | None, total: Array | None = None) -> dict[str, Any]:
    """The sums that the mean Σ a / Σ b and its standard error are made of; b is 1 where it is None.

    total: Σ a, if it is known.
    """
    total = exact_total(a) if total is None else total
    if b is None:
        count = np.array([float(len(a))])
        return {
            "loss": total,
            "weight": count,
            "loss_squared": exact_total(*square(a)),
            "loss_weight": total,
            "weight_squared": count,
        }
    return {
        "loss": total,
        "weight": exact_total(b),
        "loss_squared": exact_total(*square(a)),
        "loss_weight": exact_total(*product(a, b)),
        "weight_squared": exact_total(*square(b)),
    }


def quantiles(values: Array) -> Quantiles:
    """The quantiles of values as np.quantile finds them; None where there are none."""
    found = quantiles_at(values, QUANTILES)
    return found[0], found[1], found[2]


def quantiles_at(values: Array, shares: Sequence[float]) -> list[float | None]:
    """Linear between the two values next to each share, in float64. Infinities have their place."""
    if not len(values):
        return [None] * len(shares)
    places = [share * (len(values) - 1) for share in shares]
    wanted = sorted({index for place in places for index in (math.floor(place), math.ceil(place))})
    ordered = np.partition(values, wanted)
    result: list[float | None] = []
    for place in places:
        low, high = float(ordered[math.floor(place)]), float(ordered[math.ceil(place)])
        result.append(low if low == high else low + (high - low) * (place - math.floor(place)))
    return result


def _extremes(values: Array) -> dict[str, Any]:
    if not len(values):
        return {"minimum": None, "maximum": None}
    return {"minimum": float(values.min()), "maximum": float(values.max())}


def row_weights(weight: Array | None, label_weights: Array | None) -> Array | float:
    if weight is None:
        return 1.0 if label_weights is None else label_weights
    w: Array = weight.astype(np.float64)
    return w if label_weights is None else multiply(w, label_weights)


def loss_at_zero(loss: Loss, parameters: Parameters, classes: int) -> float:
    """ℓ of a softmax loss for one label of weight 1 where all logits are 0."""
    if loss.is_cross_entropy:
        return math.log(classes)
    layout = loss.layout((1, classes), -1)
    plain = parameters._replace(class_weights=None, label_smoothing=0.0, from_logits=True, ignore_index=None)
    return float(all_losses(loss.bind(np.zeros((1, classes)), np.zeros(1, np.intp), layout, plain))[0])


def losses_of_zeros(loss: Loss, parameters: Parameters, labels: Array) -> Array:
    """ℓ of a softmax loss for rows of labels where all logits are 0, [rows]."""
    layout = loss.layout(labels.shape, -1)
    plain = parameters._replace(from_logits=True, ignore_index=None, temperature=1.0, labels_are_logits=False)
    zeros = np.zeros(labels.shape)
    bound = loss.bind(zeros, np.ascontiguousarray(labels), layout, plain)
    return all_losses(bound).astype(np.float64)


def losses_at_zero(loss: Loss, parameters: Parameters, layout: Layout) -> Array:
    """ℓ of a sigmoid loss at the logit 0 for the labels 0 and 1 of each column, [2, columns]."""
    plain = parameters._replace(label_smoothing=0.0, from_logits=True, ignore_index=None)
    shape = (2, layout.classes)
    labels = np.broadcast_to(np.array([[0.0], [1.0]]), shape).copy()
    return all_losses(loss.bind(np.zeros(shape), labels, Layout.along(shape, 1), plain))
