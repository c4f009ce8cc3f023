"""Which of the page's languages a reader gets: the one that the address names, or else the browser's preference."""

from typing import Literal, get_args

Language = Literal["en", "zh-Hans", "zh-Hant"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

MAX_HEADER_LENGTH = 256
# Regions that write Chinese in traditional characters, where the header names no script.
TRADITIONAL = {"hant", "tw", "hk", "mo"}


def preferred_language(named: str | None, accept_language: str | None) -> Language:
    """English where neither says anything that the page has."""
    for language in LANGUAGES:
        if named == language:
            return language
    if accept_language is None or len(accept_language) > MAX_HEADER_LENGTH:
        return "en"
    ranges = [part.partition(";") for part in accept_language.lower().split(",")]
    weighted = [(_weight(parameters), _language(tag.strip())) for tag, _, parameters in ranges]
    return max(((weight, language) for weight, language in weighted if language), key=_first, default=(1.0, "en"))[1]


def _first(pair: tuple[float, Language]) -> float:
    return pair[0]


def _weight(parameters: str) -> float:
    try:
        return float(parameters.partition("q=")[2] or 1)
    except ValueError:
        return 0.0


def _language(tag: str) -> Language | None:
    primary, *others = tag.split("-")
    if primary == "zh":
        return "zh-Hant" if TRADITIONAL.intersection(others) and "hans" not in others else "zh-Hans"
    return "en" if primary == "en" else None
