"""The text of long strings that are base64."""

import codecs

import numpy as np

from app.wire.parse import NotJson
from app.wire.pieces import PIECE_BYTES, Content, pieces

# Escapes that some JSON encoders write for base64 characters.
ESCAPES = {b"\\/": b"/", b"\\u002b": b"+", b"\\u002B": b"+", b"\\u002f": b"/", b"\\u002F": b"/"}


def unescaped(text: memoryview) -> Content:
    """The text of a string of base64 without escapes."""
    plain = bytes(text)
    for escape, character in ESCAPES.items():
        plain = plain.replace(escape, character)
    return plain


def check_text(text: memoryview, at: int) -> None:
    """Raises NotJson where the text, which stands there in the body, can't be that of a string."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start, piece in zip(range(0, len(text), PIECE_BYTES), pieces(text), strict=True):
        control = np.frombuffer(piece, np.uint8) < ord(" ")
        if control.any():
            position = at + start + int(control.argmax())
            raise NotJson("the body is not JSON: a control character in a string, which must be escaped,", position)
        try:
            decoder.decode(piece, final=start + PIECE_BYTES >= len(text))
        except UnicodeDecodeError:
            raise NotJson("the body is not JSON: a string that is not UTF-8", at + start) from None
