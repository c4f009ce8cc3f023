"""Builds the pages that the service shows: `python -m scripts.page [--check]`.

    page/src, page/text, page/style ──page/build.mjs──► app/page/html, app/page/assets, app/learn/parts

Beside each file that is served stands what it is in each content coding. With --check nothing is written: what differs
is named, and the exit status is 1. Compressed files are compared by their content, as compressors differ from version
to version.
"""

import argparse
import subprocess
import sys
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from app.wire.compress import SUFFIXES, Coding, compress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROOT = Path(__file__).parents[1]
PARTS = Path("app/learn/parts")
FOLDERS = [Path("app/page/html"), Path("app/page/assets"), PARTS]
GZIP_BEST, ZSTD_BEST = 9, 19
BEST: dict[Coding, int] = {"gzip": GZIP_BEST, "zstd": ZSTD_BEST}

Files = dict[Path, bytes]
"""What is in files, by their paths within the project."""


def build() -> Files:
    """The files that the sources make, uncompressed. Raises SystemExit where the bundler does not finish."""
    with TemporaryDirectory() as folder:
        run = subprocess.run(  # noqa: S603  the project's own command
            ["node", ROOT / "page/build.mjs", folder],  # noqa: S607  the Node that PATH names
            check=False,
        )
        if run.returncode:
            sys.exit("xent: the pages can't be built")
        return {
            path: made.read_bytes()
            for each in FOLDERS
            for made in sorted((Path(folder) / each.name).iterdir())
            for path in [each / made.name]
        }


def compressed(files: Files) -> Files:
    """What stands beside the files."""
    return {
        path.with_name(path.name + suffix): b"".join(compress([content], coding, BEST[coding]))
        for path, content in files.items()
        if path.parent != PARTS
        for coding, suffix in SUFFIXES.items()
    }


def differences(wanted: Files, project: Path) -> list[str]:
    """What of the project's built files is not as wanted, in words."""
    found = {path.relative_to(project): path.read_bytes() for each in FOLDERS for path in (project / each).glob("*")}
    served = [path for path in wanted if path.parent != PARTS]
    names = wanted.keys() | {path.with_name(path.name + suffix) for path in served for suffix in SUFFIXES.values()}
    return sorted(
        [f"{path} is absent" for path in names - found.keys()]
        + [f"{path} is not built" for path in found.keys() - names]
        + [f"{path} differs" for path in found.keys() & names if _plain(path, found[path]) != wanted[_of(path)]]
    )


def _of(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in SUFFIXES.values() else path


def _plain(path: Path, content: bytes) -> bytes:
    if path.suffix == SUFFIXES["gzip"]:
        return zlib.decompress(content, zlib.MAX_WBITS | 16)
    return zstd.decompress(content) if path.suffix == SUFFIXES["zstd"] else content


def write(files: Files, project: Path) -> None:
    for each in FOLDERS:
        (project / each).mkdir(parents=True, exist_ok=True)
        for path in (project / each).iterdir():
            path.unlink()
    for path, content in files.items():
        (project / path).write_bytes(content)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the pages that the service shows.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something differs")
    arguments = parser.parse_args()
    files = build()
    if not arguments.check:
        write(files | compressed(files), ROOT)
    elif different := differences(files, ROOT):
        sys.exit("\n".join([*different, "xent: not as the sources in page/ have it; `make page` mends it"]))


if __name__ == "__main__":
    main()
