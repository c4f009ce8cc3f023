"""How a batch is cut into blocks changes no number; and every element of any layout lies in exactly one block."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import xent_core
from xent_core import InvalidInput, evaluate
from xent_core.compute.layout import Layout, row_sums

pytestmark = pytest.mark.unmeasured

Array = NDArray[Any]
SIGMOID, WEIGHTED = "sigmoid_cross_entropy", "weighted_cross_entropy"
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"
TILES = [1, 5, 7, 64]


def shrink(monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    """Tiles and blocks of a few elements: small arrays then cross many borders."""
    small = {"TILE_ELEMENTS": tile, "TILE_BYTES": 8 * tile}
    small |= {"INDEX_BLOCK": 16 * tile, "LABEL_BLOCK": 8 * tile, "CAREFUL_BLOCK": 8 * tile}
    for name, value in (small | {"SHORT_ROW": 3, "SUMMED_AT_ONCE": 5}).items():
        holders = [module for path, module in sys.modules.items() if path.startswith("xent_core.")]
        holders = [module for module in holders if hasattr(module, name)]
        assert holders, f"no module holds {name}"
        for module in holders:
            monkeypatch.setattr(module, name, value)


def hard_logits(shape: tuple[int, ...], axis: int) -> Array:
    """Rows that need no shift, rows that do, certain ones, and masks."""
    logits = np.moveaxis(np.random.default_rng(sum(shape)).normal(0, 3, shape), axis, 0).copy()
    rows = logits.reshape(len(logits), -1)
    rows[:, 1::5] += 1e4
    rows[:, 2::5] -= 1e4
    rows[0, 3::5] = 60
    rows[1:2, ::3] = -np.inf
    return np.moveaxis(logits, 0, axis)


def batches() -> Iterator[Any]:
    for shape, axis in [((7,), 0), ((9, 4), 1), ((4, 9), 0), ((3, 1), 1), ((2, 5, 6), 1), ((5, 3, 2), 0), ((2, 20), 1)]:
        samples, classes = shape[:axis] + shape[axis + 1 :], shape[axis]
        random = np.random.default_rng(1)
        soft = random.dirichlet(np.ones(classes), samples)
        indices = random.integers(-1, classes, samples)
        hot = np.eye(classes)[np.maximum(indices, 0)]
        mixed = np.where(random.random(samples)[..., None] < 0.5, hot, soft)
        weights, weight_of_class = random.random(samples), np.arange(1.0, 1 + classes)
        pos_weight = 2.0 if len(shape) == 1 else weight_of_class
        by_class = (
            np.ones(1)
            if len(shape) == 1
            else np.moveaxis(weight_of_class.reshape(-1, *[1] * (len(shape) - 1)), 0, axis)
        )
        for name, labels, options in [
            ("soft", soft, {"loss_type": SOFTMAX, "weights": weights, "class_weights": weight_of_class}),
            ("hot", hot, {"loss_type": SOFTMAX, "weights": weights, "class_weights": weight_of_class}),
            ("mixed", mixed, {"loss_type": SOFTMAX, "weights": weights}),
            ("index", indices, {"loss_type": SPARSE, "weights": weights, "ignore_index": -1}),
            ("smoothed", indices, {"loss_type": SPARSE, "ignore_index": -1, "label_smoothing": 0.1}),
            ("scalar", 1, {"loss_type": SIGMOID, "weights": by_class}),
            ("weighted", hot, {"loss_type": WEIGHTED, "weights": random.random(shape), "pos_weight": pos_weight}),
            ("questions", soft, {"loss_type": SIGMOID, "weights": weights if len(shape) > 1 else 1}),
        ]:
            placed = np.moveaxis(labels, -1, axis) if np.ndim(labels) == len(shape) else labels
            for dtype in ("float32", "float64"):
                place = f"{'x'.join(map(str, shape))}-axis{axis}"
                yield pytest.param(shape, dtype, placed, options | {"axis": axis}, id=f"{name}-{place}-{dtype}")


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize(("shape", "dtype", "labels", "options"), [*batches()])
def test_blocks_of_any_size_give_the_same_numbers(
    shape: tuple[int, ...],
    dtype: str,
    labels: Any,
    options: dict[str, Any],
    tile: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logits = hard_logits(shape, options["axis"]).astype(dtype)
    include = ("elements", "gradient", "probabilities")
    whole = evaluate(logits, labels, reduction="weighted_mean", include=include, **options)
    without_weights = {name: value for name, value in options.items() if name not in ("loss_type", "weights")}
    if options["loss_type"] == SIGMOID:
        del without_weights["axis"]
    function = getattr(xent_core, options["loss_type"])
    losses = function(logits, labels, **without_weights)

    shrink(monkeypatch, tile)
    cut = evaluate(logits, labels, reduction="weighted_mean", include=include, **options)
    rounding = {"rtol": 2e-6, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-11}
    for name in ("per_sample", *include):
        assert_allclose(getattr(cut, name), getattr(whole, name), **rounding)
    assert_allclose(function(logits, labels, **without_weights), losses, **rounding)
    assert_allclose(cut.reduced.value, whole.reduced.value, rtol=1e-6)
    assert_allclose(cut.reduced.denominator, whole.reduced.denominator, rtol=1e-6)
    assert cut.recommendation.label_kind == whole.recommendation.label_kind
    assert [warning.code for warning in cut.warnings] == [warning.code for warning in whole.warnings]


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_odd_value_is_found_in_whichever_block_it_lies(
    axis: int, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch, tile)
    shape = (3, 4, 5)
    for position in [(0, 0, 0), (2, 3, 4), (1, 2, 3), (2, 0, 4), (0, 3, 1)]:
        sample = position[:axis] + position[axis + 1 :]
        odd, odd_index = np.zeros(shape), np.zeros(shape[:axis] + shape[axis + 1 :], int)
        odd[position] = np.nan
        odd_index[sample] = 7
        for logits, labels, loss_type, expected in [
            (odd, np.zeros_like(odd_index), SPARSE, position),
            (odd, np.full(shape, 0.5), SOFTMAX, position),
            (odd, 1, SIGMOID, position),
            (np.zeros(shape), odd, SOFTMAX, position),
            (np.zeros(shape), np.where(np.isnan(odd), np.inf, 0), SIGMOID, position),
            (np.zeros(shape), odd_index, SPARSE, sample),
        ]:
            with pytest.raises(InvalidInput) as refusal:
                evaluate(logits, labels, loss_type=loss_type, axis=axis)  # type: ignore[arg-type]
            assert refusal.value.position == expected


SHAPES = [(5,), (4, 3), (5, 1), (1, 5), (3, 2, 3), (2, 4, 1), (2, 3, 2, 2)]
LAYOUTS = [Layout.along(shape, axis) for shape in SHAPES for axis in range(len(shape))]
LAYOUTS += [Layout.elementwise(shape) for shape in SHAPES]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.shape}-{layout.class_axis}")
def test_every_element_lies_in_exactly_one_block_where_its_position_says(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = np.arange(np.prod(layout.shape)).reshape(layout.shape)
    read = layout.reader(numbers, np.dtype(np.float64))
    for tile in range(1, numbers.size + 2):
        shrink(monkeypatch, tile)
        assert max(np.prod(block.shape) for block in layout.tiles()) <= tile
        for blocks in (layout.blocks(tile), layout.blocks(100, max_rows=tile), layout.tiles()):
            copy = np.full(layout.shape, -1)
            seen: list[float] = []
            for block in blocks:
                matrix = read(block)
                assert matrix.shape == block.shape
                assert matrix.flags.c_contiguous
                first_row, first_column = block.rows.start, block.columns.start
                for (row, column), number in np.ndenumerate(matrix):
                    assert numbers[layout.position(first_row + row, first_column + column)] == number
                layout.write(copy, block, matrix)
                seen += matrix.reshape(-1).tolist()
            assert sorted(seen) == list(range(numbers.size))
            assert (copy == numbers).all()


@pytest.mark.parametrize("columns", [1, 2, 64, 65, 511, 512, 513, 1024, 1500, 2048, 2049, 5000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_of_any_length_are_summed(columns: int, dtype: Any) -> None:
    matrix = np.arange(3 * columns, dtype=dtype).reshape(3, columns)
    assert_allclose(row_sums(matrix), matrix.astype(np.float64).sum(axis=1), rtol=1e-6)
