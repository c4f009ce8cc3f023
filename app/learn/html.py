"""HTML as a tree of calls: text is escaped where it enters, so that no page can hold markup by mistake."""

from html import escape

VOID = frozenset({"input", "br"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None
Attribute = str | int | float | bool | None


def h(tag: str, *children: Child, **attributes: Attribute) -> Html:
    """An element. `class_` and `for_` stand for Python's own words, `_` in a name for `-`.

    Children: Html as it is, other strings escaped, None is nothing. Attributes: True has no value; False and None are
    left out.

    >>> h("a", "a < b", href="x", class_="link")
    '<a href="x" class="link">a &lt; b</a>'
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*children: Child) -> Html:
    """Children one after the other."""
    return Html("".join(each if isinstance(each, Html) else escape(each or "", quote=False) for each in children))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
