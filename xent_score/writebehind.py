"""Writing what is computed while the next is computed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class WriteBehind:
    """A thread that writes, and waits for the disk. As a context it ends when all is written."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def __enter__(self) -> "WriteBehind":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._thread.shutdown()
        if kind is None:
            self._finish()

    def do(self, write: Callable[[], None]) -> None:
        """Have it write this after what it was given before. Raises what writing that raised."""
        self._finish()
        self._last = self._thread.submit(write)

    def _finish(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()
