"""How many cores this process may use, which in a container can be fewer than the machine has."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def cores_allowed(root: Path = Path("/")) -> int:
    """The number of usable cores, at least 1: the CPU affinity, or less if a control group has a lower quota."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    available = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([available, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The quotas of this process' control groups and their parents, in cores. `root` holds /proc and /sys."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            mount = root / "sys/fs/cgroup" / controllers
            for group in [PurePosixPath(path), *PurePosixPath(path).parents]:
                with suppress(OSError, ValueError, ZeroDivisionError):
                    yield _quota(mount / str(group).lstrip("/"), second_version=not controllers)


def _quota(group: Path, *, second_version: bool) -> float:
    """Raises OSError or ValueError if the group has no quota."""
    if second_version:
        quota, period = map(int, (group / "cpu.max").read_text().split())
    else:
        quota, period = (int((group / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
    if quota <= 0:
        raise ValueError("there is no quota")
    return quota / period
