"""The recommendation for a whole data set: that of its first rows, with the counts of all."""

from typing import Any

import numpy as np

from xent_core.advice.recommend import recommendation
from xent_core.checks.arguments import class_layout
from xent_core.labels.facts import Count, LabelFacts
from xent_core.prepare import Options, prepare
from xent_core.results import LabelKind, Summary
from xent_score.files import Block
from xent_score.sums import LABEL_ROWS, Sums

# Of rows of several kinds, the first that some are of fits all.
WIDEST_FIRST: tuple[LabelKind, ...] = (
    "other", "soft_multi_label", "multi_hot", "distribution", "one_hot", "soft_binary", "binary", "class_indices",
)  # fmt: skip


def recommended(block: Block, options: Options, sums: Sums) -> dict[str, Any]:
    """As the service writes it. block: of the data set, without rows that can't be computed."""
    assert sums.summary is not None  # noqa: S101  rows were computed
    logits, labels = np.asarray(block.fields["logits"]), np.asarray(block.fields["labels"])
    batch = prepare(logits, logits.shape, labels, options)
    kind = next(kind for kind in WIDEST_FIRST if kind in sums.label_kinds)
    rows = sums.rows - len(sums.bad_rows)
    return recommendation(
        batch._replace(
            facts=_of_all(batch.facts._replace(kind=kind), sums, sums.summary),
            layout=class_layout((rows, *logits.shape[1:]), options.axis) if logits.ndim > 1 else batch.layout,
            labels=np.broadcast_to(labels[:1], (rows, *labels.shape[1:])),
        )
    ).as_dict()


def _of_all(facts: LabelFacts, sums: Sums, summary: Summary) -> LabelFacts:
    """With the counts of the whole data set. Of more than 1000 classes they are not known, and nothing is suggested."""
    facts = facts._replace(rows=summary.sums.counted_samples, class_counts=None, positives=None, negatives=None)
    rows = {name: Count(sums.label_rows[name], getattr(facts, name).first) for name in LABEL_ROWS}
    facts = facts._replace(**rows)  # type: ignore[arg-type]  # as named
    if sums.label_range is not None:
        minimum, maximum, *row_sums = sums.label_range
        facts = facts._replace(minimum=minimum, maximum=maximum, row_sums=(row_sums[0], row_sums[1]))
    classes = summary.per_class
    if classes is None:
        return facts
    if classes.positives is None:
        return facts._replace(class_counts=classes.count)
    positives = int(classes.positives.sum())
    return facts._replace(positives=positives, negatives=int(classes.count.sum()) - positives)
