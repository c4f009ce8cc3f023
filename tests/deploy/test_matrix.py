"""Installations of every kind are valid resources and hardened pods."""

import copy
import json
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from tests.deploy.policies import POLICIES, broken_by
from tests.deploy.rendered import CHART, SAMPLES, Rendered, Resource, helm, merged

# The oldest that Chart.yaml allows, and the newest that there is a schema for.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
SCHEMAS = {
    file.stem: json.loads(file.read_text()) for file in sorted(Path(__file__).parent.joinpath("schemas").glob("*.json"))
}

PEERS = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]
KEYS: dict[str, dict[str, Any]] = {
    "a Secret": {},
    "own keys": {"apiKeys": {"existingSecret": "", "values": ["one", "two"]}},
    "no keys": {"apiKeys": {"existingSecret": "", "open": True}},
}
FRONTS: dict[str, dict[str, Any]] = {
    "nothing in front": {},
    "ingress-nginx": {
        "ingress": {"enabled": True, "hosts": ["a.example"], "controller": "ingress-nginx"},
        "networkPolicy": {"clients": PEERS},
    },
    "F5's ingress": {
        "ingress": {"enabled": True, "hosts": ["a.example", "b.example"], "controller": "nginx.org"},
        "networkPolicy": {"clients": PEERS},
    },
    "a Gateway": {
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}], "nginxGatewayFabric": True},
        "networkPolicy": {"enabled": False},
    },
}
SCALING: dict[str, dict[str, Any]] = {
    "two": {},
    "by CPU": {"autoscaling": {"enabled": True}},
    "by requests in flight": {"autoscaling": {"enabled": True, "cpuUtilization": 0, "inFlightRequests": 2.5}},
}
MONITORING: dict[str, dict[str, Any]] = {
    "unseen": {},
    "seen": {
        "serviceMonitor": {"enabled": True, "apiKey": {"secretName": "prometheus"}},
        "prometheusRule": {"enabled": True},
        "grafanaDashboard": {"enabled": True},
    },
}
MATRIX = {
    ", ".join(names): merged(merged(KEYS[names[0]], FRONTS[names[1]]), merged(SCALING[names[2]], MONITORING[names[3]]))
    for names in product(KEYS, FRONTS, SCALING, MONITORING)
}


def faults_of(resource: Resource, version: str) -> list[str]:
    """What is wrong with a resource by the schema of its kind."""
    if resource["kind"] in SCHEMAS:
        validator = jsonschema.Draft202012Validator(SCHEMAS[resource["kind"]])
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(resource)]
    try:
        kubernetes_validate.validate(resource, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("name", MATRIX)
def test_an_installation_is_valid_and_hardened(name: str) -> None:
    rendered = Rendered(MATRIX[name])
    assert [fault for each in rendered for fault in faults_of(each, VERSIONS[-1])] == []
    assert broken_by(rendered.pod) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_valid_for_the_oldest_and_the_newest_kubernetes(sample: str, version: str) -> None:
    assert [fault for each in Rendered(sample=sample) for fault in faults_of(each, version)] == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_helm_finds_nothing_to_complain_of(sample: str) -> None:
    assert "0 chart(s) failed" in helm("lint", str(CHART), "--strict", values=SAMPLES[sample])


def test_all_samples_together_make_every_kind(everything: Rendered) -> None:
    templates = {file.name for file in (CHART / "templates").glob("*.yaml")}
    assert len(everything.resources) == len(templates) + 1, "of httproute.yaml there are two"


def test_a_wrong_resource_would_be_found(everything: Rendered) -> None:
    for resource in everything:
        wrong = copy.deepcopy(resource)
        wrong.setdefault("spec", wrong)["unknown"] = 1
        assert faults_of(wrong, VERSIONS[-1]) != [], resource["kind"]


BROKEN: dict[str, dict[str, Any]] = {
    "runs as no root": {"securityContext": {}},
    "runs as the image's user": {"securityContext": {"runAsUser": 0}},
    "has the runtime's seccomp profile": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
    "shares nothing of the host": {"hostNetwork": True},
    "mounts nothing of the host": {"volumes": [{"name": "all", "hostPath": {"path": "/"}}]},
    "gets no token of the API server": {"automountServiceAccountToken": True},
    "gets no variables of Services": {"enableServiceLinks": True},
    "writes to bounded memory only": {"volumes": [{"name": "tmp", "emptyDir": {}}]},
}
BROKEN_CONTAINERS: dict[str, dict[str, Any]] = {
    "can gain no privileges": {"securityContext": {"allowPrivilegeEscalation": True}},
    "is not privileged": {"securityContext": {"privileged": True}},
    "has a root that is read-only": {"securityContext": {}},
    "has no capability": {"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}},
    "has an image by digest": {"image": "registry.example/xent:latest"},
    "has as much memory as it asks for": {
        "resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    },
    "asks for CPU": {"resources": {"requests": {"cpu": "", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}},
    "has all probes": {"livenessProbe": None},
    "can't write keys": {"volumeMounts": [{"name": "keys", "mountPath": "/etc/xent"}]},
    "holds no secret in its environment": {"env": [{"name": "XENT_API_KEYS", "value": "key"}]},
}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_pod_that_breaks_a_policy_is_found(policy: str, plain: Rendered) -> None:
    pod = copy.deepcopy(plain.pod)
    pod |= BROKEN.get(policy, {})
    pod["containers"][0] |= BROKEN_CONTAINERS.get(policy, {})
    if policy == "has all probes":
        del pod["containers"][0]["livenessProbe"]
    assert policy in broken_by(pod)
