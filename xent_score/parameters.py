"""The parameters of a loss on a command line: those of `xent_core.evaluate`, whichever there are."""

import inspect
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from xent_core import evaluate
from xent_score.errors import DataError

# What comes from the data set, or is an option of its own.
OF_DATA = {"logits", "labels", "weights", "include", "fit_temperature", "advice", "silence"}
PARAMETERS: Mapping[str, inspect.Parameter] = {
    name: parameter for name, parameter in inspect.signature(evaluate).parameters.items() if name not in OF_DATA
}


def parse(name: str, text: str) -> Any:
    """The value of a parameter: a number, true or false, a name, or for arrays numbers with commas between them.

    Raises DataError.
    """
    kinds = _kinds(PARAMETERS[name].annotation)
    try:
        if bool in kinds:
            return {"true": True, "false": False}[text.lower()]
        if int in kinds:
            return int(text)
        if float in kinds:
            return float(text)
        if str in kinds:
            return text
        return _numbers(text)
    except (ValueError, KeyError):
        raise DataError(f"--{name.replace('_', '-')} is {text!r:.80}; {_expected(kinds)} was expected") from None


def _kinds(annotation: Any) -> set[Any]:
    """The simple types that an annotation allows; none for arrays."""
    if get_origin(annotation) is Literal:
        return {str}
    parts = {part for part in (get_args(annotation) or (annotation,)) if part is not type(None)}
    simple = {bool, int, float, str}
    return parts if parts <= simple else set()


def _numbers(text: str) -> Any:
    value = json.loads(f"[{text}]") if not text.lstrip().startswith("[") else json.loads(text)
    return value[0] if isinstance(value, list) and len(value) == 1 and not text.lstrip().startswith("[") else value


def _expected(kinds: set[Any]) -> str:
    if bool in kinds:
        return "true or false"
    if int in kinds:
        return "a whole number"
    return "a number" if float in kinds else "a number, or numbers with commas between them,"
