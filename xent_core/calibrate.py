"""Collects the sums of a calibration from the blocks of one batch, and fits the temperature."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from xent_core.calibration import BINS, bins_of, calibration_of
from xent_core.compute.bound_loss import BlockResult, BoundLoss
from xent_core.compute.elementary import exp
from xent_core.compute.exact_sums import add_parts, canonical, canonical_number, exact_group_sums, exact_total
from xent_core.compute.layout import Array, Block, row_sums, row_tiles
from xent_core.compute.logsumexp import sigmoid
from xent_core.compute.reduction import multiply
from xent_core.labels.counts import selected
from xent_core.labels.onehot import one_hot_rows
from xent_core.prepare import PreparedBatch
from xent_core.results import Calibration, CalibrationSums, FittedTemperature

LEAST_TEMPERATURE, LARGEST_TEMPERATURE = 0.01, 100.0
"""Where the loss falls on beyond, the fitted temperature is one of these; it may end before where the loss is 0."""
MAX_PASSES = 50
# Rows of several blocks are counted together: an exact sum of 8000 numbers takes about as long as one of 50,000.
COUNTED_AT_ONCE = 1 << 16

Slopes = Callable[[float], tuple[float, float, float]]
"""From an inverse temperature β to Σ w·ℓ and its first and second derivatives by β."""


class CalibrationCollector:
    """The calibration of a batch. fit: whether to fit the temperature."""

    def __init__(self, batch: PreparedBatch, bound: BoundLoss, *, fit: bool) -> None:
        self.batch, self.bound, self.fit = batch, bound, fit
        self.count = np.zeros(BINS, np.int64)
        self.confidence: list[Array] = [np.zeros(BINS)]
        self.hits: list[Array] = [np.zeros(BINS)]
        self.brier: list[float] = [0.0]
        largest = max((block.rows.stop - block.rows.start for block in bound.blocks), default=0)
        held = 0 if batch.loss.is_elementwise else min(bound.layout.rows, max(largest, COUNTED_AT_ONCE))
        # Of rows that are not counted yet: confidence and squares, and whether the prediction is right.
        self.held, self.held_right, self.number_held = np.empty((2, held)), np.empty(held, np.bool_), 0
        rows = 0 if batch.loss.is_elementwise or not fit else bound.layout.rows
        # Of each row Σ_c t_c and Σ_c t_c · x_c, t its labels as the loss has them and times the weight.
        self.label_sum, self.label_dot = np.zeros(rows), np.zeros(rows)

    def add(self, block: Block, result: BlockResult, _losses: Array, weight: Array | None, /) -> None:
        if self.batch.loss.is_elementwise:
            self._add_logits(block, result)
        else:
            self._add_rows(block, result, weight)

    def _add_rows(self, block: Block, result: BlockResult, weight: Array | None) -> None:
        figures, counting = result.figures, self.batch.counts.rows(block)
        ranks = figures["top_rank"] if "top_rank" in figures else figures["label_rank"]
        squares = figures["squares"]
        if result.soft is not None:
            probabilities = np.empty(block.shape, self.bound.dtype)
            result.probabilities(probabilities)
            away = probabilities.astype(np.float64) - result.soft
            # One-hot rows have what they would have beside others of their kind, as class indices.
            soft = result.soft.astype(self.bound.dtype, copy=False)
            one_hot, _ = one_hot_rows(soft)
            own, squares = squares[one_hot], np.vecdot(away, away)
            squares[one_hot] = own
        self._hold(figures["confidence"], ranks == 0, squares, counting)
        if self.fit:
            self._add_dots(block, result, weight)

    def _add_dots(self, block: Block, result: BlockResult, weight: Array | None) -> None:
        """Add what the temperature is fitted with."""
        labels, counting = result.labels, self.batch.counts.rows(block)
        logits = self.bound.read(block)
        every = np.arange(len(labels))
        if result.target is None:
            sums = np.ones(len(labels)) if result.label_weights is None else result.label_weights.astype(np.float64)
            dots = multiply(logits[every, labels].astype(np.float64), sums)
        else:
            target = result.target.astype(np.float64)
            sums, dots = row_sums(target), row_sums(multiply(logits.astype(np.float64), target))
        if weight is not None:
            w = weight.astype(np.float64)
            sums, dots = sums * w, multiply(dots, np.broadcast_to(w, dots.shape))
        if counting is not None:
            sums, dots = np.where(counting, sums, 0), np.where(counting, dots, 0)
        self.label_sum[block.rows], self.label_dot[block.rows] = sums, dots

    def _add_logits(self, block: Block, result: BlockResult) -> None:
        counting = self.batch.counts.logits(block)
        probabilities = np.empty(block.shape, self.bound.dtype)
        sigmoid(self.bound.read(block), probabilities)
        labels = np.broadcast_to(result.labels, block.shape).astype(np.float64)
        away = probabilities.astype(np.float64) - labels
        keep = None if counting is None else counting.reshape(-1)
        arrays = probabilities.astype(np.float64), labels, away * away
        self._count(*[selected(keep, each.reshape(-1)) for each in arrays])

    def _hold(self, confidence: Array, right: Array, squares: Array, counting: Array | None) -> None:
        """Keep what is of a block, whose arrays are good until the next one."""
        confidence, right, squares = (selected(counting, each) for each in (confidence, right, squares))
        if len(right) > len(self.held_right) - self.number_held:
            self._count_held()
        place = slice(self.number_held, self.number_held + len(right))
        self.held[0, place], self.held[1, place], self.held_right[place] = confidence, squares, right
        self.number_held = place.stop

    def _count_held(self) -> None:
        confidence, squares = self.held[:, : self.number_held]
        self._count(confidence, self.held_right[: self.number_held], squares)
        self.number_held = 0

    def _count(self, confidence: Array, right: Array, squares: Array) -> None:
        bins = bins_of(confidence)
        self.count += np.bincount(bins, minlength=BINS)
        add_parts(self.confidence, exact_group_sums(confidence, bins, BINS))
        # Ones and zeros are not rounded.
        hits = np.bincount(bins, right, BINS)[None] if right.dtype == np.bool_ else exact_group_sums(right, bins, BINS)
        add_parts(self.hits, hits)
        self.brier.extend(exact_total(squares).tolist())

    def finish(self, denominator: float) -> Calibration:
        """denominator: Σ v, by which losses are divided."""
        if self.number_held:
            self._count_held()
        sums = CalibrationSums(
            counted=int(self.count.sum()),
            count=self.count,
            confidence=canonical(self.confidence),
            hits=canonical(self.hits),
            brier=canonical_number(self.brier),
        )
        known = self.fit and self.batch.loss.is_cross_entropy and sums.counted and denominator > 0
        slopes = self._slopes_of_logits if self.batch.loss.is_elementwise else self._slopes_of_rows
        fitted = fit_temperature(slopes, denominator) if known else None
        if fitted is not None:
            # As the request's parameter, by which these logits are divided already.
            fitted = replace(fitted, temperature=fitted.temperature * self.batch.parameters.temperature)
        return calibration_of(sums, fitted)

    def _slopes_of_rows(self, beta: float) -> tuple[float, float, float]:
        """Σ t·log Σ exp(β x) − β·dot over rows, which is Σ w·ℓ."""
        loss = slope = curvature = 0.0
        for logits, rows in self._tiles():
            t, dots = self.label_sum[rows], self.label_dot[rows]
            largest = logits.max(axis=1).astype(np.float64)
            largest[np.isneginf(largest)] = 0
            below = logits - largest[:, None]
            exponentials = exp(beta * below)
            below[exponentials == 0] = 0
            sums = row_sums(exponentials)
            first = np.vecdot(exponentials, below) / sums
            second = np.vecdot(exponentials, below * below) / sums
            loss += float((t * (np.log(sums) + beta * largest) - beta * dots).sum())
            slope += float((t * (first + largest) - dots).sum())
            curvature += float((t * (second - first * first)).sum())
        return loss, slope, curvature

    def _tiles(self) -> Iterator[tuple[Array, slice]]:
        for block in self.bound.blocks:
            logits = self.bound.read(block)
            for tile in row_tiles(*block.shape):
                part = logits[tile].astype(np.float64)
                yield part, slice(block.rows.start + tile.start, block.rows.start + tile.stop)

    def _slopes_of_logits(self, beta: float) -> tuple[float, float, float]:
        """Σ positive·log(1 + exp(−β x)) + negative·log(1 + exp(β x)) over logits."""
        loss = slope = curvature = 0.0
        for logits, positive, negative in self._masses():
            scaled = beta * logits
            p, opposite = np.empty_like(scaled), np.empty_like(scaled)
            sigmoid(scaled, p)
            sigmoid(-scaled, opposite)
            loss += float(
                (multiply(np.logaddexp(0, -scaled), positive) + multiply(np.logaddexp(0, scaled), negative)).sum()
            )
            x = np.where(np.isfinite(logits), logits, 0)
            slope += float((x * (negative * p - positive * opposite)).sum())
            curvature += float((x * x * (positive + negative) * p * opposite).sum())
        return loss, slope, curvature

    def _masses(self) -> Iterator[tuple[Array, Array, Array]]:
        """The logits of each block, and what their losses' positive and negative terms are multiplied by."""
        batch, weights = self.batch, self.batch.weights
        smoothing, by_class = batch.parameters.label_smoothing, batch.parameters.pos_weight
        for block in self.bound.blocks:
            labels = self.bound.compute(block, None).labels
            z = np.broadcast_to(labels, block.shape).astype(np.float64) * (1 - smoothing) + smoothing / 2
            counting = batch.counts.logits(block)
            w = np.ones(block.shape) if weights is None else np.broadcast_to(weights.of(block), block.shape)
            w = w.astype(np.float64) if counting is None else np.where(counting, w, 0).astype(np.float64)
            factor: Array | float = 1.0
            if by_class is not None:
                factor = (by_class[block.columns] if by_class.ndim else by_class).astype(np.float64)
            logits = self.bound.read(block).astype(np.float64)
            yield logits, w * z * factor, w * (1 - z)


def fit_temperature(slopes: Slopes, denominator: float) -> FittedTemperature | None:
    """The temperature between 0.01 and 100 with the least loss, by Newton's method; None where losses are infinite.

    The loss is convex in β = 1 / T, so the root of its slope is kept between two bounds.
    """
    low, high = 1 / LARGEST_TEMPERATURE, 1 / LEAST_TEMPERATURE
    limits = {low, high}
    beta = 1.0
    before, slope, curvature = slopes(beta)
    if not all(map(math.isfinite, (before, slope, curvature))):
        return None
    loss = before
    for _ in range(MAX_PASSES):
        low, high = (low, beta) if slope > 0 else (beta, high)
        step = beta - slope / curvature if curvature > 0 else beta
        following = min(max(step, low), high)
        if following in (low, high):
            following = following if following in limits else math.sqrt(low * high)
        if slope == 0 or abs(following - beta) <= 1e-7 * beta:
            break
        beta = following
        loss, slope, curvature = slopes(beta)
    return FittedTemperature(1 / beta, before / denominator, loss / denominator)
