"""How a call is written, whatever the framework: its own where it has one, else elements, weights and reduction."""

from abc import ABC, abstractmethod
from typing import assert_never

from xent_core.equivalents.request import POS_WEIGHT, Request
from xent_core.losses.loss import Parameters


class Writer(ABC):
    """Writes one text: the framework's own call, or elements, weights and reduction in the framework's words."""

    name: str
    sum: str
    mean: str
    count_nonzero: str
    exp: str
    log: str
    xlogy: str
    """x · log y, and 0 where x is 0."""
    clip: str
    softplus: str
    log_softmax: str
    softmax: str
    sigmoid: str
    constant: str
    """A list of numbers as a tensor of the logits' dtype."""
    axis_word = "axis"
    keep_word = "keepdims"

    def __init__(self, request: Request) -> None:
        self.request = request
        self.lines: dict[str, str] = {}
        self.axis = -1 if request.on_last_axis else request.axis
        self.axis_argument = "" if request.on_last_axis else f", axis={request.axis}"
        self.begin()

    @property
    def from_logits(self) -> bool:
        return self.request.from_logits

    @property
    def parameters(self) -> Parameters:
        return self.request.parameters

    @property
    def class_weights_inside(self) -> bool:
        return self.request.class_weights_inside

    @property
    def logs_of_zero(self) -> bool:
        return self.request.logs_of_zero

    @property
    def may_have_own_call(self) -> bool:
        return self.request.loss.known_to_frameworks

    def begin(self) -> None:
        """Lines for what comes before every loss: a shift, and a temperature."""
        shift, logits = self.request.shift, "logits"
        if shift:
            logits = f"logits[..., :-{shift}, :]"
            self.let("labels", f"labels[..., {shift}:]")
            if self.request.weights_by_place:
                self.let("weights", f"weights[..., {shift}:]")
        if self.parameters.temperature != 1:
            logits += f" / {self.parameters.temperature}"
        self.let("logits", logits)

    def text(self) -> str:
        loss = self.scale() + ((self.may_have_own_call and self.own_call()) or self.composition())
        if not self.lines:
            return loss
        return "\n".join([*(f"{name} = {value}" for name, value in self.lines.items()), f"loss = {loss}"])

    def let(self, name: str, value: str) -> str:
        """Give the value a name, in a line of its own."""
        if value != name:
            self.lines[name] = value
        return name

    # What differs from framework to framework

    def own_call(self) -> str | None:
        """The call for the whole, but for a scalar weight, where the framework has one that agrees."""
        return None

    @abstractmethod
    def index_losses(self) -> str | None:
        """One loss per row of logits, by class indices, where the framework has a call that agrees."""

    @abstractmethod
    def target_losses(self) -> str | None:
        """One loss per row of logits, by labels of their shape, where the framework has a call that agrees."""

    @abstractmethod
    def binary_losses(self) -> str:
        """One loss per logit."""

    @abstractmethod
    def cast(self, value: str) -> str:
        """In the logits' dtype."""

    @abstractmethod
    def cast_indices(self, value: str) -> str:
        """In a dtype for class indices."""

    @abstractmethod
    def fill(self) -> str:
        """The one label, in the logits' shape and dtype."""

    @abstractmethod
    def argmax(self) -> str:
        """The class indices that one-hot labels stand for."""

    @abstractmethod
    def one_hot(self, indices: str) -> str:
        """In the logits' shape and dtype."""

    @abstractmethod
    def zero_unless(self, condition: str, value: str) -> str:
        """The value, and 0 where the condition is false."""

    @abstractmethod
    def broadcast(self, value: str) -> str:
        """In the shape of `losses`."""

    def is_kept(self) -> str:
        """Which labels are not to be ignored."""
        return f"labels != {self.request.ignore_index}"

    def class_weights_at(self, indices: str) -> str:
        return f"class_weights[{indices}]"

    def divide(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def unreduced(self, losses: str) -> str:
        return losses

    def scale(self) -> str:
        """A scalar weight as a factor of the reduced loss."""
        scale = self.request.scale
        cancels = self.request.reduction == "weighted_mean" and scale != 0
        return "" if cancels or scale == 1 else f"{scale} * "

    # Labels

    def labels(self, *, cast: bool = True) -> str:
        """In the logits' shape."""
        match self.request.labels:
            case "indices":
                return self.one_hot(self.indices())
            case "scalar":
                return self.fill()
            case "per_sample":
                labels = f"labels[{self.new_class_axis()}]"
            case "per_logit":
                labels = "labels"
            case _:
                assert_never(self.request.labels)
        return self.cast(labels) if cast and self.request.cast else labels

    def targets(self) -> str:
        """The labels in the logits' shape, smoothed."""
        labels, smoothing = self.labels(), self.request.smoothing
        if not smoothing:
            return labels
        return f"{labels} * (1 - {smoothing}) + {smoothing} / {self.request.classes if self.request.softmax else 2}"

    def named_targets(self) -> str:
        targets = self.targets()
        return targets if targets == "labels" else self.let("targets", targets)

    def indices(self) -> str:
        """The class indices; in place of a label to be ignored, 0."""
        request = self.request
        if request.labels != "indices":
            return self.argmax()
        indices = self.cast_indices("labels") if request.cast else "labels"
        if request.ignore_index is None:
            return indices
        return self.let("indices", self.zero_unless(self.is_kept(), indices))

    def kept(self) -> str:
        """1 where the label counts, 0 where it is ignored."""
        return self.let("kept", self.cast(self.is_kept()))

    # The class axis

    def new_class_axis(self) -> str:
        """The subscript that gives an array of the samples' shape a class axis."""
        return "..., None" if self.request.on_last_axis else ":, " * self.request.axis + "None"

    def along_classes(self, name: str) -> str:
        behind = self.request.rank - 1 - self.request.axis
        return f"{name}[:{', None' * behind}]" if behind else name

    def over_classes(self, value: str) -> str:
        return f"{self.sum}({value}, {self.axis_word}={self.axis})"

    # Elements

    def elements(self) -> str:
        """The unweighted losses, as the loss has them."""
        return self.request.loss.elements(self)

    def sigmoid_cross_entropy(self) -> str:
        return self.binary_losses()

    def softmax_cross_entropy(self) -> str:
        losses = self.index_losses() if self.request.by_index else self.target_losses()
        return losses or self.written_out_losses()

    def written_out_losses(self) -> str:
        factor = self.weighted_targets()
        if self.logs_of_zero:
            return f"-{self.over_classes(self.times_log(factor, self.probabilities()))}"
        return f"-{self.over_classes(f'{factor} * {self.log_probabilities()}')}"

    def over_targets(self, value: str) -> str:
        """Σ_c w_c · targets_c · value_c."""
        return self.over_classes(f"{self.weighted_targets()} * {value}")

    def weighted_targets(self) -> str:
        """w_c · targets_c"""
        targets = self.named_targets()
        return f"{self.along_classes('class_weights')} * {targets}" if self.class_weights_inside else targets

    def probabilities(self) -> str:
        """Those that are given in place of logits, divided by their sum and clipped."""
        row_sums = f"{self.sum}(logits, {self.axis_word}={self.axis}, {self.keep_word}=True)"
        return self.clipped(f"logits / {row_sums}")

    def log_probabilities(self) -> str:
        if self.request.from_logits:
            return f"{self.log_softmax}(logits, {self.axis_word}={self.axis})"
        return f"{self.log}({self.probabilities()})"

    def is_positive(self, value: str) -> str:
        return f"{value} > 0"

    def clipped(self, probabilities: str) -> str:
        clip = repr(self.request.clip).replace("e-0", "e-")
        return f"{self.clip}({probabilities}, {clip}, 1 - {clip})"

    def times_log(self, factor: str, value: str) -> str:
        """factor · log(value), where log(value) may be −∞: 0 · ∞ is 0."""
        return f"{self.xlogy}({factor}, {value})"

    def written_out_binary_losses(self) -> str:
        targets = self.named_targets()
        positive = f"{self.pos_weight()} * {targets}" if self.request.pos_weight else targets
        if self.request.from_logits:
            losses = f"{positive} * {self.softplus}(-logits) + (1 - {targets}) * {self.softplus}(logits)"
        else:
            probabilities = self.let("probabilities", self.clipped("logits"))
            if self.logs_of_zero:
                no = self.times_log(f"1 - {targets}", f"1 - {probabilities}")
                return self.let("losses", f"-{self.times_log(positive, probabilities)} - {no}")
            losses = f"-{positive} * {self.log}({probabilities}) - (1 - {targets}) * {self.log}(1 - {probabilities})"
        return self.let("losses", losses)

    def pos_weight(self) -> str:
        return self.along_classes("pos_weight") if self.request.pos_weight == "array" else POS_WEIGHT

    # Weights and reduction

    def weights(self) -> list[str]:
        """The weights, so that they broadcast onto the elements, if there are any."""
        match self.request.weights:
            case None:
                return []
            case "per_sample":
                return [f"weights[{self.new_class_axis()}]"]
            case "per_element" | "partial":
                return ["weights"]
            case _:
                assert_never(self.request.weights)

    def mask(self) -> list[str]:
        return [] if self.request.ignore_index is None else [self.kept()]

    def label_weights(self) -> str:
        """Σ_c w_c · y_c"""
        if self.request.sparse:
            return self.class_weights_at(self.indices())
        return self.over_classes(f"{self.along_classes('class_weights')} * {self.labels()}")

    def loss_weights(self) -> list[str]:
        """The factors of each element."""
        outside = self.request.class_weights and not self.request.class_weights_inside
        return [*self.mask(), *self.weights(), *([self.label_weights()] if outside else [])]

    def counted_weights(self) -> list[str]:
        """The factors of what the denominators of weighted_mean and mean_by_nonzero_weights add up and count."""
        return [*self.mask(), *self.weights(), *([self.label_weights()] if self.request.class_weights else [])]

    def composition(self) -> str:
        request = self.request
        losses, factors = self.elements(), self.loss_weights()
        weighted = " * ".join([*factors, losses])
        if request.reduction == "none":
            return self.unreduced(weighted)
        if request.averages_evenly:
            return f"{self.mean}({weighted})"
        if request.reduction == "sum":
            return f"{self.sum}({weighted})"
        if request.reduction == "mean":
            return self.divide(f"{self.sum}({weighted})", f"{self.sum}({self.kept()})")
        counted = self.counted_weights()
        if len(counted) == 1 and request.weights in ("per_sample", "partial"):
            losses = self.let("losses", losses)
            total = self.total(self.broadcast(*counted))
        elif len(counted) > 1 and counted == factors:
            factors = [self.let("element_weights", " * ".join(counted))]
            total = self.total("element_weights")
        else:
            total = self.total(" * ".join(counted))
        return self.divide(f"{self.sum}({' * '.join([*factors, losses])})", total)

    def total(self, weights: str) -> str:
        return f"{self.sum if self.request.reduction == 'weighted_mean' else self.count_nonzero}({weights})"
