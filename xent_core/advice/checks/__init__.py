"""The mistakes that everybody makes, found in one batch. `CHECKS` is the one list.

Nothing is ever changed because of a warning: it says what was found, and what to change. A check that finds nothing
proves nothing. What does not count is not looked at.
"""

from functools import lru_cache

from xent_core.accumulate import Accumulated
from xent_core.advice.checks.check import BY_FORM as BY_FORM
from xent_core.advice.checks.check import Check as Check
from xent_core.advice.checks.check import Silent as Silent
from xent_core.advice.checks.labels import (
    LABELS_ALMOST_A_DISTRIBUTION,
    LABELS_MAY_BE_PADDED_ONE_HOT,
    LABELS_NOT_A_DISTRIBUTION,
    LABELS_OUTSIDE_UNIT_INTERVAL,
    MULTI_HOT_LABELS_WITH_SOFTMAX,
    ONE_HOT_LABELS_COULD_BE_INDICES,
    ONE_HOT_LABELS_WITH_SIGMOID,
)
from xent_core.advice.checks.logits import (
    IDENTICAL_ROWS,
    LOGITS_LOOK_LIKE_PROBABILITIES,
    LOGITS_MAY_BE_PROBABILITIES,
    LOGITS_NEVER_NEGATIVE,
    LOGITS_WITHIN_ONE,
    SINGLE_CLASS_SOFTMAX,
)
from xent_core.advice.checks.losses import (
    INFINITE_LOSS,
    WORSE_THAN_UNIFORM,
)
from xent_core.advice.checks.probabilities import (
    PROBABILITIES_CLIPPED,
    PROBABILITIES_RESCALED,
)
from xent_core.advice.checks.shifts import (
    LABELS_MAY_BE_SHIFTED_TWICE,
    LABELS_MAY_NEED_A_SHIFT,
)
from xent_core.advice.checks.weights import (
    ALL_WEIGHTS_ZERO,
    MEAN_COUNTS_ZERO_WEIGHTS,
    MEAN_IGNORES_CLASS_WEIGHTS,
    NEGATIVE_POS_WEIGHT,
    NEGATIVE_WEIGHT,
    NOTHING_COUNTS,
    SCALAR_WEIGHT_ONLY_RESCALES,
    WEIGHTS_ENLARGE_IMBALANCE,
)
from xent_core.advice.subject import Form, Subject
from xent_core.losses.sampled_softmax import TRAIN_ONLY, TRAIN_ONLY_WHEN
from xent_core.prepare import PreparedBatch
from xent_core.results import LossWarning

CHECKS: tuple[Check, ...] = (
    LOGITS_LOOK_LIKE_PROBABILITIES,
    LOGITS_MAY_BE_PROBABILITIES,
    LABELS_NOT_A_DISTRIBUTION,
    LABELS_ALMOST_A_DISTRIBUTION,
    LABELS_MAY_BE_PADDED_ONE_HOT,
    MULTI_HOT_LABELS_WITH_SOFTMAX,
    ONE_HOT_LABELS_COULD_BE_INDICES,
    ONE_HOT_LABELS_WITH_SIGMOID,
    SINGLE_CLASS_SOFTMAX,
    SCALAR_WEIGHT_ONLY_RESCALES,
    WEIGHTS_ENLARGE_IMBALANCE,
    ALL_WEIGHTS_ZERO,
    NOTHING_COUNTS,
    MEAN_COUNTS_ZERO_WEIGHTS,
    MEAN_IGNORES_CLASS_WEIGHTS,
    NEGATIVE_WEIGHT,
    NEGATIVE_POS_WEIGHT,
    LABELS_OUTSIDE_UNIT_INTERVAL,
    PROBABILITIES_CLIPPED,
    PROBABILITIES_RESCALED,
    LABELS_MAY_NEED_A_SHIFT,
    LABELS_MAY_BE_SHIFTED_TWICE,
    WORSE_THAN_UNIFORM,
    LOGITS_NEVER_NEGATIVE,
    LOGITS_WITHIN_ONE,
    IDENTICAL_ROWS,
    INFINITE_LOSS,
)
"""In the order in which warnings are given."""
WARNINGS: dict[str, str] = {check.code: check.when for check in CHECKS} | {TRAIN_ONLY: TRAIN_ONLY_WHEN}
"""When each warning is given, for people."""


def run_checks(
    batch: PreparedBatch, accumulated: Accumulated | None = None
) -> tuple[tuple[LossWarning, ...], tuple[str, ...]]:
    """The warnings, and the codes of the checks that ran."""
    warnings: list[LossWarning] = []
    subject = Subject(batch, accumulated)
    checks = checks_for(Form.of(batch, losses=accumulated is not None), batch.options.silence)
    for check in checks:
        evidence = check.look(subject)
        if evidence is not None:
            warnings.append(check.warning(batch, evidence))
    return tuple(warnings), tuple([check.code for check in checks])


@lru_cache(maxsize=256)
def checks_for(form: Form, silence: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks that apply to batches of this form, but for those to silence."""
    return tuple(check for check in CHECKS if check.code not in silence and check.applies(form))
