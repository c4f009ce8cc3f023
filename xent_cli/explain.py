"""`xent explain CODE`: what a warning, an error or a loss type means."""

import argparse
import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from app.api.problem import CODES as ERRORS
from xent_cli.failure import DONE, Failure
from xent_core.advice.checks import CHECKS, WARNINGS
from xent_core.losses import CATALOGUE


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="xent explain", description="Say what a warning, an error or a loss type means.", allow_abbrev=False
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="without one, all codes are listed")
    parser.add_argument("--json", action="store_true", help="write JSON")
    options = parser.parse_args(arguments)
    found = _listed() if options.code is None else _explained(options.code)
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{name}: {_as_text(value)}\n" for name, value in found.items()))
    return DONE


def _as_text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _listed() -> dict[str, Any]:
    return {"warnings": [*WARNINGS], "errors": [*ERRORS], "loss types": [*CATALOGUE]}


def _explained(code: str) -> dict[str, Any]:
    """Raises Failure where there is no such code."""
    if code in WARNINGS:
        found: dict[str, Any] = {"warning": code, "when": WARNINGS[code]}
        for check in CHECKS:
            if check.code == code:
                found |= {"severity": check.severity, "fix": check.fix}
        return found
    if code in ERRORS:
        return {"error": code, "meaning": ERRORS[code]}
    if code in CATALOGUE:
        entry = CATALOGUE[code]
        return {
            "loss type": code,
            "formula": entry.formula,
            "labels": entry.label_form,
            "use when": entry.use_when,
            "parameters": [parameter.name for parameter in entry.parameters],
        }
    close = get_close_matches(code, [*WARNINGS, *ERRORS, *CATALOGUE], n=1)
    raise Failure(
        f"{code!r:.80} is no code of xent; "
        + (f"did you mean {close[0]}?" if close else "xent explain lists all codes")
    )
