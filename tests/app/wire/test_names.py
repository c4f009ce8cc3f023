"""A body of a million names is known before it is parsed."""

import pytest

from app.wire.names import MAX_NAMES, has_too_many_names
from app.wire.pieces import PIECE_BYTES


def names(count: int, colon: str = ":") -> bytes:
    return ("{" + ",".join(f'"{number:07x}"{colon}1' for number in range(count)) + "}").encode()


@pytest.mark.parametrize("colon", [":", " :", "\n\t : "])
def test_names_are_counted_however_they_are_spaced(colon: str) -> None:
    assert not has_too_many_names(names(MAX_NAMES, colon))
    assert has_too_many_names(names(MAX_NAMES + 50, colon))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"a":1}',
        b'{"logits": [' + b"0.25," * 200_000 + b"1]}",
        b'{"id": "' + b":" * 200_000 + b'"}',
        b'{"data": "' + b"A" * (3 * PIECE_BYTES) + b'"}',
    ],
    ids=["empty", "short", "numbers", "colons in a string", "a long string"],
)
def test_what_are_no_names_does_not_count(body: bytes) -> None:
    assert not has_too_many_names(body)
