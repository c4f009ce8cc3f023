"""Calls in Keras."""

from xent_core.equivalents.writer import Writer


class Keras(Writer):
    name = "keras"
    sum = "keras.ops.sum"
    mean = "keras.ops.mean"
    count_nonzero = "keras.ops.count_nonzero"
    exp = "keras.ops.exp"
    log = "keras.ops.log"
    clip = "keras.ops.clip"
    softplus = "keras.ops.softplus"
    log_softmax = "keras.ops.log_softmax"
    softmax = "keras.ops.softmax"
    sigmoid = "keras.ops.sigmoid"
    constant = "keras.ops.convert_to_tensor({}, dtype=logits.dtype)"

    @property
    def may_have_own_call(self) -> bool:
        return self.request.loss.known_to_frameworks or self.request.loss.keras_class(self) is not None

    def own_call(self) -> str | None:
        request = self.request
        if request.class_weights_inside or request.pos_weight or not request.clips_as_keras:
            return None
        call = self.own_softmax_call() if request.softmax else self.own_sigmoid_call()
        if call is None:
            return None
        loss, arguments = call
        reduction = {"none": "none", "sum": "sum", "weighted_mean": "mean_with_sample_weight"}.get(
            "mean" if request.averages_evenly else request.reduction, "sum_over_batch_size"
        )
        weights = ["weights"] if request.weights else []
        if request.class_weights:
            weights.append(self.label_weights())
        sample_weight = f", sample_weight={' * '.join(weights)}" if weights else ""
        return f'keras.losses.{loss}, reduction="{reduction}")({arguments}{sample_weight})'

    def own_softmax_call(self) -> tuple[str, str] | None:
        """A loss, left open for its reduction, and what it is called with."""
        request = self.request
        ignores = request.ignore_index is not None
        if request.reduction == "mean_by_nonzero_weights" and (request.weights or request.class_weights):
            return None
        if request.reduction == "weighted_mean" and request.weights == "partial" and not request.class_weights:
            return None
        if request.reduction == "weighted_mean" and request.class_weights and request.rank == 1:
            return None  # a single loss is not divided by its weight
        own = request.loss.keras_class(self)
        if own is not None:
            loss = f"{own}from_logits={request.from_logits}{self.axis_argument}"
            return None if ignores else (loss, f"{self.targets()}, logits")
        if request.by_index and request.from_logits:
            if not ignores:
                return "SparseCategoricalCrossentropy(from_logits=True", f"{self.indices()}, {self.rows()}"
            if request.class_weights:
                return None
            loss = f"SparseCategoricalCrossentropy(from_logits=True, ignore_class={request.ignore_index}"
            return loss, f"labels, {self.rows()}"
        if ignores or (request.from_logits and not request.distributions):
            return None
        loss = f"CategoricalCrossentropy(from_logits={request.from_logits}{self.axis_argument}"
        if request.smoothing and request.on_last_axis:
            return f"{loss}, label_smoothing={request.smoothing}", f"{self.labels(cast=False)}, logits"
        return loss, f"{self.targets()}, logits"

    def own_sigmoid_call(self) -> tuple[str, str] | None:
        """Keras averages over the classes first, so that weights are one for each sample, and sums are not sums."""
        request = self.request
        smoothing = f", label_smoothing={request.smoothing}" if request.smoothing else ""
        own = request.loss.keras_class(self) or "BinaryCrossentropy("
        loss = f"{own}from_logits={request.from_logits}{self.axis_argument}{smoothing}"
        labels = self.labels(cast=False)
        if request.weights == "partial" or (request.weights and request.reduction == "mean_by_nonzero_weights"):
            return None
        if request.rank > 1:
            fits = request.weights in (None, "per_sample") and (request.reduction != "sum" or request.classes == 1)
            return (loss, f"{labels}, logits") if fits else None
        if request.averages_evenly and not request.weights:
            return loss, f"{labels}, logits"
        return loss, f"{labels}[:, None], logits[:, None]"

    def index_losses(self) -> str | None:
        if not self.request.from_logits:
            return None
        return f"keras.losses.sparse_categorical_crossentropy({self.indices()}, {self.rows()}, from_logits=True)"

    def rows(self) -> str:
        """The logits with their classes on the last axis, the only one that the calls for class indices know."""
        return "logits" if self.request.on_last_axis else f"keras.ops.moveaxis(logits, {self.axis}, -1)"

    def probabilities(self) -> str:
        return f"{self.softmax}({self.rows()})" if self.request.from_logits else super().probabilities()

    def target_losses(self) -> str | None:
        if not self.request.from_logits or not self.request.distributions_inside:
            return None
        targets = self.targets()
        return f"keras.losses.categorical_crossentropy({targets}, logits, from_logits=True{self.axis_argument})"

    def binary_losses(self) -> str:
        if self.request.pos_weight or not self.request.clips_as_keras:
            return self.written_out_binary_losses()
        return f"keras.ops.binary_crossentropy({self.targets()}, logits, from_logits={self.request.from_logits})"

    def times_log(self, factor: str, value: str) -> str:
        product = f"{f'({factor})' if ' - ' in factor else factor} * {self.log}({value})"
        return self.zero_unless(f"keras.ops.not_equal({factor}, 0)", product)

    def unreduced(self, losses: str) -> str:
        if self.request.softmax or self.request.rank == 1:
            return losses
        return f"{self.mean}({losses}, axis={self.axis})"

    def cast(self, value: str) -> str:
        return f"keras.ops.cast({value}, logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f'keras.ops.cast({value}, "int64")'

    def fill(self) -> str:
        return "keras.ops.full_like(logits, labels)"

    def argmax(self) -> str:
        return f"keras.ops.argmax(labels, axis={self.axis})"

    def one_hot(self, indices: str) -> str:
        return f"keras.ops.one_hot({indices}, {self.request.classes}{self.axis_argument}, dtype=logits.dtype)"

    def is_positive(self, value: str) -> str:
        return f"keras.ops.greater({value}, 0)"

    def is_kept(self) -> str:
        return f"keras.ops.not_equal(labels, {self.request.ignore_index})"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"keras.ops.where({condition}, {value}, 0)"

    def class_weights_at(self, indices: str) -> str:
        return f"keras.ops.take(class_weights, {indices})"

    def broadcast(self, value: str) -> str:
        return f"keras.ops.broadcast_to({value}, keras.ops.shape(losses))"

    def divide(self, above: str, below: str) -> str:
        return f"keras.ops.divide_no_nan({above}, {below})"
