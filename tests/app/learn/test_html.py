"""HTML as a tree of calls."""

from app.learn.html import Html, h, join


def test_text_is_escaped_and_html_is_not() -> None:
    assert h("p", "a < b & c", h("b", "d")) == "<p>a &lt; b &amp; c<b>d</b></p>"


def test_what_is_joined_is_html_again() -> None:
    joined = join(h("i", "x"), " < ", None)
    assert isinstance(joined, Html)
    assert h("p", joined) == "<p><i>x</i> &lt; </p>"


def test_an_attribute_is_quoted_bare_or_left_out() -> None:
    made = h("input", class_='a "b"', data_x=0, checked=True, id=None, hidden=False)
    assert made == '<input class="a &quot;b&quot;" data-x="0" checked>'
