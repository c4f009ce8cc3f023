"""`python -m app`: the service, on a laptop as in a container."""

import argparse
import sys
import textwrap

from pydantic import ValidationError

from app.server.cores import cores_allowed
from app.server.descriptors import open_standard_streams, raise_limit
from app.server.key_rotation import KeyState
from app.server.listener import listen
from app.settings import GROUPS, PREFIX, Settings, UnfitSetting, first_reason, read_settings, tls_context

USAGE = """\
python -m app [--help]

Settings are environment variables: XENT_PORT=8001 python -m app
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


def main() -> int | str:
    """The exit status: 0, or one line that says why the service can't start."""
    _parser().parse_args()
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
        return f"xent: can't listen on {settings.host} port {settings.port}: {error.strerror} (XENT_HOST, XENT_PORT)"
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


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="xent",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=f"{_settings_page()}\n{EXIT_STATUSES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _settings_page() -> str:
    """Every setting with its default and its meaning, in groups."""
    lines: list[str] = []
    for name, field in Settings.model_fields.items():
        if name in GROUPS:
            lines += ["", f"{GROUPS[name]}:"]
        default = "" if field.default in (None, "") else f" [{str(field.default).lower()}]"
        lines.append(f"  {PREFIX}{name.upper()}{default}")
        lines += textwrap.wrap(str(field.description), MAX_COLUMNS, initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join([*lines[1:], ""])


if __name__ == "__main__":
    sys.exit(main())
