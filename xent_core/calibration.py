"""Calibration of the predicted probabilities: figures that follow from exact sums over bins."""

from collections.abc import Iterable, Sequence

import numpy as np

from xent_core.compute.exact_sums import canonical, canonical_number
from xent_core.compute.layout import Array
from xent_core.errors import ParameterOutOfRange
from xent_core.results import Calibration, CalibrationSums, FittedTemperature

BINS = 15
EDGES = np.linspace(0.0, 1.0, BINS + 1)
LOWER_EDGES = np.array([-1.0, *EDGES[1:-1]])


def bins_of(confidence: Array) -> Array:
    """The bin of each probability, [n]: that whose lower edge it is above, and 0 of 0.

    >>> bins_of(np.array([0.0, 1 / 15, 0.07, 1.0])).tolist()
    [0, 0, 1, 14]
    """
    # By the width of bins, and then by the edges: a fifth of the time of a search among these.
    bins = (confidence * BINS).astype(np.intp)
    np.clip(bins, 0, BINS - 1, out=bins)
    bins -= confidence <= LOWER_EDGES[bins]
    return bins


def merge_calibrations(parts: Iterable[Calibration]) -> Calibration:
    """The calibration of a whole from those of its batches: all but the fitted temperature exactly that of the whole.

    parts: at least one, of losses of one family. Raises ParameterOutOfRange where there is none.

    >>> from xent_core import evaluate
    >>> batches = [([[2.0, 0.5, 1.0]], [1]), ([[0.1, 1.0, 3.0]], [2])]
    >>> parts = [evaluate(*batch, include=["calibration"]).calibration for batch in batches]
    >>> round(merge_calibrations(parts).brier_score, 6)
    0.614166
    """
    collected = [part.sums for part in parts]
    if not collected:
        raise ParameterOutOfRange("parts", "is empty; at least one calibration was expected")
    return calibration_of(merge_calibration_sums(collected))


def merge_calibration_sums(parts: Sequence[CalibrationSums]) -> CalibrationSums:
    """The sums of a whole from those of its batches, at least one."""
    return CalibrationSums(
        counted=sum(part.counted for part in parts),
        count=np.sum([part.count for part in parts], axis=0),
        confidence=canonical([component for part in parts for component in part.confidence]),
        hits=canonical([component for part in parts for component in part.hits]),
        brier=canonical_number([component for part in parts for component in part.brier.tolist()]),
    )


def calibration_of(sums: CalibrationSums, fitted: FittedTemperature | None = None) -> Calibration:
    """The figures that follow from sums."""
    counted, in_bin = sums.counted, np.maximum(sums.count, 1)
    gaps = np.abs(sums.confidence[0] - sums.hits[0])
    return Calibration(
        expected_error=float(gaps.sum()) / counted if counted else None,
        brier_score=float(sums.brier[0]) / counted if counted else None,
        edges=EDGES,
        count=sums.count,
        mean_confidence=sums.confidence[0] / in_bin,
        accuracy=sums.hits[0] / in_bin,
        fitted=fitted,
        sums=sums,
    )
