"""exp and log1p, by each of the ways in which they may be computed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from tests.service import ROOT
from xent_core.compute import elementary
from xent_core.compute.elementary import compiled, fastest, log1p_by_log

Function = Callable[..., Any]
DTYPES = (np.float32, np.float64)
SHAPES = [(1, 1), (7, 3), (500, 10), (9, 31), (9, 32), (5, 1000), (3, 1024), (3, 1025), (2, 9000)]
# Where the results are ordinary numbers, and 0 or subnormal ones, or infinite.
ORDINARY = {np.float32: (-87, 88.7), np.float64: (-708, 709.7)}

mpmath.mp.dps = 50


def ulps(found: Any, arguments: Any, function: Function) -> float:
    """The greatest error against 50 digits, in units of the last place."""
    exact = [function(mpmath.mpf(float(each))) for each in arguments]
    units = np.spacing(np.array([float(each) for each in exact], found.dtype))
    return max(
        float(abs(mpmath.mpf(float(each)) - right) / mpmath.mpf(float(unit)))
        for each, right, unit in zip(found, exact, units, strict=True)
    )


def unaligned(array: Any) -> Any:
    """A copy, read-only, that stands unaligned in memory."""
    return np.frombuffer(b"-" + array.tobytes(), array.dtype, offset=1).reshape(array.shape)


COMPILED = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


@COMPILED
def test_where_there_is_a_c_compiler_they_are_compiled() -> None:
    assert compiled is not None


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_is_right_to_about_an_ulp(dtype: Any) -> None:
    assert compiled is not None
    rng = np.random.default_rng(1)
    low, high = ORDINARY[dtype]
    for arguments in (rng.uniform(low, high, 2000), rng.uniform(-5, 5, 2000), rng.uniform(-1e-3, 1e-3, 200)):
        given = arguments.astype(dtype)
        assert ulps(compiled.exp(given), given, mpmath.exp) < 1.1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "most"), [pytest.param("log1p", 1, marks=COMPILED), ("log1p_by_log", 3)])
def test_log1p_is_right_to_an_ulp_or_three(name: str, most: float, dtype: Any) -> None:
    log1p = getattr(compiled, name, log1p_by_log)
    rng = np.random.default_rng(2)
    for arguments in (np.exp(rng.uniform(-80, 0, 2000)), np.exp(rng.uniform(0, 80, 2000)), rng.uniform(0, 1, 2000)):
        given = arguments.astype(dtype)
        assert ulps(log1p(given), given, mpmath.log1p) < most


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_not_ordinary_is_as_numpy_has_it(dtype: Any) -> None:
    assert compiled is not None
    tiny = np.finfo(dtype).smallest_subnormal
    largest = np.finfo(dtype).max
    with np.errstate(all="ignore"):
        given = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1000, -1000, largest, -largest, tiny, -tiny], dtype)
        np.testing.assert_array_equal(compiled.exp(given), np.exp(given))
        below = np.linspace(*((-104, -87) if dtype == np.float32 else (-746, -708)), 999, dtype=dtype)
        np.testing.assert_allclose(compiled.exp(below), np.exp(below), rtol=3e-7, atol=float(tiny))
        given = np.array([np.nan, np.inf, 0, tiny, largest, 1], dtype)
        np.testing.assert_allclose(compiled.log1p(given), np.log1p(given), rtol=float(np.finfo(dtype).eps))


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["exp", "log1p"])
def test_an_element_has_the_same_result_wherever_it_stands(name: str, dtype: Any) -> None:
    """As a batch must have the losses of its parts."""
    function = getattr(compiled, name)
    given = np.random.default_rng(3).exponential(4, 1000).astype(dtype)
    whole = function(given)
    np.testing.assert_array_equal([function(given[i : i + 1])[0] for i in range(1000)], whole)
    np.testing.assert_array_equal(function(given[1:38]), whole[1:38])
    np.testing.assert_array_equal(function(given[::3]), whole[::3])
    np.testing.assert_array_equal(function(given[::-1]), whole[::-1])
    np.testing.assert_array_equal(function(unaligned(given)), whole)
    np.testing.assert_array_equal(function(given, out=given), whole)


@COMPILED
def test_numpy_computes_where_it_has_avx512_or_nothing_was_compiled() -> None:
    assert fastest(vectorised=True, compiled=compiled) == (np.exp, np.log1p, None)
    assert fastest(vectorised=False, compiled=None) == (np.exp, log1p_by_log, None)
    assert compiled is not None
    assert fastest(vectorised=False, compiled=compiled) == (compiled.exp, compiled.log1p, compiled)
    assert (elementary.exp, elementary.log1p, elementary.fused) == fastest(
        vectorised=elementary.numpy_is_vectorised(), compiled=compiled
    )


@COMPILED
def test_sums_of_rows_refuse_arrays_that_are_not_of_the_kind_they_read() -> None:
    """They read and write memory by these arrays' shapes."""
    assert compiled is not None
    logits, labels, sums = np.zeros((4, 3), np.float32), np.zeros(4, np.intp), np.zeros(4)
    nothing = (None,) * 5
    batches: list[tuple[Any, Any]] = [
        (None, labels),
        (logits, None),
        (logits.astype(np.float16), labels),
        (logits[:, ::2], labels),
        (logits[0], labels),
        (logits.astype(">f4"), labels),
        (logits, labels.astype(np.int32)),
        (logits, labels[:3]),
        (logits, np.zeros(8, np.intp)[::2]),
    ]
    for batch in batches:
        with pytest.raises(TypeError, match="expected"):
            compiled.add_row_sums(*batch, sums, *nothing)
        with pytest.raises(TypeError, match="expected"):
            compiled.write_shifted_losses(*batch, np.ones(4, bool), sums)
        with pytest.raises(TypeError, match="expected"):
            compiled.write_losses(*batch, 0, 1, sums, sums, sums)
    results: list[tuple[Any, ...]] = [
        (None, *nothing),
        (sums,),
        (sums[:3], *nothing),
        (sums.astype(np.float32), *nothing),
        (np.broadcast_to(0.0, 4), *nothing),
        (sums, np.zeros(5), None, None, None, None),
        (sums, None, None, None, np.zeros(4), None),
        (sums, None, None, None, None, np.zeros((4, 3))),
        (sums, None, None, None, None, np.zeros((4, 2), np.float32)),
    ]
    for result in results:
        with pytest.raises(TypeError, match="expected"):
            compiled.add_row_sums(logits, labels, *result)
    for chosen in (None, np.ones(3, bool), np.ones(4)):
        with pytest.raises(TypeError, match="expected"):
            compiled.write_shifted_losses(logits, labels, chosen, sums)
    for largest in (None, sums[:3], sums.astype(np.float32)):
        with pytest.raises(TypeError, match="expected"):
            compiled.write_shifted_losses(logits, labels, np.ones(4, bool), largest)
        for place in range(3):
            arrays = [sums, sums, sums]
            arrays[place] = largest
            with pytest.raises(TypeError, match="expected"):
                compiled.write_losses(logits, labels, 0, 1, *arrays)
    with pytest.raises(TypeError):
        compiled.write_losses(logits, labels, None, 1, sums, sums, sums)
    for label in (-1, 3):
        with pytest.raises(IndexError, match="class indices"):
            compiled.add_row_sums(logits, np.array([0, 0, 0, label]), sums, *nothing)
        with pytest.raises(IndexError, match="class indices"):
            compiled.write_shifted_losses(logits, np.array([0, 0, 0, label]), np.ones(4, bool), sums)
        with pytest.raises(IndexError, match="class indices"):
            compiled.write_losses(logits, np.array([0, 0, 0, label]), 0, 1, sums, sums, sums)
    for empty in (logits[:0], np.zeros((0, 0))):
        compiled.add_row_sums(empty, labels[:0], sums[:0], *nothing)
        compiled.write_shifted_losses(empty, labels[:0], np.ones(0, bool), sums[:0])
    assert not sums.any()


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_of_rows_are_those_of_exponentials_beside_the_label(shape: tuple[int, int], dtype: Any) -> None:
    """Also of rows and labels that stand unaligned in memory, and of logits with equals."""
    assert compiled is not None
    rng = np.random.default_rng(3)
    rows, classes = shape
    given = np.round(rng.normal(size=shape) * 3, 2).astype(dtype)
    logits = unaligned(given)
    given_labels = rng.integers(classes, size=rows)
    labels = unaligned(given_labels)
    sums, dots, squares, largest = np.zeros((4, rows))
    ranks, kept = np.zeros(rows, np.int64), np.empty(shape, dtype)
    nothing = (None,) * 5
    compiled.add_row_sums(logits, labels, sums, dots, squares, largest, ranks, kept)
    x = given.astype(np.longdouble)
    e = np.exp(x)
    e[np.arange(rows), labels] = 0
    close = 20 * float(np.finfo(dtype).eps)
    scale = np.abs(e * x).sum(axis=1)
    assert sums == pytest.approx(e.sum(axis=1).astype(float), rel=close)
    assert (np.abs(dots - (e * x).sum(axis=1)) <= close * scale).all()
    assert squares == pytest.approx((e * e).sum(axis=1).astype(float), rel=close)
    assert largest == pytest.approx(e.max(axis=1).astype(float), rel=close)
    before = np.arange(classes) < labels[:, None]
    at_labels = given[np.arange(rows), labels][:, None]
    assert (ranks == ((given > at_labels) | (before & (given == at_labels))).sum(axis=1)).all()
    np.testing.assert_allclose(kept, e.astype(float), rtol=close)
    summed = np.zeros(rows)
    compiled.add_row_sums(logits, labels, summed, *nothing)
    assert (summed == sums).all()
    alone = np.zeros(1)
    compiled.add_row_sums(logits[-1:], labels[-1:], alone, *nothing)
    assert alone[0] == sums[-1]
    at, losses = np.zeros((2, rows))
    compiled.write_losses(logits, labels, 0, np.inf, sums, at, losses)
    assert (at == at_labels[:, 0]).all()
    assert (losses == compiled.log1p(sums * compiled.exp(-at))).all()
    far = (given * 300).astype(dtype)
    chosen, shifted = rng.random(rows) < 0.7, np.full(rows, -1.0)
    compiled.write_shifted_losses(far, labels, chosen, shifted)
    ahead = far.astype(np.longdouble) - far[np.arange(rows), labels][:, None]
    ahead[np.arange(rows), labels] = -np.inf
    with np.errstate(over="ignore"):
        expected = np.where(chosen, np.log1p(np.exp(ahead).sum(axis=1)), -1)
    assert shifted == pytest.approx(expected.astype(float), rel=close, abs=1e-300)


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_of_rows_of_targets_are_those_of_longer_arithmetic(shape: tuple[int, int], dtype: Any) -> None:
    assert compiled is not None
    rng = np.random.default_rng(4)
    given, targets = (rng.normal(size=shape) * 3).astype(dtype), rng.normal(size=shape).astype(dtype)
    logits, read = unaligned(given), unaligned(targets)
    sums, target_sums, dots = np.zeros((3, len(given)))
    compiled.add_target_sums(logits, read, sums, target_sums, dots)
    x, y = given.astype(np.longdouble), targets.astype(np.longdouble)
    close = 1e-14 * np.sqrt(shape[1])
    assert sums == pytest.approx(np.exp(x).sum(axis=1).astype(float), rel=20 * float(np.finfo(dtype).eps))
    assert (np.abs(target_sums - y.sum(axis=1)) <= close * np.abs(y).sum(axis=1)).all()
    assert (np.abs(dots - (x * y).sum(axis=1)) <= close * np.abs(x * y).sum(axis=1)).all()
    alone = np.zeros((3, 1))
    compiled.add_target_sums(logits[-1:], read[-1:], *alone)
    assert (alone[:, 0] == (sums[-1], target_sums[-1], dots[-1])).all()


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_terms_of_classes_are_those_of_longer_arithmetic(shape: tuple[int, int], dtype: Any) -> None:
    """Each keeps its digits; also where two classes have the largest logit, and far behind it."""
    assert compiled is not None
    rng = np.random.default_rng(5)
    given = (rng.normal(size=shape) * 8).round(1).astype(dtype)
    given[0, -1] = given[0].max()
    logits = unaligned(given)
    negative_log_p, p, rest = np.empty((3, *shape), dtype)
    assert compiled.write_class_terms(logits, negative_log_p, p, rest)
    x = given.astype(np.longdouble)
    e = np.exp(x - x.max(axis=1, keepdims=True))
    shares = e / e.sum(axis=1, keepdims=True)
    others = np.array([[np.delete(row, c).sum() for c in range(min(len(row), 40))] for row in e])
    close = {"rtol": 20 * float(np.finfo(dtype).eps), "atol": float(np.finfo(dtype).tiny)}
    np.testing.assert_allclose(p, shares.astype(float), **close)
    np.testing.assert_allclose(rest[:, :40], (others / e.sum(axis=1, keepdims=True)).astype(float), **close)
    np.testing.assert_allclose(
        negative_log_p[:, :40], np.log1p(others / e[:, :40]).astype(float), rtol=close["rtol"], atol=1e-30
    )
    alone = np.empty((2, *shape), dtype)
    assert compiled.write_class_terms(logits, alone[0], None, alone[1])
    np.testing.assert_allclose(alone, (negative_log_p, rest), **close)
    last = np.empty((2, 1, shape[1]), dtype)
    assert compiled.write_class_terms(logits[-1:], last[0], None, last[1])
    assert (last[:, 0] == alone[:, -1]).all()


@COMPILED
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 40), (2, 99)])
def test_terms_of_classes_tell_that_a_value_is_no_logit(place: tuple[int, int], value: float, dtype: Any) -> None:
    assert compiled is not None
    logits, (negative_log_p, rest) = np.zeros((3, 100), dtype), np.empty((2, 3, 100), dtype)
    logits[:, 5] = -np.inf
    assert compiled.write_class_terms(logits, negative_log_p, None, rest)
    logits[place] = value
    assert not compiled.write_class_terms(logits, negative_log_p, None, rest)
    logits[place] = 0
    logits[1] = -np.inf
    assert not compiled.write_class_terms(logits, negative_log_p, None, rest)


@COMPILED
def test_matrices_that_are_not_like_the_logits_are_refused() -> None:
    assert compiled is not None
    logits, sums = np.zeros((4, 3), np.float32), np.zeros(4)
    others: list[Any] = [
        None,
        sums,
        np.zeros((4, 3)),
        np.zeros((4, 2), np.float32),
        np.zeros((5, 3), np.float32),
        np.zeros((4, 6), np.float32)[:, ::2],
        logits.astype(">f4"),
    ]
    for other in others:
        with pytest.raises(TypeError, match="expected"):
            compiled.add_target_sums(logits, other, sums, sums, sums)
        with pytest.raises(TypeError, match="expected"):
            compiled.write_class_terms(logits, other, None, logits)
        with pytest.raises(TypeError, match="expected"):
            compiled.write_class_terms(logits, logits, None, other)
    read_only = np.broadcast_to(np.float32(0), (4, 3))
    for place in range(4):
        arguments: list[Any] = [logits, logits.copy(), logits.copy(), logits.copy()]
        arguments[place] = read_only
        with pytest.raises(TypeError, match="expected"):
            compiled.write_class_terms(*arguments)
    for place in range(2, 5):
        for figures in (None, sums[:3], sums.astype(np.float32)):
            arguments = [logits, logits, sums, sums, sums]
            arguments[place] = figures
            with pytest.raises(TypeError, match="expected"):
                compiled.add_target_sums(*arguments)
    for function in (compiled.add_target_sums, compiled.write_class_terms):
        with pytest.raises(TypeError, match="expected"):
            function(logits, logits)
    for empty in (logits[:0], np.zeros((0, 0)), np.zeros((4, 0))):
        compiled.add_target_sums(empty, empty, *np.zeros((3, len(empty))))
        assert compiled.write_class_terms(empty, empty, empty, empty)


def test_both_ways_to_compile_have_the_same_flags() -> None:
    """Results depend on them: one forbids the compiler to contract a product and a sum."""
    script, setup = ((ROOT / name).read_text() for name in ("scripts/compile", "setup.py"))
    (flags,) = re.findall(r"-O3 .*(?= -shared)", script)
    assert flags.split() == re.findall(r'"(-[^"]+)"', setup)


WITHOUT = """
import sys
sys.modules["xent_core.compute._elementary"] = None
import numpy as np
from xent_core import evaluate
from xent_core.compute import elementary
assert elementary.compiled is None and elementary.exp is np.exp
print(evaluate(np.array([[2.0, 0.5, -1.0]]), np.array([0])).reduced.value)
"""


def test_xent_core_needs_nothing_that_is_compiled() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = float(mpmath.log1p(mpmath.exp(-1.5) + mpmath.exp(-3)))
    assert float(run.stdout) == pytest.approx(expected, rel=1e-14)
