"""A batch of any rank and class axis, read as a matrix [rows, classes], one block at a time.

A row is one entry of the batch dimensions; rows are counted in C order of those dimensions. There are two sizes:
a block is what Python's own overhead is spread over, a tile is what stays in a core's cache while several NumPy
calls work on it. Temporaries are at most a few blocks of small things, and never grow with the batch.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FloatType = np.dtype[np.floating[Any]]

BLOCK_ROWS = 1 << 13
# A tile that several arrays of its size are needed for, and the bytes of one that is alone in the cache.
TILE_ELEMENTS = 1 << 17
TILE_BYTES = 1 << 20
# Columns of a row that are summed at once, by a matrix product and by a product of vectors.
SHORT_ROW = 64
PIECE = 512
ONES = {np.dtype(dtype): np.ones(PIECE, dtype) for dtype in (np.float32, np.float64)}


class Block(NamedTuple):
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


class Layout(NamedTuple):
    """How an array of `shape` lies as [outer, classes, inner]; its rows are the (outer, inner) pairs.

    `class_axis` is None where every element is a row of its own (sigmoid losses of rank-1 logits).
    """

    shape: tuple[int, ...]
    class_axis: int | None
    sample_shape: tuple[int, ...]
    outer: int
    classes: int
    inner: int

    @classmethod
    def along(cls, shape: tuple[int, ...], class_axis: int) -> "Layout":
        before, after = shape[:class_axis], shape[class_axis + 1 :]
        return cls(shape, class_axis, before + after, math.prod(before), shape[class_axis], math.prod(after))

    @classmethod
    def elementwise(cls, shape: tuple[int, ...]) -> "Layout":
        return cls(shape, None, shape, math.prod(shape), 1, 1)

    @property
    def rows(self) -> int:
        return self.outer * self.inner

    def blocks(self, elements: int, rows: int = BLOCK_ROWS) -> tuple[Block, ...]:
        """The matrix in blocks of whole rows, of at most so many elements and rows; a longer row is a block."""
        columns, all_rows = slice(0, self.classes), self.rows
        if all_rows <= rows and all_rows * self.classes <= elements:
            return (Block(slice(0, all_rows), columns),)
        most = max(1, min(rows, elements // self.classes))
        if most >= self.inner:
            step = most // self.inner * self.inner
            return tuple(Block(slice(i, min(i + step, all_rows)), columns) for i in range(0, all_rows, step))
        return tuple(
            Block(slice(i, min(i + most, first + self.inner)), columns)
            for first in range(0, all_rows, self.inner)
            for i in range(first, first + self.inner, most)
        )

    def tiles(self) -> tuple[Block, ...]:
        """The matrix in tiles: long rows are split as well."""
        blocks = self.blocks(TILE_ELEMENTS, rows=TILE_ELEMENTS)
        if self.classes <= TILE_ELEMENTS:
            return blocks
        return tuple(Block(block.rows, columns) for block in blocks for columns in strips(self.classes))

    def cut(self, array: Array, block: Block) -> Array:
        """The block as a view of a C-contiguous array of the layout's shape: [..., columns]."""
        (start, stop), columns = (block.rows.start, block.rows.stop), block.columns
        if self.inner == 1:
            return array.reshape(self.outer, self.classes)[block.rows, columns]
        cube = array.reshape(self.outer, self.classes, self.inner)
        if stop - start >= self.inner:
            return cube[start // self.inner : stop // self.inner, columns].transpose(0, 2, 1)
        first, offset = divmod(start, self.inner)
        return cube[first, columns, offset : offset + stop - start].T

    def reader(self, array: Array, dtype: FloatType) -> Callable[[Block], Array]:
        """A function from a block to a C-contiguous matrix of `dtype`: the array itself where it is one already."""
        if array.dtype == dtype and self.inner == 1:
            return lambda block: self.cut(array, block)
        buffer = np.empty(0, dtype)

        def read(block: Block) -> Array:
            nonlocal buffer
            rows, columns = block.shape
            if buffer.size < rows * columns:
                buffer = np.empty(rows * columns, dtype)
            matrix = shaped(buffer, block.shape)
            view = self.cut(array, block)
            np.copyto(matrix.reshape(view.shape), view, casting="unsafe")
            return matrix

        return read

    def write(self, array: Array, block: Block, matrix: Array) -> None:
        view = self.cut(array, block)
        view[...] = matrix.reshape(view.shape)

    def position(self, row: int, column: int) -> tuple[int, ...]:
        """Where an element of the matrix stands in the caller's array."""
        sample = self.sample_position(row)
        if self.class_axis is None:
            return sample
        return (*sample[: self.class_axis], int(column), *sample[self.class_axis :])

    def sample_position(self, row: int) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(int(row), self.sample_shape)) if self.sample_shape else ()


def strips(columns: int, elements: int | None = None) -> Iterator[slice]:
    """0 … columns, cut into pieces no longer than a tile, or than so many elements."""
    step = elements or TILE_ELEMENTS
    for start in range(0, columns, step):
        yield slice(start, min(start + step, columns))


def row_tiles(rows: int, columns: int, elements: int | None = None) -> Iterator[slice]:
    """0 … rows, cut so that a piece of so many columns is no larger than that, if it can be."""
    step = max(1, (elements or TILE_ELEMENTS) // columns)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def tile_buffer(layout: Layout, dtype: FloatType) -> Array:
    """Room for any tile of the layout."""
    return np.empty(min(layout.rows * layout.classes, TILE_BYTES // dtype.itemsize), dtype)


def shaped(buffer: Array, shape: tuple[int, int]) -> Array:
    """The beginning of a buffer as a matrix."""
    return buffer[: shape[0] * shape[1]].reshape(shape)


def extremes(values: Array) -> tuple[Any, Any]:
    """The least and the largest value, NaN where there is one; of a few values sooner than by min() and max()."""
    return np.minimum.reduce(values, axis=None), np.maximum.reduce(values, axis=None)


def row_sums(matrix: Array) -> Array:
    """Sums along the rows, in the matrix's dtype, with an error that does not grow with their length.

    A matrix product is fastest for the shortest rows. Longer ones are multiplied row by row, which adds into many
    accumulators, in pieces, so that each accumulator adds few; the pieces' sums are added pairwise.
    """
    rows, columns = matrix.shape
    ones = ONES[matrix.dtype]
    if columns <= SHORT_ROW:
        sums: Array = matrix @ ones[:columns]
        return sums
    pieces = columns // PIECE
    whole = pieces * PIECE
    total: Array = np.vecdot(matrix[:, whole:], ones[: columns - whole])
    if pieces:
        total += np.add.reduce(np.vecdot(matrix[:, :whole].reshape(rows, pieces, PIECE), ones[:PIECE]), axis=1)
    return total
