"""The sampled softmax in each framework, given what was sampled."""

_TENSORFLOW_SAMPLED_SOFTMAX = """\
sampled_values = (candidates, true_expected_count, sampled_expected_count)
losses = tf.nn.sampled_softmax_loss(
    weights,
    biases,
    labels,
    inputs,
    num_sampled=candidates.shape[0],
    num_classes=weights.shape[0],
    num_true=labels.shape[1],
    sampled_values=sampled_values,
)
loss = tf.reduce_mean(losses)"""

SAMPLED_SOFTMAX_TEXTS = {
    "tensorflow1": _TENSORFLOW_SAMPLED_SOFTMAX,
    "tensorflow2": _TENSORFLOW_SAMPLED_SOFTMAX,
    "keras": """\
true_logits = keras.ops.sum(inputs[:, None] * keras.ops.take(weights, labels, axis=0), axis=-1)
true_logits += keras.ops.take(biases, labels) - keras.ops.log(true_expected_count)
sampled_logits = keras.ops.matmul(inputs, keras.ops.transpose(keras.ops.take(weights, candidates, axis=0)))
sampled_logits += keras.ops.take(biases, candidates) - keras.ops.log(sampled_expected_count)
hits = keras.ops.any(keras.ops.equal(labels[:, :, None], candidates), axis=1)
logits = keras.ops.concatenate([true_logits, keras.ops.where(hits, -float("inf"), sampled_logits)], axis=1)
loss = -keras.ops.mean(keras.ops.log_softmax(logits)[:, : labels.shape[1]])""",
    "pytorch": """\
true_logits = torch.sum(inputs[:, None] * weights[labels], dim=-1)
true_logits += biases[labels] - torch.log(true_expected_count)
sampled_logits = inputs @ weights[candidates].T
sampled_logits += biases[candidates] - torch.log(sampled_expected_count)
hits = torch.any(labels[:, :, None] == candidates, dim=1)
logits = torch.cat([true_logits, sampled_logits.masked_fill(hits, -float("inf"))], dim=1)
loss = -torch.mean(F.log_softmax(logits, dim=1)[:, : labels.shape[1]])""",
    "optax": """\
true_logits = jnp.sum(inputs[:, None] * weights[labels], axis=-1)
true_logits += biases[labels] - jnp.log(true_expected_count)
sampled_logits = inputs @ weights[candidates].T
sampled_logits += biases[candidates] - jnp.log(sampled_expected_count)
hits = jnp.any(labels[:, :, None] == candidates, axis=1)
logits = jnp.concatenate([true_logits, jnp.where(hits, -jnp.inf, sampled_logits)], axis=1)
loss = -jnp.mean(jax.nn.log_softmax(logits)[:, : labels.shape[1]])""",
}
"""The sampled softmax loss, averaged over the samples, for given sampled values; labels are [B, T].

Besides the names of `equivalents`, these stand for tensors: `inputs` [B, d], `weights` [C, d], `biases` [C],
`candidates` [S], `true_expected_count` [B, T] and `sampled_expected_count` [S]. Without `sampled_values` TensorFlow
draws them itself, by its log-uniform sampler.
"""
