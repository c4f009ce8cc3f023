"""docs/migration.md, from the table of other frameworks' names."""

from collections.abc import Iterable
from typing import get_args

from xent_core.framework_names import FIELDS, REDUCTION_NAMES, ours
from xent_core.losses import CATALOGUE
from xent_core.losses.loss import Framework

HEAD = """# From another framework

How a call of another framework is sent to `POST /v1/loss`. This page is made from the table that error messages use:
whoever sends `y_true`, `"bce"` or `"sum_over_batch_size"` is told the name here.

`labels`, `weights`, `pos_weight`, `class_weights`, `label_smoothing`, `ignore_index`, `axis`, `from_logits` and
`reduction` have the meaning that [the API documentation](../openapi.json) gives them. "Default reduction" is the
reduction to send where the call names none: without it the service computes `mean`.
"""

NOTES: dict[Framework, str] = {
    "tf.losses": """\
TensorFlow 1, and `tf.compat.v1.losses` in TensorFlow 2. The default reduction is SUM_BY_NONZERO_WEIGHTS: the sum
divided by the number of elements whose weight is not 0.
""",
    "tf.contrib.losses": """\
TensorFlow 1, deprecated since 1.0. The functions take the logits first, and no reduction:
it is `mean_by_nonzero_weights`.
""",
    "tf.nn": """\
One loss for each element, without weights. `tf.reduce_mean` of it is the reduction `mean`.
""",
    "Keras": """\
Classes reduce by `sum_over_batch_size`, functions not at all but for the class axis of the binary ones, metrics by the
mean over sample weights. Unlike here, `from_logits` is false by default. `BinaryCrossentropy` averages over the classes
first: its `sum` is ours divided by the number of classes.
""",
    "PyTorch": """\
Classes are on axis 1, not on the last. With class weights and class indices, the mean divides by the sum of the
weights: that is `weighted_mean`.
""",
    "Optax": """\
One loss for each element, without weights. `optax.losses` has the same names, and arguments are named as here.
""",
    "scikit-learn": """\
Probabilities, not logits. Labels are any values there, and their places in the sorted list of classes here.
""",
}

NOT_HERE: dict[Framework, str] = {
    "tf.losses": (
        "absolute_difference cosine_distance hinge_loss huber_loss mean_pairwise_squared_error mean_squared_error"
    ),
    "tf.contrib.losses": (
        "absolute_difference cosine_distance hinge_loss mean_pairwise_squared_error mean_squared_error"
    ),
    "tf.nn": "ctc_loss l2_loss log_poisson_loss nce_loss",
}


def migration_page() -> str:
    """The page, a section for each framework."""
    return HEAD + "".join(f"\n## {name}\n\n{NOTES[name]}{_section(name)}" for name in get_args(Framework))


def _section(framework: Framework) -> str:
    losses = (
        [
            f"`{each.name}` {each.when}".rstrip(),
            f"`{ours(entry)}`",
            f"`{each.send}`" if each.send else "",
            f"`{each.reduction}`",
            each.remark,
        ]
        for entry in CATALOGUE.values()
        for each in entry.names_elsewhere
        if each.framework == framework
    )
    fields = ([f"`{row.name}`", f"`{row.ours}`", row.when] for row in FIELDS if row.framework == framework)
    reductions = ([f"`{row.name}`", f"`{row.ours}`", row.when] for row in REDUCTION_NAMES if row.framework == framework)
    return (
        _table(["Call", "`loss_type`", "Also send", "Default reduction", "Differences"], losses)
        + _table(["Argument", "Field here", ""], fields)
        + _table(["Reduction", "`reduction` here", ""], reductions)
        + _not_here(NOT_HERE.get(framework, "").split())
    )


def _not_here(names: list[str]) -> str:
    return f"\nNo cross-entropies, and not here: {', '.join(f'`{name}`' for name in names)}.\n" if names else ""


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [*map(_line, rows)]
    return "\n" + "".join([_line(head), _line(["---"] * len(head)), *lines]) if lines else ""


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
