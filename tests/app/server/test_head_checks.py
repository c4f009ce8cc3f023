"""What a parser that gave up is taken for."""

import httptools
import pytest

from app.server.head_checks import NO_MEMORY, NOT_HTTP, TOO_MANY_HEADERS, refused_by


class Raising:
    """A parser's protocol that raises when a request begins."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def on_message_begin(self) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "refused"),
    [(MemoryError(), NO_MEMORY), (TOO_MANY_HEADERS, TOO_MANY_HEADERS), (ValueError(), NOT_HTTP)],
)
def test_what_was_raised_to_the_parser_is_said(error: Exception, refused: Exception) -> None:
    with pytest.raises(httptools.HttpParserError) as caught:
        httptools.HttpRequestParser(Raising(error)).feed_data(b"GET / HTTP/1.1\r\n")
    assert refused_by(caught.value) is refused
