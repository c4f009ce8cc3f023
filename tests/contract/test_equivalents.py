"""`equivalents` is the call that gives this very value; the recommendation has its own where that is another call."""

from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

import xent_core

FRAMEWORKS = ["tensorflow1", "tensorflow2", "keras", "pytorch", "optax"]
RNG = np.random.default_rng(5)
IMBALANCED = {"logits": RNG.normal(size=(22, 3)).tolist(), "labels": [0] * 20 + [1, 2]}
RARE = {"logits": RNG.normal(size=40).tolist(), "labels": [1, 1] + [0] * 38}
MULTI_HOT = {"logits": RNG.normal(size=(12, 4)).tolist(), "labels": [[1, 0, 0, 0]] + [[0, 0, 0, 0]] * 11}
ONE_HOT = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [[0, 1, 0], [0, 0, 1]]}

# JAX and Optax in the words of NumPy and xent_core; make_equivalents.py runs texts in the frameworks themselves.
NAMES = {
    "jnp": np,
    "jax": SimpleNamespace(
        nn=SimpleNamespace(
            softplus=lambda x: np.logaddexp(0, x),
            one_hot=lambda indices, classes, dtype: np.eye(classes, dtype=dtype)[indices],
        ),
        scipy=SimpleNamespace(special=special),
    ),
    "optax": SimpleNamespace(
        softmax_cross_entropy_with_integer_labels=xent_core.sparse_softmax_cross_entropy,
        softmax_cross_entropy=xent_core.softmax_cross_entropy,
        sigmoid_binary_cross_entropy=xent_core.sigmoid_cross_entropy,
    ),
}


def value_of(text: str, body: dict[str, Any]) -> float:
    arrays = {name: np.asarray(value) for name, value in body.items() if isinstance(value, list)}
    namespace: dict[str, Any] = NAMES | arrays
    exec(text if "loss = " in text else f"loss = {text}", namespace)  # noqa: S102  what the service wrote
    return float(namespace["loss"])


def respond(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = client.post("/v1/loss", json=body).json()
    assert list(content["equivalents"]) == FRAMEWORKS
    return content


@pytest.mark.parametrize(
    "body",
    [
        IMBALANCED,
        RARE,
        MULTI_HOT,
        ONE_HOT,
        {**IMBALANCED, "class_weights": [1, 2, 4]},
        {**IMBALANCED, "weights": [2] * 11 + [1] * 11, "reduction": "weighted_mean"},
        {**RARE, "pos_weight": 2.5},
        {**ONE_HOT, "loss_type": "sigmoid_cross_entropy"},
    ],
)
def test_the_call_gives_the_value_of_the_response(client: httpx.Client, body: dict[str, Any]) -> None:
    content = respond(client, body)
    assert_allclose(value_of(content["equivalents"]["optax"], body), content["reduced"]["value"], rtol=1e-12)


@pytest.mark.parametrize("body", [IMBALANCED, RARE, MULTI_HOT])
def test_under_imbalance_the_recommended_call_has_what_is_suggested_filled_in(
    client: httpx.Client, body: dict[str, Any]
) -> None:
    recommendation = respond(client, body)["recommendation"]
    suggested = {name: value for name, value in recommendation["suggested"].items() if value is not None}
    mended = respond(client, body | {"loss_type": recommendation["loss_type"], **suggested})
    assert list(recommendation["equivalents"]) == FRAMEWORKS
    assert_allclose(value_of(recommendation["equivalents"]["optax"], body), mended["reduced"]["value"], rtol=1e-12)
    for text in recommendation["equivalents"].values():
        assert "7.333333333333333" in text or repr(suggested.get("pos_weight")) in text


def test_a_list_of_many_suggested_weights_is_named_and_not_written_out(client: httpx.Client) -> None:
    body = {"logits": [[0.5] * 30] * 70, "labels": [0] * 41 + list(range(1, 30))}
    recommendation = respond(client, body)["recommendation"]
    assert len(recommendation["suggested"]["class_weights"]) == 30
    text = recommendation["equivalents"]["pytorch"]
    assert "weight=class_weights" in text
    assert "class_weights = " not in text


def test_the_recommendation_has_no_call_of_its_own_where_it_is_the_same(client: httpx.Client) -> None:
    body = {"logits": ONE_HOT["logits"], "labels": [1, 2]}
    assert respond(client, body)["recommendation"]["equivalents"] is None
    given = {**RARE, "pos_weight": 19.0}
    assert respond(client, given)["recommendation"]["equivalents"] is None


def test_another_loss_than_the_recommended_has_another_call(client: httpx.Client) -> None:
    content = respond(client, ONE_HOT)
    assert content["loss_type"] == "softmax_cross_entropy"
    assert "optax.softmax_cross_entropy(" in content["equivalents"]["optax"]
    assert "integer_labels" in content["recommendation"]["equivalents"]["optax"]


def test_a_recommendation_alone_always_has_its_call(client: httpx.Client) -> None:
    for labels in ([1, 2], [[0, 1, 0], [0, 0, 1]]):
        body = {"logits_shape": [2, 3], "labels": labels}
        content = client.post("/v1/recommend", json=body).json()
        assert list(content["recommendation"]["equivalents"]) == FRAMEWORKS


# At clip 0 a probability of 0 costs nothing where its label is 0, and the loss is infinite where it is not.
@pytest.mark.parametrize("clip", [0.25, 1e-3, 1e-12, 0])
@pytest.mark.parametrize("label_smoothing", [0, 0.1])
@pytest.mark.parametrize(
    "body",
    [
        {"logits": [[0.0, 0.25, 0.75], [0.0, 1.0, 0.0]], "labels": [[0, 1, 0], [0, 0.5, 0.5]]},
        {"logits": [[0.0, 0.25, 0.75], [0.0, 1.0, 0.0]], "labels": [1, 1]},
        {"logits": [[0.0, 0.25, 0.75], [0.0, 1.0, 0.0]], "labels": [1, 1], "class_weights": [0.0, 1.0, 2.0]},
        {"logits": [[0.0, 0.25, 1.0], [0.0, 1.0, 0.0]], "labels": [[0, 1, 1], [0, 0.5, 0]]},
        {"logits": [[0.0, 0.25, 1.0], [0.0, 1.0, 0.0]], "labels": [[0, 1, 1], [0, 1, 0]], "pos_weight": 2.0},
    ],
)
def test_the_call_clips_where_the_request_says(
    client: httpx.Client, body: dict[str, Any], clip: float, label_smoothing: float
) -> None:
    sent = body | {"clip": clip, "label_smoothing": label_smoothing, "from_logits": False}
    content = respond(client, sent)
    with np.errstate(divide="ignore"):
        value = value_of(content["equivalents"]["optax"], body)
    assert_allclose(value, float(content["reduced"]["value"]), rtol=1e-12)
