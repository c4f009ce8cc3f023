"""Whether all is well."""

import json
import re
import statistics
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from typing import NamedTuple

from benchmarks.faults.callers import BAD, GOOD, RUDE, WATCH, WATCHED
from benchmarks.faults.rude import READS_SLOWLY
from benchmarks.faults.service import (
    DRAIN_SECONDS,
    FINISH_SECONDS,
    FULL_DISK,
    MOST_BYTES,
    WORKERS,
    IllTreatment,
)
from benchmarks.faults.tally import Killing, Lost, Retirement, Tally

MIB = 1 << 20
# A worker takes what it needs for its work in the first part of its life.
WARM_UP = 0.3
PARTS = 10
MAX_GROWTH = 0.1
MAX_GROWTH_IN_SHORT_RUN = 0.5
SECONDS_TO_SEE_GROWTH = 60
MOST_IDLE = 120 * MIB
SECONDS_TO_TIDY_UP = 2.0
DROPPED = r"\d+ log lines dropped"
ENDED, HANGS = "worker exited unexpectedly; restarting it", "worker sends no heartbeat; killing it"


@dataclass(frozen=True)
class Ending:
    """What was left when nobody called any more.

    reserved   slots and bytes, by the metrics
    in_flight  requests, by the metric
    workers    by the metric
    evicted    slow readers that were disconnected to free memory, by the metric, which is nan before the first one
    children   of the first process
    status     of its end, which took `seconds`
    """

    reserved: tuple[float, float]
    in_flight: float
    workers: float
    evicted: float
    children: int
    status: int
    seconds: float


@dataclass(frozen=True)
class Run:
    """All that is known at the end."""

    began: float
    seconds: float
    tally: Tally
    ill: IllTreatment
    ending: Ending
    log: str
    errors: str

    def unexplained(self, *groups: str) -> list[Lost]:
        """What was lost, and not with a killed worker, nor on an idle connection to one that was replaced.

        Of slow readers only those that the service has not counted as disconnected to free memory.
        """
        reasons: list[Killing | Retirement] = [*self.ill.killings, *self.ill.retirements]
        lost = [lost for lost in self.tally.lost if lost.group in groups]
        lost = [each for each in lost if not any(reason.explains(each) for reason in reasons)]
        evicted = 0 if isnan(self.ending.evicted) else int(self.ending.evicted)
        slow = [each for each in lost if each.name == READS_SLOWLY]
        return [each for each in lost if each.name != READS_SLOWLY] + slow[evicted:]


class Check(NamedTuple):
    """Something that must be, and what was found."""

    what: str
    found: str
    is_met: bool


class Trend(NamedTuple):
    """What was sampled at first and at last, in the median; its growth in a minute, and the standard error of that."""

    first: float
    last: float
    slope: float
    error: float


def trend(samples: list[tuple[float, int]], warm_up: float = WARM_UP) -> Trend | None:
    """How something went after it was warm, by samples of seconds and sizes; None: there are too few to say."""
    if len(samples) < 10 * PARTS:
        return None
    samples = samples[int(len(samples) * warm_up) :]
    bounds = [len(samples) * part // PARTS for part in range(PARTS + 1)]
    parts = [samples[start:end] for start, end in pairwise(bounds)]
    minutes = [statistics.fmean(at for at, _ in part) / 60 for part in parts]
    means = [statistics.fmean(size for _, size in part) for part in parts]
    slope, intercept = statistics.linear_regression(minutes, means)
    squares = sum((mean - intercept - slope * at) ** 2 for at, mean in zip(minutes, means, strict=True))
    spread = sum((at - statistics.fmean(minutes)) ** 2 for at in minutes)
    first, last = ([size for part in end for _, size in part] for end in (parts[:3], parts[-3:]))
    return Trend(statistics.median(first), statistics.median(last), slope, (squares / (PARTS - 2) / spread) ** 0.5)


def checks(run: Run) -> list[Check]:
    return [*of_answers(run), of_watching(run), of_growth(run), of_peak(run), *of_ending(run), of_log(run)]


def of_answers(run: Run) -> list[Check]:
    improper, lost = run.tally.improper, run.unexplained(GOOD, BAD, RUDE)
    wrong = sum(count for (group, _, _), count in improper.items() if group == GOOD)
    others = sum(count for (group, _, _), count in improper.items() if group in (BAD, RUDE))
    failures = {status: count for status, count in statuses(run.log).items() if status >= 500 and status != 503}
    return [
        Check("every answered good request right, or 503", f"{wrong} others", not wrong),
        Check("every faulty request answered as is its due, or cut off", f"{others} others", not others),
        Check("nothing lost but with a killed worker", f"{len(lost)} of {len(run.tally.lost)} lost", not lost),
        Check("no 5xx but 503", str(failures or "none"), not failures),
    ]


def statuses(log: str) -> Counter[int]:
    """How often the service says to have answered so."""
    return Counter(int(status) for status in re.findall(r'"status":(\d+)', log))


def of_watching(run: Run) -> Check:
    what = f"{', '.join(WATCHED)} always answered, but on a connection to a killed worker"
    improper = sum(count for (group, _, _), count in run.tally.improper.items() if group == WATCH)
    slowest = max((max(run.tally.seconds[WATCH, path], default=0) for path in WATCHED), default=0)
    lost = run.unexplained(WATCH)
    return Check(what, f"{improper + len(lost)} not; the slowest took {slowest:.2f} s", not improper and not lost)


def of_growth(run: Run) -> Check:
    # In a short run what is in flight at the moment outweighs any leak.
    most = MAX_GROWTH if run.seconds >= SECONDS_TO_SEE_GROWTH else MAX_GROWTH_IN_SHORT_RUN
    what = f"memory of the worker that lived on flat after its first {WARM_UP:.0%}, to {most:.0%}"
    found = trend(run.ill.memories[run.ill.elder].samples)
    if found is None:
        return Check(what, "it did not live on", is_met=False)
    growth = found.last / found.first - 1
    sizes = f"{found.first / MIB:.0f} MiB, then {found.last / MIB:.0f} ({growth:+.1%})"
    return Check(what, sizes, growth <= most)


def of_peak(run: Run) -> Check:
    """What bodies and arrays in flight may take, and as much again twice for what is made of them on the way."""
    most = MOST_IDLE + 3 * MOST_BYTES
    highest = max((memory.peak for memory in run.ill.memories.values()), default=0)
    what = f"no worker's memory ever above {most / MIB:.0f} MiB: idle, and three times XENT_MAX_BYTES_IN_FLIGHT"
    return Check(what, f"{highest / MIB:.0f} MiB", 0 < highest <= most)


def of_ending(run: Run) -> list[Check]:
    ending, (slots, of_bytes) = run.ending, run.ending.reserved
    within = DRAIN_SECONDS + FINISH_SECONDS + SECONDS_TO_TIDY_UP
    return [
        Check("in flight: nothing but the question what is", f"{ending.in_flight:g}", ending.in_flight == 1),
        Check("no slot and no byte reserved", f"{slots:g} slots, {of_bytes:g} bytes", slots == of_bytes == 0),
        Check(
            "as many workers as there should be",
            f"{ending.children}; by the metric {ending.workers:g}",
            ending.children == ending.workers == WORKERS,
        ),
        Check(
            f"ended well by SIGTERM, within {within:g} s",
            f"status {ending.status} after {ending.seconds:.1f} s",
            ending.status == 0 and ending.seconds <= within,
        ),
    ]


def of_log(run: Run) -> Check:
    """That it complained of those who were killed, and of nothing else."""
    found = Counter(message_of(line) for line in complaints(run))
    dropped = [message for message in found if re.fullmatch(DROPPED, message)]
    if run.ill.deeds[FULL_DISK]:
        for message in dropped:
            del found[message]
    killed, hung = run.ill.deeds["SIGKILL"], run.ill.deeds["SIGSTOP"]
    expected = Counter({ENDED: killed + hung, HANGS: hung})
    others = sum((found - expected).values())
    told = f"{found[ENDED]} ended, {found[HANGS]} hung, {len(dropped)} of dropped lines, {others} other lines"
    what = f"complaints of {killed} killed and {hung} hanging workers only, and of lines dropped by a full disk"
    return Check(what, told, +found == +expected and bool(dropped) == bool(run.ill.deeds[FULL_DISK]))


def complaints(run: Run) -> list[str]:
    """What it told of that an operator should know, and all that is no line of its log."""
    return [line for line in run.log.splitlines() if '"level":"info"' not in line] + run.errors.splitlines()


def message_of(line: str) -> str:
    try:
        return str(json.loads(line)["message"])
    except (ValueError, TypeError, KeyError):
        return line
