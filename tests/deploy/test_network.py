"""What is in front of the pods, and who gets to them."""

from typing import Any

import pytest

from tests.deploy.rendered import Rendered, notes, refusal

PEERS = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]
IN_FRONT: dict[str, Any] = {
    "networkPolicy": {"clients": PEERS},
    "ingress": {"enabled": True, "hosts": ["xent.example"], "controller": "ingress-nginx"},
    "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]},
}
NGINX = "nginx.ingress.kubernetes.io"


def with_settings(**settings: float) -> Rendered:
    return Rendered({**IN_FRONT, "settings": settings})


def test_the_service_leads_to_the_port_of_the_container(everything: Rendered) -> None:
    (port,) = everything.the("Service")["spec"]["ports"]
    (of_container,) = everything.container["ports"]
    assert port["port"] == 8080
    assert port["targetPort"] == of_container["name"]
    assert str(of_container["containerPort"]) == everything.environment["XENT_PORT"]
    assert everything.the("Service")["spec"]["type"] == "NodePort"


def test_there_is_no_front_unless_asked_for(plain: Rendered) -> None:
    assert plain.all("Ingress") == plain.all("HTTPRoute") == plain.all("ClientSettingsPolicy") == []


def test_an_ingress_takes_bodies_as_large_as_the_service_does() -> None:
    annotations = with_settings(max_body_bytes=12_345_678).the("Ingress")["metadata"]["annotations"]
    assert annotations[f"{NGINX}/proxy-body-size"] == "12345678"


def test_an_ingress_waits_longer_than_the_service_computes() -> None:
    annotations = with_settings(compute_seconds=59.5).the("Ingress")["metadata"]["annotations"]
    assert annotations[f"{NGINX}/proxy-read-timeout"] == "70"


def test_an_ingress_asks_another_pod_for_what_a_pod_that_stops_broke_off() -> None:
    annotations = with_settings(drain_seconds=8, finish_seconds=20).the("Ingress")["metadata"]["annotations"]
    assert annotations[f"{NGINX}/proxy-next-upstream"] == "error timeout http_503 non_idempotent"
    assert int(annotations[f"{NGINX}/proxy-next-upstream-timeout"]) > 28


def test_an_ingress_of_f5_has_its_own_annotations() -> None:
    rendered = Rendered({**IN_FRONT, "ingress": {**IN_FRONT["ingress"], "controller": "nginx.org"}})
    annotations = rendered.the("Ingress")["metadata"]["annotations"]
    assert annotations["nginx.org/client-max-body-size"] == "67108864"
    assert annotations["nginx.org/proxy-read-timeout"] == "40s"
    assert not [name for name in annotations if name.startswith(NGINX)]


def test_an_unknown_controller_gets_no_annotations_and_the_notes_say_what_to_set() -> None:
    ingress = {**IN_FRONT["ingress"], "controller": ""}
    assert "annotations" not in Rendered({**IN_FRONT, "ingress": ingress}).the("Ingress")["metadata"]
    told = notes({**IN_FRONT, "ingress": ingress})
    assert "67108864 bytes" in told
    assert "40 seconds" in " ".join(told.split())


def test_the_operators_annotation_goes_before_the_charts() -> None:
    own = {f"{NGINX}/proxy-body-size": "1m"}
    rendered = Rendered({**IN_FRONT, "ingress": {**IN_FRONT["ingress"], "annotations": own}})
    annotations = rendered.the("Ingress")["metadata"]["annotations"]
    assert annotations[f"{NGINX}/proxy-body-size"] == "1m"
    assert f"{NGINX}/proxy-read-timeout" in annotations


def test_an_ingress_leads_each_path_of_each_host_to_the_service(everything: Rendered) -> None:
    rules = everything.the("Ingress")["spec"]["rules"]
    assert [rule["host"] for rule in rules] == ["xent.example", "losses.example"]
    for rule in rules:
        paths = rule["http"]["paths"]
        assert [path["path"] for path in paths] == ["/", "/v1", "/v2", "/docs", "/learn", "/assets", "/openapi.json"]
        assert [path["pathType"] for path in paths] == ["Exact", *["Prefix"] * 6]
        assert all(path["backend"] == {"service": {"name": "xent", "port": {"name": "http"}}} for path in paths)
    assert everything.the("Ingress")["spec"]["tls"] == everything.values["ingress"]["tls"]
    assert everything.the("Ingress")["spec"]["ingressClassName"] == "nginx"


def test_metrics_and_probes_are_let_through_by_no_front(everything: Rendered) -> None:
    rules = everything.the("Ingress")["spec"]["rules"]
    paths = [path["path"] for path in rules[0]["http"]["paths"] if path["pathType"] == "Prefix"]
    matches = [match["path"] for match in everything.the("HTTPRoute")["spec"]["rules"][0]["matches"]]
    paths += [match["value"] for match in matches if match["type"] == "PathPrefix"]
    assert len(paths) == 12
    for path in paths:
        assert not any(f"{hidden}/".startswith(f"{path.rstrip('/')}/") for hidden in ("/metrics", "/livez", "/readyz"))


def test_a_route_gives_a_request_the_time_that_the_service_gives_it() -> None:
    (rule,) = with_settings(body_seconds=90, compute_seconds=20, answer_seconds=45).the("HTTPRoute")["spec"]["rules"]
    assert rule["timeouts"] == {"request": "165s", "backendRequest": "75s"}


def test_a_route_leads_to_the_port_of_the_service(everything: Rendered) -> None:
    (rule,) = everything.the("HTTPRoute")["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": "xent", "port": 8080}]
    assert everything.the("HTTPRoute")["spec"]["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert everything.the("HTTPRoute")["spec"]["hostnames"] == ["xent.example"]


@pytest.mark.parametrize(("limit", "size"), [(67_108_864, "64m"), (67_108_865, "65m"), (1, "1m"), (2**33, "8192m")])
def test_nginx_gateway_fabric_takes_bodies_as_large_as_the_service_does(limit: int, size: str) -> None:
    fabric = {"httpRoute": {**IN_FRONT["httpRoute"], "nginxGatewayFabric": True}}
    policy = Rendered({**IN_FRONT, **fabric, "settings": {"max_body_bytes": limit}}).the("ClientSettingsPolicy")
    assert policy["spec"]["body"]["maxSize"] == size
    assert policy["spec"]["targetRef"]["name"] == "xent"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ingress": {"enabled": True, "hosts": ["a"]}}, "networkPolicy.clients is empty"),
        ({"httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]}}, "networkPolicy.clients is empty"),
        ({"ingress": {"enabled": True}, "networkPolicy": {"enabled": False}}, "ingress.hosts names no host"),
        (
            {"httpRoute": {"enabled": True}, "networkPolicy": {"enabled": False}},
            "httpRoute.parentRefs names no Gateway",
        ),
        ({"ingress": {"controller": "traefik"}}, "/ingress/controller"),
        ({"paths": []}, "/paths"),
        ({"paths": ["v1"]}, "/paths/0"),
    ],
)
def test_a_front_that_would_not_work_is_refused(changes: dict[str, Any], message: str) -> None:
    assert message in refusal(changes)


def test_only_the_pods_of_the_namespace_get_in_and_nothing_gets_out(plain: Rendered) -> None:
    policy = plain.the("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"from": [{"podSelector": {}}], "ports": [{"port": "http", "protocol": "TCP"}]}]
    assert policy["egress"] == []


def test_named_clients_get_in_in_place_of_the_namespace_and_so_does_prometheus(everything: Rendered) -> None:
    (rule,) = everything.the("NetworkPolicy")["spec"]["ingress"]
    names = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in rule["from"]]
    assert names == ["ingress", "monitoring"]
    assert everything.the("NetworkPolicy")["spec"]["egress"] == everything.values["networkPolicy"]["egress"]


def test_without_a_network_policy_the_notes_say_so() -> None:
    off = {"networkPolicy": {"enabled": False}}
    assert Rendered(off).all("NetworkPolicy") == []
    assert "There is no NetworkPolicy" in notes(off)


def test_the_callers_address_is_believed_from_the_proxies_that_are_named(everything: Rendered, plain: Rendered) -> None:
    assert everything.environment["FORWARDED_ALLOW_IPS"] == "*"
    assert plain.environment["FORWARDED_ALLOW_IPS"] == "127.0.0.1"


def test_an_ingress_without_tls_is_warned_of() -> None:
    assert "no TLS" in notes(IN_FRONT)
    assert "no TLS" not in notes(sample="everything")
