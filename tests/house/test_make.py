"""The Makefile as a newcomer meets it, in a copy of its own and without the network."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or "make"
TOOLS = ["sh", "env", "expand", "grep", "mkdir", "rm", "sed", "tail"]

OLD = "sys.version_info = (3, 9, 18)"
WITHOUT_VENV = "sys.modules['ensurepip'] = None"


class Machine:
    """A computer with a copy of the project, make and the usual tools, and no Python until it gets one."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.programs = folder / "programs"
        self.environment = {"PATH": str(self.programs)}
        self.project.mkdir()
        self.programs.mkdir()
        shutil.copy(ROOT / "Makefile", self.project)
        for folder_of_copies in ("scripts", "xent_core/compute"):
            shutil.copytree(ROOT / folder_of_copies, self.project / folder_of_copies)
        self.requirements = self.project / "requirements.txt"
        self.requirements.touch()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool) or tool)

    @property
    def is_ready(self) -> bool:
        """Whether the environment counts as made, so that serving would start at once."""
        return self.make("-q", ".venv/complete").returncode == 0

    def add_program(self, name: str, script: str) -> Path:
        program = self.programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def add_python(self, name: str, pretending: str = "") -> Path:
        """An interpreter that, as far as it tells about itself, is another one."""
        pretender = f"import sys; {pretending or 'pass'}; exec(sys.argv[1])"
        script = f"""
            if [ "$1" = -c ]; then exec {sys.executable} -c "{pretender}" "$2"; fi
            exec {sys.executable} "$@"
        """
        return self.add_program(name, script)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [MAKE, *arguments], cwd=self.project, env=self.environment, capture_output=True, text=True
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def complaint(run: subprocess.CompletedProcess[str]) -> str:
    """The one line that a failed run says, besides make's own."""
    assert run.returncode != 0
    lines = [line for line in (run.stdout + run.stderr).splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, lines
    return lines[0]


def test_help_is_the_default_and_lists_every_command(machine: Machine) -> None:
    commands = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert commands
    assert re.findall(r"^  make (\S+)  +\S", machine.make().stdout, re.MULTILINE) == commands[1].split()


def test_a_missing_python_is_one_line(machine: Machine) -> None:
    line = complaint(machine.make("serve"))
    assert "needs Python 3.11 or newer" in line
    assert "(found: none)" in line
    assert "apt-get install python3-venv" in line


def test_unsuitable_pythons_are_named_with_what_is_wrong(machine: Machine) -> None:
    machine.add_program("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    machine.add_python("python3.11", WITHOUT_VENV)
    machine.add_python("python3", OLD)
    line = complaint(machine.make("serve"))
    assert "(found: python3.13 does not run, python3.11 has no venv module, python3 is Python 3.9)" in line


def test_a_named_python_is_the_only_one_tried(machine: Machine) -> None:
    machine.add_python("python3")
    old = machine.add_python("python3.9", OLD)
    assert f"(found: {old} is Python 3.9)" in complaint(machine.make("serve", f"PYTHON={old}"))


def test_an_environment_is_made_once_and_again_when_its_requirements_change(machine: Machine) -> None:
    machine.add_program("python3.14", "exit 127")
    machine.add_python("python3")
    assert not machine.is_ready

    first = machine.make(".venv/complete")
    assert first.returncode == 0, first.stderr
    announcement, hint = first.stderr.splitlines()
    assert announcement.startswith("xent: installing into .venv")
    assert hint.startswith(
        "xent: cannot compile xent_core/compute/_elementary.c, so NumPy computes exp, which is slower:"
    )
    assert machine.is_ready

    os.utime(machine.requirements, (time.time() + 1, time.time() + 1))
    assert not machine.is_ready


def test_a_failed_install_says_why_and_is_not_taken_for_a_finished_one(machine: Machine) -> None:
    machine.add_python("python3")
    package = machine.project / "package-1.0-py3-none-any.whl"
    package.write_bytes(b"not what was locked")
    machine.requirements.write_text(f"./{package.name} --hash=sha256:{'0' * 64}\n")

    run = machine.make("serve")

    assert run.returncode != 0
    announcement, failure, *rest = run.stderr.splitlines()
    assert announcement.startswith("xent: installing into .venv")
    assert failure.startswith("xent: installing failed, see .venv/install.log: ERROR: THESE PACKAGES DO NOT")
    assert all(line.startswith("make: ***") for line in rest)
    assert "Expected sha256" in (machine.project / ".venv/install.log").read_text()
    assert not machine.is_ready


def test_an_interrupted_install_is_not_taken_for_a_finished_one(machine: Machine) -> None:
    sleep = shutil.which("sleep")
    machine.add_program("python3", f'[ "$1" = -c ] && exec {sys.executable} "$@"; exec {sleep} 60')
    install = subprocess.Popen(
        [MAKE, "serve"], cwd=machine.project, env=machine.environment, stderr=subprocess.PIPE, process_group=0
    )
    with install:
        assert install.stderr
        assert install.stderr.readline().startswith(b"xent: installing into .venv")
        os.killpg(install.pid, signal.SIGINT)
    assert install.returncode != 0
    assert not machine.is_ready


def pins(lock: str) -> dict[str, set[str]]:
    """Each package's pinned versions: one, or one for each range of Python versions."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement)[0] for requirement in requirements}


DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_lock_holds_what_the_project_asks_for() -> None:
    assert names(DECLARED["project"]["dependencies"]) <= pins("requirements.txt").keys()


@pytest.mark.parametrize("group", DECLARED["dependency-groups"])
def test_the_lock_of_a_group_holds_what_it_asks_for(group: str) -> None:
    assert names(DECLARED["dependency-groups"][group]) <= pins(f"requirements-{group}.txt").keys()


@pytest.mark.parametrize("group", ["dev", "browser"])
def test_where_the_service_runs_too_the_locks_agree(group: str) -> None:
    runtime, lock = pins("requirements.txt"), pins(f"requirements-{group}.txt")
    assert {name: lock[name] for name in runtime} == runtime


@pytest.mark.parametrize(
    "lock", ["requirements.txt", *(f"requirements-{group}.txt" for group in DECLARED["dependency-groups"])]
)
def test_the_locks_name_no_place_to_load_from(lock: str) -> None:
    assert not re.search(r"://|--(index|extra-index|find-links)", (ROOT / lock).read_text())
