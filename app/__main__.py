"""`python -m app`, and `xent serve`: the service, on a laptop as in a container."""

import argparse
import socket
import sys
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from pydantic import ValidationError

from app.server.cores import cores_allowed
from app.server.descriptors import open_standard_streams, raise_limit
from app.server.key_rotation import KeyState
from app.server.listener import listen
from app.server.unix_socket import removed_at_end
from app.settings import (
    GROUPS,
    PREFIX,
    Settings,
    UnfitSetting,
    first_reason,
    read_settings,
    set_variables,
    tls_context,
)

USAGE = """\
{program} [--help] [--SETTING VALUE ...]

Settings are environment variables, or options: --port 8001 is the same as XENT_PORT=8001.
An option overrides the variable. The list of processes shows options: keep API keys in a file.
"""
DESCRIPTION = """\
xent computes classification losses over HTTP, and recommends the loss that fits the labels.
It serves until SIGTERM or SIGINT. SIGHUP reloads API keys and certificates.
"""
EXIT_STATUSES = """\
exit status:
  0  the service was told to stop, and did
  1  it could not start, or its workers could not
  2  the command line is wrong
"""
MAX_COLUMNS = 100
INDENT = " " * 6


class Parser(argparse.ArgumentParser):
    """Names the option that was probably meant."""

    def error(self, message: str) -> NoReturn:
        unknown = message.partition("unrecognized arguments: ")[2].split(" ")[0].split("=")[0]
        close = get_close_matches(unknown, self._option_string_actions, n=1) if unknown else []
        super().error(message + (f"; did you mean {close[0]}?" if close else ""))


def main(arguments: Sequence[str] | None = None, program: str = "python -m app") -> int | str:
    """The exit status: 0, or one line that says why the service can't start."""
    options = vars(_parser(program).parse_args(arguments))
    set_variables({name: value for name, value in options.items() if value is not None})
    open_standard_streams()
    raise_limit()
    try:
        settings = read_settings()
        keys = KeyState.read(settings)
        tls_context(settings)
    except UnfitSetting as error:
        return f"xent: {error}"
    except ValidationError as error:
        return f"xent: {first_reason(error)}"
    try:
        listener = listen(settings)
    except OSError as error:
        where = f"{settings.host} port {settings.port}", "XENT_HOST, XENT_PORT"
        address, variables = where if settings.uds is None else (settings.uds, "XENT_UDS")
        return f"xent: can't listen on {address}: {error.strerror} ({variables})"
    with removed_at_end(settings.uds):
        return _serve(settings, listener, keys)


def _serve(settings: Settings, listener: socket.socket, keys: KeyState) -> int | str:
    """Serve until told to stop. The exit status, or why the service can't start."""
    processes = settings.workers or cores_allowed()
    # Each imports much that the other has no use for.
    if processes == 1:
        from app.server.worker import serve

        serve(settings, listener, keys)
        return 0
    from app.server.supervisor import supervise

    try:
        return 0 if supervise(settings, listener, keys, processes) else 1
    except OSError as error:
        return f"xent: can't start workers: {error}"


def _parser(program: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog="xent",
        usage=USAGE.format(program=program),
        description=DESCRIPTION,
        epilog=f"{_settings_page()}\n{EXIT_STATUSES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name in Settings.model_fields:
        parser.add_argument(_option(name), help=argparse.SUPPRESS)
    return parser


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _settings_page() -> str:
    """Every setting with its default and its meaning, in groups."""
    lines: list[str] = []
    for name, field in Settings.model_fields.items():
        if name in GROUPS:
            lines += ["", f"{GROUPS[name]}:"]
        default = "" if field.default in (None, "") else f" [{str(field.default).lower()}]"
        lines.append(f"  {PREFIX}{name.upper()}, {_option(name)}{default}")
        lines += textwrap.wrap(str(field.description), MAX_COLUMNS, initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join([*lines[1:], ""])


if __name__ == "__main__":
    sys.exit(main())
