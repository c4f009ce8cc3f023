"""`python -m scripts.pod FOLDER`: the Helm chart's container as a project for a container engine without Kubernetes.

FOLDER gets what the image is built from, and a compose file with the container as deploy/kubernetes/xent.yaml specifies
it. Beside it runs scripts/pod_operator.py, which rotates its API keys. FOLDER/settings has the container's variables.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
MANIFESTS = ROOT / "deploy/kubernetes/xent.yaml"
OPERATOR = ROOT / "scripts/pod_operator.py"
KEYS_VARIABLE = "XENT_API_KEYS_FILE"

PROBE = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)"


def hardened(container: dict[str, Any], pod: dict[str, Any]) -> dict[str, Any]:
    """What a pod's security comes to in compose."""
    security, user = container["securityContext"], pod["securityContext"]
    return {
        "build": ".",
        "user": f"{user['runAsUser']}:{user['runAsGroup']}",
        "read_only": security["readOnlyRootFilesystem"],
        "cap_drop": security["capabilities"]["drop"],
        "security_opt": [f"no-new-privileges:{str(not security['allowPrivilegeEscalation']).lower()}"],
        "tmpfs": [
            f"{mount['mountPath']}:size={volume['emptyDir']['sizeLimit'].lower().removesuffix('i')},mode=1777"
            for mount in container["volumeMounts"]
            for volume in pod["volumes"]
            if volume["name"] == mount["name"] and "emptyDir" in volume
        ],
        "mem_limit": container["resources"]["limits"]["memory"].lower().removesuffix("i"),
        "stop_grace_period": f"{pod['terminationGracePeriodSeconds']}s",
    }


def compose(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["containers"]
    (keys,) = (mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "keys")
    (port,) = container["ports"]
    ready = container["readinessProbe"]["httpGet"]["path"]
    often = {"interval": "1s", "timeout": "5s", "retries": 60}
    url = f"http://127.0.0.1:{port['containerPort']}{ready}"
    return {
        "services": {
            "pod": {
                **hardened(container, pod),
                "environment": {each["name"]: each["value"] for each in container["env"]},
                "volumes": [f"./keys:{keys}:ro"],
                "ports": [f"127.0.0.1::{port['containerPort']}"],
                "healthcheck": {"test": ["CMD", "python", "-c", PROBE, url], **often},
            },
            "operator": {
                **hardened(container, pod),
                "command": ["python", f"/operator/{OPERATOR.name}"],
                "volumes": ["./keys:/keys", "./operator:/operator:ro"],
                "healthcheck": {"test": ["CMD", "test", "-e", "/tmp/done"], **often},  # noqa: S108  in its container
            },
        }
    }


def main() -> None:
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sent = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for name in ("Dockerfile", ".dockerignore", *sent):
        source = ROOT / name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    (deployment,) = (each for each in yaml.safe_load_all(MANIFESTS.read_text()) if each["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (folder / "compose.yaml").write_text(yaml.safe_dump(compose(pod)))
    variables = {each["name"]: each["value"] for each in pod["containers"][0]["env"] if each["name"] != KEYS_VARIABLE}
    (folder / "settings").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    (folder / "operator").mkdir()
    shutil.copy(OPERATOR, folder / "operator")
    (folder / "keys/..1").mkdir(parents=True)
    (folder / "keys/..1/keys").write_text("first\n")
    (folder / "keys/..data").symlink_to("..1")
    (folder / "keys/keys").symlink_to("..data/keys")
    user = pod["securityContext"]["runAsUser"]
    for path in (folder / "keys", folder / "keys/..1", folder / "keys/..1/keys"):
        shutil.chown(path, user, pod["securityContext"]["fsGroup"])


if __name__ == "__main__":
    main()
