"""Whether all is well at the end, and the report."""

import json
import platform
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from os import sched_getaffinity
from typing import Any

from benchmarks.faults.checks import ENDED, MIB, Check, Trend, message_of, trend
from benchmarks.faults.report import check_table, times
from benchmarks.faults.tally import Lost, Tally
from benchmarks.soak.callers import GROUP
from benchmarks.soak.operations import DRAIN_SECONDS, FINISH_SECONDS, WORKERS, Operator, Samples

# A worker takes what it needs for its work in the first part of its life.
WARM_UP = 0.3
MOST_GROWTH = 0.1
# Growth that the fit is sure of, and that is more than this, is no noise; but in a few minutes the allocator has not
# found its size yet.
MOST_CERTAIN_GROWTH, SECONDS_TO_BE_CERTAIN = 0.02, 600
# Of descriptors and files there are few, and some come and go with requests and workers.
MOST_MORE = 3
MOST_EXAMPLES, SLOWEST = 20, 5


@dataclass(frozen=True)
class Soak:
    """All that is known at the end.

    in_flight, reserved   by the metrics of each replica, when nobody called any more
    statuses              of the replicas' ends
    proxied               the lines of the proxy's log
    """

    began: float
    seconds: float
    callers: int
    tally: Tally
    operator: Operator
    in_flight: list[float]
    reserved: list[float]
    statuses: list[int]
    logs: list[str]
    proxied: list[dict[str, Any]]

    @property
    def unexplained(self) -> list[Lost]:
        """What was lost, and not with a killed worker."""
        killings = self.operator.killings
        return [lost for lost in self.tally.lost if not any(killing.explains(lost) for killing in killings)]


def growth(found: Trend, samples: Samples) -> tuple[float, float]:
    """By the fit, over the time that was looked at, and its standard error; as parts of the first value."""
    minutes = (1 - WARM_UP) * (samples[-1][0] - samples[0][0]) / 60
    return found.slope * minutes / found.first, found.error * minutes / found.first


def is_flat(samples: Samples, slack: float) -> bool:
    """`slack`: how much more at last than at first is no growth."""
    found = trend(samples, WARM_UP)
    if found is None:
        return False
    part, error = growth(found, samples)
    is_long = samples[-1][0] - samples[0][0] >= SECONDS_TO_BE_CERTAIN
    is_certain = is_long and part > MOST_CERTAIN_GROWTH and part > 2 * error
    return found.last <= found.first + slack or (found.last <= found.first * (1 + MOST_GROWTH) and not is_certain)


def checks(soak: Soak) -> list[Check]:
    operator, improper = soak.operator, sum(soak.tally.improper.values())
    right, lost = soak.tally.answered("right"), soak.unexplained
    complaints = Counter(message_of(line) for line in complaints_of(soak))
    others = complaints.total() - complaints[ENDED]
    return [
        Check("every response right to the last bit", f"{right} right, {improper} others", right > 0 and not improper),
        Check("nothing lost but with a killed worker", f"{len(lost)} of {len(soak.tally.lost)} lost", not lost),
        Check("every restart, rotation and replacement done", f"{len(operator.failures)} not", not operator.failures),
        flat("memory of a worker and the supervisor of each replica", operator.memory, MIB, " MiB"),
        flat("their file descriptors", operator.descriptors),
        flat("files of metrics of each replica", operator.files),
        Check(
            "in flight at the end: nothing but the question what is",
            ", ".join(f"{each:g}" for each in soak.in_flight),
            all(each == 1 for each in soak.in_flight),
        ),
        Check("no byte reserved at the end", ", ".join(f"{each:g}" for each in soak.reserved), not any(soak.reserved)),
        Check("ended well by SIGTERM", f"statuses {soak.statuses}", not any(soak.statuses)),
        Check(
            f"complaints of {len(operator.killings)} killed workers only",
            f"{complaints[ENDED]} ended, {others} other lines",
            complaints[ENDED] == len(operator.killings) and not others,
        ),
    ]


def flat(what: str, sampled: dict[str, Samples], unit: int = 1, of: str = "") -> Check:
    sizes = []
    for samples in sampled.values():
        found = trend(samples, WARM_UP)
        sizes.append(f"{found.first / unit:.3g} → {found.last / unit:.3g}{of}" if found else "too few samples")
    slack = MOST_MORE if unit == 1 else 0
    is_met = bool(sizes) and all(is_flat(samples, slack) for samples in sampled.values())
    return Check(f"{what} flat", ", ".join(sizes), is_met)


def complaints_of(soak: Soak) -> list[str]:
    """What the replicas told of that is no information, and all that is no line of a log."""
    lines = [line for log in soak.logs for line in log.splitlines()]
    return [line for line in lines if level_of(line) != "info"]


def level_of(line: str) -> str:
    try:
        return str(json.loads(line)["level"])
    except (ValueError, TypeError, KeyError):
        return ""


def report(soak: Soak, found: list[Check]) -> str:
    parts = [
        *head(soak, found),
        check_table(found),
        *faults(soak),
        requests(soak),
        by_the_proxy(soak),
        trends(soak),
        *ending(),
    ]
    return "\n\n".join(parts) + "\n"


def head(soak: Soak, found: list[Check]) -> list[str]:
    when = datetime.fromtimestamp(soak.began, UTC)
    deeds = ", ".join(f"{what} {count} times" for what, count in soak.operator.deeds.items())
    right = soak.tally.answered("right")
    return [
        "# A soak: two replicas behind nginx, while an operator works on them",
        f"Made by `python -m benchmarks.soak --seconds {soak.seconds:g}` on {when:%Y-%m-%d}, with Python "
        f"{platform.python_version()}, replicas, proxy and callers together on {len(sched_getaffinity(0))} cores: "
        f"{right} right responses to {soak.callers} callers, {right / soak.seconds:.0f} in a second.",
        f"Each replica has {WORKERS} workers, `XENT_DRAIN_SECONDS={DRAIN_SECONDS}` and "
        f"`XENT_FINISH_SECONDS={FINISH_SECONDS}`; nginx has the configuration of docker-compose.yml.",
        f"In that time: {deeds}.",
        f"**{sum(check.is_met for check in found)} of {len(found)} as it should be.**",
    ]


def faults(soak: Soak) -> list[str]:
    lines = [f"- {name}: {outcome}, {count} times" for (_, name, outcome), count in soak.tally.improper.items()]
    lines += [f"- lost: {lost.name}" for lost in soak.unexplained[:MOST_EXAMPLES]]
    lines += [f"- {failure}" for failure in soak.operator.failures]
    lines += [f"- a replica said {line[:500]}" for line in complaints_of(soak)[:MOST_EXAMPLES] if ENDED not in line]
    lines += [f"- for example {example}" for example in soak.tally.examples]
    return ["## What went wrong", "\n".join(lines)] if lines else []


def requests(soak: Soak) -> str:
    lines = [
        "| request | sent | came back | p50, ms | p99, ms | slowest, ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    outcomes: dict[str, Counter[str]] = {}
    for (_, name, outcome), count in sorted(soak.tally.outcomes.items()):
        outcomes.setdefault(name, Counter())[outcome] += count
    for name, each in outcomes.items():
        came = ", ".join(f"{outcome} {count}" for outcome, count in each.most_common())
        lines.append(f"| {name} | {each.total()} | {came} | {times(soak.tally.seconds.get((GROUP, name), []))} |")
    return "## Requests\n\n" + "\n".join(lines)


def by_the_proxy(soak: Soak) -> str:
    """What callers did not notice, or only by its time."""
    retried = [line for line in soak.proxied if ", " in line["statuses"]]
    reasons = Counter(line["statuses"].partition(",")[0] for line in retried)
    first = ", ".join(f"{count} after {reason}" for reason, count in reasons.most_common()) or "none"
    slow = sorted(soak.proxied, key=lambda line: -float(line["seconds"]))[:SLOWEST]
    lines = [f"| {line['time']} | {line['seconds']} | {line['replicas']} | {line['statuses']} |" for line in slow]
    return "\n".join(
        [
            "## By the proxy's log\n",
            f"Of {len(soak.proxied)} requests a second replica was asked for {len(retried)}: {first} (502: refused or "
            "cut off; 503: full or draining; 504: too late). The slowest:\n",
            "| ended | seconds | replicas | statuses |",
            "| --- | --- | --- | --- |",
            *lines,
        ]
    )


def trends(soak: Soak) -> str:
    """The fit over what was sampled after the first part."""
    lines = ["| what | samples | first | last | growth by the fit |", "| --- | --- | --- | --- | --- |"]
    for title, sampled, unit in (
        ("memory, MiB", soak.operator.memory, MIB),
        ("file descriptors", soak.operator.descriptors, 1),
        ("files", soak.operator.files, 1),
    ):
        for name, samples in sampled.items():
            found = trend(samples, WARM_UP)
            if found:
                part, error = growth(found, samples)
                path = f"{found.first / unit:.3g} | {found.last / unit:.3g} | {part:+.1%} ± {error:.1%}"
            else:
                path = " | | "
            lines.append(f"| {title}: {name} | {len(samples)} | {path} |")
    text = (
        f"Without the first {WARM_UP:.0%} of the samples: medians of the first and the last three tenths, and the line "
        "through the means of all tenths. Memory and descriptors are those of processes that lived through the middle "
        "two thirds; files are those of the whole time."
    )
    return f"## What must not grow\n\n{text}\n\n" + "\n".join(lines)


def ending() -> list[str]:
    return [
        "## What this does not prove",
        "- Replicas are processes on one machine, not containers on several: `make test-container` runs those.\n"
        "- What was lost is put down to a killed worker by its time.\n"
        "- Lines for requests are off in the log, as they would fill the disk.",
    ]
