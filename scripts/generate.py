"""Makes what is made from the application: `python -m scripts.generate [--check] [PROJECT]`.

    app ──► app/api/response_examples.json ──► openapi.json ──► clients/python/xent_client/generated
    xent_core ──► docs/migration.md, page/generated/facts.json

With --check nothing is written: what differs is named, and the exit status is 1.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.api.openapi_document import RESPONSE_EXAMPLES, add_responses, read_recorded
from app.main import create_app
from app.settings import Settings
from scripts.migration_page import migration_page
from scripts.page_facts import page_facts
from scripts.record import record, settled

ROOT = Path(__file__).parents[1]
EXAMPLES = RESPONSE_EXAMPLES.relative_to(ROOT)
DOCUMENT = Path("openapi.json")
MIGRATION = Path("docs/migration.md")
FACTS = Path("page/generated/facts.json")
CLIENT = Path("clients/python/xent_client/generated")
CLIENT_SETTINGS = ROOT / "clients/python/generator.yml"

Files = dict[Path, bytes]
"""What is in files, by their paths within the project."""


def generate() -> Files:
    """All that is made from the application. Raises SystemExit where the generator has so much as a warning."""
    document = create_app(Settings()).openapi()
    recorded = settled(record(document), read_recorded())
    add_responses(document, recorded)
    page, client = migration_page().encode(), _python_client(with_open_codes(without_v2(without_304(document))))
    return {
        EXAMPLES: _json(recorded),
        DOCUMENT: _json(document),
        MIGRATION: page,
        FACTS: page_facts(document),
        **client,
    }


def without_304(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the status that only a conditional request gets, which the Python client never sends."""
    paths = {
        path: {
            method: operation
            | {"responses": {status: each for status, each in operation["responses"].items() if status != "304"}}
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": paths}


def without_v2(document: dict[str, Any]) -> dict[str, Any]:
    """The document as far as the Python client goes, with the schemas that are needed for it.

    The Open Inference Protocol has clients of its own, and what the generator makes of binary bodies does not work.
    """
    paths = {path: operations for path, operations in document["paths"].items() if not path.startswith("/v2")}
    schemas, needed = document["components"]["schemas"], set[str]()
    todo = _references(paths)
    while todo:
        needed |= todo
        todo = _references([schemas[name] for name in todo]) - needed
    kept = {name: schema for name, schema in schemas.items() if name in needed}
    return {**document, "paths": paths, "components": {**document["components"], "schemas": kept}}


def with_open_codes(part: Any) -> Any:
    """The same without the lists of codes, as a client must accept the codes of later versions."""
    if isinstance(part, list):
        return [with_open_codes(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = ("enum", "x-enum-descriptions") if "x-enum-descriptions" in part else ()
    return {key: with_open_codes(value) for key, value in part.items() if key not in closed}


def _references(part: Any) -> set[str]:
    """The names of the schemas that a part of a document refers to."""
    if isinstance(part, list):
        return set[str]().union(*map(_references, part))
    if not isinstance(part, dict):
        return set()
    name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
    own = {name} if name and "/" not in name else set[str]()
    return own | _references(list(part.values()))


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _python_client(document: dict[str, Any]) -> Files:
    with TemporaryDirectory() as folder:
        source, made = Path(folder) / "openapi.json", Path(folder) / "made"
        source.write_bytes(_json(document))
        options = ["--meta=none", f"--config={CLIENT_SETTINGS}", f"--path={source}", f"--output-path={made}"]
        programs = Path(sys.executable).parent  # ruff is there, too, which the generator finishes with
        run = subprocess.run(  # noqa: S603  the project's own command
            [programs / "openapi-python-client", "generate", "--fail-on-warning", *options],
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            sys.exit(f"xent: the Python client can't be generated\n{run.stdout}{run.stderr}")
        return {CLIENT / path.relative_to(made): path.read_bytes() for path in _files(made)}


def _files(folder: Path) -> list[Path]:
    """The files in a folder at any depth, in order, but for what programs leave there by running."""
    return sorted(each for each in folder.rglob("*") if each.is_file() and not _is_leftover(each.relative_to(folder)))


def _is_leftover(path: Path) -> bool:
    return any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)


def differences(wanted: Files, project: Path) -> list[str]:
    """What of the project's generated files is not as wanted, in words."""
    found = {path.relative_to(project) for path in _files(project / CLIENT)}
    found |= {path for path in (EXAMPLES, DOCUMENT, MIGRATION, FACTS) if (project / path).exists()}
    return sorted(
        [f"{path} is absent" for path in wanted.keys() - found]
        + [f"{path} is not generated" for path in found - wanted.keys()]
        + [f"{path} differs" for path in found & wanted.keys() if (project / path).read_bytes() != wanted[path]]
    )


def write(wanted: Files, project: Path) -> None:
    shutil.rmtree(project / CLIENT, ignore_errors=True)
    for path, content in wanted.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make what is made from the application.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something differs")
    parser.add_argument("project", nargs="?", type=Path, default=ROOT, help="where the files are (%(default)s)")
    arguments = parser.parse_args()
    wanted = generate()
    if not arguments.check:
        write(wanted, arguments.project)
    elif different := differences(wanted, arguments.project):
        sys.exit("\n".join([*different, "xent: not as the application has it now; `make generate` mends it"]))


if __name__ == "__main__":
    main()
