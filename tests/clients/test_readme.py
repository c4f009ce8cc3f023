"""The README's program for Triton's client runs, and prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

from tests.digits import to_six_digits

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_program_prints_what_its_comments_say(address: str) -> None:
    programs = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (program,) = (each for each in programs if "tritonclient" in each)
    run = subprocess.run(
        [sys.executable, "-c", program.replace("localhost:8000", address)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    shown = re.findall(r"print\(.*\)  # (.*)", program)
    assert [to_six_digits(line) for line in run.stdout.splitlines()] == [to_six_digits(line) for line in shown]
