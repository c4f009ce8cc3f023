"""ARCHITECTURE.md names the files that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
# The folder that the names in a section's first column are in.
SECTIONS = {
    "## app: everything that knows HTTP, bytes or the environment": "app",
    "### server: processes, sockets and connections": "app/server",
    "### middleware: one HTTP concept per file": "app/middleware",
    "### telemetry: what the operator sees": "app/telemetry",
    "### api: the endpoints": "app/api",
    "### wire: bytes to arrays and back": "app/wire",
    "### learn: a page for each lesson, loss, warning and error": "app/learn",
    "## clients": "clients/python/xent_client",
}


def named(heading: str) -> set[str]:
    """The files in the first column of the section's table."""
    section = re.split(r"\n##", TEXT.split(f"\n{heading}\n")[1])[0]
    folder = SECTIONS[heading]
    cells = [line.split("|")[1] for line in section.split("\n") if line.startswith("| `")]
    return {f"{folder}/{name}" for cell in cells for name in re.findall(r"`([\w/.]+)`", cell)}


def test_every_file_in_its_tables_exists() -> None:
    missing = {path for heading in SECTIONS for path in named(heading) if not (ROOT / path).exists()}
    assert not missing


def test_every_file_of_app_is_in_a_table() -> None:
    sections = [heading for heading, folder in SECTIONS.items() if folder.startswith("app")]
    listed = {path for heading in sections for path in named(heading)}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "app").rglob("*.py") if path.name != "__init__.py"}
    assert files - listed == set()


def test_every_path_in_its_text_exists() -> None:
    paths = re.findall(r"`((?:app|xent_core|tests|deploy|scripts|clients)/[\w/.]+)`", TEXT)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []
