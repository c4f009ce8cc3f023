"""The cross-entropy family on NumPy: losses, gradients, reductions, and advice on which loss a batch calls for.

The contract of every function here:

- Shapes. Logits of softmax losses are `[d0 … dn, C]` with the classes on `axis`; those of sigmoid losses have any
  shape. A loss function returns one value per element, before any averaging: one per row for softmax losses, one per
  logit for sigmoid losses. Nothing broadcasts but scalars and, by a strict rule, weights.
- Units. Losses are in nats.
- Dtypes. Logits of float16, bfloat16 and float32 are computed and returned in float32, all others in float64.
  Reductions accumulate in float64.
- Memory. Work goes block by block; beyond its result a loss takes less than 8 MiB, however large the batch, if its
  arrays are C-contiguous. A row is not split where it is converted, smoothed, weighted by class or made of
  probabilities: with more than 100 000 classes that takes several copies of one row.
- Errors. Whatever can't be computed with raises a subclass of `InvalidInput`, which is a ValueError, and says where
  it stands. NaN is neither accepted nor returned, and nothing is repaired in silence.

`evaluate` does all of it for one batch, and `recommend` all but the computing. Importing this package starts
nothing and needs NumPy only.
"""

from xent_core.calibration import merge_calibrations
from xent_core.compare import compare
from xent_core.comparison import merge_comparisons
from xent_core.compute.reduction import merge
from xent_core.errors import (
    AxisOutOfRange,
    Empty,
    InexactLabels,
    Infinite,
    InvalidInput,
    LabelNotWhole,
    LabelOutOfRange,
    MaskedRow,
    MissingParameter,
    NotANumber,
    NotAProbability,
    NotNumeric,
    NotOneHot,
    ParameterOutOfRange,
    Ragged,
    UnclearLabels,
    UndefinedLoss,
    UnexpectedParameter,
    WrongShape,
)
from xent_core.evaluate import evaluate, recommend
from xent_core.losses.generalized import generalized_cross_entropy, generalized_cross_entropy_gradient
from xent_core.losses.kl_divergence import kl_divergence, kl_divergence_gradient
from xent_core.losses.poly import poly_cross_entropy, poly_cross_entropy_gradient
from xent_core.losses.sigmoid import sigmoid_cross_entropy, sigmoid_cross_entropy_gradient
from xent_core.losses.sigmoid_focal import sigmoid_focal_cross_entropy, sigmoid_focal_cross_entropy_gradient
from xent_core.losses.softmax import softmax_cross_entropy, softmax_cross_entropy_gradient
from xent_core.losses.softmax_focal import softmax_focal_cross_entropy, softmax_focal_cross_entropy_gradient
from xent_core.losses.sparse_softmax import sparse_softmax_cross_entropy, sparse_softmax_cross_entropy_gradient
from xent_core.losses.sparse_softmax_focal import (
    sparse_softmax_focal_cross_entropy,
    sparse_softmax_focal_cross_entropy_gradient,
)
from xent_core.losses.weighted import weighted_cross_entropy, weighted_cross_entropy_gradient
from xent_core.results import Advice, Calibration, Comparison, Evaluation, Reduced, Summary
from xent_core.summary import merge_summaries

__all__ = [
    "Advice",
    "AxisOutOfRange",
    "Calibration",
    "Comparison",
    "Empty",
    "Evaluation",
    "InexactLabels",
    "Infinite",
    "InvalidInput",
    "LabelNotWhole",
    "LabelOutOfRange",
    "MaskedRow",
    "MissingParameter",
    "NotANumber",
    "NotAProbability",
    "NotNumeric",
    "NotOneHot",
    "ParameterOutOfRange",
    "Ragged",
    "Reduced",
    "Summary",
    "UnclearLabels",
    "UndefinedLoss",
    "UnexpectedParameter",
    "WrongShape",
    "compare",
    "evaluate",
    "generalized_cross_entropy",
    "generalized_cross_entropy_gradient",
    "kl_divergence",
    "kl_divergence_gradient",
    "merge",
    "merge_calibrations",
    "merge_comparisons",
    "merge_summaries",
    "poly_cross_entropy",
    "poly_cross_entropy_gradient",
    "recommend",
    "sigmoid_cross_entropy",
    "sigmoid_cross_entropy_gradient",
    "sigmoid_focal_cross_entropy",
    "sigmoid_focal_cross_entropy_gradient",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
    "softmax_focal_cross_entropy",
    "softmax_focal_cross_entropy_gradient",
    "sparse_softmax_cross_entropy",
    "sparse_softmax_cross_entropy_gradient",
    "sparse_softmax_focal_cross_entropy",
    "sparse_softmax_focal_cross_entropy_gradient",
    "weighted_cross_entropy",
    "weighted_cross_entropy_gradient",
]
