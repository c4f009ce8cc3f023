"""Reading the next blocks while one is computed."""

from collections.abc import Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def read_ahead(items: Iterator[Item], count: int = 1) -> Iterator[Item]:
    """The items, of which a thread gets up to `count` before they are asked for. Raises what they raise."""
    queue: Queue[Item | _End] = Queue(count)
    stopped = Event()

    def fill() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                queue.put(item)
                if stopped.is_set():
                    return
        except BaseException as raised:  # noqa: BLE001  it is raised where the items are used
            error = raised
        queue.put(_End(error))

    thread = Thread(target=fill, daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        while thread.is_alive():
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.01)
