"""What is there for those without Helm: a file for kubectl, a kustomization, and an InferenceService."""

import subprocess
from typing import Any

import yaml

from tests.deploy.policies import broken_by
from tests.deploy.rendered import KUBECTL, ROOT, Rendered, Resource
from tests.deploy.test_matrix import VERSIONS, faults_of

MANIFESTS: list[Resource] = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/xent.yaml").read_text()))
INFERENCE_SERVICE: Resource = yaml.safe_load((ROOT / "deploy/kserve/inference-service.yaml").read_text())


def without_helm(resource: Resource) -> Resource:
    """Without the labels by which Helm knows what is its own."""
    labels = resource["metadata"]["labels"]
    kept = {name: value for name, value in labels.items() if name not in OF_HELM}
    return {**resource, "metadata": {**resource["metadata"], "labels": kept}}


OF_HELM = {"helm.sh/chart", "app.kubernetes.io/managed-by"}


def test_the_manifests_are_what_the_chart_makes_by_default(plain: Rendered) -> None:
    assert [without_helm(each) for each in plain] == MANIFESTS


def test_the_manifests_are_valid_and_hold_no_secret() -> None:
    assert [fault for each in MANIFESTS for fault in faults_of(each, VERSIONS[-1])] == []
    assert "Secret" not in {each["kind"] for each in MANIFESTS}


def test_the_kustomization_puts_the_image_in(plain: Rendered) -> None:
    run = subprocess.run([KUBECTL, "kustomize", ROOT / "deploy/kubernetes"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    made = {each["kind"]: each for each in yaml.safe_load_all(run.stdout)}
    assert made.keys() == {each["kind"] for each in MANIFESTS}
    settings: dict[str, Any] = yaml.safe_load((ROOT / "deploy/kubernetes/kustomization.yaml").read_text())
    (image,) = settings["images"]
    assert plain.container["image"].startswith(f"{image['name']}@")
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{image['newName']}@{image['digest']}"


def test_the_inference_service_is_valid_and_runs_the_very_container(plain: Rendered) -> None:
    assert faults_of(INFERENCE_SERVICE, VERSIONS[-1]) == []
    predictor = INFERENCE_SERVICE["spec"]["predictor"]
    (container,) = predictor["containers"]
    assert container == {**plain.container, "name": "kserve-container"}
    assert broken_by(predictor) == []


def test_kserve_waits_longer_than_the_service_computes(plain: Rendered) -> None:
    assert INFERENCE_SERVICE["spec"]["predictor"]["timeout"] > float(plain.environment["XENT_COMPUTE_SECONDS"])
