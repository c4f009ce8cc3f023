"""Calls in Optax, on JAX."""

from xent_core.equivalents.writer import Writer


class Optax(Writer):
    name = "optax"
    sum = "jnp.sum"
    mean = "jnp.mean"
    count_nonzero = "jnp.count_nonzero"
    exp = "jnp.exp"
    log = "jnp.log"
    xlogy = "jax.scipy.special.xlogy"
    clip = "jnp.clip"
    softplus = "jax.nn.softplus"
    log_softmax = "jax.nn.log_softmax"
    softmax = "jax.nn.softmax"
    sigmoid = "jax.nn.sigmoid"
    constant = "jnp.array({}, dtype=logits.dtype)"

    def index_losses(self) -> str | None:
        if not self.request.from_logits:
            return None
        indices = self.indices()
        return f"optax.softmax_cross_entropy_with_integer_labels(logits, {indices}{self.axis_argument})"

    def target_losses(self) -> str | None:
        if not self.request.from_logits or self.request.class_weights_inside:
            return None
        return f"optax.softmax_cross_entropy(logits, {self.targets()}{self.axis_argument})"

    def binary_losses(self) -> str:
        if self.request.pos_weight or not self.request.from_logits:
            return self.written_out_binary_losses()
        return f"optax.sigmoid_binary_cross_entropy(logits, {self.targets()})"

    def cast(self, value: str) -> str:
        return f"({value}).astype(logits.dtype)" if " " in value else f"{value}.astype(logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f"{value}.astype(int)"

    def fill(self) -> str:
        return "jnp.full_like(logits, labels)"

    def argmax(self) -> str:
        return f"jnp.argmax(labels, axis={self.axis})"

    def one_hot(self, indices: str) -> str:
        return f"jax.nn.one_hot({indices}, {self.request.classes}{self.axis_argument}, dtype=logits.dtype)"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"jnp.where({condition}, {value}, 0)"

    def broadcast(self, value: str) -> str:
        return f"jnp.broadcast_to({value}, losses.shape)"
