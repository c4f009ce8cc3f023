"""Class weights as scikit-learn and Keras have them, {0: 1.0, 1: 2.0}, to one weight for each class."""

from collections.abc import Mapping
from typing import Any

from xent_client.errors import InvalidInput

MAX_NAMED = 10


def weights_in_order(weights: Mapping[Any, Any], classes: int) -> list[Any]:
    """The weights of the classes 0 … classes − 1. Raises InvalidInput unless these are the keys."""
    expected = range(classes)
    strange = [key for key in weights if isinstance(key, bool | str) or key not in expected]
    if strange:
        raise InvalidInput(
            f"class_weights has the keys {_named(strange)}; class indices from 0 to {classes - 1} were expected, "
            f"as the logits have {classes} classes"
        )
    missing = [index for index in expected if index not in weights]
    if missing:
        raise InvalidInput(
            f"class_weights has no weight for the classes {_named(missing)}; a weight for each of the logits' "
            f"{classes} classes was expected"
        )
    return [weights[index] for index in expected]


def _named(keys: list[Any]) -> str:
    return ", ".join(map(repr, keys[:MAX_NAMED])) + (", …" if len(keys) > MAX_NAMED else "")
