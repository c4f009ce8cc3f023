"""The types of the public interfaces hold by mypy and by pyright, strictly: programs pass, and mistakes are found."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import Server

pytestmark = pytest.mark.unmeasured

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCES = [str(ROOT), str(ROOT / "clients/python")]
PROGRAMS = ["client.py", "core.py"]
MISTAKES = ["client_mistakes.py", "core_mistakes.py"]

Found = dict[int, set[str]]
"""The rules of the errors in a file, by line."""


@pytest.fixture(scope="session")
def mypy() -> dict[str, Found]:
    """What mypy finds in each file."""
    files = [*PROGRAMS, *MISTAKES]
    options = ["--strict", "--config-file=/dev/null", "--follow-imports=silent", "--no-pretty", "--no-error-summary"]
    environment = {"MYPYPATH": ":".join(SOURCES), "PYTHONPATH": ""}
    command = [sys.executable, "-m", "mypy", *options, "--cache-dir", ROOT / ".mypy_cache/public_types", *files]
    run = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    found: dict[str, Found] = {name: {} for name in files}
    for file, line, code in re.findall(r"^(.+?):(\d+): error: .* \[([a-z-]+)\]$", run.stdout, re.MULTILINE):
        found[file].setdefault(int(line), set()).add(code)
    return found


@pytest.fixture(scope="session")
def pyright(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """What pyright finds in each file."""
    project = tmp_path_factory.mktemp("pyright") / "pyrightconfig.json"
    files = [str(HERE / name) for name in [*PROGRAMS, *MISTAKES]]
    project.write_text(json.dumps({"include": files, "extraPaths": SOURCES, "typeCheckingMode": "strict"}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", project]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    found: dict[str, Found] = {Path(file).name: {} for file in files}
    for each in json.loads(run.stdout)["generalDiagnostics"]:
        line = each["range"]["start"]["line"] + 1
        found[Path(each["file"]).name].setdefault(line, set()).add(each["rule"])
    return found


def expected(name: str) -> dict[int, list[str]]:
    """The rules that a file names at the ends of its lines: mypy's and pyright's."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return {number: line.rpartition("  # ")[2].split() for number, line in enumerate(lines, 1) if "  # " in line}


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_finds_nothing_wrong_in_a_program_that_uses_public_names(mypy: dict[str, Found], name: str) -> None:
    assert mypy[name] == {}


@pytest.mark.parametrize("name", PROGRAMS)
def test_pyright_finds_nothing_wrong_in_a_program_that_uses_public_names(pyright: dict[str, Found], name: str) -> None:
    assert pyright[name] == {}


@pytest.mark.parametrize("name", MISTAKES)
def test_mypy_finds_each_mistake(mypy: dict[str, Found], name: str) -> None:
    assert mypy[name] == {line: {rule} for line, (rule, _) in expected(name).items()}


@pytest.mark.parametrize("name", MISTAKES)
def test_pyright_finds_each_mistake(pyright: dict[str, Found], name: str) -> None:
    wanted = {line: rule for line, (_, rule) in expected(name).items()}
    assert pyright[name].keys() == wanted.keys()
    assert all(rule in pyright[name][line] for line, rule in wanted.items()), pyright[name]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_programs_run(server: Server, name: str) -> None:
    command = [sys.executable, "-W", "error", HERE / name, *([server.address] if name == "client.py" else [])]
    run = subprocess.run(command, env={"PYTHONPATH": ":".join(SOURCES)}, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
