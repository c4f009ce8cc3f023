"""Which requests are responded to by plans, and what plans may hold."""

import asyncio
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import numpy as np
import pytest

import app
import xent_core
from app.api import plans
from app.api.plans import MAX_TEXT, EvaluationPlans, form_of
from app.main import create_app
from app.settings import Settings
from xent_core import evaluate

OURS = tuple(str(Path(package.__file__ or "").parent) for package in (app, xent_core))
# As measured of a whole request, from the outermost layer. The aim is 120 calls and 15 files.
MAX_CALLS, MAX_FILES = 134, 35
BATCH: dict[str, Any] = {"logits": [[2.0, -3.5, 1.0], [0.1, 1.0, -3.0]], "labels": [1, 2]}
GENERAL = "prepare.py"


@pytest.fixture
def service() -> Iterator["Service"]:
    with asyncio.Runner() as runner:
        yield Service(runner)


class Service:
    """An application without a server, and what it calls."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        transport = httpx.ASGITransport(create_app(Settings(log_requests=False)))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://xent")

    def post(self, body: dict[str, Any]) -> list[str]:
        """The files of the functions of ours that are called."""
        called: list[str] = []

        def count(frame: FrameType, event: str, _: object) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(OURS):
                called.append(frame.f_code.co_filename)

        async def post() -> httpx.Response:
            sys.setprofile(count)
            try:
                return await self.client.post("/v1/loss", json=body)
            finally:
                sys.setprofile(None)

        assert self.runner.run(post()).status_code == 200
        return called

    def goes_by_plan(self, body: dict[str, Any]) -> bool:
        return not any(file.endswith(GENERAL) for file in self.post(body))


def batch(rows: int, classes: int, random: np.random.Generator, kind: str = "class_indices") -> dict[str, Any]:
    labels: Any = random.integers(0, classes, rows)
    if kind == "one_hot":
        labels = np.eye(classes)[labels]
    elif kind == "distribution":
        labels = random.dirichlet(np.ones(classes), rows)
    elif kind == "multi_hot":
        labels = random.integers(0, 2, (rows, classes))
    return {"logits": random.standard_normal((rows, classes)).round(4).tolist(), "labels": labels.tolist()}


def test_a_small_request_takes_few_calls_and_files(service: Service) -> None:
    random = np.random.default_rng(0)
    service.post(batch(32, 10, random))
    called = service.post(batch(32, 10, random))
    assert 0 < len(called) <= MAX_CALLS
    assert len(set(called)) <= MAX_FILES


@pytest.mark.parametrize("kind", ["class_indices", "one_hot", "distribution", "multi_hot"])
def test_a_clean_batch_is_evaluated_once_and_those_after_it_go_by_plan(service: Service, kind: str) -> None:
    random = np.random.default_rng(3)
    assert not service.goes_by_plan(batch(32, 10, random, kind))
    by_plan = [service.goes_by_plan(batch(32, 10, random, kind)) for _ in range(20)]
    assert sum(by_plan) >= 14


def test_another_text_of_the_fields_is_another_form(service: Service) -> None:
    assert not service.goes_by_plan(BATCH | {"axis": -1})
    assert service.goes_by_plan(BATCH | {"axis": -1})
    for others in ({}, {"axis": -1.0}, {"axis": None}, {"axis": -1, "advice": "full"}):
        assert not service.goes_by_plan(BATCH | others)


def test_warnings_and_suggestions_make_no_plan(service: Service) -> None:
    never_negative = {"logits": np.maximum(np.array(batch(32, 10, np.random.default_rng(0))["logits"]), 0).tolist()}
    imbalanced = {"logits": BATCH["logits"] * 11, "labels": [0] * 20 + [1] * 2}
    for body in (never_negative | {"labels": [1] * 32}, imbalanced):
        assert not any(service.goes_by_plan(body) for _ in range(3))


def test_a_form_without_a_plan_is_not_tried_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(plans, "plan_for", lambda **arguments: asked.append(arguments))
    for _ in range(3):
        service.post(BATCH)
    assert len(asked) == 1


def test_a_form_has_a_plan_for_each_kind_of_labels(service: Service) -> None:
    random = np.random.default_rng(0)
    one_hot, distribution = (batch(32, 10, random, kind) for kind in ("one_hot", "distribution"))
    for body in (one_hot, distribution):
        service.post(body)
    assert service.goes_by_plan(one_hot)
    assert service.goes_by_plan(distribution)


def test_other_endpoints_and_applications_have_no_plans_of_these(service: Service) -> None:
    service.post(BATCH)
    with asyncio.Runner() as runner:
        assert not Service(runner).goes_by_plan(BATCH)
    assert service.runner.run(service.client.post("/v1/recommend", json=BATCH)).json().keys() == {
        *("recommendation", "warnings", "checked")
    }


def test_the_plans_used_latest_are_kept(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MAX_FORMS", 2)
    first, second, third = (BATCH | {"reduction": reduction} for reduction in ("sum", "mean", "none"))
    for body in (first, second, first, third):
        service.post(body)
    assert service.goes_by_plan(first)
    assert not service.goes_by_plan(second)


def test_a_plan_keeps_few_endings(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MAX_ENDINGS", 1)
    logits = batch(4, 3, np.random.default_rng(0))["logits"]
    two, three = ({"logits": logits, "labels": [[1, 1, 0]] * n + [[1, 0, 0]] * (4 - n)} for n in (2, 3))
    service.post(two)
    for _ in range(2):
        assert service.goes_by_plan(two)
        assert not service.goes_by_plan(three)


def test_a_large_batch_has_no_plan(service: Service) -> None:
    """It is computed in a thread, where no calls are counted."""
    random = np.random.default_rng(0)
    for _ in range(3):
        assert not any(file.endswith("xent_core/plan.py") for file in service.post(batch(200, 10, random)))


LOGITS, LABELS = np.zeros((2, 3)), np.zeros(2, np.int64)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"logits": LOGITS},
        {"logits": LOGITS, "labels": [1, 2]},
        {"logits": LOGITS, "labels": LABELS, "weights": LABELS},
        {"logits": LOGITS, "labels": LABELS, "include": []},
        {"logits": LOGITS, "labels": LABELS, "loss_type": "x" * MAX_TEXT},
    ],
)
def test_a_body_of_another_form_has_none(document: Any) -> None:
    assert form_of(document) is None


def test_equal_values_of_other_types_are_other_forms() -> None:
    values = (1, 1.0, True, "1", None, 0, 0.0, -0.0, False, float("nan"))
    forms = {form_of({"logits": LOGITS, "labels": LABELS, "axis": value}) for value in values}
    assert len(forms) == len(values)


class Counted:
    """`evaluate`, and how often it is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        monkeypatch.setattr(plans, "evaluate", self.evaluate)

    def evaluate(self, **arguments: Any) -> Any:
        self.calls += 1
        return evaluate(**arguments)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def arguments(kind: str = "class_indices", seed: int = 0, **others: Any) -> dict[str, Any]:
    return {name: np.array(array) for name, array in batch(32, 10, np.random.default_rng(seed), kind).items()} | others


@pytest.mark.parametrize("kind", ["class_indices", "one_hot", "distribution", "multi_hot"])
@pytest.mark.parametrize("advice", ["none", "brief"])
def test_evaluations_by_plan_are_those_of_evaluate(counted: Counted, kind: str, advice: str) -> None:
    of_plans = EvaluationPlans()
    for seed in range(30):
        given = arguments(kind, seed, advice=advice, weights=None, include=[])
        by_plan, expected = of_plans.evaluate(given), evaluate(**given)
        assert by_plan.per_sample.tobytes() == expected.per_sample.tobytes()
        assert by_plan._replace(per_sample=expected.per_sample) == expected
    assert counted.calls < 20


def test_no_losses_are_kept_for_later_requests() -> None:
    """A plan is for good, and 4,096 evaluations can be: their losses could take a hundred megabytes."""
    of_plans = EvaluationPlans()
    given = arguments("class_indices", 0, weights=None, include=[])
    result = of_plans.evaluate(given)
    losses = weakref.ref(result.per_sample)
    del result
    assert losses() is None


def test_evaluations_with_arrays_beside_the_labels_have_no_plan(counted: Counted) -> None:
    of_plans = EvaluationPlans()
    for _ in range(3):
        of_plans.evaluate(arguments(weights=np.ones(32)))
        of_plans.evaluate(arguments(include=["gradient"]))
    assert counted.calls == 6


def test_evaluations_of_a_form_without_a_plan_are_not_tried_again(counted: Counted) -> None:
    of_plans = EvaluationPlans()
    for _ in range(3):
        of_plans.evaluate(arguments(label_smoothing=0.1))
    assert counted.calls == 3


def test_the_evaluations_used_latest_are_kept(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MAX_FORMS", 1)
    of_plans = EvaluationPlans()
    for reduction in ("sum", "none", "none", "sum"):
        of_plans.evaluate(arguments(reduction=reduction))
    assert counted.calls == 3
