"""`python -m scripts.licenses [--check]`: THIRD_PARTY.md, from what the packages say of themselves.

It runs where all of requirements-tracing.txt is installed. A licence that nobody has looked at, or that asks for more
than to be passed on with its text, fails.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "THIRD_PARTY.md"
LOCKS = {"requirements.txt": "", "requirements-tracing.txt": " (tracing)"}

# These ask for nothing but that their text goes along, which it does in each package's own metadata.
FREE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause-Open-MPI",
    "CC0-1.0",
    "MIT",
    "PSF-2.0",
    "Zlib",
}

# What asks for more, where it is, and why that is met.
LOOKED_AT = {
    ("orjson", "MPL-2.0"): "binds its own files only, which are shipped unchanged; their source is on PyPI",
    ("certifi", "MPL-2.0"): "binds its own files only, which are shipped unchanged and are source",
    ("numpy", "GPL-3.0-or-later WITH GCC-exception-3.1"): "the exception is for programs that GCC compiled",
    ("numpy", "LGPL-2.1-or-later"): "a shared library of its own, unchanged, which anybody may replace",
}

# For what is not said in SPDX's words, and for what is not said in the metadata at all but in the licence's text.
IN_SPDX = {
    "MIT License": "MIT",
    "3-Clause BSD License": "BSD-3-Clause",
}
UNSAID = {"pysimdjson": ("MIT", "Permission is hereby granted, free of charge")}

HEAD = """\
# What others made, and ships with xent

Made by `make generate` from what the packages say of themselves; checked by `make test`.

The packages come with `pip install`, and are in the container image, with the texts of their licences: in
`*.dist-info` of the environment, `/opt/venv`. Nothing of them is changed, but tests, type stubs and C sources are left
out of the image. Those marked (tracing) are there only where the extra `tracing` was asked for.

| package | licence |
| --- | --- |
"""

TAIL = """
[Swagger UI](app/docs/VENDORED), which the documentation page shows, is in this repository, under Apache-2.0, with its
[LICENSE](app/docs/LICENSE), [NOTICE](app/docs/NOTICE) and the
[licences of what is bundled in it](app/docs/swagger-ui-bundle.js.LICENSE.txt).

The scripts of [the page](app/page) contain packages of npm, under MIT or BSD-3-Clause:
[which, and their licences](app/page/html/licenses.txt).

The image stands on Python's own (Python: PSF-2.0; Debian: `/usr/share/doc/*/copyright`). `docker-compose.yml` names
images of nginx, Prometheus and Grafana, which are fetched from where they are published, and not passed on.
"""


class LicenseUnknown(Exception):
    """A package's licence is not said, or nobody has looked at it."""


class Part(NamedTuple):
    """A library that a package's files contain."""

    name: str
    license: str


def packages(lock: str) -> list[str]:
    return sorted(set(re.findall(r"^([a-z0-9][\w.-]*)", (ROOT / lock).read_text(), re.MULTILINE)))


def license_of(package: Distribution) -> str:
    """As an SPDX expression. Raises LicenseUnknown."""
    metadata, name = package.metadata, package.metadata["Name"]
    said = next((metadata[field] for field in ("License-Expression", "License") if field in metadata), "")
    if not said and name in UNSAID:
        license_, words = UNSAID[name]
        if any(words in text for text in texts(package)):
            return license_
    if not said:
        raise LicenseUnknown(f"{name} does not say its licence: read it, and add it to scripts/licenses.py")
    return IN_SPDX.get(said, said)


def texts(package: Distribution) -> Iterator[str]:
    """The texts of its licences, which it ships."""
    for file in package.files or []:
        if ".dist-info" in str(file) and re.search("LICEN[CS]E|COPYING|NOTICE", file.name):
            yield file.read_text(encoding="utf-8")


def parts(package: Distribution) -> list[Part]:
    """The libraries within it that its licence's text lists, as NumPy's does."""
    pattern = r"^Name: (.+)\n(?:.+\n)*?License: (.+)$"
    return sorted({Part(*found) for text in texts(package) for found in re.findall(pattern, text, re.MULTILINE)})


def check(name: str, expression: str) -> None:
    """Raises LicenseUnknown."""
    if (name, expression) in LOOKED_AT:
        return
    for each in re.split(r"[()]|\bAND\b|\bOR\b", expression):
        if each.strip() and each.strip() not in FREE and (name, each.strip()) not in LOOKED_AT:
            raise LicenseUnknown(f"{name} is under {each.strip()}: look at it, and add it to scripts/licenses.py")


def row(name: str, mark: str) -> str:
    package = distribution(name)
    license_ = license_of(package)
    contained = parts(package)
    for each in [license_, *(part.license for part in contained)]:
        check(name, each)
    within = "; ".join(f"{part.name}: {part.license}" for part in contained)
    return f"| {name}{mark} | {license_}{f'; within it {within}' if within else ''} |\n"


def document() -> str:
    """THIRD_PARTY.md, as it is to be. Raises LicenseUnknown, and PackageNotFoundError where one is not installed."""
    marks = {name: mark for lock, mark in reversed(LOCKS.items()) for name in packages(lock)}
    notes = [f"- {name}, {license_}: {why}.\n" for (name, license_), why in LOOKED_AT.items()]
    rows = [row(name, mark) for name, mark in sorted(marks.items())]
    return HEAD + "".join(rows) + "\nThose that ask for more than to be passed on:\n\n" + "".join(notes) + TAIL


def main(arguments: list[str]) -> str | None:
    content = document()
    if arguments != ["--check"]:
        DOCUMENT.write_text(content)
    elif DOCUMENT.read_text() != content:
        return "xent: THIRD_PARTY.md is not as the packages have it: make generate"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
