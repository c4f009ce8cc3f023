"""Calls in TensorFlow 1 and 2."""

from typing import ClassVar

from xent_core.equivalents.writer import Writer
from xent_core.results import Reduction


class TensorFlow2(Writer):
    name = "tensorflow2"
    sum = "tf.reduce_sum"
    mean = "tf.reduce_mean"
    exp = "tf.math.exp"
    log = "tf.math.log"
    xlogy = "tf.math.xlogy"
    clip = "tf.clip_by_value"
    softplus = "tf.nn.softplus"
    constant = "tf.constant({}, dtype=logits.dtype)"
    softmax_loss = "tf.nn.softmax_cross_entropy_with_logits"
    log_softmax = "tf.nn.log_softmax"
    softmax = "tf.nn.softmax"
    sigmoid = "tf.sigmoid"

    def index_losses(self) -> str | None:
        if not self.request.from_logits:
            return None
        return f"tf.nn.sparse_softmax_cross_entropy_with_logits(labels={self.indices()}, logits={self.rows()})"

    def rows(self) -> str:
        """The logits with their classes on the last axis, the only one that the calls for class indices know."""
        request = self.request
        if request.on_last_axis:
            return "logits"
        order = [axis for axis in range(request.rank) if axis != request.axis]
        return f"tf.transpose(logits, {[*order, request.axis]})"

    def target_losses(self) -> str | None:
        if not self.request.from_logits or not self.request.distributions_inside:
            return None
        return f"{self.softmax_loss}(labels={self.targets()}, logits=logits{self.axis_argument})"

    def binary_losses(self) -> str:
        if not self.request.from_logits:
            return self.written_out_binary_losses()
        if self.request.pos_weight:
            return (
                f"tf.nn.weighted_cross_entropy_with_logits("
                f"labels={self.targets()}, logits=logits, pos_weight={self.pos_weight()})"
            )
        return f"tf.nn.sigmoid_cross_entropy_with_logits(labels={self.targets()}, logits=logits)"

    def cast(self, value: str) -> str:
        return f"tf.cast({value}, logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f"tf.cast({value}, tf.int64)"

    def fill(self) -> str:
        return f"tf.fill(tf.shape(logits), {self.cast('labels')})"

    def argmax(self) -> str:
        return f"tf.argmax(labels, axis={self.axis})"

    def one_hot(self, indices: str) -> str:
        return f"tf.one_hot({indices}, {self.request.classes}{self.axis_argument}, dtype=logits.dtype)"

    def is_kept(self) -> str:
        return f"tf.not_equal(labels, {self.request.ignore_index})"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"tf.where({condition}, {value}, tf.zeros_like({value}))"

    def class_weights_at(self, indices: str) -> str:
        return f"tf.gather(class_weights, {indices})"

    def broadcast(self, value: str) -> str:
        return f"tf.broadcast_to({value}, tf.shape(losses))"

    def total(self, weights: str) -> str:
        if self.request.reduction == "weighted_mean":
            return f"tf.reduce_sum({weights})"
        return f"tf.math.count_nonzero({weights}, dtype=logits.dtype)"

    def divide(self, above: str, below: str) -> str:
        return f"tf.math.divide_no_nan({above}, {below})"


class TensorFlow1(TensorFlow2):
    name = "tensorflow1"
    softmax_loss = "tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2"  # the first fails where an axis is given
    reductions: ClassVar[dict[Reduction, str]] = {
        "none": "NONE",
        "sum": "SUM",
        "mean": "SUM_OVER_BATCH_SIZE",
        "weighted_mean": "MEAN",
        "mean_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
    }

    def composition(self) -> str:
        request = self.request
        factors = self.loss_weights()
        if request.scale != 1 and self.takes_scale():
            factors = [f"{request.scale}"]
        weights = f", weights={' * '.join(factors)}" if factors else ""
        reduction = self.reductions[request.reduction]
        below = None
        if request.reduction == "mean" and request.ignore_index is not None:
            reduction = "SUM_BY_NONZERO_WEIGHTS"
            if len(factors) > 1 or request.class_weights:
                below = f"{self.sum}({self.kept()})"
        elif request.reduction in ("weighted_mean", "mean_by_nonzero_weights") and request.class_weights_inside:
            below = self.total(" * ".join(self.counted_weights()))
        if below:
            reduction = "SUM"
        loss = f"{self.losses_call()}{weights}, reduction=tf.compat.v1.losses.Reduction.{reduction})"
        return self.divide(loss, below) if below else loss

    def scale(self) -> str:
        return "" if self.takes_scale() else super().scale()

    def takes_scale(self) -> bool:
        """Whether a scalar weight is the only factor, so that it goes into the call."""
        return not self.request.class_weights and self.request.ignore_index is None

    def losses_call(self) -> str:
        """The call of tf.compat.v1.losses, left open for weights and reduction."""
        request = self.request
        smoothing = f", label_smoothing={request.smoothing}" if request.smoothing else ""
        if request.from_logits and request.loss.known_to_frameworks:
            if request.by_index:
                return f"tf.compat.v1.losses.sparse_softmax_cross_entropy({self.indices()}, {self.rows()}"
            if not request.softmax and not request.pos_weight:
                return f"tf.compat.v1.losses.sigmoid_cross_entropy({self.labels(cast=False)}, logits{smoothing}"
            if request.softmax and request.on_last_axis and request.distributions_inside:
                return f"tf.compat.v1.losses.softmax_cross_entropy({self.labels(cast=False)}, logits{smoothing}"
        return f"tf.compat.v1.losses.compute_weighted_loss({self.elements()}"
