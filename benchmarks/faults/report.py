"""The report."""

import platform
import statistics
from collections import Counter
from datetime import UTC, datetime
from os import sched_getaffinity

from benchmarks.faults.callers import BAD, GOOD, RUDE, WATCH
from benchmarks.faults.checks import ENDED, HANGS, MIB, Check, Run, complaints, message_of, statuses, trend
from benchmarks.faults.service import SETTINGS
from benchmarks.faults.tally import MOST_EXAMPLES, Lost

LONGEST = 1000
GROUPS = {
    GOOD: (
        "Good requests",
        "`right`: every number equals what xent_core computes in the caller's process, to the last bit.",
    ),
    BAD: ("Faulty requests", "Whole, but wrong. Each is due one status; next on the connection comes another."),
    RUDE: ("Rude callers", "`left`: the caller went away itself. `cut`: the service hung up."),
    WATCH: ("Who watches over the service", "Each on a new connection, all the time."),
}


def report(run: Run, found: list[Check]) -> str:
    return (
        "\n\n".join([*head(run, found), check_table(found), *faults(run), *tables(run), *memory(run), *ending(run)])
        + "\n"
    )


def head(run: Run, found: list[Check]) -> list[str]:
    when = datetime.fromtimestamp(run.began, UTC)
    total = sum(run.tally.outcomes.values())
    settings = [f"`{name}={value}`" for name, value in SETTINGS.items() if "KEYS" not in name]
    right = run.tally.answered("right")
    return [
        "# The service under ill treatment",
        f"Made by `python -m benchmarks.faults` on {when:%Y-%m-%d}, with Python {platform.python_version()}, service "
        f"and callers together on {len(sched_getaffinity(0))} cores: {run.seconds:g} seconds of load, {total} "
        f"exchanges, of which {right} were right answers ({right / run.seconds:.0f} in a second) and "
        f"{run.tally.answered('503')} were 503.",
        f"Settings: {', '.join(settings)}, and two keys.",
        f"**{sum(check.is_met for check in found)} of {len(found)} as it should be.**",
    ]


def check_table(found: list[Check]) -> str:
    lines = ["| what must be | found | met |", "| --- | --- | --- |"]
    lines += [f"| {what} | {found_} | {'yes' if is_met else '**no**'} |" for what, found_, is_met in found]
    return "\n".join(lines)


def faults(run: Run) -> list[str]:
    """What was not as it should be, for whoever has to find out why."""
    lost = Counter((each.group, each.name) for each in run.unexplained(*GROUPS))
    lines = [f"- {name}: {outcome}, {count} times" for (_, name, outcome), count in run.tally.improper.items()]
    lines += [f"- {name} ({group}): lost {count} times" for (group, name), count in lost.items()]
    lines += [f"- lost {placed(run, each)}" for each in run.unexplained(*GROUPS)[:MOST_EXAMPLES]]
    told = [line for line in complaints(run) if message_of(line) not in (ENDED, HANGS)]
    lines += [f"- it said {line[:LONGEST]}" for line in told[:MOST_EXAMPLES]]
    lines += [f"- for example {example}" for example in run.tally.examples]
    return ["## What went wrong", "\n".join(lines)] if lines else []


def placed(run: Run, lost: Lost) -> str:
    """When it was opened and lost, beside the killing or the replacement before it."""
    begun = {each.began: "SIGKILL" for each in run.ill.killings} | {
        each.began: "SIGHUP" for each in run.ill.retirements
    }
    before = [began for began in sorted(begun) if began <= lost.ended]
    if not before:
        return "before anything was done to a worker"
    ended, opened = lost.ended - before[-1], lost.opened - before[-1]
    return f"{ended:.1f} s after {begun[before[-1]]}, opened {opened:.1f} s after it"


def tables(run: Run) -> list[str]:
    return [part for group in GROUPS for part in table(run, group)]


def table(run: Run, group: str) -> list[str]:
    outcomes: dict[str, Counter[str]] = {}
    for (of, name, outcome), count in sorted(run.tally.outcomes.items()):
        if of == group:
            outcomes.setdefault(name, Counter())[outcome] += count
    title, text = GROUPS[group]
    lines = ["| what | sent | came back | p50, ms | p99, ms | slowest, ms |", "| --- | --- | --- | --- | --- | --- |"]
    for name, each in outcomes.items():
        came = ", ".join(f"{outcome} {count}" for outcome, count in each.most_common())
        lines.append(f"| {name} | {each.total()} | {came} | {times(run.tally.seconds.get((group, name), []))} |")
    return [f"## {title}", text, "\n".join(lines)]


def times(seconds: list[float]) -> str:
    if not seconds:
        return " | | "
    ordered = sorted(seconds)
    middle, late = statistics.median(ordered), ordered[len(ordered) * 99 // 100]
    return " | ".join(
        f"{1000 * each:.3g}" if each < 1 else f"{1000 * each:.0f}" for each in (middle, late, ordered[-1])
    )


def memory(run: Run) -> list[str]:
    lines = [
        "| worker | lived, s | first, MiB | last, MiB | growth, MiB in a minute | at the end, MiB | peak, MiB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, (worker, each) in enumerate(run.ill.memories.items(), 1):
        lived = each.samples[-1][0] - each.samples[0][0] if each.samples else 0
        found = trend(each.samples)
        path = (
            f"{found.first / MIB:.0f} | {found.last / MIB:.0f} | {found.slope / MIB:.1f} ± {found.error / MIB:.1f}"
            if found
            else " | | "
        )
        last = f"{each.samples[-1][1] / MIB:.0f}" if each.samples else ""
        name = f"{number}, which lived on" if worker == run.ill.elder else str(number)
        lines.append(f"| {name} | {lived:.0f} | {path} | {last} | {each.peak / MIB:.0f} |")
    text = (
        "Resident memory under load, after the first part of each worker's life: medians of the first and the last "
        "three tenths, and the line through the means of all tenths. Of workers that ended, the end is theirs."
    )
    return ["## Memory", text, "\n".join(lines)]


def ending(run: Run) -> list[str]:
    deeds = ", ".join(f"{count} × {deed}" for deed, count in run.ill.deeds.items())
    answered = ", ".join(f"{status}: {count}" for status, count in sorted(statuses(run.log).items()))
    killed = len([each for each in run.tally.lost if any(killing.explains(each) for killing in run.ill.killings)])
    return [
        "## What was done to the workers",
        f"{deeds}. With those that were killed, {killed} exchanges were lost, rude ones among them.",
        f"By its own log the service answered {answered} (0: the caller was gone).",
        "## What this does not prove",
        "- Nothing about a network: there is none. Callers and service share the cores, so the times are those of a "
        "machine that has more to do than it can, and include the callers' own waiting.\n"
        "- A cut connection is put down to a killed worker by its time, not by its number.\n"
        "- A minute or three show no slow leak, and only one worker lives long enough to be looked at for one.\n"
        "- That nothing stays reserved is read off the service's own account.\n"
        "- The faults are those somebody thought of.",
    ]
