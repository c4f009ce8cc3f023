"""What is wrong with a list that makes no rectangle, found from the bracket where this shows."""

import re

import orjson

from app.wire.describe import describe
from app.wire.pieces import SPACE, Content, skip_space
from app.wire.rectangle import Rectangle, Unlike
from xent_core.errors import Empty, InvalidInput, NotNumeric, Ragged, WrongShape

SHOWN_BYTES = 4096
VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[^][{}:," \t\r\n]+')


class Broken(Exception):
    """The position where the text stops being JSON."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def reason(body: Content, name: str, lists: Rectangle, unlike: Unlike) -> InvalidInput:
    """The reason why the list is no array. `name` is its name in the error. Raises Broken where the text is no JSON."""
    if lists.depth > lists.max_rank:
        return WrongShape(
            name, f"has more than {lists.max_rank} dimensions, the most that are accepted (XENT_MAX_RANK)"
        )
    rank = lists.rank or lists.depth
    level = rank - lists.depth + 1  # of the list that is open
    character, place = unlike.character, unlike.place
    at = skip_space(body, lists.place + 1)
    if character == "}":
        raise Broken(place + 1)
    if lists.opened and lists.depth == rank:
        return _among_numbers(body, name, lists, unlike, at, rank)
    if lists.opened and at == place and character == "]":
        return _of_another_length(name, lists, rank, level, 0)
    if not lists.opened and not unlike.commas:
        if character != "]":
            raise Broken(place + 1)
        return _of_another_length(name, lists, rank, level, lists.closed[level - 1] - lists.starts[level])
    if not lists.opened:
        at = skip_space(body, at + 1)
    found = "an object" if at == place else _described(body, at)
    position = _position(lists, rank, level - 1)
    return Ragged(name, f"is {found}; a list, as its neighbours are, was expected", position)


def _among_numbers(body: Content, name: str, lists: Rectangle, unlike: Unlike, at: int, rank: int) -> InvalidInput:
    """Behind the bracket that opens a list of numbers; the next character stands at this place."""
    place = unlike.place
    if unlike.character == "]":
        found = 0 if at == place else unlike.numbers - lists.starts[1]
        if found or lists.lengths[1]:
            return _of_another_length(name, lists, rank, 1, found)
        first = f"is empty, as {name}{'[0]' * (rank - 1)} is" if rank > 1 else "is empty, with shape [0]"
        return Empty(name, f"{first}; at least one value is needed")
    text = bytes(memoryview(body)[max(at, place - SHOWN_BYTES) : place]).rstrip(SPACE)
    if at != place and not text.endswith(b","):
        raise Broken(place + 1)
    position = (*_position(lists, rank, 1), unlike.commas)
    if unlike.character == "{":
        return NotNumeric(name, "is an object; a number was expected", position)
    return Ragged(name, "is a list; a number, as its neighbours are, was expected", position)


def _of_another_length(name: str, lists: Rectangle, rank: int, level: int, found: int) -> Ragged:
    message = of_another_length(name, rank - level, found, lists.lengths[level])
    return Ragged(name, message, _position(lists, rank, level))


def _position(lists: Rectangle, rank: int, level: int) -> tuple[int, ...]:
    """The position of what is being read, or would follow, of a level."""
    return tuple(lists.closed[each] - lists.starts[each + 1] for each in range(rank - 1, level - 1, -1))


def _described(body: Content, at: int) -> str:
    """The value that stands there. Raises Broken."""
    token = VALUE.match(bytes(memoryview(body)[at : at + SHOWN_BYTES]))
    try:
        return describe(orjson.loads(token.group() if token else b""))
    except orjson.JSONDecodeError:
        if token and token.group().startswith(b'"'):
            return "a string"
        raise Broken(at + (len(token.group()) if token else 0) + 1) from None


def of_another_length(name: str, depth: int, found: int, expected: int) -> str:
    return f"has length {found}, but {name}{'[0]' * depth} has length {expected}; all must be of one length"
