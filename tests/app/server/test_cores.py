"""A container's share of the machine is known, whichever version of control groups says it."""

import os
from pathlib import Path

import pytest

from app.server.cores import cores_allowed

OF_THE_MACHINE = 8


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(OF_THE_MACHINE)), raising=False)


def machine(root: Path, cgroup: str, **files: str) -> Path:
    """Where this process is in this group, and the files of the groups hold this; a path's slashes are written __."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    for path, content in files.items():
        file = root / "sys/fs/cgroup" / path.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


def test_without_control_groups_all_cores_are_used_that_may_be(tmp_path: Path) -> None:
    assert cores_allowed(tmp_path) == OF_THE_MACHINE


def test_where_nobody_says_on_which_cores_it_may_run_all_are_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert cores_allowed(tmp_path) == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores_allowed(tmp_path) == 1


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("1600000 100000", 8),
        ("max 100000", 8),
        ("", 8),
    ],
)
def test_a_share_of_the_second_version_counts_and_is_rounded_up(tmp_path: Path, quota: str, cores: int) -> None:
    root = machine(tmp_path, "0::/service\n", **{"service__cpu.max": quota})
    assert cores_allowed(root) == cores


@pytest.mark.parametrize(("quota", "cores"), [("300000", 3), ("-1", 8), ("0", 8)])
def test_so_does_one_of_the_first_version(tmp_path: Path, quota: str, cores: int) -> None:
    root = machine(
        tmp_path,
        "4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n",
        **{
            "cpu,cpuacct__docker__abc__cpu.cfs_quota_us": quota,
            "cpu,cpuacct__docker__abc__cpu.cfs_period_us": "100000",
        },
    )
    assert cores_allowed(root) == cores


def test_the_smallest_share_on_the_way_counts(tmp_path: Path) -> None:
    groups = {"pod__cpu.max": "200000 100000", "pod__container__cpu.max": "400000 100000"}
    assert cores_allowed(machine(tmp_path, "0::/pod/container\n", **groups)) == 2


def test_a_period_of_nothing_is_no_share(tmp_path: Path) -> None:
    assert cores_allowed(machine(tmp_path, "0::/\n", **{"cpu.max": "100000 0"})) == OF_THE_MACHINE
