"""The positions of characters of one kind in a text: one bit for each character, so that NumPy counts 64 at once."""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Bitmap:
    """Flags, packed into bits."""

    def __init__(self, flags: Flags) -> None:
        bits = np.packbits(flags, bitorder="little")
        if len(bits) % 8:
            bits = np.concatenate((bits, np.zeros(-len(bits) % 8, np.uint8)))
        self._words = bits.view("<u8")
        self._until = np.cumsum(np.bitwise_count(self._words), dtype=np.int64)

    @property
    def total(self) -> int:
        """The number of flags that are set."""
        return int(self._until[-1])

    def places(self) -> Integers:
        """The positions of the flags that are set."""
        filled = np.flatnonzero(self._words != 0)
        bits = np.flatnonzero(np.unpackbits(self._words[filled].view(np.uint8), bitorder="little").view(np.bool_))
        places: Integers = filled[bits >> 6] * 64 + (bits & 63)
        return places

    def before(self, places: Integers) -> Integers:
        """The number of flags that are set before each of these positions."""
        index = places >> 6
        from_there = np.bitwise_count(self._words[index] >> (places & 63).astype(np.uint64))
        before: Integers = self._until[index] - from_there
        return before
