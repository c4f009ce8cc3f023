"""The texts of the learn pages, the formulas as MathML, and the document around each page.

`make page` makes `parts` from `page/`: `texts.<language>.json`, `frame.<language>.html` and `formulas.json`.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

from app.learn.html import Html, h
from app.page.language import Language

PARTS = Path(__file__).with_name("parts")


class Texts:
    """The texts of one language, by keys such as "learn.formula"."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts: dict[str, Any] = orjson.loads((PARTS / f"texts.{language}.json").read_bytes())

    def get(self, key: str) -> Any:
        """What stands at a key, which may be a list; None where nothing does."""
        found: Any = self._texts
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def __call__(self, key: str, otherwise: str | None = None, /, **figures: object) -> str:
        """The text of a key, its figures filled in. Without one: what is given in its place, or else the key."""
        text = self.get(key)
        if not isinstance(text, str):
            text = key if otherwise is None else otherwise
        for name, figure in figures.items():
            text = text.replace(f"{{{name}}}", str(figure))
        return text

    def address(self, name: str = "") -> str:
        """The address of a learn page, from any of them."""
        return f"{name or '../learn'}?lang={self.language}"


@cache
def texts_in(language: Language) -> Texts:
    return Texts(language)


@cache
def frame(language: str) -> str:
    """The document around a page, with {{root}}, {{title}}, {{head}} and {{main}} to be filled in."""
    return (PARTS / f"frame.{language}.html").read_text(encoding="utf-8")


@cache
def _formulas() -> dict[str, str]:
    formulas: dict[str, str] = orjson.loads((PARTS / "formulas.json").read_bytes())
    return formulas


def formula(latex: str, plain: str) -> Html:
    """A formula as MathML; in plain text where the pages were built before the formula was written."""
    rendered = _formulas().get(latex)
    content = h("span", plain, class_="mono") if rendered is None else Html(rendered)
    return h("div", content, class_="formula", tabindex="0", role="group", aria_label=plain)
