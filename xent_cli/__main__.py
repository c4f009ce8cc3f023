"""`xent`: serve, score, compare, loss, explain."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from xent_cli.failure import EXIT_STATUSES, FAILED, INTERRUPTED, WRONG_COMMAND_LINE, Failure, report

# Each command is a module of its own, imported when it is needed: `score` has no use for the service, nor `serve` for
# PyArrow.
COMMANDS = {
    "serve": "serve losses over HTTP",
    "score": "compute the loss of every row of a data set, and its summary",
    "compare": "compare two models on the rows of a data set",
    "loss": "compute the losses of one batch in a JSON file, as POST /v1/loss does",
    "explain": "say what a warning, an error or a loss type means",
}
DESCRIPTION = """\
xent computes classification losses, and recommends the loss that fits the labels.
"""


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit status of the command."""
    if arguments[:1] == ["serve"]:
        from app.__main__ import main as serve

        result = serve(arguments[1:], "xent serve")
        if isinstance(result, str):
            sys.stderr.write(f"{result}\n")
            return FAILED
        return result
    parser = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        return WRONG_COMMAND_LINE
    name = arguments[0]
    if name not in COMMANDS:
        # For --help and what is wrong.
        parser.parse_args(arguments)
    try:
        status: int = import_module(f"xent_cli.{name}").run(arguments[1:])
        sys.stdout.flush()
    except Failure as failure:
        report(failure)
        return FAILED
    except KeyboardInterrupt:
        report("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # As `| head` does. Python would complain once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return status


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:9}{text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="xent",
        usage="xent COMMAND [OPTIONS], xent COMMAND --help",
        description=DESCRIPTION,
        epilog=f"commands:\n{commands}\n\n{EXIT_STATUSES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    from app import __version__

    parser.add_argument("--version", action="version", version=f"xent {__version__}")
    parser.add_argument("command", choices=COMMANDS, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
