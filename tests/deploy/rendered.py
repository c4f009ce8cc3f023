"""What helm renders of the chart, and what helm says where it refuses to."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
HELM = ROOT / ".helm/helm"
KUBECTL = ROOT / ".helm/kubectl"
CHART = ROOT / "deploy/helm/xent"
# Values for installations of different kinds, as chart-testing looks for them.
SAMPLES = {file.stem: yaml.safe_load(file.read_text()) for file in sorted((CHART / "ci").glob("*.yaml"))}

Values = Mapping[str, Any]
Resource = dict[str, Any]


class Refused(Exception):
    """helm's message, where it rendered nothing."""


def merged(values: Values, changes: Values) -> dict[str, Any]:
    """As Helm merges values: maps key by key, everything else as a whole."""
    both = {
        key: merged(values[key], changes[key])
        for key in values.keys() & changes.keys()
        if isinstance(values[key], dict) and isinstance(changes[key], dict)
    }
    return {**values, **changes, **both}


def helm(*arguments: str, values: Values) -> str:
    """What it prints. Raises Refused."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "values.yaml"
        file.write_text(yaml.safe_dump(dict(values)))
        run = subprocess.run([HELM, *arguments, "--values", file], capture_output=True, text=True)
    if run.returncode:
        # In helm's log, links to the alerts and the dashboard are news.
        lines = [line for line in (run.stdout + run.stderr).splitlines() if "symbolic link" not in line]
        raise Refused("\n".join(lines))
    return run.stdout


class Rendered:
    """The resources of a release. `changes` are values beside those of the sample."""

    def __init__(self, changes: Values | None = None, *, sample: str = "plain", release: str = "xent") -> None:
        self.values = merged(SAMPLES[sample], changes or {})
        text = helm("template", release, str(CHART), "--namespace", "losses", values=self.values)
        self.resources: list[Resource] = [each for each in yaml.safe_load_all(text) if each]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def all(self, kind: str) -> list[Resource]:
        return [each for each in self.resources if each["kind"] == kind]

    def the(self, kind: str) -> Resource:
        """The only one of its kind."""
        (resource,) = self.all(kind)
        return resource

    @property
    def pod(self) -> Resource:
        """The specification of pods."""
        specification: Resource = self.the("Deployment")["spec"]["template"]["spec"]
        return specification

    @property
    def container(self) -> Resource:
        (container,) = self.pod["containers"]
        specification: Resource = container
        return specification

    @property
    def environment(self) -> dict[str, str]:
        return {each["name"]: each["value"] for each in self.container["env"]}


def refusal(changes: Values, *, sample: str = "plain") -> str:
    """Why helm refuses these values."""
    try:
        Rendered(changes, sample=sample)
    except Refused as error:
        return str(error)
    raise AssertionError("helm refuses nothing")


def notes(changes: Values | None = None, *, sample: str = "plain") -> str:
    """What helm tells after an installation."""
    values = merged(SAMPLES[sample], changes or {})
    command = ["install", "xent", str(CHART), "--namespace", "losses", "--dry-run=client"]
    return helm(*command, values=values).partition("\nNOTES:\n")[2]
