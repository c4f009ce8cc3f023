"""The client installs where nothing else is, has types that hold, and examples that run."""

import doctest
import importlib.metadata
import inspect
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import app
import xent_client
from tests.service import Server
from xent_client import AsyncXent, Xent

pytestmark = pytest.mark.unmeasured

CLIENT = Path(__file__).parents[2] / "clients/python"
DECLARED = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (CLIENT / "README.md").read_text(encoding="utf-8")
LOCAL = "http://localhost:8000"


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    built = run(sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", folder, CLIENT)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.iterdir()
    return wheel


def needed(requirements: list[str]) -> set[str]:
    """The distributions that these requirements come to, by what is installed here."""
    found: set[str] = set()
    for requirement in map(Requirement, requirements):
        if requirement.name not in found and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            found |= {requirement.name} | needed(importlib.metadata.requires(requirement.name) or [])
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it declares to need, and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    for name in needed(DECLARED["dependencies"]):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            there = Path(str(distribution.locate_file(top)))
            if top.endswith(".dist-info"):
                shutil.copytree(there, packages / top)  # installers don't look for these behind links
            else:
                (packages / top).symlink_to(there)
    python = environment / "bin/python"
    install = run(sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-index", "--python", python, wheel)
    assert install.returncode == 0, install.stderr
    return python


def test_the_wheel_holds_the_package_and_the_mark_of_its_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {str(path.relative_to(CLIENT)) for path in (CLIENT / "xent_client").rglob("*.py")}
    assert {name for name in names if ".dist-info/" not in name} == {*sources, "xent_client/py.typed"}


def test_it_has_the_services_version() -> None:
    assert xent_client.__version__ == app.__version__


def test_it_works_where_nothing_else_is(installed: Path, server: Server) -> None:
    program = f"""
import importlib.util
from xent_client import Xent
with Xent("{server.address}") as xent:
    print(xent.loss([[2.0, 0.5, 1.0]], [1]).loss_type)
print([name for name in ("fastapi", "pydantic", "app", "xent_core", "ml_dtypes") if importlib.util.find_spec(name)])
"""
    ran = run(installed, "-I", "-W", "error", "-c", program)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "sparse_softmax_cross_entropy\n[]\n"


PROGRAM = Path(__file__).parents[1] / "public_types/client.py"


def test_its_types_hold_as_installed(installed: Path, tmp_path: Path) -> None:
    """The mark of its types is in the wheel, and all that they need."""
    cache = CLIENT.parents[1] / ".mypy_cache/installed"
    options = ["--strict", "--python-executable", installed, "--cache-dir", cache, "--config-file", "/dev/null"]
    checked = run(sys.executable, "-m", "mypy", *options, shutil.copy(PROGRAM, tmp_path), cwd=tmp_path)
    assert checked.stdout == "Success: no issues found in 1 source file\n", checked.stdout + checked.stderr


def test_a_program_runs_as_installed(installed: Path, server: Server) -> None:
    ran = run(installed, "-I", "-W", "error", PROGRAM, server.address)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


# --- Documentation

METHODS = [name for name, value in vars(Xent).items() if inspect.isfunction(value) and not name.startswith("_")]


def test_both_clients_have_the_same_methods_and_parameters() -> None:
    assert [name for name, value in vars(AsyncXent).items() if inspect.isfunction(value) and name[0] != "_"] == METHODS
    for name in {*METHODS, "__init__"} - {"evaluate"}:
        sync, awaited = (inspect.signature(getattr(kind, name)) for kind in (Xent, AsyncXent))
        assert str(sync).replace("BaseTransport", "AsyncBaseTransport") == str(awaited)


@pytest.mark.parametrize("name", xent_client.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    explanation = getattr(xent_client, name).__doc__
    assert explanation
    assert not explanation.startswith(f"{name}("), "written by dataclass, not by us"


def test_the_list_of_public_names_is_sorted() -> None:
    assert xent_client.__all__ == sorted(xent_client.__all__)


@pytest.mark.parametrize("name", ["__module__", *METHODS])
def test_examples_give_what_they_show(server: Server, name: str) -> None:
    text = (xent_client.__doc__ if name == "__module__" else getattr(Xent, name).__doc__) or ""
    with Xent(server.address, python_warnings=False) as xent:
        example = doctest.DocTestParser().get_doctest(
            text.replace(LOCAL, server.address), {"xent": xent}, name, None, None
        )
        assert example.examples or name == "close"
        assert doctest.DocTestRunner().run(example).failed == 0


def test_the_programs_of_the_readme_run(server: Server) -> None:
    programs = re.findall(r"```python\n(.*?)```", README.replace(LOCAL, server.address), re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    first, split, generated = (run(sys.executable, "-c", program, env=ENVIRONMENT) for program in programs)
    assert (first.stdout, first.stderr) == (shown, "")
    assert split.stdout == (
        "<Evaluation sparse_softmax_cross_entropy, mean 0.911975 nats, 2 batches, per_sample (3,) float64> "
        "[1.9644 0.1743 0.5973]\n"
    )
    assert (generated.returncode, generated.stderr) == (0, "")
    assert generated.stdout.endswith(" sparse_softmax_cross_entropy\n")


ENVIRONMENT = {"PYTHONPATH": str(CLIENT)}
