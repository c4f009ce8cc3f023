"""page/generated/facts.json: what the pages tell of xent_core and of requests, so that a new loss or check is there
without an edit.
"""

import json
from dataclasses import asdict
from typing import Any

from xent_core.advice.checks import CHECKS
from xent_core.advice.recommend import equivalents_of_example
from xent_core.errors import InvalidInput
from xent_core.framework_names import REDUCTION_NAMES, ours
from xent_core.losses import CATALOGUE, LOSS_TYPES
from xent_core.results import REDUCTIONS


def page_facts(document: dict[str, Any]) -> bytes:
    """The facts, as JSON. `document` is the OpenAPI document."""
    request = document["components"]["schemas"]["LossRequest"]["properties"]
    facts = {"include": request["include"]["anyOf"][0]["items"]["enum"], **_facts()}
    return json.dumps(facts, indent=1, ensure_ascii=False).encode() + b"\n"


def _facts() -> dict[str, Any]:
    names = [
        {
            "framework": each.framework,
            "name": each.name,
            "when": each.when,
            "ours": ours(entry),
            "send": each.send,
            "reduction": each.reduction,
            "remark": each.remark,
        }
        for entry in CATALOGUE.values()
        for each in entry.names_elsewhere
    ]
    reductions = {
        name: [
            {"framework": row.framework, "name": row.name, "when": row.when}
            for row in REDUCTION_NAMES
            if row.ours == name
        ]
        for name in REDUCTIONS
    }
    warnings = {
        check.code: {
            "severity": check.severity,
            "when": check.when,
            "message": check.message,
            "fix": check.fix,
            "change": check.change,
        }
        for check in CHECKS
    }
    catalogue = {
        entry.loss_type: {**asdict(entry), "equivalents": equivalents_of_example(entry)} for entry in CATALOGUE.values()
    }
    parameters = {name: [each["name"] for each in entry["parameters"]] for name, entry in catalogue.items()}
    return {
        "loss_types": list(LOSS_TYPES),
        "parameters": {name: parameters[name] for name in LOSS_TYPES},
        "reductions": reductions,
        "names": names,
        "warnings": warnings,
        "errors": sorted(_codes(InvalidInput)),
        "catalogue": catalogue,
    }


def _codes(of: type[InvalidInput]) -> set[str]:
    return {of.code}.union(*map(_codes, of.__subclasses__()))
