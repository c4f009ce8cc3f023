"""What is looked at piece by piece is found wherever a piece ends."""

import pytest

from app.wire.pieces import StringMask, skip_space


@pytest.mark.parametrize(("text", "at"), [(b"  1", 2), (b"  ", 2), (b"", 0)])
def test_white_space_is_skipped_up_to_the_end(text: bytes, at: int) -> None:
    assert skip_space(text, 0) == at


@pytest.mark.parametrize("text", [b'a\\"b"c', b'a\\\\"c', b'\\\\\\"x"', b'abc"'])
@pytest.mark.parametrize("size", [1, 2, 3, 99])
def test_a_string_ends_at_the_first_quote_that_is_not_escaped(text: bytes, size: int) -> None:
    string, expected = StringMask(), text.rindex(b'"')
    for at in range(0, len(text), size):
        end = string.find_end(text[at : at + size])
        if end >= 0:
            break
    assert at + end == expected
