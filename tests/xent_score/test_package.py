"""What the packages import: scoring needs no service, and the command imports what a command needs only."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.service import ROOT
from tests.xent_score.conftest import fixed_lists, write_parquet, xent

ALLOWED = {"xent_score", "xent_core", "numpy", "pyarrow", "ml_dtypes"}
OPTIONAL = {"cluster": {"ray"}}


def roots(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "xent_score").glob("*.py")), ids=lambda path: path.stem)
def test_scoring_imports_the_core_numpy_and_arrow_only(path: Path) -> None:
    assert roots(path) - ALLOWED - OPTIONAL.get(path.stem, set()) <= sys.stdlib_module_names


@pytest.mark.parametrize("package", ["xent_core", "app"])
def test_nothing_below_imports_them(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not roots(path) & {"xent_score", "xent_cli", "pyarrow"}, path


def test_the_command_imports_no_numpy_before_it_knows_what_for() -> None:
    script = "import sys, xent_cli.__main__; print({'numpy', 'pyarrow', 'fastapi'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "set()\n"


def test_without_pyarrow_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from xent_cli import score
    from xent_cli.__main__ import run

    monkeypatch.setattr(score, "find_spec", lambda _: None)
    assert run(["score", "x.npy", "--out", "out"]) == 1
    assert "pip install 'xent[score]'" in capsys.readouterr().err


def test_without_ray_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from xent_cli import score
    from xent_cli.__main__ import run

    monkeypatch.setattr(score, "find_spec", lambda name: None if name == "ray" else score)
    assert run(["score", "x.npy", "--out", "out", "--ray", "auto"]) == 1
    assert capsys.readouterr().err == "xent: Ray is not installed, which --ray needs: pip install 'xent[ray,score]'\n"


@pytest.mark.parametrize("processes", [1, 2])
def test_pandas_is_left_alone_where_it_is_installed(processes: int, tmp_path: Path) -> None:
    """PyArrow imports it as soon as it converts an array by its own means."""
    (tmp_path / "pandas.py").write_text("raise RuntimeError('pandas was imported')")
    random = np.random.default_rng(0)
    # So large that two processes are worth it.
    logits = random.standard_normal((300_000, 20), np.float32)
    table = pa.table({"logits": fixed_lists(logits), "labels": random.integers(0, 20, 300_000)})
    path = write_parquet(table, tmp_path / "d.parquet", 100_000)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    run = xent("score", path, "--out", tmp_path / "out", "--processes", processes, "--quiet", env=environment)
    assert (run.returncode, run.stderr) == (0, "")
