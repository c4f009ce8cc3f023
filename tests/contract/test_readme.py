"""What the README shows is what the service answers."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.service import Server

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_first_call_of_the_readme_is_answered_as_shown(client: httpx.Client) -> None:
    (body,) = re.findall(r"curl [^|]*?-d '(.*?)'", README, re.DOTALL)
    shown = README.split("```json\n", 1)[1].split("```", 1)[0]
    answer = client.post("/v1/loss", json=json.loads(body)).text
    assert without_last_digits(answer) == without_last_digits(shown)


def test_its_python_runs(server: Server) -> None:
    program, *_ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-c", program.replace("http://localhost:8000", server.address)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("(1024,) float32 7.4")


def without_last_digits(text: str) -> Any:
    """They differ between processors."""
    return json.loads(text, parse_float=lambda digits: round(float(digits), 12))
