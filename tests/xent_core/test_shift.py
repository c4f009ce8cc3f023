"""A shift leaves out the last logits and the first labels of each sequence, as slicing them by hand does."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from xent_core import (
    InvalidInput,
    LabelOutOfRange,
    MaskedRow,
    NotANumber,
    ParameterOutOfRange,
    UnexpectedParameter,
    WrongShape,
    evaluate,
    recommend,
)
from xent_core.losses import LOSS_TYPES, LOSSES

Array = NDArray[Any]
RANDOM = np.random.default_rng(10)
INCLUDE: Any = ["elements", "gradient", "probabilities"]
SHIFTED = [name for name in LOSS_TYPES if LOSSES[name].takes("shift")]


def test_losses_over_class_indices_take_it() -> None:
    assert set(SHIFTED) == {name for name in LOSS_TYPES if LOSSES[name].takes_class_indices}


@pytest.mark.parametrize("loss_type", SHIFTED)
@pytest.mark.parametrize("shape", [(7, 3), (4, 7, 3), (2, 3, 7, 3), (3, 4, 20000), (300, 5, 700)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("shift", [1, 3])
def test_it_is_slicing_by_hand(loss_type: str, shape: tuple[int, ...], dtype: Any, shift: int) -> None:
    logits = RANDOM.standard_normal(shape, np.float32).astype(dtype)
    labels = RANDOM.integers(0, shape[-1], shape[:-1])
    labels.flat[::5] = -1
    options: Any = {"loss_type": loss_type, "ignore_index": -1, "reduction": "weighted_mean", "include": INCLUDE}
    found = evaluate(logits, labels, shift=shift, **options)
    by_hand = evaluate(logits[..., :-shift, :].copy(), labels[..., shift:].copy(), **options)
    rtol = 1e-12 if dtype == np.float64 else 1e-6
    assert found.per_sample.shape == (*shape[:-2], shape[-2] - shift)
    assert_array_equal(found.per_sample, by_hand.per_sample)
    assert_array_equal(found.elements, by_hand.elements)
    assert_allclose(found.reduced.numerator, by_hand.reduced.numerator, rtol=rtol)
    assert found.reduced.denominator == by_hand.reduced.denominator
    assert found.gradient.shape == found.probabilities.shape == shape
    assert_allclose(found.gradient[..., :-shift, :], by_hand.gradient, rtol=rtol)
    assert (found.gradient[..., -shift:, :] == 0).all()
    assert_array_equal(found.probabilities[..., :-shift, :], by_hand.probabilities)
    assert_allclose(found.probabilities.sum(-1), 1, rtol=1e-5)
    last = evaluate(logits[..., -shift:, :].copy(), labels[..., -shift:] * 0, include=["probabilities"])
    assert_array_equal(found.probabilities[..., -shift:, :], last.probabilities)


@given(st.sampled_from([(6,), (2, 6), (3, 2, 6)]), st.integers(1, 5), st.data())
def test_weights_go_with_the_labels(samples: tuple[int, ...], shift: int, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(), samples, tuple(data.draw(st.sampled_from([1, n])) for n in samples)]))
    weights = RANDOM.random(shape) + 0.1
    logits, labels = RANDOM.standard_normal((*samples, 4)), RANDOM.integers(0, 4, samples)
    by_hand = weights[..., shift:] if shape and shape[-1] == 6 else weights
    found = evaluate(logits, labels, weights=weights, shift=shift, reduction="weighted_mean")
    expected = evaluate(logits[..., :-shift, :], labels[..., shift:], weights=by_hand, reduction="weighted_mean")
    assert_array_equal(found.per_sample, expected.per_sample)
    assert found.reduced == expected.reduced


def test_what_is_left_out_is_looked_at_by_nothing() -> None:
    logits, labels = RANDOM.standard_normal((2, 30, 4)), RANDOM.integers(0, 4, (2, 30)).astype(float)
    expected = evaluate(logits, labels, shift=2, include=INCLUDE)
    logits[:, -2:], labels[:, :2] = np.nan, [np.inf, 77]
    weights = np.ones((2, 30))
    weights[:, :2] = 0
    found = evaluate(logits, labels, weights=weights, shift=2, include=INCLUDE)
    assert_array_equal(found.per_sample, expected.per_sample)
    assert_array_equal(found.gradient, expected.gradient)
    assert (found.probabilities[:, -2:] == 0).all()
    assert "mean_counts_zero_weights" not in [warning.code for warning in found.warnings]
    assert recommend(labels, logits=logits, shift=2).recommendation.label_kind == "class_indices"


def test_probabilities_and_a_temperature_go_with_it() -> None:
    logits, labels = RANDOM.standard_normal((2, 5, 4)), RANDOM.integers(0, 4, (2, 5))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    found = evaluate(p, labels, shift=1, from_logits=False, include=["probabilities"])
    assert_allclose(found.per_sample, evaluate(logits, labels, shift=1).per_sample, rtol=1e-12)
    assert_allclose(found.probabilities, p, rtol=1e-12)
    found = evaluate(logits, labels, shift=1, temperature=2.0, include=["probabilities"])
    expected = evaluate(logits / 2, labels, shift=1, include=["probabilities"])
    assert_array_equal(found.per_sample, expected.per_sample)
    assert_array_equal(found.probabilities, expected.probabilities)


@pytest.mark.parametrize("shape", [(8, 128, 2000), (1024, 8, 250)])
def test_the_logits_are_not_copied(shape: tuple[int, ...]) -> None:
    logits, labels = np.zeros(shape, np.float32), np.zeros(shape[:-1], int)
    tracemalloc.start()
    try:
        evaluate(logits, labels, shift=1, advice="none")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


@pytest.mark.parametrize(
    ("logits_shape", "labels", "options", "error", "message"),
    [
        ((4, 3), [0, 1, 2, 0], {"shift": -1}, ParameterOutOfRange, "shift: is -1; a whole number of 0 or more"),
        ((4, 3), [0, 1, 2, 0], {"shift": 4}, ParameterOutOfRange, "shift: is 4; at most 3 .* sequences have 4 places"),
        ((4, 3), [0, 1, 2], {}, WrongShape, r"labels: have shape \[3\]; with shift, class indices of shape \[4\]"),
        ((4, 3), np.eye(4)[:, :3], {}, WrongShape, r"labels: have shape \[4, 3\]; with shift, class indices"),
        (
            (3,),
            1,
            {},
            UnexpectedParameter,
            r"shift: is 1, but it needs sequences .* these have shape \[3\] with axis 0",
        ),
        ((3, 4), [0, 1, 2, 0], {"axis": 0}, UnexpectedParameter, r"shift: is 1, but it needs .* with axis 0"),
        (
            (4, 1),
            [0, 1, 1, 0],
            {},
            UnexpectedParameter,
            "shift: is not a parameter of sigmoid_cross_entropy; it belongs",
        ),
        (
            (4, 3),
            np.eye(4)[:, :3],
            {"loss_type": "softmax_cross_entropy"},
            UnexpectedParameter,
            "shift: is not a parameter of softmax_cross_entropy; it belongs to sparse_softmax_cross_entropy and ",
        ),
        (
            (4, 3),
            [0, 1, 2, 0],
            {"weights": [1, 2, 3]},
            WrongShape,
            r"weights: have shape \[3\], .* shape \[4\] was expected",
        ),
    ],
)
def test_what_can_not_be_shifted_is_refused(
    logits_shape: tuple[int, ...], labels: Any, options: dict[str, Any], error: type[InvalidInput], message: str
) -> None:
    for compute in (
        lambda: evaluate(np.zeros(logits_shape), labels, **{"shift": 1, **options}),
        lambda: recommend(labels, logits_shape=logits_shape, **{"shift": 1, **options}),
    ):
        with pytest.raises(error, match=f"^{message}"):
            compute()


@pytest.mark.parametrize(
    ("change", "error", "position"),
    [
        (lambda logits, labels: labels.__setitem__((1, 3), 9), LabelOutOfRange, (1, 3)),
        (lambda logits, labels: labels.__setitem__((1, 3), np.inf), InvalidInput, (1, 3)),
        (lambda logits, labels: logits.__setitem__((1, 3, 2), np.nan), NotANumber, (1, 3, 2)),
        (lambda logits, labels: logits.__setitem__((1, 3), -np.inf), MaskedRow, (1, 3)),
    ],
)
def test_errors_name_the_place_as_it_was_given(
    change: Any, error: type[InvalidInput], position: tuple[int, ...]
) -> None:
    logits, labels = np.zeros((2, 6, 4)), np.zeros((2, 6))
    change(logits, labels)
    for compute in (
        lambda: evaluate(logits, labels, shift=2, loss_type="sparse_softmax_cross_entropy"),
        lambda: recommend(labels, logits=logits, shift=2, loss_type="sparse_softmax_cross_entropy"),
    ):
        with pytest.raises(error) as raised:
            compute()
        assert raised.value.position == position


def sharp(labels: Array, classes: int) -> Array:
    """Logits that predict these labels."""
    logits: Array = 5 * np.eye(classes)[labels] + 0.1 * RANDOM.standard_normal((*labels.shape, classes))
    return logits


@pytest.mark.parametrize("options", [{}, {"temperature": 2.0}, {"weights": 0.5}], ids=str)
def test_a_forgotten_shift_is_named_and_its_change_mends_it(options: dict[str, Any]) -> None:
    tokens = RANDOM.integers(0, 6, (3, 40))
    for missing in (1, 2):
        logits = sharp(np.roll(tokens, -missing, axis=1), 6)
        given: Any = {"shift": missing - 1, **options}
        warning = {each.code: each for each in evaluate(logits, tokens, **given).warnings}["labels_may_need_a_shift"]
        assert warning.change == {"shift": missing}
        assert warning.fix == f"Set shift to {missing}."
        mended = evaluate(logits, tokens, **{**given, **warning.change})
        assert "labels_may_need_a_shift" not in [each.code for each in mended.warnings]
        assert mended.reduced.value < 0.7 * float(warning.evidence["mean_loss"])


def test_a_shift_too_many_is_named_and_its_change_mends_it() -> None:
    tokens = RANDOM.integers(0, 6, (3, 40))
    warnings = {each.code: each for each in evaluate(sharp(tokens, 6), tokens, shift=1).warnings}
    assert warnings["labels_may_be_shifted_twice"].change == {"shift": 0}
    assert warnings["labels_may_be_shifted_twice"].fix == "Set shift to 0."
    already = evaluate(sharp(tokens, 6), np.roll(tokens, -1, axis=1)).warnings
    warning = {each.code: each for each in already}["labels_may_be_shifted_twice"]
    assert warning.change is None
    assert warning.fix == "Shift the labels one place less."


def test_splits_of_sequences_merge_to_the_whole() -> None:
    logits, labels = RANDOM.standard_normal((6, 9, 4)), RANDOM.integers(0, 4, (6, 9))
    whole = evaluate(logits, labels, shift=1)
    parts = [evaluate(logits[part], labels[part], shift=1) for part in (slice(0, 2), slice(2, 6))]
    assert whole.reduced.denominator == sum(part.reduced.denominator for part in parts) == 48
    assert_allclose(whole.reduced.numerator, sum(part.reduced.numerator for part in parts), rtol=1e-14)


def test_calls_of_frameworks_slice_first() -> None:
    logits, labels = np.zeros((2, 4, 3)), np.zeros((2, 4), int)
    calls = evaluate(logits, labels, shift=1).equivalents
    assert calls["pytorch"] == (
        "labels = labels[..., 1:]\nlogits = logits[..., :-1, :]\n"
        'loss = F.cross_entropy(logits.movedim(-1, 1), labels, reduction="mean")'
    )
    weighted = evaluate(logits, labels, weights=np.ones((2, 4)), shift=1).equivalents
    assert "weights = weights[..., 1:]" in weighted["optax"]
    of_sequences = evaluate(logits, labels, weights=np.ones((2, 1)), shift=1).equivalents
    assert "weights[..., 1:]" not in of_sequences["optax"]
