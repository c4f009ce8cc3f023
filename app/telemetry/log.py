"""The log: one line of JSON per record, on standard output.

A line that can't be written at once is dropped and counted: neither a request nor the supervisor waits for a pipe that
is not read.
"""

import json
import logging
import logging.config
import os
import select
import socket
import stat
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import Any

import orjson

STDOUT = 1
# A pipe takes this many bytes atomically (PIPE_BUF), so that lines of several processes don't interleave.
MAX_LINE_BYTES = 4096


class LogHandler(logging.Handler):
    """Writes lines to a file descriptor without blocking. `dropped` counts the lines that could not be written."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.dropped = 0
        self._reported = 0
        self._rest = b""
        self._write = _nonblocking_writer(fd)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            fields = _fields_of(record)
        except Exception as error:  # noqa: BLE001  logging must not raise, as in the standard library's handlers
            fields = {"level": "error", "message": "can't format a log record", "logger": record.name}
            fields["reason"] = repr(error)
        self.write(fields)

    def write(self, fields: dict[str, Any]) -> None:
        """Write a line with the time and these fields.

        It bypasses the standard library's logging, which takes as long per record as the loss of a small batch.
        """
        line = json_line({"time": _written_time(time.time()), **fields, "process": os.getpid()})
        with self.lock:  # type: ignore[union-attr]  # logging's own, which every handler has
            if not (self._catch_up() and self._put(line)):
                self.dropped += 1

    def catch_up(self) -> None:
        """Report dropped lines as soon as the log is read again. Call it every second."""
        with self.lock:  # type: ignore[union-attr]  # as above
            self._catch_up()

    def _catch_up(self) -> bool:
        """Whether the next line can be written."""
        if self._rest:
            self._put(self._rest)
        dropped = self.dropped - self._reported
        if dropped and not self._rest:
            fields = {"time": _written_time(time.time()), "level": "warning", "message": f"{dropped} log lines dropped"}
            if not self._put(json_line(fields | {"process": os.getpid()})):
                return False
            self._reported += dropped
        return not self._rest

    def _put(self, line: bytes) -> bool:
        """Whether the line was written, at least in part. `_rest` holds what remains of it."""
        try:
            self._rest = line[self._write(line) :]
        except OSError:
            return False
        return True


def _nonblocking_writer(fd: int) -> Callable[[bytes], int]:
    """A function that writes to the descriptor and raises BlockingIOError instead of blocking.

    O_NONBLOCK can't be set on the descriptor itself: the flag would apply to every process that shares it, such as the
    shell.
    """
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return partial(os.write, fd)
    if stat.S_ISSOCK(mode):
        own_socket = socket.socket(fileno=os.dup(fd))
        return lambda line: own_socket.send(line, socket.MSG_DONTWAIT)
    try:
        # The same pipe or terminal, reopened: its flags are not shared.
        return partial(os.write, os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError:
        # Not Linux, or a pipe that belongs to another user.
        return partial(_write_if_writable, fd)


def _write_if_writable(fd: int, line: bytes) -> int:
    """Raises BlockingIOError. It blocks only if another process fills the pipe between the poll and the write."""
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    if not poll.poll(0):
        raise BlockingIOError
    return os.write(fd, line)


@cache
def log_handler() -> LogHandler:
    """The log handler of this process."""
    return LogHandler(STDOUT)


def _fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of a record: those of its message if that is a dictionary, otherwise the message."""
    fields: dict[str, Any] = {"level": record.levelname.lower()}
    if isinstance(record.msg, dict):
        fields |= record.msg
    else:
        fields |= {"message": record.getMessage(), "logger": record.name}
    if record.exc_info:
        fields["exception"] = logging.Formatter().formatException(record.exc_info)
    return fields


def json_line(fields: dict[str, Any]) -> bytes:
    """The fields as one line of printable ASCII of at most MAX_LINE_BYTES bytes.

    All other characters are escaped, including C0 and C1 controls, line separators and bidirectional controls. The
    longest fields lose their middle until the line fits.
    """
    line = _encoded(fields)
    while len(line) > MAX_LINE_BYTES:
        longest = max(fields, key=lambda name: len(str(fields[name])))
        text = str(fields[longest])
        keep = (
            len(text) * MAX_LINE_BYTES * 9 // (len(line) * 10)
        )  # a little less than fits, so that few rounds are needed
        head, tail = text[: keep // 3], text[len(text) - (keep - keep // 3) :]
        fields = fields | {longest: f"{head}...{tail}"}
        line = _encoded(fields)
    return line


def _encoded(fields: dict[str, Any]) -> bytes:
    try:
        line = orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate, such as in a file name
        line = b"\x7f"
    if line.isascii() and b"\x7f" not in line:
        return line
    return json.dumps(fields, default=str, separators=(",", ":")).encode() + b"\n"


def _written_time(seconds: float) -> str:
    return f"{_written_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


@lru_cache(maxsize=1)
def _written_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stdout": {"()": log_handler}},
    "root": {"level": "WARNING", "handlers": ["stdout"]},
    "loggers": {"xent": {"level": "INFO"}},
}


def set_up_logging() -> None:
    """Send all log records, warnings and unraisable exceptions to the log."""
    logging.config.dictConfig(LOGGING)
    logging.captureWarnings(True)
    sys.unraisablehook = _log_unraisable


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    error = unraisable.exc_value
    logging.getLogger("xent").error(
        {"message": unraisable.err_msg or "exception ignored", "in": repr(unraisable.object)}, exc_info=error
    )
