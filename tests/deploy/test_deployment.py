"""The pods: how they start, serve and end."""

from typing import Any

import pytest

from tests.deploy.rendered import Rendered, refusal


def test_two_pods_on_different_nodes_and_zones_where_there_are_some(plain: Rendered) -> None:
    deployment = plain.the("Deployment")
    assert deployment["spec"]["replicas"] == 2
    spread = plain.pod["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    selected = deployment["spec"]["selector"]["matchLabels"]
    assert all(each["labelSelector"]["matchLabels"] == selected for each in spread)
    assert all(each["whenUnsatisfiable"] == "ScheduleAnyway" for each in spread)


def test_pods_are_selected_by_what_they_bear(everything: Rendered) -> None:
    deployment = everything.the("Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    for selector in (
        deployment["selector"]["matchLabels"],
        everything.the("Service")["spec"]["selector"],
        everything.the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        everything.the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()


def test_a_new_version_of_the_chart_alone_replaces_no_pod(plain: Rendered) -> None:
    assert "helm.sh/chart" not in plain.the("Deployment")["spec"]["template"]["metadata"]["labels"]


def test_a_rollout_never_has_fewer_pods(plain: Rendered) -> None:
    assert plain.the("Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_the_image_is_named_by_its_digest(plain: Rendered) -> None:
    assert plain.container["image"] == f"registry.example/xent@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repository": ""}, "image.repository is empty"),
        ({"digest": ""}, "image.digest is empty"),
        ({"digest": "latest"}, "/image/digest"),
        ({"repository": "xent@sha256:abc"}, "/image/repository"),
        ({"tag": "latest"}, "'tag' not allowed"),
    ],
)
def test_an_image_that_can_change_is_refused(change: dict[str, Any], message: str) -> None:
    assert message in refusal({"image": change})


def test_a_pod_has_more_time_to_end_than_it_needs(plain: Rendered) -> None:
    assert plain.container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert plain.environment["XENT_DRAIN_SECONDS"] == "5"
    assert plain.environment["XENT_FINISH_SECONDS"] == "10"
    assert plain.pod["terminationGracePeriodSeconds"] == 25


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"preStopSeconds": 0}, 20),
        ({"settings": {"drain_seconds": 20}}, 40),
        ({"settings": {"finish_seconds": 0.5}}, 16),
        ({"settings": {"drain_seconds": 7.5}, "preStopSeconds": 10}, 33),
    ],
)
def test_the_time_to_end_follows_the_settings(changes: dict[str, Any], seconds: int) -> None:
    assert Rendered(changes).pod["terminationGracePeriodSeconds"] == seconds


def test_without_a_pause_before_the_end_there_is_no_hook() -> None:
    assert "lifecycle" not in Rendered({"preStopSeconds": 0}).container


def test_probes_ask_what_needs_no_key_and_is_never_shed(plain: Rendered) -> None:
    container = plain.container
    assert container["startupProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_a_pod_is_not_restarted_before_its_supervisor_has_replaced_a_worker_that_hangs(plain: Rendered) -> None:
    probe = plain.container["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 60


def test_a_pod_that_is_not_ready_is_left_out_within_ten_seconds(plain: Rendered) -> None:
    probe = plain.container["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] <= 10


def test_a_start_may_take_a_minute(plain: Rendered) -> None:
    probe = plain.container["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 60


def test_only_tmp_can_be_written_and_it_is_memory(plain: Rendered) -> None:
    assert [mount["mountPath"] for mount in plain.container["volumeMounts"] if not mount.get("readOnly")] == ["/tmp"]  # noqa: S108
    (tmp,) = (volume for volume in plain.pod["volumes"] if volume["name"] == "tmp")
    assert tmp["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}


def test_memory_is_limited_and_cpu_is_not(plain: Rendered) -> None:
    assert plain.container["resources"] == {
        "requests": {"cpu": "1", "memory": "2Gi"},
        "limits": {"memory": "2Gi"},
    }


def test_a_setting_is_a_variable_as_it_was_written(everything: Rendered) -> None:
    environment = everything.environment
    assert environment["XENT_MAX_BODY_BYTES"] == "100000000"
    assert environment["XENT_COMPUTE_SECONDS"] == "12.5"
    assert environment["XENT_LOG_REQUESTS"] == "false"
    assert environment["XENT_WORKERS"] == "2"


def test_large_numbers_are_written_in_full() -> None:
    environment = Rendered({"settings": {"max_bytes_in_flight": 1_073_741_824}}).environment
    assert environment["XENT_MAX_BYTES_IN_FLIGHT"] == "1073741824"


def test_text_of_a_setting_stays_as_it_is() -> None:
    origins = 'https://a.example, "https://b.example"'
    assert Rendered({"settings": {"cors_origins": origins}}).environment["XENT_CORS_ORIGINS"] == origins


def test_pods_listen_on_all_addresses_unless_said_otherwise() -> None:
    assert Rendered().environment["XENT_HOST"] == "0.0.0.0"  # noqa: S104
    container = Rendered({"settings": {"host": "::"}}).container
    assert [each["value"] for each in container["env"] if each["name"] == "XENT_HOST"] == ["::"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_body_byte": 1}, "'max_body_byte' not allowed"),
        ({"drain_seconds": -1}, "/settings/drain_seconds"),
        ({"workers": "two"}, "/settings/workers"),
        ({"api_keys": "key"}, "'api_keys' not allowed"),
        ({"port": 9000}, "'port' not allowed"),
    ],
)
def test_a_setting_that_would_stop_the_start_is_refused(settings: dict[str, Any], message: str) -> None:
    assert message in refusal({"settings": settings})


def test_variables_that_are_settings_belong_to_the_settings() -> None:
    assert "/env/0/name" in refusal({"env": [{"name": "XENT_WORKERS", "value": "4"}]})


def test_traces_need_a_way_to_their_collector() -> None:
    tracing = {"settings": {"tracing": True}}
    assert "networkPolicy.egress is empty" in refusal(tracing)
    assert Rendered({**tracing, "networkPolicy": {"enabled": False}}).environment["XENT_TRACING"] == "true"


def test_the_operators_own_fields_are_passed_on(everything: Rendered) -> None:
    pod, template = everything.pod, everything.the("Deployment")["spec"]["template"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert pod["tolerations"] == everything.values["tolerations"]
    assert pod["affinity"] == everything.values["affinity"]
    assert pod["priorityClassName"] == "high"
    assert template["metadata"]["annotations"] == {"example.org/team": "losses"}
    assert template["metadata"]["labels"]["team"] == "losses"
    assert everything.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.tracing:4318"


def test_a_pod_has_an_account_of_its_own_without_a_token() -> None:
    rendered = Rendered()
    assert rendered.pod["serviceAccountName"] == rendered.the("ServiceAccount")["metadata"]["name"] == "xent"
    assert rendered.the("ServiceAccount")["automountServiceAccountToken"] is False
    other = Rendered({"serviceAccount": {"name": "losses"}})
    assert other.pod["serviceAccountName"] == "losses"
    assert other.all("ServiceAccount") == []


@pytest.mark.parametrize(
    ("release", "changes", "name"),
    [
        ("xent", {}, "xent"),
        ("losses", {}, "losses-xent"),
        ("losses", {"nameOverride": "ce"}, "losses-ce"),
        ("losses", {"fullnameOverride": "ce"}, "ce"),
        ("x" * 53, {}, "x" * 50),
    ],
)
def test_resources_are_named_after_the_release(release: str, changes: dict[str, Any], name: str) -> None:
    assert {each["metadata"]["name"] for each in Rendered(changes, release=release)} == {name}
