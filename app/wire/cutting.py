"""Long lists and long strings of base64, cut out of a body, so that what is left can be read as any JSON."""

import re
import secrets
from bisect import bisect_right
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from app.wire.long_lists import refuse_broken
from app.wire.parse import Amount, Dialect, NotJson, check_depth, load
from app.wire.pieces import PIECE_BYTES, Content, StringMask, is_space, pieces, squeezed
from app.wire.structure import Outline, outline

# Cutting pays off from about this length on,
LONG_BYTES = 1024
# and no request has so many arrays. Each takes some time of its own, however short it is.
MAX_CUT = 128
# The limit for lists and strings that are too short to be cut.
MAX_SHORT = 4096
# Text between cuts, if longer, is read without most of its white space.
LONG_GAP_BYTES = 4096
# The placeholder for what was cut out of the text. It is random, so that no client can send it.
TOKEN = secrets.token_hex(8)
MAX_SPACE = 100


class Text(NamedTuple):
    """A string that was cut out, with its quotes, and whether it may have escapes."""

    start: int
    stop: int
    escaped: bool


Cuts = dict[str, Outline | Text]
"""What was cut out, by its placeholder."""


def cut(body: Content, names: frozenset[str], dialect: Dialect) -> tuple[Any, Cuts, Amount]:
    """The document without its long lists that follow one of the names, and its long strings that follow "data"; and
    how much it holds beside them.

    Raises NotJson, TooManyNames, TooManyValues.
    """
    value: Outline | Text
    values, rest, cuts = _Values(body, names), _Rest(body, dialect), Cuts()
    while len(cuts) < MAX_CUT and (found := values.next()):
        name, start = found
        # So that a body of nothing else is refused before all of it is read.
        rest.keep(start, at_least=PIECE_BYTES)
        if body[start] == ord("["):
            value = outline(body, start, name, dialect.max_rank)
            if value.broken:
                refuse_broken(body, value, name, dialect)
        else:
            value = _text(body, start)
        if value.stop - start > LONG_BYTES:
            token = f"{TOKEN}{len(cuts)}"
            cuts[token] = value
            rest.keep(start)
            rest.replace(value.stop, token)
            values.skip_to(value.stop)
    rest.keep(len(body))
    return rest.read(), cuts, rest.amount


def _text(body: Content, start: int) -> Text:
    view, string = memoryview(body), StringMask()
    for at in range(start + 1, len(view), PIECE_BYTES):
        end = string.find_end(bytes(view[at : at + PIECE_BYTES]))
        if end >= 0:
            return Text(start, at + end + 1, string.has_escapes)
    # It doesn't end, which the rest of the text shows.
    return Text(start, start, string.has_escapes)


class _Values:
    """Finds the long lists and strings, one after the other."""

    def __init__(self, body: Content, names: frozenset[str]) -> None:
        self.view = memoryview(body)
        self.key = _key_pattern(names)
        self.at = 0
        self.seen = 0
        self.short = 0
        self.strings = StringMask()

    def next(self) -> tuple[str, int] | None:
        """The name and start of the next one. Skips short ones and the content of strings."""
        while self.at < len(self.view) and self.short < MAX_SHORT:
            # One that begins in this piece may end in the next.
            found = self.key.search(self.view, self.at, self.at + PIECE_BYTES + 4 * MAX_SPACE)
            if not found:
                self.at += PIECE_BYTES
                continue
            self.at = start = found.end()
            if not SHORT.match(self.view, start, start + LONG_BYTES) and not self._in_string(found.start()):
                return found.group().split(b'"')[1].decode(), start
            self.short += 1
        return None

    def skip_to(self, at: int) -> None:
        self.at = self.seen = at
        self.strings = StringMask()

    def _in_string(self, at: int) -> bool:
        for piece in pieces(self.view[self.seen : at]):
            self.strings.skip(piece)
        self.seen = at
        return self.strings.inside


@cache
def _key_pattern(names: frozenset[str]) -> re.Pattern[bytes]:
    space = rb"[ \t\r\n]{0,%d}" % MAX_SPACE
    colon = b'"' + space + b":" + space
    either = rb"(?:%b)%b(?=\[)|data%b(?=\")" % ("|".join(sorted(names)).encode(), colon, colon)
    return re.compile(rb'"(?:%b)' % either)


# Most lists and strings end soon, and so cost next to nothing here, however many of them there are.
SHORT = re.compile(rb'"[^"]*"|\[[^:}]*[:}]')


class _Segment(NamedTuple):
    """A part of the remaining text, and its position in the body."""

    at: int
    start: int
    stop: int
    text: Content


class _Rest:
    """The remaining text of a body, and the positions of its parts in the body."""

    def __init__(self, body: Content, dialect: Dialect) -> None:
        self.view = memoryview(body)
        self.dialect = dialect
        self.amount = Amount(dialect, len(body))
        self.segments: list[_Segment] = []
        self.length = 0
        self.done = 0
        self.strings = StringMask()

    def keep(self, stop: int, at_least: int = 1) -> None:
        """Keep the text up to this position, unless it is kept already. Raises as Amount.check does."""
        if stop - self.done < at_least:
            return
        for at in range(self.done, stop, PIECE_BYTES):
            until = min(at + PIECE_BYTES, stop)
            piece = bytes(self.view[at:until])
            if len(piece) > LONG_GAP_BYTES and not self.strings.inside and b'"' not in piece:
                piece = squeezed(piece)
            self.strings.skip(piece)
            self.amount.add(piece)
            self._append(at, until, piece)
        self.done = stop
        self.amount.check()

    def replace(self, stop: int, token: str) -> None:
        """Replace the text up to this position by a string."""
        self._append(self.done, stop, b'"%b"' % token.encode())
        self.done = stop

    def _append(self, start: int, stop: int, text: bytes) -> None:
        self.segments.append(_Segment(self.length, start, stop, text))
        self.length += len(text)

    def read(self) -> Any:
        """Raises NotJson."""
        text = b"".join([segment.text for segment in self.segments])
        if self.amount.brackets > self.dialect.max_depth:
            check_depth(text, self.dialect)
        try:
            return load(text, self.dialect)
        except NotJson as error:
            if error.position is not None:
                error.position = self._place_of(error.position)
            raise

    def _place_of(self, position: int) -> int:
        """The position in the body of a character of the remaining text."""
        index = bisect_right(self.segments, position, key=attrgetter("at")) - 1
        at, start, stop, text = self.segments[index]
        if len(text) == stop - start:
            return start + position - at
        before = int(np.count_nonzero(~is_space(text[: position - at])))
        characters = np.flatnonzero(~is_space(self.view[start:stop]))
        return start + int(characters[before]) if before < len(characters) else stop
