"""What is computed through the client is what the core computes, and comes back as arrays and attributes."""

import asyncio
import math
from typing import Any

import numpy as np
import pytest

import xent_core
import xent_core.losses.sampled_softmax
from tests.client_python.misbehaving import Misbehaving, respond
from tests.service import Server
from xent_client import AsyncXent, InvalidInput, SampledValues, Xent
from xent_core.losses import CATALOGUE, LOSS_TYPES

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(6, 4)).astype(np.float32)
QUESTIONS = (RANDOM.random((6, 4)) < 0.3).astype(np.float32)
CASES: dict[str, dict[str, Any]] = {
    "sigmoid_cross_entropy": {"labels": QUESTIONS},
    "weighted_cross_entropy": {"labels": QUESTIONS, "pos_weight": np.array([1.0, 2.0, 3.0, 4.0])},
    "softmax_cross_entropy": {"labels": RANDOM.dirichlet(np.ones(4), 6), "class_weights": [1.0, 2.0, 0.5, 1.0]},
    "sparse_softmax_cross_entropy": {"labels": RANDOM.integers(0, 4, 6), "label_smoothing": 0.1},
    "sigmoid_focal_cross_entropy": {"labels": QUESTIONS, "alpha": 0.25},
    "softmax_focal_cross_entropy": {"labels": RANDOM.dirichlet(np.ones(4), 6), "gamma": 0.5},
    "sparse_softmax_focal_cross_entropy": {"labels": RANDOM.integers(0, 4, 6), "temperature": 2.0},
    "generalized_cross_entropy": {"labels": RANDOM.integers(0, 4, 6), "q": 0.7},
    "poly_cross_entropy": {"labels": RANDOM.dirichlet(np.ones(4), 6), "epsilon": -0.5},
    "kl_divergence": {"labels": RANDOM.normal(size=(6, 4)), "labels_are_logits": True},
}


def test_there_is_a_case_for_every_loss_type() -> None:
    assert CASES.keys() == set(LOSS_TYPES)


@pytest.mark.parametrize("loss_type", CASES)
def test_every_loss_type_is_computed_as_the_core_does(xent: Xent, loss_type: str) -> None:
    case = CASES[loss_type] | {
        "weights": RANDOM.random(6).astype(np.float32)[:, None] if "sig" in loss_type else None,
        "loss_type": loss_type,
        "reduction": "weighted_mean",
        "include": ["elements", "gradient", "probabilities"],
    }
    result = xent.loss(LOGITS, **case)
    arrays = {name: np.asarray(value) if isinstance(value, list) else value for name, value in case.items()}
    expected = xent_core.evaluate(LOGITS, **arrays | {"include": case["include"]})
    for name in ("per_sample", "elements", "gradient", "probabilities"):
        ours, theirs = getattr(result, name), getattr(expected, name)
        assert ours.dtype == theirs.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)
    assert expected.reduced
    assert result.reduced
    assert result.reduced.value == expected.reduced.value
    assert result.reduced.numerator == expected.reduced.numerator
    assert result.reduced.denominator == expected.reduced.denominator
    assert result.reduced.reduction == "weighted_mean"
    assert result.loss_type == loss_type
    assert result.recommendation.loss_type == expected.recommendation.loss_type
    assert [warning.code for warning in result.warnings] == [warning.code for warning in expected.warnings]
    assert result.checked == list(expected.checked)


def test_what_was_not_asked_for_is_none(xent: Xent) -> None:
    result = xent.loss([[1.0, 2.0]], [0], reduction="none")
    assert (result.elements, result.gradient, result.probabilities, result.reduced) == (None, None, None, None)


def test_arrays_that_came_back_may_be_changed(xent: Xent) -> None:
    gradient = xent.loss(LOGITS, [0, 1, 2, 3, 0, 1], include=["gradient"]).gradient
    assert gradient is not None
    gradient *= 0.1


def test_a_single_loss_is_an_array_without_dimensions(xent: Xent) -> None:
    per_sample = xent.loss([2.0, 0.5, 1.0], 1, loss_type="sparse_softmax_cross_entropy").per_sample
    assert per_sample.shape == ()
    assert per_sample.dtype == np.float64


def test_infinities_go_and_come_as_numbers(xent: Xent) -> None:
    result = xent.loss(np.array([[2.0, -np.inf], [1.0, 0.0]]), [1, 0])
    assert result.per_sample[0] == math.inf
    assert result.reduced
    assert result.reduced.value == math.inf
    assert [warning.code for warning in result.warnings] == ["infinite_loss"]


def test_a_list_is_computed_in_float64(xent: Xent) -> None:
    assert xent.loss(LOGITS.tolist(), [0] * 6).per_sample.dtype == np.float64


@pytest.mark.parametrize("weight", [2, 2.5, np.float32(2.5), np.int64(2), np.array(2.5)], ids=repr)
def test_a_single_number_is_a_weight(xent: Xent, weight: Any) -> None:
    weighted, plain = xent.loss(LOGITS, [0] * 6, weight), xent.loss(LOGITS, [0] * 6)
    np.testing.assert_allclose(weighted.per_sample, float(weight) * plain.per_sample, rtol=1e-6)
    assert [warning.code for warning in weighted.warnings] == ["scalar_weight_only_rescales"]


def test_options_that_are_numpy_numbers_are_options(xent: Xent) -> None:
    result = xent.loss(
        LOGITS.T, [0] * 6, axis=np.int64(0), label_smoothing=np.float64(0.25), from_logits=np.bool_(True)
    )
    expected = xent.loss(LOGITS, [0] * 6, label_smoothing=0.25)
    np.testing.assert_array_equal(result.per_sample, expected.per_sample)


@pytest.mark.parametrize("shape", [(2, 3), np.array([2, 3]), [np.int64(2), 3]], ids=repr)
def test_a_recommendation_needs_no_logits(xent: Xent, shape: Any) -> None:
    result = xent.recommend([[1, 0, 1], [0, 0, 1]], logits_shape=shape)
    assert result.recommendation.loss_type == "sigmoid_cross_entropy"
    assert result.recommendation.label_kind == "multi_hot"
    assert result.recommendation.equivalents
    assert result.recommendation.equivalents.pytorch.startswith("F.binary_cross_entropy_with_logits(logits, ")
    assert "infinite_loss" not in result.checked


def test_the_call_of_the_very_value_comes_with_the_losses(xent: Xent) -> None:
    given = xent.loss(LOGITS, [0] * 6)
    assert given.equivalents.pytorch == 'F.cross_entropy(logits, labels, reduction="mean")'
    assert given.recommendation.equivalents is None


def test_a_recommendation_takes_logits_weights_and_options(xent: Xent) -> None:
    result = xent.recommend([0, 1, 2, 3, 0, 1], LOGITS.T, weights=3.0, axis=0)
    assert [warning.code for warning in result.warnings] == ["scalar_weight_only_rescales"]
    assert result.recommendation.loss_type == "sparse_softmax_cross_entropy"


def test_the_catalogue_is_the_cores(xent: Xent) -> None:
    assert [entry.loss_type for entry in xent.losses()] == [entry.loss_type for entry in CATALOGUE.values()]


def test_the_limits_are_the_services(xent: Xent, server: Server) -> None:
    with server.client() as http:
        assert xent.limits().to_dict() == http.get("/v1/limits").json()


LAYER: dict[str, Any] = {
    "weights": RANDOM.normal(size=(50, 3)).astype(np.float32),
    "biases": RANDOM.normal(size=50).astype(np.float32),
    "inputs": RANDOM.normal(size=(2, 3)).astype(np.float32),
    "labels": np.array([3, 7]),
}


def test_the_sampled_softmax_is_the_cores(xent: Xent) -> None:
    result = xent.sampled_softmax(**LAYER, num_sampled=8, sampler="uniform", seed=7, sample_weights=[1.0, 0.5])
    expected = xent_core.losses.sampled_softmax.evaluate_sampled_softmax(
        **LAYER, num_sampled=8, sampler="uniform", seed=7, sample_weights=np.array([1.0, 0.5])
    )
    assert result.per_sample.dtype == np.float32
    np.testing.assert_array_equal(result.per_sample, expected.per_sample)
    assert expected.reduced
    assert result.reduced
    assert result.reduced.value == expected.reduced.value
    assert result.seed == 7
    assert [warning.code for warning in result.warnings] == ["train_only"]
    assert result.checked == list(expected.checked)
    for name in ("candidates", "true_expected_count", "sampled_expected_count"):
        np.testing.assert_array_equal(getattr(result.sampled_values, name), getattr(expected.sampled_values, name))


def test_a_sample_can_be_used_again(xent: Xent) -> None:
    drawn = xent.sampled_softmax(**LAYER, num_sampled=8)
    assert drawn.seed is not None
    again = xent.sampled_softmax(**LAYER, sampled_values=drawn.sampled_values)
    assert again.seed is None
    np.testing.assert_array_equal(again.per_sample, drawn.per_sample)


def test_a_sample_of_ones_own_can_be_given(xent: Xent) -> None:
    own = SampledValues(candidates=[1, 2], true_expected_count=[[0.5], [0.5]], sampled_expected_count=[0.5, 0.5])
    result = xent.sampled_softmax(**LAYER, sampled_values=own)
    np.testing.assert_array_equal(np.asarray(result.sampled_values.candidates), [1, 2])


def test_a_long_body_is_sent_whole(xent: Xent) -> None:
    logits = RANDOM.normal(size=(700, 1000))
    labels = RANDOM.integers(0, 1000, 700)
    expected = xent_core.evaluate(logits, labels, include=["gradient"])
    result = xent.loss(logits, labels, include=["gradient"])
    np.testing.assert_array_equal(result.per_sample, expected.per_sample)
    np.testing.assert_array_equal(result.gradient, expected.gradient)


def test_many_calls_use_one_connection(server: Server) -> None:
    ports: list[Any] = []

    def note(response: Any) -> None:
        ports.append(response.extensions["network_stream"].get_extra_info("client_addr"))

    with Xent(server.address) as xent:
        xent._http.event_hooks["response"].append(note)
        for _ in range(5):
            xent.loss(LOGITS, [0] * 6)
    assert len(ports) == 5
    assert len(set(ports)) == 1


def test_many_awaited_calls_use_one_connection(server: Server) -> None:
    ports: list[Any] = []

    async def note(response: Any) -> None:
        ports.append(response.extensions["network_stream"].get_extra_info("client_addr"))

    async def main() -> None:
        async with AsyncXent(server.address) as xent:
            xent._http.event_hooks["response"].append(note)
            for _ in range(5):
                await xent.loss(LOGITS, [0] * 6)

    asyncio.run(main())
    assert len(ports) == 5
    assert len(set(ports)) == 1


@pytest.mark.parametrize(("key", "header"), [("secret", b"\r\nAuthorization: Bearer secret\r\n"), (None, None)])
def test_the_key_goes_where_the_service_looks_for_it(
    client_class: type[Xent], key: str | None, header: bytes | None
) -> None:
    with Misbehaving(respond(200, {"losses": []})) as server, client_class(server.address, api_key=key) as xent:
        assert xent.losses() == []
    (request,) = server.requests
    assert (header in request) if header else (b"uthorization" not in request)


def test_the_service_may_live_below_a_path(client_class: type[Xent]) -> None:
    with Misbehaving(respond(200, {"losses": []})) as server, client_class(f"{server.address}/xent/") as xent:
        xent.losses()
    assert server.requests[0].startswith(b"GET /xent/v1/losses HTTP/1.1\r\n")


def test_an_option_that_the_client_does_not_know_is_sent_as_json_has_it(xent: Xent) -> None:
    with pytest.raises(InvalidInput) as raised:
        xent.loss(LOGITS, [0] * 6, silense=["a", "b"], advise="none")  # type: ignore[call-arg]
    assert {tuple(each.loc) for each in raised.value.errors} == {("body", "silense"), ("body", "advise")}


def test_a_misspelt_option_is_refused_by_the_service_with_what_was_meant(xent: Xent) -> None:
    with pytest.raises(InvalidInput, match="did you mean weights"):
        xent.loss(LOGITS, [0] * 6, wieghts=np.ones(6))  # type: ignore[call-arg]


def test_without_advice_a_result_has_numbers_only(xent: Xent) -> None:
    result = xent.loss([[2.0, 0.5]], [0], advice="none")
    assert result.reduced
    assert (result.recommendation, result.equivalents, result.warnings, result.checked) == (None, None, [], [])
    assert repr(result).startswith("<LossResult sparse_softmax_cross_entropy, mean ")


def test_warnings_can_be_silenced_and_the_clip_chosen(xent: Xent) -> None:
    result = xent.loss([[1.0, 0.0]], [1], from_logits=False, clip=0.25, weights=2.0, silence=["infinite_loss"])
    assert result.per_sample.tolist() == [2 * np.log(4.0)]
    assert "infinite_loss" not in result.checked
