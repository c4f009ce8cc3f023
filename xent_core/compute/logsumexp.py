"""Stable logarithms of sums of exponentials, over one block: a matrix [rows, classes] of logits.

The fast way takes exp(x) as it is, with no search for a row's maximum. It serves every row whose sum of exponentials
stays far from overflow and underflow. The rows that it does not serve are shifted by their maximum first: huge logits,
and predictions so confident that the other classes' exponentials vanish. Which these are can be read off the sums,
NaN and +inf among them, so sound input is never searched for unsound values.

What is one number for each row is computed in float64: it costs little, and there the exponential of any sensible
logit is an ordinary number.
"""

from collections.abc import Callable
from types import ModuleType

import numpy as np

from xent_core.compute.elementary import exp, fused, log1p
from xent_core.compute.layout import Array, column_tiles, row_sums, row_tiles, shaped
from xent_core.compute.row_figures import Moments

# Sums of exponentials in this range have lost nothing to overflow or underflow, with up to 1e7 classes.
SAFE_SUMS = {np.dtype(np.float32): (1e-24, 1e38), np.dtype(np.float64): (1e-290, 1e300)}
# Within these sums, every probability above 1e-30 is the quotient of ordinary numbers.
PLAIN_SUMS = (1e-4, 1e30)
# exp(−x) of a label's logit in this range is an ordinary float64.
SAFE_LABEL_LOGIT = 600.0
NO_FIGURES = (None,) * 5

CheckBlock = Callable[[], None]
"""Called before suspicious rows are computed. Raises where the block holds a value that is no logit."""


def index_losses(
    logits: Array, indices: Array, buffer: Array, check: CheckBlock, moments: Moments | None = None
) -> Array:
    """ℓ = log1p(Σ_{j≠y} exp(x_j − x_y)) for each row, float64 [rows].

    moments: is given the exponentials.

    With the label's own term left out there is no cancellation: a tiny loss keeps its relative accuracy, and no loss
    is negative. The loss of a masked label is +inf, also where its whole row is masked.
    """
    compiled = _compiled_for(logits)
    if compiled is not None:
        label_logits, others, losses, all_safe = _fused_losses(compiled, logits, indices, moments)
    else:
        label_logits, others = _split_sums_of_exponentials(logits, indices, buffer, moments)
        losses = log1p(others * exp(-label_logits))
        all_safe = _all_safe(label_logits, others, losses, logits)
    if moments is not None:
        moments.sums = others + exp(label_logits)
    if not all_safe:
        safe = _safe(others, logits) & (np.abs(label_logits) <= SAFE_LABEL_LOGIT) & np.isfinite(losses)
        check()
        if moments is not None:
            moments.unsafe = ~safe if moments.unsafe is None else moments.unsafe | ~safe
        _write_shifted_losses(logits, indices, ~safe, buffer, losses)
    return losses


def _compiled_for(*matrices: Array) -> ModuleType | None:
    """The compiled functions of rows, if there are any and they can read these matrices."""
    return fused if all(matrix.flags.c_contiguous for matrix in matrices) else None


def _fused_losses(
    compiled: ModuleType, logits: Array, indices: Array, moments: Moments | None
) -> tuple[Array, Array, Array, bool]:
    """x_y, Σ_{j≠y} exp(x_j) and the loss of each row, and whether no row needs a second look."""
    label_logits, others, losses = np.empty(len(logits)), np.zeros(len(logits)), np.empty(len(logits))
    figures = NO_FIGURES if moments is None else moments.sums_to_add()
    indices = np.ascontiguousarray(indices)
    compiled.add_row_sums(logits, indices, others, *figures)
    low, _ = SAFE_SUMS[logits.dtype]
    all_safe = compiled.write_losses(logits, indices, low, SAFE_LABEL_LOGIT, others, label_logits, losses)
    return label_logits, others, losses, all_safe


def _all_safe(label_logits: Array, others: Array, losses: Array, logits: Array) -> bool:
    """Whether no row needs a second look: what overflowed led to an infinite loss, and a NaN compares as false."""
    low, _ = SAFE_SUMS[logits.dtype]
    return bool(
        np.maximum.reduce(losses) < np.inf
        and np.minimum.reduce(others) >= low
        and np.maximum.reduce(label_logits) <= SAFE_LABEL_LOGIT
    )


def _rows(matrix: Array, rows: Array) -> Array:
    """These rows of a matrix, in ascending order; without copying them where they are neighbours."""
    if rows[-1] - rows[0] == len(rows) - 1:
        return matrix[rows[0] : rows[-1] + 1]
    return matrix[rows]


def log1p_exp(x: Array, out: Array, exponentials: Array) -> Array:
    """log(1 + exp(−|x|)) into `out`, and exp(−|x|) into `exponentials`."""
    np.abs(x, out=exponentials)
    np.negative(exponentials, out=exponentials)
    exp(exponentials, out=exponentials)
    log1p(exponentials, out=out)
    return out


def sigmoid(x: Array, out: Array) -> None:
    """1 / (1 + exp(−x)), exact to the last digits on both sides of 0."""
    shrunk = exp(-np.abs(x))
    np.divide(np.where(x < 0, shrunk, 1), 1 + shrunk, out=out)


def _write_shifted_losses(logits: Array, indices: Array, chosen: Array, buffer: Array, losses: Array) -> None:
    compiled = _compiled_for(logits)
    if compiled is not None:
        compiled.write_shifted_losses(logits, np.ascontiguousarray(indices), chosen, losses)
        return
    rest = np.flatnonzero(chosen)
    for tile in row_tiles(len(rest), 4 * logits.shape[1]):
        some = rest[tile]
        losses[some] = _shifted_index_losses(_rows(logits, some), indices[some], buffer)


def _shifted_index_losses(logits: Array, indices: Array, buffer: Array) -> Array:
    at_labels = np.arange(0, logits.size, logits.shape[1]) + indices
    label_logits = logits.reshape(-1)[at_labels].astype(np.float64)
    largest, others = _shifted_sums_of_exponentials(logits, buffer, at_labels)
    behind = largest - label_logits
    # Whichever leads, the label or the largest other class, the exponential taken is that of a negative number.
    losses: Array = np.where(
        behind <= 0,
        log1p(others * exp(np.minimum(behind, 0))),
        behind + np.log(others + exp(-np.maximum(behind, 0))),
    )
    losses[others == 0] = 0
    losses[np.isneginf(label_logits)] = np.inf
    return losses


def distribution_losses(logits: Array, labels: Array, buffer: Array, check: CheckBlock) -> Array:
    """ℓ = Σ_c y_c · (log Σ_j exp(x_j) − x_c) for each row, float64 [rows]; 0 · ∞ is 0.

    Labels are float, and need be neither positive nor of sum 1: class weights may be inside. NaN where the row is
    masked whole, or the terms are infinite with both signs.
    """
    compiled = _compiled_for(logits, labels)
    if compiled is not None:
        sums, label_sum, label_dot_logits = np.zeros((3, len(logits)))
        compiled.add_target_sums(logits, labels, sums, label_sum, label_dot_logits)
    else:
        sums = _sums_of_exponentials(logits, buffer)
        label_sum, label_dot_logits = _label_moments(logits, labels)
    losses: Array = label_sum * np.log(sums) - label_dot_logits
    safe = _safe(sums, logits) & np.isfinite(losses)
    if not safe.all():
        rest = np.flatnonzero(~safe)
        check()
        for tile in row_tiles(len(rest), 4 * logits.shape[1]):
            some = rest[tile]
            losses[some] = _shifted_distribution_losses(_rows(logits, some), _rows(labels, some), buffer)
    return losses


def _label_moments(logits: Array, labels: Array) -> tuple[Array, Array]:
    """Σ y_c and Σ y_c · x_c for each row, in float64: float32 would lose digits where logits are large."""
    label_sum, label_dot_logits = np.zeros(len(logits)), np.zeros(len(logits))
    for rows in row_tiles(*logits.shape):
        for columns in column_tiles(logits.shape[1]):
            y = labels[rows, columns].astype(np.float64, copy=False)
            label_sum[rows] += row_sums(y)
            label_dot_logits[rows] += np.vecdot(y, logits[rows, columns].astype(np.float64, copy=False))
    return label_sum, label_dot_logits


def _shifted_distribution_losses(logits: Array, labels: Array, buffer: Array) -> Array:
    """distribution_losses class by class: a label of 0 costs nothing, also at a class of −inf."""
    largest, sums = _shifted_sums_of_exponentials(logits, buffer)
    total = np.zeros(len(logits))
    for columns in column_tiles(logits.shape[1]):
        y = labels[:, columns].astype(np.float64)
        negative_log_prob = np.log(sums)[:, None] - (logits[:, columns] - largest[:, None])
        total += row_sums(np.where(y == 0, 0, y * negative_log_prob))
    return total


def softmax_rows(logits: Array, out: Array) -> None:
    """exp(x) / Σ exp(x) into `out`; a row masked whole gives zeros. The logits are sound already."""
    exp(logits, out=out)
    sums = row_sums(out)
    low, high = PLAIN_SUMS
    safe = (sums >= low) & (sums <= high)
    if not safe.all():
        rest = ~safe
        given = logits[rest].astype(np.float64)
        largest = given.max(axis=1, keepdims=True)
        shifted = exp(given - np.where(np.isfinite(largest), largest, 0))
        out[rest] = shifted
        sums[rest] = row_sums(shifted)
        sums[sums == 0] = 1
    out /= sums[:, None]


def class_terms(logits: Array, check: CheckBlock) -> tuple[Array, Array, Array]:
    """−log p, p and 1 − p of each class, in the logits' shape and dtype, p being the softmax of each row.

    Each keeps its relative accuracy, since nothing is taken from 1 but p up to 1/2: the class with the largest logit
    is left out of the sum of exponentials, S, so that its −log p is log1p(S), and its 1 − p is S / (1 + S).
    """
    negative_log_p, p, rest = (np.empty(logits.shape, logits.dtype) for _ in range(3))
    _write_terms(logits, check, negative_log_p, p, rest)
    return negative_log_p, p, rest


def loss_terms(logits: Array, check: CheckBlock, buffer: Array) -> tuple[Array, Array]:
    """−log p and 1 − p likewise, which is less work; in the buffer, if it has room for both."""
    room = buffer if buffer.size >= 2 * logits.size else np.empty(2 * logits.size, logits.dtype)
    negative_log_p, rest = shaped(room, logits.shape), shaped(room[logits.size :], logits.shape)
    _write_terms(logits, check, negative_log_p, None, rest)
    return negative_log_p, rest


def _write_terms(logits: Array, check: CheckBlock, negative_log_p: Array, p: Array | None, rest: Array) -> None:
    compiled = _compiled_for(logits)
    if compiled is not None:
        if not compiled.write_class_terms(logits, negative_log_p, p, rest):
            check()
        return
    at_largest = np.arange(0, logits.size, logits.shape[1]) + logits.argmax(axis=1)
    largest = logits.reshape(-1)[at_largest]
    # argmax gives the first NaN; so this shows every value that is no logit, and a row masked whole.
    if not np.isfinite(largest).all():
        check()
    below = np.subtract(logits, largest[:, None], out=negative_log_p)
    exponentials = exp(below, out=rest)
    exponentials.reshape(-1)[at_largest] = 0
    others = row_sums(exponentials)
    np.subtract(log1p(others)[:, None], below, out=negative_log_p)
    if p is None:
        rest *= (1 / (1 + others))[:, None]
        np.subtract(1, rest, out=rest)
    else:
        np.divide(exponentials, (1 + others)[:, None], out=p)
        np.subtract(1, p, out=rest)
        p.reshape(-1)[at_largest] = 1 / (1 + others)
    rest.reshape(-1)[at_largest] = others / (1 + others)


def _sums_of_exponentials(logits: Array, buffer: Array) -> Array:
    """Σ exp(x_j) for each row, float64."""
    count, classes = logits.shape
    total = np.zeros(count)
    for rows in row_tiles(count, classes, buffer.size):
        for columns in column_tiles(classes, buffer.size):
            given = logits[rows, columns]
            total[rows] += row_sums(exp(given, out=shaped(buffer, given.shape)))
    return total


def _split_sums_of_exponentials(
    logits: Array, indices: Array, buffer: Array, moments: Moments | None
) -> tuple[Array, Array]:
    """x_y and Σ_{j≠y} exp(x_j) for each row, float64."""
    count, classes = logits.shape
    if classes > buffer.size:
        if moments is not None:
            moments.unsafe = np.ones(count, bool)
        return _split_sums_of_long_rows(logits, indices, buffer)
    starts = np.arange(0, min(logits.size, buffer.size), classes)
    if logits.size <= buffer.size and moments is None:
        return _split_sums_of_tile(logits, starts + indices, buffer)
    label_logits, others = np.empty(count), np.empty(count)
    for rows in row_tiles(count, classes, buffer.size):
        tile = logits[rows]
        room = buffer if moments is None else moments.room(rows, buffer)
        label_logits[rows], others[rows] = _split_sums_of_tile(tile, starts[: len(tile)] + indices[rows], room)
        if moments is not None:
            moments.add(rows, tile, shaped(room, tile.shape))
    return label_logits, others


def _split_sums_of_tile(logits: Array, at_labels: Array, buffer: Array) -> tuple[Array, Array]:
    part = exp(logits, out=shaped(buffer, logits.shape))
    buffer[at_labels] = 0
    return logits.reshape(-1)[at_labels].astype(np.float64), row_sums(part).astype(np.float64)


def _split_sums_of_long_rows(logits: Array, indices: Array, buffer: Array) -> tuple[Array, Array]:
    others = np.zeros(len(logits))
    for row, index in enumerate(indices):
        for columns in column_tiles(logits.shape[1], buffer.size):
            part = exp(logits[row, columns], out=buffer[: columns.stop - columns.start])
            if columns.start <= index < columns.stop:
                part[index - columns.start] = 0
            others[row] += row_sums(part[None])[0]
    return logits[np.arange(len(logits)), indices].astype(np.float64), others


def _shifted_sums_of_exponentials(logits: Array, buffer: Array, leave_out: Array | None = None) -> tuple[Array, Array]:
    """The largest logit (0 where all are −inf) and Σ exp(x_j − largest) for each row of one tile, float64."""
    count, classes = logits.shape
    largest = np.full((count, 1), -np.inf, logits.dtype)
    for columns in column_tiles(classes, buffer.size):
        part = shaped(buffer, logits[:, columns].shape)
        part[...] = logits[:, columns]
        if leave_out is not None:
            _put(part, columns, leave_out, -np.inf)
        np.maximum(largest, part.max(axis=1, keepdims=True), out=largest)
    largest[np.isneginf(largest)] = 0
    sums = np.zeros(count)
    for columns in column_tiles(classes, buffer.size):
        part = np.subtract(logits[:, columns], largest, out=shaped(buffer, logits[:, columns].shape))
        exp(part, out=part)
        if leave_out is not None:
            _put(part, columns, leave_out, 0)
        sums += row_sums(part)
    return largest[:, 0].astype(np.float64), sums


def _put(part: Array, columns: slice, positions: Array, value: float) -> None:
    """Write at flat positions of the tile of which `part` is the tile `columns`; only a single row has several."""
    if len(part) > 1:
        part.reshape(-1)[positions] = value
    elif columns.start <= positions[0] < columns.stop:
        part[0, positions[0] - columns.start] = value


def _safe(sums: Array, logits: Array) -> Array:
    low, high = SAFE_SUMS[logits.dtype]
    safe: Array = (sums >= low) & (sums <= high)
    return safe
