"""A long string of base64 that is no string of JSON is refused as such, with the place."""

import pytest

from app.wire.json import decode_body
from app.wire.parse import NotJson

LONG = b"A" * (1 << 19)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (b"\x01", "a control character in a string, .* at line 1, column 524346$"),
        (b"\xff", "a string that is not UTF-8"),
    ],
)
def test_what_no_string_holds_is_named(wrong: bytes, message: str) -> None:
    body = b'{"logits": {"dtype": "int8", "shape": [393216], "data": "%b%b"}}' % (LONG, wrong)
    with pytest.raises(NotJson, match=message):
        decode_body(body, {"logits"})
