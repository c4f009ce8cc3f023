"""Calls in PyTorch."""

from xent_core.equivalents.writer import Writer


class PyTorch(Writer):
    name = "pytorch"
    sum = "torch.sum"
    mean = "torch.mean"
    count_nonzero = "torch.count_nonzero"
    exp = "torch.exp"
    log = "torch.log"
    xlogy = "torch.xlogy"
    clip = "torch.clamp"
    softplus = "F.softplus"
    log_softmax = "F.log_softmax"
    softmax = "F.softmax"
    sigmoid = "torch.sigmoid"
    constant = "logits.new_tensor({})"
    axis_word = "dim"
    keep_word = "keepdim"

    def own_call(self) -> str | None:
        request = self.request
        if not request.softmax:
            return self.own_sigmoid_call()
        if request.weights or not self.has_row_loss():
            return None
        if request.reduction in ("none", "sum"):
            return self.row_loss(request.reduction)
        if not request.class_weights:
            return self.row_loss("mean")
        divides_by = "weighted_mean" if request.sparse else "mean"
        return self.row_loss("mean") if request.reduction == divides_by else None

    def has_row_loss(self) -> bool:
        """Whether a PyTorch function takes the labels and all parameters but the weights."""
        return self.request.from_logits or self.request.by_index

    def row_loss(self, reduction: str) -> str:
        request = self.request
        if request.sparse and request.ignore_index is not None:
            labels = self.cast_indices("labels") if request.cast else "labels"
        else:
            labels = self.indices() if request.sparse else self.classes_second(self.labels())
        parameters = ", weight=class_weights" if request.class_weights else ""
        if request.ignore_index is not None:
            parameters += f", ignore_index={request.ignore_index}"
        if request.smoothing:
            parameters += f", label_smoothing={request.smoothing}"
        if request.from_logits:
            call = f"cross_entropy({self.classes_second('logits')}"
        else:
            probabilities = self.classes_second(self.let("log_probabilities", self.log_probabilities()))
            call = f"nll_loss({probabilities}{'.contiguous()' if 'movedim' in probabilities else ''}"
        return f'F.{call}, {labels}{parameters}, reduction="{reduction}")'

    def classes_second(self, scores: str) -> str:
        """With the classes on PyTorch's axis for them, the second or the only one."""
        request = self.request
        return scores if request.axis == min(1, request.rank - 1) else f"{scores}.movedim({self.axis}, 1)"

    def own_sigmoid_call(self) -> str | None:
        request = self.request
        if self.is_written_out():
            return None
        if not (request.averages_evenly or request.reduction in ("none", "sum")):
            return None
        weights = "".join(f", weight={weights}" for weights in self.weights())
        return self.binary_loss(weights, "mean" if request.averages_evenly else request.reduction)

    def is_written_out(self) -> bool:
        """F.binary_cross_entropy has no pos_weight, and its logarithms end at −100."""
        return not self.request.from_logits and (self.request.pos_weight is not None or self.request.logs_of_zero)

    def binary_loss(self, weights: str, reduction: str) -> str:
        request = self.request
        if not request.from_logits:
            arguments = f"{self.clipped('logits')}, {self.targets()}{weights}"
            return f'F.binary_cross_entropy({arguments}, reduction="{reduction}")'
        arguments = f"logits, {self.targets()}{weights}"
        if request.pos_weight:
            array = request.pos_weight == "array"
            arguments += f", pos_weight={self.pos_weight() if array else f'logits.new_tensor({self.pos_weight()})'}"
        return f'F.binary_cross_entropy_with_logits({arguments}, reduction="{reduction}")'

    def loss_weights(self) -> list[str]:
        own = self.request.softmax and self.request.loss.known_to_frameworks and self.has_row_loss()
        return self.weights() if own else super().loss_weights()

    def index_losses(self) -> str:
        return self.row_loss("none")

    def target_losses(self) -> str | None:
        return self.row_loss("none") if self.request.from_logits else None

    def binary_losses(self) -> str:
        if self.is_written_out():
            return self.written_out_binary_losses()
        return self.binary_loss("", "none")

    def cast(self, value: str) -> str:
        return f"({value}).to(logits.dtype)" if " " in value else f"{value}.to(logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f"{value}.long()"

    def fill(self) -> str:
        return "torch.full_like(logits, labels)"

    def argmax(self) -> str:
        return f"torch.argmax({self.cast('labels') if self.request.boolean else 'labels'}, dim={self.axis})"

    def one_hot(self, indices: str) -> str:
        one_hot = f"F.one_hot({indices}, {self.request.classes}).to(logits.dtype)"
        return one_hot if self.request.on_last_axis else f"{one_hot}.movedim(-1, {self.axis})"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"torch.where({condition}, {value}, 0)"

    def broadcast(self, value: str) -> str:
        return f"{value}.expand_as(losses)"
