"""Makes what is made from the Helm chart and for it: `python -m scripts.chart [--check]`.

    app/settings.py ──► deploy/helm/xent/values.schema.json (its part for settings)
    deploy/helm/xent/values.yaml ──► deploy/helm/xent/README.md (its table)
    deploy/helm/xent ──► deploy/kubernetes/xent.yaml, deploy/kserve/inference-service.yaml (by helm, in .helm)

With --check nothing is written: what differs is named, and the exit status is 1.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from app.settings import Settings

ROOT = Path(__file__).parents[1]
HELM = ROOT / ".helm/helm"
CHART = ROOT / "deploy/helm/xent"
SCHEMA = CHART / "values.schema.json"
README = CHART / "README.md"
MANIFESTS = ROOT / "deploy/kubernetes/xent.yaml"
INFERENCE_SERVICE = ROOT / "deploy/kserve/inference-service.yaml"

# The chart decides them: its own values say where keys are, and TLS ends in front of the pods.
NOT_IN_VALUES = {"port", "uds", "api_keys", "api_keys_file", "tls_certificate_file", "tls_key_file"}
TABLE = re.compile(r"(?<=<!-- values -->\n).*(?=<!-- end of values -->)", re.DOTALL)
# What Helm writes to know its own resources by.
OF_HELM = re.compile(r"^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)

ABOUT_MANIFESTS = """\
# Made by `make generate` from the Helm chart with its default values: don't edit it. README.md, beside it, says how to
# name your image and your API keys.
"""
ABOUT_INFERENCE_SERVICE = """\
# Made by `make generate` from the Helm chart with its default values: don't edit it. For KServe: its clients send the
# Open Inference Protocol (/v2) to xent unchanged, with a loss type, or `auto`, as the model. Name your image, and make
# the API keys with: kubectl create secret generic xent-keys --from-file=keys=FILE
"""


class Row(NamedTuple):
    """A value of the chart, as its README has it."""

    path: str
    default: Any
    meaning: str


def schema() -> str:
    """The schema of the values, with the service's own settings in it."""
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    fields = Settings.model_json_schema()["properties"]
    document["properties"]["settings"]["properties"] = {
        name: {key: value for key, value in field.items() if key not in ("title", "default")}
        for name, field in fields.items()
        if name not in NOT_IN_VALUES
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def readme() -> str:
    """Its README, with a table of the values."""
    lines = [
        "| value | default | meaning |",
        "| --- | --- | --- |",
        *(f"| `{row.path}` | `{json.dumps(row.default, ensure_ascii=False)}` | {row.meaning} |" for row in rows()),
    ]
    table = "\n".join(lines) + "\n"
    return TABLE.sub(lambda _: table, README.read_text(encoding="utf-8"))


def rows() -> Iterator[Row]:
    """Each value that has a comment `# --` above it."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    values, meaning = yaml.safe_load(text), ""
    path: list[str] = []
    for line in text.splitlines():
        if found := re.fullmatch(r" *# -- (.*)", line):
            meaning = found[1]
        elif found := re.match(r"( *)(\w+):", line):
            path[len(found[1]) // 2 :] = [found[2]]
            if meaning:
                default = values
                for key in path:
                    default = default[key]
                yield Row(".".join(path), default, meaning)
            meaning = ""


def manifests() -> str:
    """All that the chart makes by default."""
    values = CHART / "ci/plain.yaml"
    command = [str(HELM), "template", "xent", str(CHART), "--values", str(values)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own program and chart
    if run.returncode:
        sys.exit(f"scripts.chart: helm failed: {run.stderr}")
    return OF_HELM.sub("", run.stdout)


def inference_service(rendered: str) -> str:
    """KServe's resource around the very container of the Deployment."""
    (deployment,) = (each for each in yaml.safe_load_all(rendered) if each["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    # KServe makes the service account, the spread and the Service by its own rules.
    kept = ("automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds", "securityContext")
    resource = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "xent"},
        "spec": {
            "predictor": {
                "minReplicas": deployment["spec"]["replicas"],
                "timeout": int(Settings.model_fields["compute_seconds"].default) + 10,
                **{key: pod[key] for key in kept},
                "containers": [container | {"name": "kserve-container"}],
                "volumes": pod["volumes"],
            }
        },
    }
    return str(yaml.safe_dump(resource, sort_keys=False, width=120))


MADE: dict[Path, Callable[[], str]] = {
    SCHEMA: schema,
    README: readme,
    MANIFESTS: lambda: ABOUT_MANIFESTS + manifests(),
    INFERENCE_SERVICE: lambda: ABOUT_INFERENCE_SERVICE + inference_service(manifests()),
}
"""How each file is made, in the order in which they need each other."""


def main() -> int:
    is_check, status = "--check" in sys.argv, 0
    for file, make in MADE.items():
        text = make()
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        if is_check:
            sys.stderr.write(f"{file.relative_to(ROOT)} is not what the chart makes; run: make generate\n")
            status = 1
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
