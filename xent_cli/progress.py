"""The line of progress of `xent score` and `xent compare`."""

import sys
import time

from xent_score.run import Progress


class ProgressLine:
    """Rows done, rows a second and time left, on standard error: one line on a terminal, else one every 10 seconds."""

    def __init__(self, *, quiet: bool) -> None:
        self._on_terminal = sys.stderr.isatty()
        self._every = 0.2 if self._on_terminal else 10.0
        self._quiet = quiet
        self._began = self._written = time.monotonic()
        self._open = False

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._quiet or now - self._written < self._every:
            return
        self._written = now
        text = described(progress, now - self._began)
        sys.stderr.write(f"\r\033[K{text}" if self._on_terminal else f"{text}\n")
        sys.stderr.flush()
        self._open = self._on_terminal

    def end(self) -> None:
        """Leave the line for what comes next."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False


def described(progress: Progress, seconds: float) -> str:
    rate = (progress.rows_done - progress.rows_resumed) / max(seconds, 1e-9)
    of = "" if progress.total is None else f" of {progress.total:,}"
    left = ""
    if progress.total is not None and rate:
        left = f", {_duration((progress.total - progress.rows_done) / rate)} left"
    return f"xent: {progress.rows_done:,}{of} rows, {rate:,.0f} rows/s{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
