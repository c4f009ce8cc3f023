"""`python -m app`: the service, on a laptop as in a container."""

import sys

from pydantic import ValidationError

from app.server.cores import cores_allowed
from app.server.listener import listen
from app.settings import UnfitSetting, first_reason, read_settings


def main() -> int | str:
    """The exit status: 0, or one line that says why the service can't start."""
    try:
        settings = read_settings()
    except UnfitSetting as error:
        return f"xent: {error}"
    except ValidationError as error:
        return f"xent: {first_reason(error)}"
    try:
        listener = listen(settings)
    except OSError as error:
        return f"xent: can't listen on {settings.host} port {settings.port}: {error.strerror} (XENT_HOST, XENT_PORT)"
    processes = settings.workers or cores_allowed()
    # Either brings a good deal with it that the other has no use for.
    if processes == 1:
        from app.server.worker import serve

        serve(settings, listener)
        return 0
    from app.server.supervisor import supervise

    try:
        return 0 if supervise(settings, listener, processes) else 1
    except OSError as error:
        return f"xent: can't start workers: {error}"


if __name__ == "__main__":
    sys.exit(main())
