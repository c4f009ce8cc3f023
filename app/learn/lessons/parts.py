"""What lessons are made of."""

from collections.abc import Sequence

from app.learn.html import Child, Html, h, join
from app.learn.live import grid
from app.learn.texts import Texts

XS = grid(-8, 8, 0.2)


class Words:
    """The texts of one lesson."""

    def __init__(self, texts: Texts, lesson: str) -> None:
        self.all, self._lesson = texts, lesson

    def __call__(self, key: str, **figures: object) -> str:
        return self.all(f"lessons.{self._lesson}.{key}", **figures)

    def section(self, name: str, *content: Child, **figures: object) -> Html:
        """A heading and its paragraph, by the keys NAME_h and NAME_p."""
        paragraph = h("p", self(f"{name}_p", **figures), class_="second")
        return join(h("h2", self(f"{name}_h")), paragraph, *content)

    def column(self, name: str, *content: Child) -> Html:
        return h("div", h("h3", self(f"{name}_h")), h("p", self(f"{name}_p")), *content)


def line(name: Child, *content: Child) -> Html:
    """A row of a panel: a name, a slider or a bar, a number."""
    return h("div", h("span", name), *content, class_="line")


def result(name: str, value: Child, kind: str = "") -> Html:
    return h("div", h("span", name), h("b", value), class_=f"result {kind}".strip())


def table(label: str, head: Sequence[str], rows: Sequence[Sequence[Child]], wrong: int | None = None) -> Html:
    """A table of numbers: the first column names the row; the last figure of row `wrong` is the mistake's."""
    cells = [h("th", head[0], scope="col"), *[h("th", each, class_="r", scope="col") for each in head[1:]]]
    body = []
    for number, (name, *values) in enumerate(rows):
        last = "r v wrong" if number == wrong else "r v"
        figures = [h("td", each, class_="r") for each in values[:-1]]
        body.append(h("tr", h("th", name, scope="row"), *figures, h("td", values[-1], class_=last)))
    content = h("table", h("thead", h("tr", *cells)), h("tbody", *body))
    return h(
        "div",
        h("div", content, class_="table scroller", tabindex="0", role="region", aria_label=label),
        class_="card",
    )


def code(words: Words, wrong: str, right: str, *, mistake: bool = True) -> Html:
    """Two listings beside each other."""
    sides = [
        h("div", h("header", h("h3", words(key), class_=kind)), h("pre", text, tabindex="0"), class_="card")
        for key, text, kind in (("wrong", wrong, "wrong" if mistake else None), ("right", right, None))
    ]
    return join(h("h2", words("fix_h")), h("div", *sides, class_="two"))


def notice(words: Words, example: str, *pages: str) -> Html:
    """How xent notices, the batch on the front page as its example, and the pages that say more."""
    texts = words.all
    links = [h("li", h("a", h("code", page), href=texts.address(page))) for page in pages]
    front = h("a", texts("learn.open_front"), href=f"../?lang={texts.language}#example={example}", class_="button")
    return join(words.section("notice"), h("ul", *links, class_="related"), h("p", front, class_="open"))


def troubles(texts: Texts) -> dict[str, str]:
    return {"away": texts("learn.no_service"), "key": texts("learn.needs_key")}
