"""`xent score DATA`: the loss of every row of a data set, and its summary."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.server.cores import cores_allowed
from xent_cli.failure import DONE, EXIT_STATUSES, INTERRUPTED, ROWS_SET_ASIDE, Failure, report

DESCRIPTION = """\
Compute the loss of every row of a data set, and its summary.

DATA is a file, a folder or a glob of Parquet, Arrow IPC, CSV, .npy, .npz or .safetensors files.
OUT gets rows/ (one row for each sample), summary.json and report.html. The same command resumes
an interrupted run.
"""
EPILOG = f"""\
columns:
  A column of lists, of lists of one fixed size, or of numbers; or one column for each class, as
  a list (a,b,c) or a pattern (logit_*), in the order of the file. A null label does not count.
  A .npy file has one array, and needs no name for it.

{EXIT_STATUSES}"""
MAX_SHOWN = 5
# Parts that wait for a node tell a cluster that grows how large to grow.
MAX_TASKS = 1024


def run(arguments: Sequence[str]) -> int:
    check_installed()
    warm_up(arguments)
    from xent_score.scoring import score

    options = _parser().parse_args(arguments)
    compute = partial(
        score,
        options.data,
        options.out,
        include=tuple(options.include.split(",")) if options.include else (),
        silence=tuple(options.silence.split(",")) if options.silence else (),
    )
    return run_to_end(options, compute, as_text)


def run_to_end(
    options: argparse.Namespace,
    compute: Callable[..., dict[str, Any]],
    as_text: Callable[[dict[str, Any], Path], str],
) -> int:
    """Compute with what all commands over files have in common, show the progress, and write the summary.

    Returns the exit status. Raises Failure.
    """
    if options.ray is not None and find_spec("ray") is None:
        raise Failure("Ray is not installed, which --ray needs: pip install 'xent[ray,score]'")
    from xent_cli.progress import ProgressLine
    from xent_score.errors import DataError

    line = ProgressLine(quiet=options.quiet)
    try:
        summary = compute(
            labels_data=options.labels_data,
            logits=options.logits,
            labels=options.labels,
            weights=options.weights,
            id=options.id,
            parameters=given_parameters(options),
            skip_bad=options.bad_rows == "skip",
            processes=options.processes or (MAX_TASKS if options.ray else cores_allowed()),
            ray=options.ray,
            suffix=options.format,
            restart=options.restart,
            show=line.show,
        )
    except DataError as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        line.end()
        report("interrupted; the same command resumes")
        return INTERRUPTED
    finally:
        line.end()
    sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n" if options.json else as_text(summary, options.out))
    return ROWS_SET_ASIDE if summary["set_aside"]["rows"] else DONE


def warm_up(arguments: Sequence[str]) -> None:
    """Have the processes' imports run beside those of this one, where it is to have processes."""
    from xent_score import processes

    processes.keep_memory()
    is_alone = cores_allowed() == 1 or "--processes=1" in arguments or ("--processes", "1") in pairwise(arguments)
    names = {each.partition("=")[0] for each in arguments}
    if not is_alone and not {"-h", "--help", "--ray"} & names:
        processes.warm_up()


def check_installed() -> None:
    """Raises Failure where PyArrow is missing."""
    if find_spec("pyarrow") is None:
        raise Failure("PyArrow is not installed, which this command reads files with: pip install 'xent[score]'")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xent score",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("data", metavar="DATA", help="file, folder or glob with logits")
    parser.add_argument("--logits", metavar="COLUMN", default="logits", help="default: logits")
    add_options(parser)
    parser.add_argument("--include", metavar="NAMES", help="more columns of rows, with commas: " + _outputs())
    add_parameters(parser)
    return parser


def _outputs() -> str:
    from xent_score.scoring import INCLUDABLE

    return ", ".join(INCLUDABLE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What score and compare have in common."""
    parser.add_argument("--labels", metavar="COLUMN", default="labels", help="default: labels")
    parser.add_argument(
        "--labels-data", metavar="DATA", help="files with labels, weights and ids, one for each of DATA"
    )
    parser.add_argument("--weights", metavar="COLUMN", help="default: every row has the weight 1")
    parser.add_argument("--id", metavar="COLUMN", help="identifies rows in what is written; default: file and row")
    parser.add_argument("--out", metavar="OUT", type=Path, required=True, help="folder to write to")
    parser.add_argument("--format", choices=("parquet", "arrow"), default="parquet", help="of rows; default: parquet")
    parser.add_argument("--bad-rows", choices=("stop", "skip"), default="stop",
                        help="stop at a row that can't be computed (default), or set it aside")  # fmt: skip
    parser.add_argument("--restart", action="store_true", help="discard what OUT holds of another run")
    parser.add_argument("--processes", metavar="N", type=_whole, default=0,
                        help="default: one for each core; with --ray, how many tasks at most")  # fmt: skip
    parser.add_argument("--ray", metavar="ADDRESS", help="compute on a Ray cluster: auto, local or host:port; "
                        "its nodes need the same file system")  # fmt: skip
    parser.add_argument("--silence", metavar="CODES", help="warnings that are not looked for, with commas")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--json", action="store_true", help="write the summary as JSON")


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """The parameters of POST /v1/loss."""
    from xent_score.parameters import PARAMETERS

    group = parser.add_argument_group("parameters of the loss, as of POST /v1/loss")
    for name, parameter in PARAMETERS.items():
        default = "" if parameter.default is None else f"default: {str(parameter.default).lower()}"
        group.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=default)


def given_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Raises DataError."""
    from xent_score.parameters import PARAMETERS, parse

    given = {name: getattr(options, name) for name in PARAMETERS}
    return {name: parse(name, text) for name, text in given.items() if text is not None}


def as_text(summary: dict[str, Any], out: Path) -> str:
    """The summary for a terminal."""
    figures = summary["summary"]
    lines = [f"{summary['rows']:,} rows of {summary['files']:,} files, {summary['loss_type']}, in nats"]
    if (reduced := summary["reduced"]) is not None:
        lines.append(f"{reduced['reduction']:16}{number(reduced['value'])}")
    names = ("mean", "standard_error", "perplexity", "accuracy", "q50", "q90", "q99", "maximum", "uniform", "prior")
    lines += [
        f"{name.replace('_', ' '):16}{number(figures[name])}"
        for name in names
        if figures.get(name) is not None and not (name == "mean" and reduced and reduced["reduction"] == "mean")
    ]
    if summary["calibration"] is not None and summary["calibration"]["expected_error"] is not None:
        lines.append(f"{'calibration':16}{number(summary['calibration']['expected_error'])} (expected error)")
    recommended = summary["recommendation"]
    lines.append(f"{'recommended':16}{recommended['loss_type']}, as the labels are {recommended['label_kind']}")
    lines += [f"{'hardest':16}{number(row['loss'])} at {place(row)}" for row in summary["hardest"][:MAX_SHOWN]]
    for each in summary["warnings"]:
        where = f"in {each['blocks']} of {each['of_blocks']} blocks"
        lines.append(f"warning ({each['severity']}) {each['code']}, {where}: {each['message']} {each['fix']}")
    if summary["set_aside"]["rows"]:
        first = summary["set_aside"]["first"][0]
        why = f"{first['file']}, row {first['row']}: {first['argument']} {first['message']}"
        lines.append(f"{'set aside':16}{summary['set_aside']['rows']:,} rows that can't be computed; the first: {why}")
    return "\n".join([*lines, f"{'written to':16}{out}"]) + "\n"


def number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def place(row: dict[str, Any]) -> str:
    found = f"{row['file']}, row {row['row']}"
    if "position" in row:
        found += f", position {row['position']}"
    return f"{found}, id {row['id']}" if "id" in row else found
