"""What a loss is: its entry in the catalogue, the labels it takes, its formula, and its text in other frameworks."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from numpy.typing import ArrayLike

from xent_core.checks.arguments import as_numbers, check_clip, check_per_class, check_smoothing
from xent_core.compute.bound_loss import BoundLoss
from xent_core.compute.dtypes import computation_dtype
from xent_core.compute.layout import Array, FloatType, Layout
from xent_core.compute.row_figures import RowFigure
from xent_core.errors import MissingParameter
from xent_core.labels.counts import EVERYTHING, Counts, count_elements
from xent_core.results import LabelKind, Reduction

CLIP = 1e-7
"""With from_logits=False: the smallest probability, and 1 minus the largest, unless a request says otherwise."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a loss beside logits and labels."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a loss is described."""

    title: str
    where: str


Framework = Literal["tf.losses", "tf.contrib.losses", "tf.nn", "Keras", "PyTorch", "Optax", "scikit-learn"]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A framework's name for a loss, and what its call is here.

    reduction  what its default reduction is here
    when       the calls that are meant, where its name stands for several losses
    send       other fields to send, as JSON
    remark     where the two differ
    """

    framework: Framework
    name: str
    reduction: Reduction
    when: str = ""
    send: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of a loss.

    `numpy` and `gradient_numpy` are the formulas as expressions that run, with `x` for a row of logits (sigmoid losses:
    one logit), `y` for its labels, and `C` for the number of classes. `called_for_by` names the label kinds for which
    loss_type="auto" computes this loss. `example` is a request that runs. `names_elsewhere` are the names
    by which users of frameworks know the loss: errors and docs/migration.md tell them ours.
    """

    loss_type: str
    title: str
    endpoint: str
    formula: str
    latex: str
    numpy: str
    gradient: str
    gradient_latex: str
    gradient_numpy: str
    use_when: str
    avoid_when: tuple[str, ...]
    label_form: str
    called_for_by: tuple[LabelKind, ...]
    example: dict[str, Any]
    parameters: tuple[Parameter, ...]
    stability: str
    same_as: tuple[str, ...]
    sources: tuple[Source, ...]
    names_elsewhere: tuple[Elsewhere, ...] = ()


class Parameters(NamedTuple):
    """The parameters of a loss, checked: arrays in the dtype of the computation.

    class_weights  [C]
    pos_weight     [C], or () for one number
    """

    class_weights: Array | None = None
    pos_weight: Array | None = None
    label_smoothing: float = 0.0
    ignore_index: int | None = None
    from_logits: bool = True
    clip: float = CLIP


class FrameworkText(Protocol):
    """The words of one framework, in which a loss writes its elements: see `xent_core.equivalents.writer`."""

    sum: str
    exp: str
    log: str
    clip: str
    softplus: str
    log_softmax: str

    @property
    def from_logits(self) -> bool: ...
    def named_targets(self) -> str: ...
    def log_probabilities(self) -> str: ...
    def over_classes(self, value: str) -> str: ...
    def let(self, name: str, value: str) -> str: ...
    def sigmoid_cross_entropy(self) -> str: ...
    def softmax_cross_entropy(self) -> str: ...


class Loss(ABC):
    """A loss over a batch. `xent_core.losses.LOSSES` holds one instance of each.

    A subclass of `SigmoidFamily` or `SoftmaxFamily` defines what is abstract here and there; what is left out is a
    TypeError at import.
    """

    is_elementwise: ClassVar[bool]
    """Whether there is one loss for each logit; else for each row of logits."""
    takes_class_indices: ClassVar[bool] = False
    """Whether the labels are class indices; else they have the logits' shape."""
    is_cross_entropy: ClassVar[bool] = False
    """Whether it is −Σ_c w_c · y_c · log p_c, of a softmax or of a sigmoid."""
    required: ClassVar[frozenset[str]] = frozenset()
    """The parameters that can't be left out."""
    known_to_frameworks: ClassVar[bool] = False
    """Whether frameworks have calls of their own for the whole of this loss, which `equivalents` knows."""

    def __init__(self) -> None:
        self.name = self.entry.loss_type
        self.parameter_names = frozenset(parameter.name for parameter in self.entry.parameters)

    @property
    @abstractmethod
    def entry(self) -> Entry:
        """What the catalogue says of it."""

    def takes(self, parameter: str) -> bool:
        return parameter in self.parameter_names

    @abstractmethod
    def layout(self, shape: tuple[int, ...], axis: int) -> Layout:
        """The layout of logits of this shape. Raises WrongShape, AxisOutOfRange."""

    @abstractmethod
    def check_labels_shape(self, labels: Array, layout: Layout) -> None:
        """Raises WrongShape where labels don't fit the logits."""

    @abstractmethod
    def bind(
        self,
        logits: Array,
        labels: Array,
        layout: Layout,
        parameters: Parameters,
        *,
        counts: Counts = EVERYTHING,
        labels_checked: bool = False,
        wanted: Collection[RowFigure] | None = None,
    ) -> BoundLoss:
        """The loss of checked arguments.

        counts: what does not count is not looked at; its losses and gradients are 0.
        labels_checked: the labels that count are known to be sound.
        wanted: which figures are computed of rows; None: nothing but losses.
        """

    def of(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        *,
        axis: int = -1,
        class_weights: ArrayLike | None = None,
        pos_weight: ArrayLike | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int | None = None,
        from_logits: bool = True,
        clip: float = CLIP,
    ) -> BoundLoss:
        """The loss of arguments as they were given. Raises a subclass of InvalidInput."""
        values, given = as_numbers(logits, "logits"), as_numbers(labels, "labels")
        layout = self.layout(values.shape, axis)
        for_classes = self.check_per_class(class_weights, pos_weight, layout, computation_dtype(values))
        smoothing = check_smoothing(label_smoothing)
        parameters = Parameters(*for_classes, smoothing, ignore_index, from_logits, check_clip(clip))
        self.check_labels_shape(given, layout)
        counts = count_elements(given, layout, None, ignore_index)
        return self.bind(values, given, layout, parameters, counts=counts if self.is_elementwise else counts.whole())

    def check_per_class(
        self, class_weights: ArrayLike | None, pos_weight: ArrayLike | None, layout: Layout, dtype: FloatType
    ) -> tuple[Array | None, Array | None]:
        """class_weights and pos_weight as arrays of `dtype`.

        Raises MissingParameter, NotNumeric, Ragged, Empty, WrongShape, NotANumber, Infinite.
        """
        if pos_weight is None and "pos_weight" in self.required:
            raise MissingParameter("pos_weight", f"is absent; {self.name} needs it")
        positive = None if pos_weight is None else check_per_class(pos_weight, "pos_weight", layout, dtype, scalar=True)
        if class_weights is None:
            return None, positive
        return check_per_class(class_weights, "class_weights", layout, dtype, scalar=False), positive

    @abstractmethod
    def elements(self, framework: FrameworkText) -> str:
        """The unweighted losses in the words of a framework."""


WEIGHTS = Parameter(
    "weights",
    "multiplies losses: a scalar, the samples' shape, or the elements' rank with every dimension theirs or 1",
)
IGNORE_INDEX = Parameter("ignore_index", "a label of this value costs 0 and enters no denominator")
CLIP_AT = Parameter("clip", "from_logits false: the smallest probability that is taken, and 1 minus the largest")
REDUCTION = Parameter("reduction", "none, sum, mean, weighted_mean or mean_by_nonzero_weights")
AXIS = Parameter("axis", "the class axis, the last by default")

PROBABILITIES = '"from_logits": false'
SKLEARN_CLIP = (
    "with sample_weight the reduction is weighted_mean; there probabilities are clipped at the dtype's epsilon, "
    "here at 1e-7"
)
KERAS_DEFAULT = "from_logits is false by default there; leave it out where the call has from_logits=True"

GOODFELLOW = Source("Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2", "https://www.deeplearningbook.org")

EXAMPLE_LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
