"""POST /v1/compare gives what the core does, and refuses what it should."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service import Server
from xent_core import compare

RANDOM = np.random.default_rng(0)
FIRST = RANDOM.normal(size=(40, 5))
OTHER, LABELS = FIRST + 0.2 * RANDOM.normal(size=(40, 5)), RANDOM.integers(0, 5, 40)


def post(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post("/v1/compare", json={"logits": FIRST.tolist(), "other_logits": OTHER.tolist()} | fields)


def test_the_response_is_what_the_core_finds(client: httpx.Client) -> None:
    response = post(client, labels=LABELS.tolist(), include=["per_sample"], most=2)
    assert response.status_code == 200, response.text
    body, found = response.json(), compare(FIRST, OTHER, LABELS, include=["per_sample"], most=2)
    assert found.difference is not None
    assert found.divergence is not None
    assert found.per_sample is not None
    assert body["difference"]["mean"] == found.difference.mean
    assert body["difference"]["interval"] == list(found.difference.interval or ())
    assert body["difference"]["p_value"] == found.difference.p_value
    assert body["divergence"]["kl"]["q999"] == found.divergence.kl.q999
    assert body["per_sample"] == found.per_sample.tolist()
    assert len(body["most_different"]) == 2
    assert body["loss_type"] == "sparse_softmax_cross_entropy"
    assert body["sums"]["difference"] == found.sums.difference.tolist()  # type: ignore[union-attr]


def test_the_parameters_are_those_of_a_loss(client: httpx.Client) -> None:
    sequences = {"logits": FIRST.reshape(8, 5, 5).tolist(), "other_logits": OTHER.reshape(8, 5, 5).tolist()}
    options: dict[str, Any] = {"loss_type": "generalized_cross_entropy", "q": 0.3, "shift": 1, "temperature": 2.0}
    response = post(client, **sequences, labels=LABELS.reshape(8, 5).tolist(), include=["per_sample"], **options)
    assert response.status_code == 200, response.text
    pair = (values.reshape(8, 5, 5) for values in (FIRST, OTHER))
    found = compare(*pair, LABELS.reshape(8, 5), include=["per_sample"], **options)
    assert found.per_sample is not None
    assert response.json()["per_sample"] == found.per_sample.tolist()


def test_without_labels_there_are_divergences_and_agreement(client: httpx.Client) -> None:
    body = post(client).json()
    assert body.keys() == {"divergence", "same_top1", "same_top5", "sums"}


def test_a_sigmoid_loss_has_no_divergence(client: httpx.Client) -> None:
    body = post(client, labels=(FIRST > 1).astype(int).tolist(), loss_type="sigmoid_cross_entropy").json()
    assert body.keys() == {"loss_type", "first", "other", "difference", "most_different", "sums"}


@pytest.mark.parametrize(
    ("fields", "place", "code"),
    [
        ({"other_logits": [[1.0, 2.0]]}, ["other_logits"], "wrong_shape"),
        ({"weights": 1.0}, ["labels"], "missing_parameter"),
        ({"labels": LABELS.tolist(), "most": 1001}, ["most"], "parameter_out_of_range"),
        ({"labels": LABELS.tolist(), "gradient": True}, ["gradient"], "unknown_field"),
        ({"labels": [7] * 40}, ["labels", 0], "label_out_of_range"),
        ({"include": ["per_sample"] * 2}, ["include"], "wrong_type"),
    ],
    ids=["shapes", "weights alone", "too many", "unknown field", "label", "included twice"],
)
def test_what_does_not_fit_is_refused_with_its_place(
    client: httpx.Client, fields: dict[str, Any], place: list[Any], code: str
) -> None:
    response = post(client, **fields)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", *place]
    assert error["code"] == code


def test_a_key_is_needed_where_there_are_any(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_API_KEYS="a-long-enough-key") as server:
        assert httpx.post(f"{server.address}/v1/compare", json={}).status_code == 401


def test_elements_over_the_limit_are_refused(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_MAX_ELEMENTS="100") as server:
        body = {"logits": FIRST.tolist(), "other_logits": OTHER.tolist()}
        assert httpx.post(f"{server.address}/v1/compare", json=body).status_code == 413
