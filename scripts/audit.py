"""`python -m scripts.audit LOCK…`: are there known vulnerabilities in what the locks name? Runs pip-audit.

Exit status: 0, none is known; 1, some are, and they are listed; 77, it could not be found out.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

SERVICES = ["pypi", "osv"]
SECONDS = 300
NOT_RUN = 77


def main(locks: list[str]) -> int:
    statuses = set()
    for lock in locks:
        status, said = audit(lock)
        sys.stdout.write(f"{lock}: {said}\n")
        statuses.add(status)
    return next(status for status in (1, NOT_RUN, 0) if status in statuses)


def audit(lock: str) -> tuple[int, str]:
    """The exit status for one lock, and what to say of it, by the first service that knows all its packages."""
    reasons = []
    for service in SERVICES:
        report = ask(service, lock)
        status, said = (NOT_RUN, "no answer") if report is None else verdict(report)
        if status != NOT_RUN:
            return status, said
        reasons.append(f"{service}: {said}")
    return NOT_RUN, f"NOT AUDITED, no vulnerability service could tell ({'; '.join(reasons)})"


def ask(service: str, lock: str) -> dict[str, Any] | None:
    """pip-audit's report; none where it didn't get to write one."""
    command = [
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "-r",
        lock,
        "-s",
        service,
        "-f",
        "json",
        "--timeout",
        "20",
    ]
    try:
        run = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", *command, "--progress-spinner", "off"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
        report: dict[str, Any] = json.loads(run.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return report


def verdict(report: dict[str, Any]) -> tuple[int, str]:
    """The exit status, and what to say. pip-audit itself is content where it could look nothing up."""
    packages = report["dependencies"]
    found = [line for package in packages for line in vulnerabilities(package)]
    if found:
        return 1, "\n  ".join(["known vulnerabilities:", *found])
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown or not packages:
        return NOT_RUN, f"{len(unknown)} of {len(packages)} packages are not known there"
    return 0, f"none of {len(packages)} packages has a known vulnerability"


def vulnerabilities(package: dict[str, Any]) -> Iterator[str]:
    for each in package.get("vulns", []):
        fixed = ", ".join(each["fix_versions"]) or "no version yet"
        yield f"{package['name']} {package['version']}: {each['id']}, mended in {fixed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
