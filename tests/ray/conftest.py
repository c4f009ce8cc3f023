"""A real cluster of two nodes on this machine, with xent on Ray Serve from the file that is shipped."""

import os

# Before Ray is loaded: nothing is told to anybody, and its own logs stay few.
os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # By default a proxy asks other nodes only where the replicas of its own are full.
    "RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING": "0",
}

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
import yaml
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.schema import ServeDeploySchema

ROOT = Path(__file__).parents[2]
SECONDS = 120
CPUS = 2


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        port: int = each.getsockname()[1]
        return port


def eventually(holds: Callable[[], bool], seconds: float = SECONDS) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


class Running:
    """The application on the cluster, as its clients and its operator see it."""

    def __init__(self, address: str, keys: Path, config: dict[str, Any]) -> None:
        self.address = address
        self.keys = keys
        self.config = config

    def client(self, key: str = "first") -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"X-API-Key": key}, timeout=60)

    def deploy(self, **autoscaling: Any) -> None:
        """With other numbers of replicas."""
        (deployment,) = self.config["applications"][0]["deployments"]
        deployment["autoscaling_config"] |= autoscaling
        client = serve.context._get_global_client()
        client.deploy_apps(ServeDeploySchema(**self.config), _blocking=False)

    @property
    def replicas(self) -> list[Any]:
        """How many run, and the status of the application."""
        application = serve.status().applications.get("xent")
        if application is None or "Xent" not in application.deployments:
            return [0, application and application.status]
        return [application.deployments["Xent"].replica_states.get("RUNNING", 0), application.status]

    def has_replicas(self, count: int) -> bool:
        return self.replicas == [count, "RUNNING"]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ray")
    keys = folder / "keys"
    keys.write_text("first\n")
    config = yaml.safe_load((ROOT / "deploy/ray/serve.yaml").read_text())
    port = config["http_options"]["port"] = free_port()
    # Two nodes of one machine can't share a port.
    config["proxy_location"] = "HeadOnly"
    application = config["applications"][0]
    application["runtime_env"]["env_vars"] = {"XENT_API_KEYS_FILE": str(keys), "PYTHONPATH": str(ROOT)}
    (deployment,) = application["deployments"]
    deployment["autoscaling_config"] |= {"min_replicas": 2, "max_replicas": 2}
    deployment["ray_actor_options"] = {"num_cpus": 1}
    node = {"num_cpus": CPUS, "object_store_memory": 100 << 20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        cluster.add_node(num_cpus=CPUS, object_store_memory=100 << 20)
        ray.init(address=cluster.address, log_to_driver=False)
        serve.start(http_options=config["http_options"], proxy_location=config["proxy_location"])
        each = Running(f"http://127.0.0.1:{port}", keys, config)
        each.deploy()
        assert eventually(lambda: each.has_replicas(2)), serve.status()
        yield each
        serve.shutdown()
    finally:
        ray.shutdown()
        cluster.shutdown()
