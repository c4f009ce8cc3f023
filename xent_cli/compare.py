"""`xent compare A B`: two models on the rows of a data set."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from xent_cli.score import (
    EPILOG,
    MAX_SHOWN,
    add_options,
    add_parameters,
    check_installed,
    number,
    place,
    run_to_end,
    warm_up,
)

DESCRIPTION = """\
Compare two models on the rows of a data set: the paired difference of their losses, divergences of
their predictions, agreement, and the rows that differ most.

A has the first model's logits, and B the other's. Without B, A has both, in two columns.
"""


def run(arguments: Sequence[str]) -> int:
    check_installed()
    warm_up(arguments)
    from xent_score.comparing import compare

    options = _parser().parse_args(arguments)
    compute = partial(
        compare,
        options.first,
        options.out,
        other_data=options.second,
        other_logits=options.other_logits or (options.logits if options.second else "other_logits"),
    )
    return run_to_end(options, compute, as_text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xent compare",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("first", metavar="A", help="file, folder or glob with the first model's logits")
    parser.add_argument(
        "second", metavar="B", nargs="?", help="the same with the other's; its files go with those of A"
    )
    parser.add_argument("--logits", metavar="COLUMN", default="logits", help="default: logits")
    parser.add_argument("--other-logits", metavar="COLUMN", help="default: as --logits in B, or other_logits in A")
    add_options(parser)
    add_parameters(parser)
    return parser


def as_text(summary: dict[str, Any], out: Path) -> str:
    """The summary for a terminal."""
    lines = [f"{summary['rows']:,} rows of {summary['files']:,} files, {summary['loss_type']}, in nats"]
    for name in ("first", "second"):
        figures = summary[name]["summary"]
        lines.append(f"{name:16}mean {number(figures['mean'])}, accuracy {number(figures['accuracy'])}")
    if (difference := summary["difference"]) is not None:
        text = number(difference["mean"])
        if difference["standard_error"] is not None:
            low, high = difference["interval"]
            text += f" ± {number(difference['standard_error'])} (95 %: {number(low)} to {number(high)})"
            text += f", p = {number(difference['p_value'])}"
        lines.append(f"{'difference':16}{text}; lower for {difference['share_better']:.1%} of samples")
    for name, each in (summary["divergence"] or {}).items():
        figures = ", ".join(f"{key} {number(each[key])}" for key in ("mean", "q50", "q99", "maximum"))
        lines.append(f"{name.replace('_', ' '):16}{figures}")
    if summary["same_top1"] is not None:
        lines.append(f"{'agreement':16}{summary['same_top1']:.2%} of predictions, {summary['same_top5']:.2%} of top 5")
    lines += [
        f"{'most different':16}{number(row['loss'])} and {number(row['other_loss'])} at {place(row)}"
        for row in summary["most_different"][:MAX_SHOWN]
    ]
    return "\n".join([*lines, f"{'written to':16}{out}"]) + "\n"
