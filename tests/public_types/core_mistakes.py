"""Mistakes with xent_core that type checkers find. Each line with one names mypy's code and pyright's rule."""

import numpy as np

import xent_core

LOGITS, LABELS = np.zeros((1, 2)), np.zeros(1, np.int64)

xent_core.evaluate(LOGITS)  # call-arg reportCallIssue
xent_core.evaluate(LOGITS, LABELS, reduction="average")  # arg-type reportArgumentType
xent_core.evaluate(LOGITS, LABELS, wieghts=LABELS)  # call-arg reportCallIssue
value = xent_core.evaluate(LOGITS, LABELS).reduced.value  # union-attr reportOptionalMemberAccess
xent_core.weighted_cross_entropy(LOGITS, LABELS)  # call-arg reportCallIssue
