"""What is generated is checked in as the application has it now; a check that fails says what mends it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.generate import (
    CLIENT,
    DOCUMENT,
    EXAMPLES,
    FACTS,
    MIGRATION,
    ROOT,
    Files,
    differences,
    generate,
    with_open_codes,
    without_v2,
    write,
)
from scripts.record import settled

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def wanted() -> Files:
    return generate()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The generated files as they are checked in, to be spoilt."""
    for path in (EXAMPLES, DOCUMENT, MIGRATION, FACTS):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    shutil.copytree(ROOT / CLIENT, tmp_path / CLIENT)
    return tmp_path


MODEL = CLIENT / "models/problem.py"


def test_what_is_checked_in_is_what_the_application_has(wanted: Files) -> None:
    assert differences(wanted, ROOT) == []


@pytest.mark.parametrize("path", [EXAMPLES, DOCUMENT, MODEL], ids=str)
def test_a_changed_byte_is_seen(wanted: Files, project: Path, path: Path) -> None:
    content = (project / path).read_bytes()
    (project / path).write_bytes(content.replace(b"type", b"Type", 1))
    assert differences(wanted, project) == [f"{path} differs"]


@pytest.mark.parametrize("path", [EXAMPLES, DOCUMENT, MIGRATION, MODEL], ids=str)
def test_a_byte_more_at_the_end_is_seen(wanted: Files, project: Path, path: Path) -> None:
    with (project / path).open("ab") as file:
        file.write(b"\n")
    assert differences(wanted, project) == [f"{path} differs"]


@pytest.mark.parametrize("name", ["models/another.py", "another/folder/file.txt", "py.typed"])
def test_an_added_file_is_seen(wanted: Files, project: Path, name: str) -> None:
    (project / CLIENT / name).parent.mkdir(parents=True, exist_ok=True)
    (project / CLIENT / name).touch()
    assert differences(wanted, project) == [f"{CLIENT / name} is not generated"]


@pytest.mark.parametrize("path", [EXAMPLES, DOCUMENT, MIGRATION, MODEL], ids=str)
def test_a_removed_file_is_seen(wanted: Files, project: Path, path: Path) -> None:
    (project / path).unlink()
    assert differences(wanted, project) == [f"{path} is absent"]


def test_what_python_leaves_behind_is_no_difference(wanted: Files, project: Path) -> None:
    (project / CLIENT / "models/__pycache__").mkdir(exist_ok=True)
    (project / CLIENT / "models/__pycache__/problem.pyc").touch()
    assert differences(wanted, project) == []


def test_generating_mends_everything(wanted: Files, project: Path) -> None:
    (project / MODEL).unlink()
    (project / DOCUMENT).write_text("{}")
    (project / CLIENT / "another.py").touch()
    write(wanted, project)
    assert differences(wanted, project) == []


def test_the_command_fails_and_names_what_differs_and_what_mends_it(project: Path) -> None:
    """And nothing else, as the same comes out every time, in every process."""
    (project / MODEL).write_text("")
    run = subprocess.run(
        [sys.executable, "-m", "scripts.generate", "--check", project], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1
    difference, remedy = run.stderr.splitlines()
    assert difference == f"{MODEL} differs"
    assert "`make generate` mends it" in remedy
    assert (project / MODEL).read_text() == ""


def test_the_makefile_checks_and_mends() -> None:
    commands = (ROOT / "Makefile").read_text()
    assert "\t@.venv-dev/bin/python -m scripts.generate --check\n" in commands
    assert "\t@.venv-dev/bin/python -m scripts.generate\n" in commands


def test_whatever_may_go_wrong_at_a_route_of_v1_is_declared_a_problem() -> None:
    document = json.loads((ROOT / DOCUMENT).read_bytes())
    for path, operations in document["paths"].items():
        for operation in operations.values() if path.startswith("/v1") else ():
            errors = {status: response for status, response in operation["responses"].items() if status >= "400"}
            assert "500" in errors
            for response in errors.values():
                schema = {"$ref": "#/components/schemas/Problem"}
                assert response["content"].keys() == {"application/problem+json"}
                assert response["content"]["application/problem+json"]["schema"] == schema


def test_the_client_accepts_codes_of_later_versions() -> None:
    codes = {"type": "string", "enum": ["a"], "x-enum-descriptions": ["A."]}
    assert with_open_codes({"items": [codes]}) == {"items": [{"type": "string"}]}
    assert with_open_codes({"enum": ["a"]}) == {"enum": ["a"]}
    assert "code: str" in (ROOT / CLIENT / "models/loss_warning.py").read_text()


@pytest.mark.parametrize(
    ("new", "old", "kept"),
    [
        (0.1 + 0.2, 0.3, 0.3),
        (1.7410697, 1.7410698, 1.7410698),
        (1e-17, -3e-17, -3e-17),
        (1.001, 1.0, 1.001),
        ({"a": [0.1 + 0.2, 1]}, {"a": [0.3, 2], "b": 1}, {"a": [0.3, 1]}),
        ([0.1 + 0.2], [0.3, 0.3], [0.1 + 0.2]),
        ("0.1", 0.1, "0.1"),
    ],
    ids=str,
)
def test_recorded_numbers_are_kept_where_they_differ_in_the_last_digits_only(new: Any, old: Any, kept: Any) -> None:
    assert settled(new, old) == kept


def test_the_client_is_made_for_all_but_the_open_inference_protocol() -> None:
    document = json.loads((ROOT / DOCUMENT).read_bytes())
    kept = without_v2(document)
    assert {path for path in document["paths"] if not path.startswith("/v2")} == kept["paths"].keys()
    schemas = kept["components"]["schemas"]
    assert {"LossRequest", "Array", "TensorObject", "Problem", "ProblemError"} <= schemas.keys()
    assert {"InferRequest", "InferenceError"} & schemas.keys() == set()
    operations = [operation for path in kept["paths"].values() for operation in path.values()]
    made = {path.stem for path in (ROOT / CLIENT / "api").glob("*/*.py")} - {"__init__"}
    assert made == {operation["operationId"] for operation in operations}
