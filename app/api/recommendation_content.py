"""How losses, a recommendation and warnings are written into a response."""

from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from app.telemetry.request_record import RequestRecord
from app.wire.json import Encoded, encoded
from xent_core.losses import LOSSES
from xent_core.results import Advice, Alternative, Evaluation, LabelKind, LossWarning, Reason, Recommendation, Reduced


def record_evaluation(record: RequestRecord, result: Evaluation, logits: NDArray[Any]) -> None:
    """Record what was computed, for the log and the metrics."""
    elements = logits if LOSSES[result.loss_type].is_elementwise else result.per_sample
    warnings = [warning.code for warning in result.warnings]
    record.computed(result.loss_type, result.per_sample.size, elements.size, warnings)


def losses_content(loss_type: str, per_sample: NDArray[Any], reduced: Reduced | None) -> dict[str, Any]:
    """The beginning of a `LossResponse`."""
    return {
        "loss_type": loss_type,
        "per_sample": per_sample,
        "reduced": None
        if reduced is None
        else {
            "reduction": reduced.reduction,
            "value": reduced.value,
            "numerator": reduced.numerator,
            "denominator": reduced.denominator,
        },
    }


def advice_content(recommendation: Recommendation, result: Evaluation | Advice, *, brief: bool) -> dict[str, Any]:
    """The recommendation, the warnings and the checks that ran."""
    return {
        "recommendation": _brief(recommendation) if brief else _recommendation_content(recommendation),
        "warnings": warnings_content(result.warnings),
        "checked": result.checked,
    }


def equivalents_content(equivalents: dict[str, str]) -> Encoded:
    return _encoded_texts(*equivalents.items())


@lru_cache(maxsize=256)
def _encoded_texts(*equivalents: tuple[str, str]) -> Encoded:
    return encoded(dict(equivalents))


def warnings_content(warnings: tuple[LossWarning, ...]) -> list[dict[str, Any]]:
    return [
        {
            "code": each.code,
            "severity": each.severity,
            "message": each.message,
            "evidence": each.evidence,
            "fix": each.fix,
            "change": each.change,
        }
        for each in warnings
    ]


def _brief(recommendation: Recommendation) -> Encoded:
    """What brief advice holds. The other fields are absent: an empty list would say that there are none."""
    written = recommendation.as_dict()
    return encoded({name: written[name] for name in ("loss_type", "label_kind", "suggested")})


def _recommendation_content(recommendation: Recommendation) -> Encoded:
    """The recommendation, in which what is suggested is a list whatever the encoding of the response's arrays."""
    if recommendation.suggested is None:
        return _usual(*recommendation[:4], *(recommendation.equivalents or {}).items())
    return encoded(recommendation.as_dict())


@lru_cache(maxsize=256)
def _usual(
    loss_type: str,
    label_kind: LabelKind,
    reasons: tuple[Reason, ...],
    alternatives: tuple[Alternative, ...],
    *equivalents: tuple[str, str],
) -> Encoded:
    """With nothing to suggest, batches of one form have one recommendation, which is most of a small response."""
    return encoded(
        Recommendation(loss_type, label_kind, reasons, alternatives, None, dict(equivalents) or None).as_dict()
    )
