"""How many cores this process may use: not those of the machine, where a container has a share of them."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def cores_allowed(root: Path = Path("/")) -> int:
    """The cores that may be used, at least 1: those it may run on, or fewer where a control group has less time."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    there_are = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([there_are, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """What this process' control groups allow, and those around them, in cores. `root` is where /proc and /sys are."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            mount = root / "sys/fs/cgroup" / controllers
            for group in [PurePosixPath(path), *PurePosixPath(path).parents]:
                with suppress(OSError, ValueError, ZeroDivisionError):
                    yield _quota(mount / str(group).lstrip("/"), second_version=not controllers)


def _quota(group: Path, *, second_version: bool) -> float:
    """Raises OSError or ValueError where the group has none."""
    if second_version:
        quota, period = map(int, (group / "cpu.max").read_text().split())
    else:
        quota, period = (int((group / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
    if quota <= 0:
        raise ValueError("there is no quota")
    return quota / period
