"""What the TypeScript client is made with, as `make` meets it: Node may be absent, too old, or unable to install."""

import shutil
from pathlib import Path

import pytest

from tests.house.test_make import Machine, complaint

INSTALLED = "clients/typescript/node_modules/complete"


class NodeMachine(Machine):
    """A computer with the client's list of packages, and no Node until it gets one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        client = self.project / "clients/typescript"
        client.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            (client / name).touch()

    def add_node(self, version: str) -> None:
        node = shutil.which("node")
        if node is None:
            pytest.skip("needs Node")
        pretending = f"Object.defineProperty(process.versions, 'node', {{ value: '{version}' }});"
        self.add_program("node", f'[ $1 = --version ] && echo v{version} || exec {node} -e "{pretending} $2"')


@pytest.fixture
def machine(tmp_path: Path) -> NodeMachine:
    return NodeMachine(tmp_path)


def test_a_missing_node_is_one_line(machine: NodeMachine) -> None:
    line = complaint(machine.make(INSTALLED))
    assert line.startswith("xent: the TypeScript client needs Node 20.11 or newer with npm")
    assert line.endswith("(found: none)")


@pytest.mark.parametrize("version", ["18.19.0", "20.10.0"])
def test_a_node_that_is_too_old_is_named(machine: NodeMachine, version: str) -> None:
    machine.add_node(version)
    machine.add_program("npm", "exit 0")
    assert complaint(machine.make(INSTALLED)).endswith(f"(found: v{version})")


def test_a_node_without_npm_does_not_do(machine: NodeMachine) -> None:
    machine.add_node("20.11.0")
    assert "with npm" in complaint(machine.make(INSTALLED))


def test_what_is_needed_is_installed_once(machine: NodeMachine) -> None:
    machine.add_node("22.0.0")
    machine.add_program("npm", '[ "$1" = ci ] && mkdir node_modules')
    first = machine.make(INSTALLED)
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("xent: installing into clients/typescript/node_modules")
    assert machine.make("-q", INSTALLED).returncode == 0


def test_a_failed_install_says_why_and_is_not_taken_for_a_finished_one(machine: NodeMachine) -> None:
    machine.add_node("20.11.0")
    machine.add_program("npm", "mkdir node_modules; echo no way >&2; exit 1")
    run = machine.make(INSTALLED)
    assert run.returncode != 0
    assert "xent: installing failed: no way\n" in run.stderr
    assert machine.make("-q", INSTALLED).returncode != 0
