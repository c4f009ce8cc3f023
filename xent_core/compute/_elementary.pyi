import numpy as np

from xent_core.compute.layout import Array

exp: np.ufunc
log1p: np.ufunc

def add_row_sums(
    logits: Array,
    labels: Array,
    sums: Array,
    dots: Array | None,
    squares: Array | None,
    largest: Array | None,
    ranks: Array | None,
    kept: Array | None,
    /,
) -> None:
    """Add to `sums` and to what else is not None, for each row of logits: see _elementary.c.

    logits: C-contiguous float32 or float64, [rows, classes]. labels: contiguous intp, [rows]. kept: of the logits'
    shape and dtype. All others: float64, ranks int64, [rows], zeros to begin with. Raises TypeError where they are not,
    IndexError for a label out of range.
    """

def write_losses(
    logits: Array, labels: Array, low: float, high: float, sums: Array, label_logits: Array, losses: Array, /
) -> bool:
    """Write each row's label's logit x_y and log1p(sum · exp(−x_y)), float64 [rows]. Raises the same.

    Returns whether all losses are below infinity, all sums at least `low`, and all x_y at most `high`.
    """

def write_shifted_losses(logits: Array, labels: Array, chosen: Array, losses: Array, /) -> None:
    """Write log1p(Σ_{j≠y} exp(x_j − x_y)) of sound rows of any logits, where `chosen`, bool [rows]. Raises the same."""

def add_target_sums(logits: Array, targets: Array, sums: Array, target_sums: Array, target_dots: Array, /) -> None:
    """Add each row's Σ exp(x_c), Σ y_c and Σ y_c · x_c to float64 [rows].

    logits x and targets y: C-contiguous, of one shape [rows, classes] and dtype, float32 or float64. The last two sums
    are taken in float64. Raises TypeError where the arrays are not of these kinds.
    """

def write_class_terms(logits: Array, negative_log_p: Array, p: Array | None, rest: Array, /) -> bool:
    """Write −log p, p and 1 − p of each class, in the logits' shape and dtype. Raises the same.

    Returns whether all rows are sound: none holds NaN or +inf, and none is −inf throughout.
    """
