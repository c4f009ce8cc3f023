"""What the text of a call depends on."""

from typing import Literal, NamedTuple

from xent_core.losses.loss import CLIP, Loss, Parameters
from xent_core.results import Reduction

Shape = tuple[int, ...]

LabelForm = Literal["per_logit", "per_sample", "scalar", "indices"]
"""Labels in the logits' shape; for sigmoid losses in the samples' shape or a single one; class indices."""

WeightForm = Literal["per_element", "per_sample", "partial"]
"""Weights in the elements' shape; in the samples' shape where that is another; with dimensions of 1."""

POS_WEIGHT = "<pos_weight>"
"""Stands for a scalar pos_weight: it differs from batch to batch, and the texts are kept."""


class Request(NamedTuple):
    """What a text depends on; `axis` counts from 0, and `scale` is a scalar weight."""

    loss: Loss
    rank: int
    axis: int
    classes: int
    labels: LabelForm
    cast: bool
    boolean: bool
    distributions: bool
    one_class: bool
    weights: WeightForm | None
    scale: float
    pos_weight: Literal["scalar", "array"] | None
    class_weights: bool
    smoothing: float
    ignore_index: int | None
    from_logits: bool
    clip: float
    reduction: Reduction
    parameters: Parameters = Parameters()
    shift: int = 0
    weights_by_place: bool = False
    """Whether a shift leaves out weights, too."""

    @property
    def sparse(self) -> bool:
        """Whether each row's label is one class."""
        return self.loss.takes_class_indices and self.one_class

    @property
    def softmax(self) -> bool:
        return not self.loss.is_elementwise

    @property
    def on_last_axis(self) -> bool:
        return self.axis == self.rank - 1

    @property
    def by_index(self) -> bool:
        """Whether the loss looks at one class of each row only."""
        return self.sparse and not self.smoothing

    @property
    def class_weights_inside(self) -> bool:
        """Whether each class's term has its weight; else the class weight of its label multiplies the whole loss."""
        return self.class_weights and not self.by_index

    @property
    def distributions_inside(self) -> bool:
        """Whether the factors of each row's log p sum to 1; TensorFlow's gradient takes it for granted."""
        return self.distributions and not self.class_weights_inside

    @property
    def clips_as_keras(self) -> bool:
        """Keras clips probabilities at its own epsilon, whatever is asked."""
        return self.from_logits or self.clip == CLIP

    @property
    def logs_of_zero(self) -> bool:
        """Whether log p or log(1 − p) may be −∞: in float32, 1 − clip is 1 for a smaller clip."""
        return not self.from_logits and self.clip < 2**-24

    @property
    def averages_evenly(self) -> bool:
        """Whether the sum is divided by the number of elements."""
        if self.reduction in ("none", "sum") or self.ignore_index is not None:
            return False
        return self.reduction == "mean" or not (self.weights or self.class_weights)
