"""Makes prints.json, the corpus of test/table.test.ts, with the frameworks that are installed:

python prints.py >prints.json     needs NumPy, PyTorch, TensorFlow and JAX
"""

import json
import sys

import jax.numpy as jnp
import numpy as np
import tensorflow as tf
import torch

LOGITS = [[-1.7, 3.0, 0.89], [12.5, -0.004, 0.0]]
WIDE = [[round((i * 37 + j * 11) % 101 / 7 - 5, 2) for j in range(24)] for i in range(2)]
LABELS = [2, 0, 1]
HUGE = [[1e-7, 3e8], [2.5, -1.0]]


def rows() -> list[tuple[str, str, str, str, object]]:
    found: list[tuple[str, str, str, str, object]] = []

    def add(framework: str, version: str, what: str, text: str, values: object) -> None:
        found.append((framework, version, what, text, values))

    n = np.__version__
    add("numpy", n, "an array", str(np.array(LOGITS)), LOGITS)
    add("numpy", n, "the repr of an array", repr(np.array(LOGITS)), LOGITS)
    add("numpy", n, "the repr of float32", repr(np.array(LOGITS, np.float32)), LOGITS)
    add("numpy", n, "rows that go over two lines", repr(np.array(WIDE)), WIDE)
    add("numpy", n, "integers", str(np.array(LABELS)), LABELS)
    add("numpy", n, "the repr of integers", repr(np.array(LABELS, np.int32)), LABELS)
    add("numpy", n, "exponents", str(np.array(HUGE)), HUGE)
    add("numpy", n, "booleans", repr(np.array([True, False])), [1, 0])
    add("numpy", n, "infinities and nan", repr(np.array([-np.inf, np.nan, 1.5])), ["-Infinity", None, 1.5])
    add("numpy", n, "a list of its numbers", repr([np.float64(0.5), np.int64(2)]), [0.5, 2])
    add("numpy", n, "three dimensions", repr(np.array([LOGITS, LOGITS])), [LOGITS, LOGITS])
    add("numpy", n, "a single number", repr(np.float32(0.5)), 0.5)
    t = torch.__version__.split("+")[0]
    add("torch", t, "a tensor", repr(torch.tensor([[2.0, 0.5], [-1.25, 3.0]])), [[2, 0.5], [-1.25, 3]])
    add("torch", t, "float64", repr(torch.tensor([[2.0, 0.5]], dtype=torch.float64)), [[2, 0.5]])
    add("torch", t, "integers", repr(torch.tensor(LABELS)), LABELS)
    add("torch", t, "a gradient's function", repr(torch.tensor([[2.0, 0.5]], requires_grad=True) * 2), [[4, 1]])
    add("torch", t, "requires_grad", repr(torch.tensor([0.5], requires_grad=True)), [0.5])
    add("torch", t, "a scalar", repr(torch.tensor(1)), 1)
    add("torch", t, "exponents", repr(torch.tensor([[1e-7, 3e8], [2.5, -1.0]])), HUGE)
    add("torch", t, "bfloat16", repr(torch.tensor([1.5, -2.0], dtype=torch.bfloat16)), [1.5, -2])
    add("torch", t, "booleans", repr(torch.tensor([True, False])), [1, 0])
    add("torch", t, "infinities", repr(torch.tensor([-torch.inf, 1.0])), ["-Infinity", 1])
    long = torch.arange(48, dtype=torch.float32).reshape(2, 24)
    add("torch", t, "rows that go over two lines", repr(long), long.tolist())
    f = tf.__version__
    add("tensorflow", f, "a tensor", str(tf.constant([[2.0, 0.5], [-1.25, 3.0]])), [[2, 0.5], [-1.25, 3]])
    add("tensorflow", f, "the repr of a tensor", repr(tf.constant([[2.0, 0.5], [-1.25, 3.0]])), [[2, 0.5], [-1.25, 3]])
    add("tensorflow", f, "integers", repr(tf.constant(LABELS)), LABELS)
    add("tensorflow", f, "a scalar", repr(tf.constant(1.5)), 1.5)
    add("tensorflow", f, "a variable", repr(tf.Variable([0.5, 2.0])), [0.5, 2])
    import jax

    j = jax.__version__
    add("jax", j, "an array", repr(jnp.array([[2.0, 0.5], [-1.25, 3.0]])), [[2, 0.5], [-1.25, 3]])
    add("jax", j, "its text", str(jnp.array([[2.0, 0.5], [-1.25, 3.0]])), [[2, 0.5], [-1.25, 3]])
    add("jax", j, "integers", repr(jnp.array(LABELS)), LABELS)
    return found


names = ("framework", "version", "what", "text", "values")
json.dump([dict(zip(names, row, strict=True)) for row in rows()], sys.stdout, indent=1, ensure_ascii=False)
sys.stdout.write("\n")
