"""POST /v1/sampled-softmax, asked of a running service."""

from typing import Any

import httpx
import numpy as np
import pytest
from numpy.testing import assert_allclose

from xent_core.losses.sampled_softmax import evaluate_sampled_softmax
from xent_core.losses.samplers import SampledValues

PATH = "/v1/sampled-softmax"
RANDOM = np.random.default_rng(3)
BATCH: dict[str, Any] = {
    "weights": RANDOM.standard_normal((12, 3)).tolist(),
    "biases": RANDOM.standard_normal(12).tolist(),
    "inputs": RANDOM.standard_normal((2, 3)).tolist(),
    "labels": [[1, 7], [0, 4]],
}
DRAWN = {"num_sampled": 5, "seed": 11}
VALUES: dict[str, Any] = {
    "candidates": [0, 3, 9],
    "true_expected_count": [[0.5, 0.2], [0.9, 0.3]],
    "sampled_expected_count": [0.9, 0.4, 0.2],
}


def draw(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    response = client.post(PATH, json=BATCH | fields)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    "fields",
    [
        DRAWN,
        DRAWN | {"sampler": "uniform", "reduction": "sum", "sample_weights": [0.5, 2]},
        DRAWN | {"remove_accidental_hits": False, "reduction": "none"},
        DRAWN | {"subtract_log_q": False, "sample_weights": 3, "reduction": "mean_by_nonzero_weights"},
        {"sampled_values": VALUES, "reduction": "weighted_mean"},
    ],
)
def test_it_returns_what_the_library_does(client: httpx.Client, fields: dict[str, Any]) -> None:
    arguments = BATCH | fields
    if "sampled_values" in fields:
        arguments = arguments | {"sampled_values": SampledValues(**{k: np.array(v) for k, v in VALUES.items()})}
    expected = evaluate_sampled_softmax(**arguments)
    content = draw(client, **fields)
    assert_allclose(content["per_sample"], expected.per_sample, rtol=1e-13)
    if expected.reduced is None:
        assert content["reduced"] is None
    else:
        assert content["reduced"]["reduction"] == fields.get("reduction", "mean")
        assert_allclose(content["reduced"]["value"], expected.reduced.value, rtol=1e-13)
    assert content["seed"] == expected.seed
    assert content["sampled_values"]["candidates"] == expected.sampled_values.candidates.tolist()
    assert_allclose(content["sampled_values"]["true_expected_count"], expected.sampled_values.true_expected_count)
    assert [warning["code"] for warning in content["warnings"]] == content["checked"] == ["train_only"]


def test_without_a_seed_a_fresh_one_is_reported_that_gives_the_draw_again(client: httpx.Client) -> None:
    first, second = (draw(client, num_sampled=6) for _ in range(2))
    assert first["seed"] != second["seed"]
    assert draw(client, num_sampled=6, seed=first["seed"]) == first


def test_the_sampled_values_of_a_response_can_be_sent_back(client: httpx.Client) -> None:
    first = draw(client, **DRAWN)
    again = draw(client, sampled_values=first["sampled_values"])
    assert again == first | {"seed": None}


def test_null_is_absent(client: httpx.Client) -> None:
    nulls = {"sampled_values": None, "sampler": None, "sample_weights": None, "reduction": None}
    assert draw(client, **DRAWN, **nulls) == draw(client, **DRAWN)


@pytest.mark.parametrize(
    ("fields", "loc", "code"),
    [
        ({}, ["num_sampled"], "missing_parameter"),
        ({"num_sampled": 13}, ["num_sampled"], "parameter_out_of_range"),
        ({"num_sampled": 2.5}, ["num_sampled"], "wrong_type"),
        (DRAWN | {"seed": -1}, ["seed"], "parameter_out_of_range"),
        (DRAWN | {"seed": 2**63}, ["seed"], "parameter_out_of_range"),
        (DRAWN | {"sampler": "zipf"}, ["sampler"], "unknown_value"),
        (DRAWN | {"labels": [1, 12]}, ["labels", 1], "label_out_of_range"),
        (DRAWN | {"weights": [[1.0, 2.0], [3.0]]}, ["weights", 1], "ragged"),
        (DRAWN | {"sampled_values": VALUES}, ["num_sampled"], "unexpected_parameter"),
        ({"sampled_values": [1, 2]}, ["sampled_values"], "wrong_type"),
        ({"sampled_values": {}}, ["sampled_values", "candidates"], "missing"),
        ({"sampled_values": VALUES | {"candidate": [1]}}, ["sampled_values", "candidate"], "unknown_field"),
        (
            {"sampled_values": VALUES | {"candidates": [0, 3, 12]}},
            ["sampled_values", "candidates", 2],
            "label_out_of_range",
        ),
        ({"sampled_values": VALUES | {"candidates": [0, "x", 1]}}, ["sampled_values", "candidates", 1], "not_numeric"),
        (
            {"sampled_values": VALUES | {"true_expected_count": [[0.5, 0.5], [0.5, 0]]}},
            ["sampled_values", "true_expected_count", 1, 1],
            "parameter_out_of_range",
        ),
        (
            {"sampled_values": VALUES | {"true_expected_count": [[0.5, 0.5], [0.5]]}},
            ["sampled_values", "true_expected_count", 1],
            "ragged",
        ),
        (
            {"sampled_values": VALUES | {"sampled_expected_count": [1, "Infinity", 1]}},
            ["sampled_values", "sampled_expected_count", 1],
            "infinite",
        ),
    ],
)
def test_errors_name_the_place(client: httpx.Client, fields: dict[str, Any], loc: list[Any], code: str) -> None:
    response = client.post(PATH, json=BATCH | fields)
    assert response.status_code == 422
    first = response.json()["errors"][0]
    assert (first["loc"], first["code"]) == (["body", *loc], code)


def test_a_nan_within_the_sampled_values_has_its_place(client: httpx.Client) -> None:
    body = '{"weights": [[1]], "biases": [0], "inputs": [[1]], "labels": [0], "sampled_values": {"candidates": [0],'
    body += ' "true_expected_count": [[NaN]], "sampled_expected_count": [1]}}'
    response = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["code"]) == (["body", "sampled_values", "true_expected_count", 0, 0], "nan")


def test_a_large_batch_is_computed_too(client: httpx.Client) -> None:
    layer = {"weights": np.ones((3000, 8)).tolist(), "biases": [0] * 3000, "inputs": np.ones((50, 8)).tolist()}
    content = draw(client, **layer, labels=list(range(50)), num_sampled=1000, seed=1)
    assert len(content["per_sample"]) == 50
    assert len(set(content["sampled_values"]["candidates"])) == 1000
