"""A batch of any rank and class axis, read as a matrix [rows, classes], one block at a time.

A row is one entry of the batch dimensions. Rows are counted in C order of those dimensions.

Two words, defined here. A *block* is a range of rows that one round of Python's overhead is spread over. A *tile* is a
part of a block, or of one long row, that stays in a core's cache while several NumPy calls work on it. Temporaries are
as large as a few blocks or tiles, and do not grow with the batch.
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FloatType = np.dtype[np.floating[Any]]

MAX_BLOCK_ROWS = 1 << 13
# The size of a tile where several arrays of its size share the cache, and where one has the cache to itself.
TILE_ELEMENTS = 1 << 17
TILE_BYTES = 1 << 20
# Up to so many columns a matrix product sums a row; up to so many a product of vectors adds to one accumulator.
SHORT_ROW = 64
# A sequence of so many logits is a block of its own: it is read where it stands, and not copied beside others.
LONG_SEQUENCE = 1 << 15
SUMMED_AT_ONCE = 512
MULTIPLIED_AT_ONCE = 2048
# How many rows BLAS multiplies at once, or a multiple of it.
ROWS_AT_ONCE = 8
ONES = {np.dtype(dtype): np.ones(SUMMED_AT_ONCE, dtype) for dtype in (np.float32, np.float64)}


class Block(NamedTuple):
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


class Layout(NamedTuple):
    """An array of `shape` as [outer, classes, inner]. Its rows are the (outer, inner) pairs.

    `class_axis` is None where each element is a row of its own (sigmoid losses of logits of rank 1). `left_out`: how
    many samples at the end of each sequence, along the last batch dimension, are no rows; the class axis is then last.
    """

    shape: tuple[int, ...]
    class_axis: int | None
    sample_shape: tuple[int, ...]
    outer: int
    classes: int
    inner: int
    rows: int
    left_out: int = 0

    @classmethod
    def along(cls, shape: tuple[int, ...], class_axis: int) -> "Layout":
        before, after = shape[:class_axis], shape[class_axis + 1 :]
        outer, inner = math.prod(before), math.prod(after)
        return cls(shape, class_axis, before + after, outer, shape[class_axis], inner, outer * inner)

    @classmethod
    def elementwise(cls, shape: tuple[int, ...]) -> "Layout":
        size = math.prod(shape)
        return cls(shape, None, shape, size, 1, 1, size)

    def without_last(self, left_out: int) -> "Layout":
        """The same without the last samples of each sequence."""
        samples = (*self.sample_shape[:-1], self.sample_shape[-1] - left_out)
        rows = math.prod(samples)
        return self._replace(sample_shape=samples, outer=rows, rows=rows, left_out=left_out)

    def blocks(self, max_elements: int, max_rows: int = MAX_BLOCK_ROWS) -> tuple[Block, ...]:
        """The matrix in blocks of whole rows, of at most so many elements and rows; a longer row is a block."""
        return _blocks(self, max_elements, max_rows)

    def tiles(self) -> tuple[Block, ...]:
        """The matrix in tiles. Long rows are split as well."""
        return _tiles(self, TILE_ELEMENTS)

    def view(self, array: Array, block: Block) -> Array:
        """The block as a view of a C-contiguous array of the layout's shape: [..., columns]."""
        (start, stop), columns = (block.rows.start, block.rows.stop), block.columns
        if self.left_out:
            length = self.sample_shape[-1]
            cube = array.reshape(-1, length + self.left_out, self.classes)
            (first, offset), last = divmod(start, length), (stop - 1) // length
            if first == last:
                return cube[first, offset : offset + stop - start, columns]
            return cube[first : last + 1, :length, columns]
        if self.inner == 1:
            return array.reshape(self.outer, self.classes)[block.rows, columns]
        cube = array.reshape(self.outer, self.classes, self.inner)
        if stop - start >= self.inner:
            return cube[start // self.inner : stop // self.inner, columns].transpose(0, 2, 1)
        first, offset = divmod(start, self.inner)
        return cube[first, columns, offset : offset + stop - start].T

    def reader(self, array: Array, dtype: FloatType) -> Callable[[Block], Array]:
        """A function from a block to a C-contiguous matrix of `dtype`: the array itself where it is one already."""
        if array.dtype == dtype and self.inner == 1 and not self.left_out:
            matrix = array.reshape(self.outer, self.classes)
            return lambda block: matrix[block.rows, block.columns]
        buffer = np.empty(0, dtype)

        def read(block: Block) -> Array:
            nonlocal buffer
            rows, columns = block.shape
            view = self.view(array, block)
            if self.left_out and view.ndim == 2 and view.dtype == dtype:
                return view
            if buffer.size < rows * columns:
                buffer = np.empty(rows * columns, dtype)
            matrix = shaped(buffer, block.shape)
            np.copyto(matrix.reshape(view.shape), view, casting="unsafe")
            return matrix

        return read

    def write(self, array: Array, block: Block, matrix: Array) -> None:
        view = self.view(array, block)
        view[...] = matrix.reshape(view.shape)

    def position(self, row: int, column: int) -> tuple[int, ...]:
        """The index of an element of the matrix in the given array."""
        sample = self.sample_position(row)
        if self.class_axis is None:
            return sample
        return (*sample[: self.class_axis], int(column), *sample[self.class_axis :])

    def sample_position(self, row: int) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(int(row), self.sample_shape)) if self.sample_shape else ()


@lru_cache(maxsize=32)
def _blocks(layout: Layout, max_elements: int, max_rows: int) -> tuple[Block, ...]:
    columns, all_rows = slice(0, layout.classes), layout.rows
    if all_rows <= max_rows and all_rows * layout.classes <= max_elements:
        return (Block(slice(0, all_rows), columns),)
    most = max(1, min(max_rows, max_elements // layout.classes))
    # Rows of one group stand beside each other; a block holds whole groups, or a part of one.
    group = layout.sample_shape[-1] if layout.left_out else layout.inner
    if layout.left_out and group * layout.classes >= LONG_SEQUENCE:
        most = min(most, group)
    if most >= group:
        step = most // group * group
        return tuple(Block(slice(i, min(i + step, all_rows)), columns) for i in range(0, all_rows, step))
    return tuple(
        Block(slice(i, min(i + most, first + group)), columns)
        for first in range(0, all_rows, group)
        for i in range(first, first + group, most)
    )


@lru_cache(maxsize=32)
def _tiles(layout: Layout, max_elements: int) -> tuple[Block, ...]:
    blocks = _blocks(layout, max_elements, max_elements)
    if layout.classes <= max_elements:
        return blocks
    return tuple(
        Block(block.rows, columns) for block in blocks for columns in column_tiles(layout.classes, max_elements)
    )


def column_tiles(columns: int, max_elements: int | None = None) -> Iterator[slice]:
    """0 … columns in tiles of one row, each of at most so many elements."""
    step = max_elements or TILE_ELEMENTS
    for start in range(0, columns, step):
        yield slice(start, min(start + step, columns))


def row_tiles(rows: int, columns: int, max_elements: int | None = None) -> Iterator[slice]:
    """0 … rows in tiles of so many columns, each of at most so many elements if that is a row or more."""
    step = max(1, (max_elements or TILE_ELEMENTS) // columns)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def tile_buffer(layout: Layout, dtype: FloatType) -> Array:
    """A buffer for any tile of the layout."""
    return np.empty(min(layout.rows * layout.classes, TILE_BYTES // dtype.itemsize), dtype)


def shaped(buffer: Array, shape: tuple[int, int]) -> Array:
    """The beginning of a buffer as a matrix."""
    return buffer[: shape[0] * shape[1]].reshape(shape)


def extremes(values: Array) -> tuple[Any, Any]:
    """The least and the largest value as Python numbers, NaN where there is one."""
    # Of a few values three times as fast as by min() and max(), of many as fast.
    return values.item(values.argmin()), values.item(values.argmax())


def row_sums(matrix: Array) -> Array:
    """Sums along the rows, in the matrix's dtype, with an error that does not grow with their length.

    A row has the same sum whatever rows stand beside it, so that a batch has the losses of its parts. A matrix product
    is fastest for the shortest rows. Longer ones are multiplied row by row, which adds into many
    accumulators, in parts, so that each accumulator adds few; the sums of the parts are added pairwise.
    """
    rows, columns = matrix.shape
    ones = ONES[matrix.dtype]
    if columns <= SHORT_ROW:
        return _short_row_sums(matrix, ones[:columns])
    parts = columns // SUMMED_AT_ONCE
    whole = parts * SUMMED_AT_ONCE
    total: Array = np.vecdot(matrix[:, whole:], ones[: columns - whole])
    if parts:
        total += np.add.reduce(
            np.vecdot(matrix[:, :whole].reshape(rows, parts, SUMMED_AT_ONCE), ones[:SUMMED_AT_ONCE]), axis=1
        )
    return total


def row_dots(matrix: Array, other: Array) -> Array:
    """Sums of the products of two matrices along the rows, in their dtype, with an error as that of `row_sums`."""
    rows, columns = matrix.shape
    if columns <= SHORT_ROW:
        return _short_row_sums(matrix * other, ONES[matrix.dtype][:columns])
    whole = columns // MULTIPLIED_AT_ONCE * MULTIPLIED_AT_ONCE
    total: Array = np.vecdot(matrix[:, whole:], other[:, whole:])
    if whole:
        shape = rows, whole // MULTIPLIED_AT_ONCE, MULTIPLIED_AT_ONCE
        parts = np.vecdot(matrix[:, :whole].reshape(shape), other[:, :whole].reshape(shape))
        total += np.add.reduce(parts, axis=1)
    return total


def _short_row_sums(matrix: Array, ones: Array) -> Array:
    """BLAS takes a few rows at once, and those left over in another order of additions, unless others fill up."""
    sums: Array = matrix @ ones
    rows = len(matrix)
    left_over = rows % ROWS_AT_ONCE
    if left_over and rows > ROWS_AT_ONCE:
        sums[-left_over:] = (matrix[-ROWS_AT_ONCE:] @ ones)[-left_over:]
    elif left_over:
        filled = np.zeros((ROWS_AT_ONCE, matrix.shape[1]), matrix.dtype)
        filled[:rows] = matrix
        sums = (filled @ ones)[:rows]
    return sums
