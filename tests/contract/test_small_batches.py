"""Small clean batches get their responses by plans, which must not be seen but in the time it takes."""

import json
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.wire.tensor import tensor_object
from tests.contract.test_observability import line_of, numbers
from tests.service import Server

pytestmark = pytest.mark.unmeasured

SEED = 5
# A field that changes nothing, and with which there is no plan.
WITHOUT_PLAN: dict[str, Any] = {"silence": []}
ROWS, CLASSES = 24, 5


def clean_labels(kind: str, random: np.random.Generator) -> Any:
    match kind:
        case "class_indices":
            return random.integers(0, CLASSES, ROWS)
        case "one_hot":
            return np.eye(CLASSES, dtype=int)[random.integers(0, CLASSES, ROWS)]
        case "distribution":
            return random.dirichlet(np.ones(CLASSES), ROWS).round(9)
        case "multi_hot":
            return random.integers(0, 2, (ROWS, CLASSES))
    return random.integers(0, 2, (ROWS, 1))


KINDS = ("class_indices", "one_hot", "distribution", "multi_hot", "binary")


def clean_logits(kind: str, random: np.random.Generator) -> Any:
    return 2 * random.standard_normal((ROWS, 1 if kind == "binary" else CLASSES)).round(3)


def both(client: httpx.Client, body: dict[str, Any]) -> list[tuple[int, bytes, dict[str, str]]]:
    """The responses by a plan, if there is one, and without: status, body and headers."""
    responses = [
        client.post("/v1/loss", content=json.dumps(each), headers=HEADERS) for each in (body, body | WITHOUT_PLAN)
    ]
    return [
        (each.status_code, each.content, {name: value for name, value in each.headers.items() if name not in TIMES})
        for each in responses
    ]


HEADERS = {"content-type": "application/json", "x-request-id": "one"}


TIMES = ("date", "server-timing")


ODD_LOGITS = (
    0.0,
    1.0,
    0.5,
    -1.0,
    1e30,
    -1e30,
    650.0,
    -650.0,
    745.0,
    "Infinity",
    "-Infinity",
    "NaN",
    None,
    True,
    "x",
    [1],
)
ODD_LABELS = (
    -1,
    0,
    1,
    2,
    CLASSES,
    255,
    -100,
    0.5,
    1.0,
    1e-9,
    -0.1,
    1.1,
    2**62,
    2**63,
    None,
    "NaN",
    "Infinity",
    True,
    [0],
)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"reduction": "none"},
    {"reduction": "sum"},
    {"reduction": "weighted_mean"},
    {"advice": "brief"},
    {"advice": "none"},
    {"encoding": "base64"},
    {"loss_type": "sigmoid_cross_entropy"},
    {"loss_type": "softmax_cross_entropy"},
    {"axis": 0},
    {"axis": 1},
    {"axis": True},
    {"axis": -1.0},
    {"clip": 0},
    {"label_smoothing": 0.1},
    {"label_smoothing": -0.0},
    {"label_smoothing": False},
    {"from_logits": False},
    {"from_logits": 1},
    {"ignore_index": 0},
    {"ignore_index": None},
    {"weights": 2},
    {"nonsense": 1},
    {"include": ["gradient"]},
)


def change(values: Any, places: list[int], odd: list[Any]) -> Any:
    """Nested lists with other values at some places."""
    flat = values.reshape(-1).tolist()
    for place, value in zip(places, odd, strict=False):
        flat[place % len(flat)] = value
    if values.ndim == 1:
        return flat
    return [flat[start : start + values.shape[1]] for start in range(0, len(flat), values.shape[1])]


@settings(max_examples=400, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(KINDS),
    option=st.sampled_from(OPTIONS),
    form=st.sampled_from(
        ("as is", "as is", "non-negative", "within one", "same rows", "unit interval", "one class", "far")
    ),
    places=st.lists(st.integers(0, 10_000), max_size=3),
    odd_logits=st.lists(st.sampled_from(ODD_LOGITS), max_size=2),
    odd_labels=st.lists(st.sampled_from(ODD_LABELS), max_size=2),
)
def test_a_plan_responds_as_the_general_way_byte_for_byte(
    client: httpx.Client,
    seed: int,
    kind: str,
    option: dict[str, Any],
    form: str,
    places: list[int],
    odd_logits: list[Any],
    odd_labels: list[Any],
) -> None:
    random = np.random.default_rng(seed)
    clean = {"logits": clean_logits(kind, random).tolist(), "labels": clean_labels(kind, random).tolist()}
    client.post("/v1/loss", json=clean | option)
    logits, labels = clean_logits(kind, random), clean_labels(kind, random)
    match form:
        case "non-negative":
            logits = np.maximum(logits, 0)
        case "within one":
            logits = np.tanh(3 * logits)
        case "same rows":
            logits[:] = logits[0]
        case "unit interval":
            logits = 1 / (1 + np.exp(-logits))
        case "one class":
            labels[:] = labels[0]
        case "far":
            logits *= 1000
    body = {"logits": change(logits, places, odd_logits), "labels": change(labels, places, odd_labels)} | option
    by_plan, without = both(client, body)
    assert by_plan == without


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "dtypes", [("float32", "int64"), ("float64", "float32"), ("float32", "float16"), ("float16", "int8")]
)
@pytest.mark.parametrize("encoding", ["list", "base64"])
def test_tensor_objects_get_the_same_responses(
    client: httpx.Client, kind: str, dtypes: tuple[str, str], encoding: str
) -> None:
    random = np.random.default_rng(SEED)
    for _ in range(3):
        logits, labels = clean_logits(kind, random).astype(dtypes[0]), clean_labels(kind, random).astype(dtypes[1])
        body = {"logits": tensor_object(logits), "labels": tensor_object(labels), "encoding": encoding}
        by_plan, without = both(client, body)
        assert by_plan == without


@pytest.mark.parametrize("kind", KINDS)
def test_log_and_metrics_tell_the_same_of_it(server: Server, client: httpx.Client, kind: str) -> None:
    random = np.random.default_rng(SEED)
    body = {"logits": clean_logits(kind, random).tolist(), "labels": clean_labels(kind, random).tolist()}
    client.post("/v1/loss", json=body)
    before = counts(client)
    by_plan = line_of(server, client.post("/v1/loss", json=body))
    between = counts(client)
    without = line_of(server, client.post("/v1/loss", json=body | WITHOUT_PLAN))
    after = counts(client)
    assert by_plan["phases"].keys() == without["phases"].keys()
    assert all(line["phases"][phase] > 0 for line in (by_plan, without) for phase in ("decode", "compute", "encode"))
    for line in (by_plan, without):
        assert [line.pop(name) for name in ("time", "request_id", "seconds", "bytes_in", "phases")]
    assert by_plan == without
    assert [between[name] - before[name] for name in before] == [after[name] - between[name] for name in before]


def counts(client: httpx.Client) -> dict[str, float]:
    """The metrics that count, but for bytes and seconds; nothing is reserved any more."""
    found = numbers(client)
    assert found["xent_computing_requests"] == 0
    assert found["xent_reserved_bytes"] == 0
    return {name: value for name, value in found.items() if name.startswith(COUNTED)}


COUNTED = ("xent_samples_total", "xent_elements_total", "xent_warnings_total", 'xent_requests_total{method="POST"')
