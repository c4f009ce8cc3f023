"""The examples in other languages, and in Python without a package, print what the same batch's loss is.

That of the TypeScript client runs where the client is tested: `make test-typescript-client`.
"""

import math
import re
import shutil
import subprocess
import sys

import pytest

from tests.service import ROOT, Server

EXAMPLES = {
    "curl": ["examples/loss.sh"],
    "python": [sys.executable, "-S", "examples/loss.py"],  # -S: without any package that is installed here
    "java": ["java", "examples/Loss.java"],
}
LOGITS, LABELS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2]
LOSS = sum(math.log(sum(map(math.exp, row))) - row[k] for row, k in zip(LOGITS, LABELS, strict=True)) / len(LABELS)


@pytest.fixture(params=EXAMPLES)
def command(request: pytest.FixtureRequest) -> list[str]:
    """What runs an example, where that is on the machine."""
    name: str = request.param
    if name != "python" and shutil.which(name) is None:
        pytest.skip(f"needs {name}, which is not on this machine")
    return EXAMPLES[name]


def run(command: list[str], url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, url], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_it_prints_the_mean_loss(command: list[str], server: Server) -> None:
    example = run(command, server.address)
    assert (example.returncode, example.stderr) == (0, "")
    (value,) = re.findall(r"^([\d.]+) nats", example.stdout)
    assert float(value) == pytest.approx(LOSS, abs=1e-6)


def test_a_refusal_is_told_and_fails(command: list[str], server: Server) -> None:
    example = run(command, f"{server.address}/nowhere")
    assert example.returncode == 1
    assert example.stdout == ""
    assert "no such path" in example.stderr
