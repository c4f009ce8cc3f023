"""Freed memory is returned to the system, also where objects that live on lie between what was freed."""

import subprocess
import sys

from app.server.memory import KEPT_BYTES
from tests.service import PATIENCE_SECONDS, ROOT

# Pieces of 64 KiB, of which every other is freed: none is at the end of the heap, and glibc returns none by itself.
SCRIPT = f"""
import asyncio, time
from pathlib import Path
from app.server.memory import keep_memory, return_memory

def resident():
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) << 10

async def main():
    returning = asyncio.create_task(return_memory())
    until = time.monotonic() + {PATIENCE_SECONDS}
    while resident() > full - {2 * KEPT_BYTES} * 0.9 and time.monotonic() < until:
        await asyncio.sleep(0.1)
    print(full - resident())

keep_memory()
pieces = [bytearray(b"x" * 65536) for _ in range({4 * KEPT_BYTES >> 16})]
full = resident()
del pieces[::2]
assert resident() > full * 0.95
asyncio.run(main())
"""


def test_what_is_free_between_objects_that_live_on_is_returned() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE_SECONDS
    )
    assert run.stderr == ""
    assert int(run.stdout) > 2 * KEPT_BYTES * 0.9
