"""How a judgement is written into an answer."""

from typing import Any

from xent_core.evaluate import Evaluation
from xent_core.judge import Judgement


def judgement_content(result: Evaluation | Judgement) -> dict[str, Any]:
    """The recommendation, the warnings and the checks that ran."""
    recommendation = result.recommendation
    suggested = recommendation.suggested
    return {
        "recommendation": {
            "loss_type": recommendation.loss_type,
            "label_kind": recommendation.label_kind,
            "reasons": [reason._asdict() for reason in recommendation.reasons],
            "alternatives": [alternative._asdict() for alternative in recommendation.alternatives],
            "suggested": None
            if suggested is None
            else {"pos_weight": suggested.pos_weight, "class_weights": suggested.class_weights},
            "equivalents": recommendation.equivalents,
        },
        "warnings": [
            {"code": each.code, "message": each.message, "evidence": each.evidence, "fix": each.fix}
            for each in result.warnings
        ],
        "checked": result.checked,
    }
