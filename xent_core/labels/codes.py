"""The usual codes of labels that are not 0 and 1: what stands for yes, for no, and for a label that nobody gave."""

from typing import NamedTuple

from xent_core.compute.layout import Array

MAX_VALUES = 3
"""Labels of more values than this are in no code."""


class Code(NamedTuple):
    """`found` says which values there are and what they usually stand for; `fix` how to map them to 0 and 1, or how to
    leave out what is not labelled. `ignore_index` is the mark of a missing label, where the code has one.
    """

    found: str
    fix: str
    ignore_index: int | None = None


CODES: dict[tuple[float, ...], Code] = {
    (-1, 1): Code("The only labels are -1 and 1: two classes coded as -1/1", "Send (labels + 1) / 2"),
    (0, 255): Code("The only labels are 0 and 255: a mask read from an image", "Send labels / 255"),
    (1, 2): Code("The only labels are 1 and 2: two classes counted from 1", "Send labels - 1"),
    (-1, 0, 1): Code(
        "Besides 0 and 1 the only label is -1, which usually marks a missing label (unlabelled)",
        "Set ignore_index to -1 with a sigmoid loss, or send weight 0 where the label is missing",
        -1,
    ),
    (0, 1, 255): Code(
        "Besides 0 and 1 the only label is 255, which usually marks a missing label (unlabelled)",
        "Set ignore_index to 255 with a sigmoid loss, or send weight 0 where the label is missing",
        255,
    ),
    (-100, 0, 1): Code(
        "Besides 0 and 1 the only label is -100, which usually marks a missing label (unlabelled)",
        "Set ignore_index to -100 with a sigmoid loss, or send weight 0 where the label is missing",
        -100,
    ),
}


def usual_code(labels: Array) -> Code | None:
    """The code that labels of any shape and dtype are in, if they hold exactly its values; they hold one at least.

    >>> import numpy as np
    >>> usual_code(np.array([1, -1, 1, -1])).fix
    'Send (labels + 1) / 2'
    """
    rest, values = labels.reshape(-1), list[float]()
    while rest.size:
        if len(values) == MAX_VALUES:
            return None
        values.append(float(rest[0]))
        rest = rest[rest != rest[0]]
    return CODES.get(tuple(sorted(values)))
