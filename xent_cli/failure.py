"""How a command fails: one line on standard error, and an exit status."""

import sys

DONE = 0
FAILED = 1
WRONG_COMMAND_LINE = 2
ROWS_SET_ASIDE = 3
INTERRUPTED = 130

EXIT_STATUSES = """\
exit status:
  0    done
  1    failed; one line on standard error says why
  2    the command line is wrong
  3    done, with rows set aside that can't be computed (score and compare with --bad-rows skip)
  130  interrupted by Ctrl-C (score and compare: the same command resumes)
"""


class Failure(Exception):
    """The command can't do what was asked. The message is one line for the user."""


def report(message: object) -> None:
    """Write one line about what went wrong."""
    line = " ".join(str(message).split())
    sys.stderr.write(f"xent: {line}\n")
