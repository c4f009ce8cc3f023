"""What stops a run: one class, whose message is one line that says what and where."""

from pathlib import Path


class DataError(Exception):
    """The data set can't be scored. The message is for the user: what was found, where, and what was expected."""


def os_failure(path: Path, doing: str, error: OSError) -> DataError:
    """The failure of the system to read or write a file, in one line."""
    reason = " ".join(str(error.strerror or error).split())
    return DataError(f"{path} can't be {doing}: {reason:.400}")
