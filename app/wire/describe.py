"""How values are named in messages."""

from typing import Any


def describe(value: Any) -> str:
    """A JSON value in a few words, quoted only if it is short."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'the string "{value}"' if len(value) <= 40 and value.isprintable() else "a string"
        case int():
            return str(value) if abs(value) < 1 << 64 else "a very large number"
        case float():
            return f"{value:.17g}"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "an array"
