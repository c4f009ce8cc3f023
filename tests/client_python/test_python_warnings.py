"""The warnings of a result are Python warnings, once for each code and line of the program."""

import asyncio
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.service import Server
from xent_client import AsyncXent, Xent, XentWarning

LOGITS, LABELS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2]
PROBABILITIES = [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]
CLIENT = Path(__file__).parents[2] / "clients/python"

SYNCHRONOUS = """\
import sys
from xent_client import Xent
with Xent(sys.argv[1]) as xent:
    for _ in range(3):
        xent.loss([[2.0, 0.5], [0.1, 1.0]], [1, 0], 2.0)
    xent.loss([[2.0, 0.5], [0.1, 1.0]], [1, 0], 3.0)
    xent.recommend([1, 0], [[2.0, 0.5], [0.1, 1.0]], weights=2.0)
    xent.evaluate([([[2.0, 0.5], [0.1, 1.0]], [1, 0], 2.0)] * 5)
    xent.sampled_softmax([[0.1]], [0.0], [[1.0]], [0], num_sampled=1)
"""
ASYNCHRONOUS = """\
import asyncio, sys
from xent_client import AsyncXent
async def main():
    async with AsyncXent(sys.argv[1]) as xent:
        for _ in range(3):
            await xent.loss([[2.0, 0.5], [0.1, 1.0]], [1, 0], 2.0)
        await xent.recommend([1, 0], [[2.0, 0.5], [0.1, 1.0]], weights=2.0)
        await xent.evaluate([([[2.0, 0.5], [0.1, 1.0]], [1, 0], 2.0)] * 5)
        await asyncio.gather(*[xent.loss([[2.0, 0.5], [0.1, 1.0]], [1, 0], 2.0) for _ in range(3)])
        await xent.sampled_softmax([[0.1]], [0.0], [[1.0]], [0], num_sampled=1)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("program", "lines"), [(SYNCHRONOUS, [5, 6, 7, 8, 9]), (ASYNCHRONOUS, [6, 7, 8, 10, 11])], ids=["sync", "async"]
)
def test_each_is_shown_once_at_the_line_of_the_call(
    server: Server, tmp_path: Path, program: str, lines: list[int]
) -> None:
    """A task of asyncio has no line of its own: that which runs the event loop stands for it."""
    file = tmp_path / "program.py"
    file.write_text(program)
    run = subprocess.run(
        [sys.executable, file, server.address], env={"PYTHONPATH": str(CLIENT)}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    shown = [line for line in run.stderr.splitlines() if "XentWarning" in line]
    assert sorted(int(line.split(":")[1]) for line in shown) == lines
    assert all(line.startswith(f"{file}:") for line in shown)
    assert sum("XentWarning: train_only: " in line for line in shown) == 1
    assert sum("XentWarning: scalar_weight_only_rescales: " in line for line in shown) == len(lines) - 1


def test_the_text_is_the_code_and_the_fix(server: Server) -> None:
    with Xent(server.address) as xent, pytest.warns(XentWarning) as recorded:
        result = xent.loss(PROBABILITIES, LABELS)
    assert [str(each.message) for each in recorded] == [f"{each.code}: {each.fix}" for each in result.warnings]
    assert str(recorded[0].message).startswith("logits_look_like_probabilities: ")
    assert recorded[0].filename == __file__


def test_they_are_raised_where_warnings_are_errors(server: Server) -> None:
    with Xent(server.address) as xent:
        with pytest.raises(XentWarning, match=r"^logits_look_like_probabilities: "):
            xent.loss(PROBABILITIES, LABELS)
        with pytest.raises(XentWarning, match=r"^logits_look_like_probabilities: "):
            xent.evaluate([(PROBABILITIES, LABELS)] * 3)


def test_one_kind_can_be_silenced_by_its_code(server: Server) -> None:
    with Xent(server.address) as xent, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "logits_look_like_probabilities", XentWarning)
        assert len(xent.loss(PROBABILITIES, LABELS).warnings) == 1


def test_all_can_be_switched_off(server: Server) -> None:
    async def awaited() -> Any:
        async with AsyncXent(server.address, python_warnings=False) as xent:
            return await xent.loss(PROBABILITIES, LABELS)

    with Xent(server.address, python_warnings=False) as xent:
        for result in (xent.loss(PROBABILITIES, LABELS), asyncio.run(awaited())):
            assert [each.code for each in result.warnings] == ["logits_look_like_probabilities"]


def test_a_sound_batch_warns_of_nothing(server: Server) -> None:
    with Xent(server.address) as xent:
        xent.loss(LOGITS, LABELS)
