"""How far a small batch goes: calls and files of xent_core, as the profiler counts them."""

import sys
from pathlib import Path
from types import FrameType

import numpy as np

import xent_core
from xent_core import evaluate

PACKAGE = str(Path(xent_core.__file__).parent)
# As measured. For a whole request see tests/app/api/test_plans.py.
MAX_CALLS, MAX_FILES = 90, 20


def test_a_small_batch_of_class_indices_takes_few_calls_and_files() -> None:
    random = np.random.default_rng(0)
    logits, labels = random.standard_normal((32, 10)).astype(np.float32), random.integers(0, 10, 32)
    evaluate(logits, labels)  # fills the caches of what depends on the form of the batch
    called: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            called.append(frame.f_code.co_filename)

    sys.setprofile(count)
    try:
        evaluate(logits, labels)
    finally:
        sys.setprofile(None)
    assert 0 < len(called) <= MAX_CALLS
    assert len(set(called)) <= MAX_FILES
