"""What a check is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from xent_core.advice.subject import Form, PlanFacts, Subject
from xent_core.prepare import PreparedBatch
from xent_core.results import Change, Evidence, LossWarning, Severity

MIN_ROWS = 20

BY_FORM: Literal["by form"] = "by form"
"""What the check finds follows from the form of the batch and the kind of its labels."""

Silent = Callable[[PlanFacts], bool]
"""Whether the check finds nothing, for certain."""


@dataclass(frozen=True, slots=True)
class Check:
    """One mistake, and how it is found.

    code      stable, for programs
    severity  how sure it is
    when      the condition, for the documentation
    message   what was found; `{name}` stands for a figure of the evidence
    fix       what to change in the request
    change    the same as parameters of the request; None where arrays have to change
    applies   whether the check makes sense for batches of this form
    look      the figures that set it off; None where there is nothing to warn of
    refine    the warning in words that fit the batch better, where there are such
    silent    how a plan knows, without a look, that the check has nothing new to say; None where it can't: there are no
              plans then for batches to which the check applies
    """

    code: str
    severity: Severity
    when: str
    message: str
    fix: str
    applies: Callable[[Form], bool]
    look: Callable[[Subject], Evidence | None]
    change: Change | None = None
    refine: Callable[[LossWarning, PreparedBatch], LossWarning] | None = None
    silent: Silent | Literal["by form"] | None = None

    def warning(self, batch: PreparedBatch, evidence: Evidence) -> LossWarning:
        message = self.message.format(**evidence)
        if batch.counts.counting is not None:
            evidence = evidence | batch.counts.number(batch.layout, per_row=not batch.loss.is_elementwise)
        warning = LossWarning(self.code, self.severity, message, evidence, self.fix, self.change)
        return warning if self.refine is None else self.refine(warning, batch)
