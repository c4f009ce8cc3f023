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


PROGRAM = """
import asyncio
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xent_client import AsyncXent, BatchOptions, InvalidInput, LossResult, Overloaded, Xent, XentError


def losses(xent: Xent, logits: NDArray[np.float32], labels: list[int]) -> tuple[NDArray[np.float32], float]:
    options: BatchOptions = {"loss_type": "sparse_softmax_cross_entropy", "ignore_index": -1}
    try:
        result: LossResult = xent.loss(logits, labels, weights=2.0, include=["gradient"], **options)
    except InvalidInput as error:
        print([(each.loc, each.code, each.message) for each in error.errors], error.status)
        raise
    except Overloaded as error:
        print(error.retry_after)
        raise
    value = result.reduced.value if result.reduced else 0.0
    kind: str = result.recommendation.label_kind
    codes: list[str] = [warning.code for warning in result.warnings]
    print(kind, codes, result.gradient is not None and result.gradient.shape)
    return result.per_sample, value


def batches() -> Iterator[tuple[NDArray[np.float64], list[int]]]:
    yield np.zeros((1, 2)), [0]


async def main(address: str) -> float:
    async with AsyncXent(address, api_key="key", timeout=5, retries=0) as xent:
        names = [entry.loss_type for entry in await xent.losses()]
        seed: int | None = (await xent.sampled_softmax([[0.1]], [0.0], [[1.0]], [0], num_sampled=1)).seed
        print(names, seed, (await xent.recommend([0, 1], logits_shape=(2, 2))).recommendation.loss_type)
        return (await xent.evaluate(batches(), reduction="sum", concurrency=2)).reduced.value


def run(address: str) -> None:
    with Xent(address) as xent:
        losses(xent, np.zeros((1, 2), np.float32), [0])
        print(xent.evaluate([{"logits": [[1.0, 2.0]], "labels": [0]}]).warnings)
    print(asyncio.run(main(address)))
"""


def mypy(python: Path, folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(program)
    cache = CLIENT.parents[1] / ".mypy_cache"
    options = ["--strict", "--python-executable", python, "--cache-dir", cache, "--config-file", "/dev/null"]
    return run(sys.executable, "-m", "mypy", *options, "program.py", cwd=folder)


def test_a_program_that_uses_it_has_types_and_runs(installed: Path, server: Server, tmp_path: Path) -> None:
    checked = mypy(installed, tmp_path, PROGRAM)
    assert checked.stdout == "Success: no issues found in 1 source file\n", checked.stdout + checked.stderr
    ran = run(installed, "-W", "error", "-c", f"{PROGRAM}\nrun({server.address!r})")
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("mistake", "code"),
    [
        ('xent.loss([[1.0]], [0], reduction="average")', "arg-type"),
        ("xent.loss([[1.0]], [0], wieghts=[1.0])", "call-arg"),
        ('xent.loss([[1.0]], [0], include=["gradients"])', "list-item"),
        ("xent.loss([[1.0]], [0]).reduced.value", "union-attr"),
        ("xent.loss([[1.0]], [0]).losses", "attr-defined"),
        ("xent.evaluate([([[1.0]],)])", "list-item"),
        ("xent.loss([[1.0]])", "call-arg"),
    ],
)
def test_a_mistake_is_found_by_its_types(installed: Path, tmp_path: Path, mistake: str, code: str) -> None:
    checked = mypy(installed, tmp_path, f"from xent_client import Xent\nxent = Xent('{LOCAL}')\n{mistake}\n")
    assert checked.stdout.count("error:") == 1, checked.stdout + checked.stderr
    assert f"[{code}]" in checked.stdout


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
    with Xent(server.address) as xent:
        example = doctest.DocTestParser().get_doctest(
            text.replace(LOCAL, server.address), {"xent": xent}, name, None, None
        )
        assert example.examples or name == "close"
        assert doctest.DocTestRunner().run(example).failed == 0


def test_the_programs_of_the_readme_run(server: Server) -> None:
    programs = re.findall(r"```python\n(.*?)```", README.replace(LOCAL, server.address), re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    first, second = (run(sys.executable, "-c", program, env=ENVIRONMENT) for program in programs)
    assert (first.stdout, first.stderr) == (shown, "")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.endswith(" sparse_softmax_cross_entropy\n")


ENVIRONMENT = {"PYTHONPATH": str(CLIENT)}
