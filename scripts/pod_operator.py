"""Waits until the pod of scripts/pod.py is ready, rotates its API keys, and checks that they change without a restart.

It runs in a container beside the pod, whose folder of keys it can write. It exits with what did not come to hold.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

KEYS = Path("/keys")
DONE = Path("/tmp/done")  # noqa: S108  its container has no other folder to write to
URL = "http://pod:8000/v1/losses"
SECONDS = 30


def status(key: str = "") -> int:
    """What the pod responds; 0: nothing."""
    request = urllib.request.Request(URL, headers={"X-API-Key": key} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  the URL is a constant
            found: int = response.status
            return found
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not within {SECONDS} s: {what}")
        time.sleep(0.1)


def mount(version: str, keys: str) -> None:
    """As the kubelet updates a mounted Secret."""
    (KEYS / version).mkdir()
    (KEYS / version / "keys").write_text(keys)
    link = KEYS / "..data_tmp"
    link.symlink_to(version)
    link.replace(KEYS / "..data")


def main() -> None:
    wait("the first key is valid", lambda: status("first") == 200)
    wait("no key is refused", lambda: status() == 401)
    mount("..2", "second\n")
    wait("the second key is valid", lambda: status("second") == 200)
    wait("the first key is valid no longer", lambda: status("first") == 403)
    DONE.touch()
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
