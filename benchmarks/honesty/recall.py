"""Which faults of published programs the advice names."""

import re
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.honesty.batch import Batch, Outcome, alarms, send
from benchmarks.honesty.false_alarms import DRAWS, Half
from benchmarks.honesty.programs import PROGRAMS, Program

ROWS = (32, 32, 64, 128)
"""The sizes of the batches that each program sends."""


class Verdict(NamedTuple):
    """`named` of len(ROWS) faulty batches were named. `said`: what was said of the faulty ones. `alarmed`: what was
    wrongly said of the mended ones, severity by code, a hint only where it is one that names the fault.
    """

    program: Program
    named: int
    said: tuple[str, ...]
    alarmed: dict[str, str]

    @property
    def recognised(self) -> bool:
        return 2 * self.named > len(ROWS)


def half(name: str) -> Half:
    """The half of the programs that one belongs to, by a hash of its name: thresholds may be chosen on the first."""
    return "first" if sha256(name.encode()).digest()[0] % 2 else "second"


def names(program: Program, outcome: Outcome) -> bool:
    if outcome.error:
        return bool(program.says) and re.search(program.says, outcome.message) is not None
    if program.recommends == outcome.recommended != outcome.computed:
        return True
    return any(re.search(program.warns, outcome.texts[code]) for code in program.codes & set(outcome.warnings))


def verdict(program: Program) -> Verdict:
    named, said = 0, set[str]()
    alarmed: dict[str, str] = {}
    for place, rows in enumerate(ROWS):
        faulty, mended = program.send(np.random.default_rng([place, rows, DRAWS[half(program.name)]]), rows)
        outcome = send(faulty)
        named += names(program, outcome)
        said |= _words(faulty, outcome)
        wrongly = alarms(mended, send(mended))
        alarmed |= {code: severity for code, severity in wrongly.items() if severity != "hint" or code in program.codes}
    return Verdict(program, named, tuple(sorted(said)), alarmed)


def _words(batch: Batch, outcome: Outcome) -> set[str]:
    if outcome.error:
        return {f"{outcome.error}: {outcome.message}"}
    named = batch.options.get("loss_type")
    advice = {f"recommends {outcome.recommended}"} if named and outcome.recommended != outcome.computed else set()
    return set(outcome.warnings) | advice or {"nothing"}


@threadpool_limits.wrap(limits=1)
def verdicts() -> list[Verdict]:
    return [verdict(program) for program in PROGRAMS]
