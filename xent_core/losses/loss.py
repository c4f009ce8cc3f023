"""What a loss is: its entry in the catalogue, the labels it takes, its formula, and its text in other frameworks."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from numpy.typing import ArrayLike

from xent_core.checks.arguments import (
    as_numbers,
    check_alpha,
    check_clip,
    check_epsilon,
    check_gamma,
    check_per_class,
    check_q,
    check_smoothing,
    check_temperature,
)
from xent_core.compute.bound_loss import BoundLoss
from xent_core.compute.dtypes import computation_dtype
from xent_core.compute.layout import Array, Block, FloatType, Layout
from xent_core.compute.row_figures import RowFigure
from xent_core.errors import MissingParameter, UnexpectedParameter
from xent_core.labels.counts import EVERYTHING, Counts, count_elements
from xent_core.results import LabelKind, Reduction

CLIP = 1e-7
"""With from_logits=False: the smallest probability, and 1 minus the largest, unless a request says otherwise."""
GAMMA, Q, EPSILON = 2.0, 0.5, 2.0
"""What a loss with such a parameter takes where none is given."""


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
    temperature: float = 1.0
    gamma: float = GAMMA
    alpha: float | None = None
    q: float = Q
    epsilon: float = EPSILON
    labels_are_logits: bool = False


class FrameworkText(Protocol):
    """The words of one framework, in which a loss writes its elements: see `xent_core.equivalents.writer`."""

    name: str
    sum: str
    exp: str
    log: str
    clip: str
    softplus: str
    sigmoid: str
    log_softmax: str
    softmax: str
    axis_word: str
    axis: int
    axis_argument: str

    @property
    def from_logits(self) -> bool: ...
    @property
    def parameters(self) -> Parameters: ...
    @property
    def class_weights_inside(self) -> bool: ...
    @property
    def logs_of_zero(self) -> bool: ...
    def targets(self) -> str: ...
    def named_targets(self) -> str: ...
    def indices(self) -> str: ...
    def probabilities(self) -> str: ...
    def log_probabilities(self) -> str: ...
    def clipped(self, probabilities: str) -> str: ...
    def times_log(self, factor: str, value: str) -> str: ...
    def weighted_targets(self) -> str: ...
    def over_classes(self, value: str) -> str: ...
    def over_targets(self, value: str) -> str: ...
    def zero_unless(self, condition: str, value: str) -> str: ...
    def is_positive(self, value: str) -> str: ...
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

    def refuse_ignored_rows(self, labels: Array, layout: Layout) -> None:
        """Raises UnexpectedParameter where labels beside an ignore_index are rows."""
        if not self.is_elementwise and labels.shape == layout.shape:
            raise UnexpectedParameter(
                "ignore_index",
                f"is for class indices; labels of shape {list(labels.shape)} are rows: give them the weight 0",
            )

    def check_label_rows(  # noqa: B027  most losses are defined for whatever is finite
        self, labels: Array, layout: Layout, block: Block, parameters: Parameters, dtype: FloatType
    ) -> None:
        """Raises where a block of labels in the logits' shape holds what the loss, computed in `dtype`, is not
        defined for.
        """

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
        temperature: float = 1.0,
        gamma: float | None = None,
        alpha: float | None = None,
        q: float | None = None,
        epsilon: float | None = None,
        labels_are_logits: bool = False,
    ) -> BoundLoss:
        """The loss of arguments as they were given. Raises a subclass of InvalidInput."""
        values, given = as_numbers(logits, "logits"), as_numbers(labels, "labels")
        layout = self.layout(values.shape, axis)
        dtype = computation_dtype(values)
        for_classes = self.check_per_class(class_weights, pos_weight, layout, dtype)
        smoothing = check_smoothing(label_smoothing)
        parameters = Parameters(*for_classes, smoothing, ignore_index, from_logits, check_clip(clip))
        parameters = with_own(parameters, dtype, temperature, gamma, alpha, q, epsilon, labels_are_logits)
        self.check_labels_shape(given, layout)
        if ignore_index is not None:
            self.refuse_ignored_rows(given, layout)
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

    def keras_class(self, framework: FrameworkText) -> str | None:
        """Its class in Keras, up to the arguments that all such classes have, where only Keras has one; else None."""
        return None

    @abstractmethod
    def elements(self, framework: FrameworkText) -> str:
        """The unweighted losses in the words of a framework."""


def with_own(
    parameters: Parameters,
    dtype: FloatType,
    temperature: float,
    gamma: float | None,
    alpha: float | None,
    q: float | None,
    epsilon: float | None,
    labels_are_logits: bool,
) -> Parameters:
    """The parameters with those that only some losses take; None is what such a loss takes where none is given.

    Raises ParameterOutOfRange, UnexpectedParameter.
    """
    if temperature != 1 and not parameters.from_logits:
        raise UnexpectedParameter(
            "temperature", f"is {temperature} beside from_logits false: it divides logits, not probabilities"
        )
    return parameters._replace(
        temperature=check_temperature(temperature, dtype),
        gamma=GAMMA if gamma is None else check_gamma(gamma),
        alpha=None if alpha is None else check_alpha(alpha),
        q=Q if q is None else check_q(q),
        epsilon=EPSILON if epsilon is None else check_epsilon(epsilon),
        labels_are_logits=labels_are_logits,
    )


WEIGHTS = Parameter(
    "weights",
    "multiplies losses: a scalar, the samples' shape, or the elements' rank with every dimension theirs or 1",
)
IGNORE_INDEX = Parameter("ignore_index", "a label of this value costs 0 and enters no denominator")
CLIP_AT = Parameter("clip", "from_logits false: the smallest probability that is taken, and 1 minus the largest")
REDUCTION = Parameter("reduction", "none, sum, mean, weighted_mean or mean_by_nonzero_weights")
TEMPERATURE = Parameter("temperature", "above 0: logits are divided by it first; 1 by default")
SHIFT = Parameter(
    "shift",
    "logits [… T, C] at t are for the label at t + shift: the last logits and the first labels of each sequence are "
    "left out; 1 is next-token prediction",
)
GAMMA_OF_FOCAL = Parameter("gamma", "γ, 0 or more: how strongly what is right already is left out; 2 by default")
AXIS = Parameter("axis", "the class axis, the last by default")

PROBABILITIES = '"from_logits": false'
SKLEARN_CLIP = (
    "with sample_weight the reduction is weighted_mean; there probabilities are clipped at the dtype's epsilon, "
    "here at 1e-7"
)
KERAS_DEFAULT = "from_logits is false by default there; leave it out where the call has from_logits=True"

GOODFELLOW = Source("Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2", "https://www.deeplearningbook.org")

LIN = Source(
    "Lin, Goyal, Girshick, He, Dollár: Focal Loss for Dense Object Detection", "https://arxiv.org/abs/1708.02002"
)

EXAMPLE_LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
