"""How many pods there are."""

from typing import Any

import pytest

from tests.deploy.rendered import Rendered, notes, refusal


def scaler(**autoscaling: Any) -> dict[str, Any]:
    specification: dict[str, Any] = Rendered({"autoscaling": {"enabled": True, **autoscaling}}).the(
        "HorizontalPodAutoscaler"
    )["spec"]
    return specification


def test_a_fixed_number_has_no_autoscaler(plain: Rendered) -> None:
    assert plain.all("HorizontalPodAutoscaler") == []
    assert Rendered({"replicas": 5}).the("Deployment")["spec"]["replicas"] == 5


def test_an_autoscaler_decides_alone_how_many_there_are(everything: Rendered) -> None:
    assert "replicas" not in everything.the("Deployment")["spec"]
    target = everything.the("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "xent"}


def test_scaling_by_cpu() -> None:
    specification = scaler(minReplicas=3, maxReplicas=9)
    assert (specification["minReplicas"], specification["maxReplicas"]) == (3, 9)
    (metric,) = specification["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}


def test_scaling_by_requests_in_flight() -> None:
    (metric,) = scaler(cpuUtilization=0, inFlightRequests=2.5)["metrics"]
    assert metric["pods"]["metric"] == {"name": "xent_in_flight_requests"}
    assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "2.5"}


def test_scaling_by_both() -> None:
    assert [metric["type"] for metric in scaler(inFlightRequests=4)["metrics"]] == ["Resource", "Pods"]


@pytest.mark.parametrize(
    ("autoscaling", "message"),
    [
        ({"cpuUtilization": 0}, "nothing says when to scale"),
        ({"minReplicas": 11}, "minReplicas is larger than autoscaling.maxReplicas"),
        ({"minReplicas": 0}, "/autoscaling/minReplicas"),
        ({"targetCPU": 80}, "'targetCPU' not allowed"),
    ],
)
def test_scaling_that_would_not_work_is_refused(autoscaling: dict[str, Any], message: str) -> None:
    assert message in refusal({"autoscaling": {"enabled": True, **autoscaling}})


def test_an_eviction_takes_one_pod_at_once_and_a_broken_one_at_any_time(plain: Rendered) -> None:
    budget = plain.the("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_an_eviction_may_take_a_share() -> None:
    rendered = Rendered({"podDisruptionBudget": {"maxUnavailable": "25%"}})
    assert rendered.the("PodDisruptionBudget")["spec"]["maxUnavailable"] == "25%"
    assert "/podDisruptionBudget/maxUnavailable" in refusal({"podDisruptionBudget": {"maxUnavailable": 0}})
    assert Rendered({"podDisruptionBudget": {"enabled": False}}).all("PodDisruptionBudget") == []


def test_a_single_pod_is_warned_of() -> None:
    assert "One pod" in notes({"replicas": 1})
    assert "One pod" not in notes()
    assert "One pod" not in notes({"replicas": 1, "autoscaling": {"enabled": True}})
