"""What it costs to have Ray's proxy in front: one replica behind it, and the plain service, each asked with wrk.

It runs in the environment of `make test-ray` (.venv-ray), needs wrk, takes about a minute, and prints a Markdown table.
RAY_SERVE_ENABLE_HA_PROXY=1 measures the HAProxy that Ray ships in place of Ray's own proxy.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
import ray
import yaml
from ray import serve
from ray.serve.schema import ServeDeploySchema

from tests.ray.conftest import eventually, free_port

ROOT = Path(__file__).parents[1]
SECONDS = 5
SIZES = ((32, 10, 16), (1024, 1000, 4))
SCRIPT = """\
local file = assert(io.open({path}, "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
{headers}
function done(summary, latency, requests)
  io.stderr:write(string.format('{{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "statuses": %d}}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status))
end
"""


def body_of(rows: int, classes: int) -> tuple[dict[str, str], bytes]:
    """In the Open Inference Protocol with binary tensors."""
    random = np.random.default_rng(0)
    logits, labels = random.standard_normal((rows, classes), np.float32), random.integers(0, classes, rows)
    inputs = [
        {
            "name": name,
            "datatype": datatype,
            "shape": array.shape,
            "parameters": {"binary_data_size": array.nbytes},
        }
        for name, datatype, array in (("logits", "FP32", logits), ("labels", "INT64", labels))
    ]
    document = json.dumps({"inputs": inputs}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(document))}
    return headers, document + logits.tobytes() + labels.tobytes()


def wrk(address: str, rows: int, classes: int, connections: int, folder: Path) -> str:
    """A row's cells."""
    headers, body = body_of(rows, classes)
    (folder / "body").write_bytes(body)
    lines = "\n".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items())
    (folder / "body.lua").write_text(SCRIPT.format(path=json.dumps(str(folder / "body")), headers=lines))
    command = ["wrk", "-t1", f"-c{connections}", "--latency", f"--script={folder / 'body.lua'}", "--timeout=30s"]
    url = f"{address}/v2/models/sparse_softmax_cross_entropy/infer"
    for seconds in (1, SECONDS):
        ran = subprocess.run([*command, f"-d{seconds}s", url], capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, int] = json.loads(ran.stderr)
    rate = found["requests"] / found["microseconds"] * 1e6
    return f"{rate:.3g} | {found['p50'] / 1000:.3g} | {found['p99'] / 1000:.3g} | {found['statuses']}"


def on_ray(folder: Path) -> list[str]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "deploy/ray/serve.yaml").read_text())
    port = config["http_options"]["port"] = free_port()
    config["applications"][0]["runtime_env"]["env_vars"] = {"PYTHONPATH": str(ROOT)}
    (deployment,) = config["applications"][0]["deployments"]
    deployment["autoscaling_config"] |= {"min_replicas": 1, "max_replicas": 1}
    deployment["ray_actor_options"] = {"num_cpus": 1}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    try:
        serve.start(http_options=config["http_options"])
        serve.context._get_global_client().deploy_apps(ServeDeploySchema(**config), _blocking=False)

        def is_up() -> bool:
            application = serve.status().applications.get("xent")
            return application is not None and application.status == "RUNNING"

        if not eventually(is_up):
            raise SystemExit(f"benchmarks.ray_front: {serve.status()}")
        return [wrk(f"http://127.0.0.1:{port}", *size, folder) for size in SIZES]
    finally:
        serve.shutdown()
        ray.shutdown()


def plain(folder: Path) -> list[str]:
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("XENT_")}
    own = {"XENT_PORT": str(port), "XENT_WORKERS": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=inherited | own, stdout=log)
        try:
            time.sleep(5)
            return [wrk(f"http://127.0.0.1:{port}", *size, folder) for size in SIZES]
        finally:
            process.terminate()
            process.wait(30)


def main() -> None:
    print("| front | rows × classes, connections | requests/s | p50, ms | p99, ms | other statuses |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        proxy = "HAProxy" if os.environ.get("RAY_SERVE_ENABLE_HA_PROXY") == "1" else "Ray's proxy"
        for name, rows in ((f"{proxy}, one replica", on_ray(Path(folder))), ("none: one worker", plain(Path(folder)))):
            for (count, classes, connections), cells in zip(SIZES, rows, strict=True):
                print(f"| {name} | {count} × {classes}, {connections} | {cells} |")


if __name__ == "__main__":
    main()
