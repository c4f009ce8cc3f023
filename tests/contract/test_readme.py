"""What the README shows is what the service returns."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.digits import to_six_digits
from tests.service import Server

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


RESPONSE = (ROOT / "docs/response.md").read_text(encoding="utf-8")


def test_the_first_call_of_the_readme_gets_the_response_shown_in_part_there_and_whole_in_docs(
    client: httpx.Client,
) -> None:
    (body,) = re.findall(r"curl .*?-d '(.*?)'", README, re.DOTALL)
    response = client.post("/v1/loss", json=json.loads(body)).text
    part = without_last_digits(README.split("```json\n", 1)[1].split("```", 1)[0])
    request, whole = re.findall(r"```json\n(.*?)```", RESPONSE, re.DOTALL)
    assert json.loads(request) == json.loads(body)
    assert without_last_digits(response) == without_last_digits(whole)
    assert part.items() <= without_last_digits(response).items()


def test_its_python_runs(server: Server) -> None:
    """But for that of Triton's client, which has an environment of its own."""
    tensors, client, _ = (printed(program, server) for program in re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    assert tensors.startswith("(1024,) float32 7.4")
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    assert to_six_digits(client) == to_six_digits(shown)


def printed(program: str, server: Server) -> str:
    if "tritonclient" in program:
        return ""
    run = subprocess.run(
        [sys.executable, "-c", program.replace("http://localhost:8000", server.address)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "clients/python")},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def without_last_digits(text: str) -> Any:
    """They differ between processors."""
    return json.loads(text, parse_float=lambda digits: round(float(digits), 12))
