"""Several workers, and a process that answers nothing itself: it has as many of them as there should be."""

import asyncio
import logging
import logging.config
import signal
import socket
import subprocess
import sys
from asyncio import StreamReader, Task, TaskGroup
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client.multiprocess import mark_process_dead

from app.server.listener import announce
from app.settings import Settings, environment_of_workers
from app.telemetry.access_log import LOGGING

SECONDS_OF_SILENCE = 60
"""A worker beats every second. One that doesn't for so long hangs."""

SECONDS_BETWEEN_FAILURES = 1.0
SECONDS_TO_SPARE = 2.0

logger = logging.getLogger("xent")


class Worker:
    """One worker process, and the line to it: beats come, and its end tells either side that the other is gone."""

    def __init__(self, process: subprocess.Popen[bytes], line: socket.socket) -> None:
        self.process = process
        self.line = line
        self.is_wanted = True
        self.is_up: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether it came to listen; False where it ended before."""

    def end(self, by: signal.Signals, within: float) -> None:
        self.is_wanted = False
        self.process.send_signal(by)
        self._kill_after(within)

    def retire(self, within: float) -> None:
        """Have it finish what it has in hand, and end."""
        self.is_wanted = False
        self.line.shutdown(socket.SHUT_WR)
        self._kill_after(within)

    def _kill_after(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.process.kill)


class Supervisor:
    """Has `count` workers listen on one socket, until it is told to end.

    The socket is held here as well, so that no caller who waits there is lost with a worker.
    """

    def __init__(self, settings: Settings, listener: socket.socket, count: int, folder: Path) -> None:
        self.settings = settings
        self.listener = listener
        self.folder = folder
        self.count = count
        self.workers: list[Worker] = []
        self.is_announced = False
        self.is_ending = False
        self.failed = False
        self._restart: Task[None] | None = None

    async def run(self) -> bool:
        """Whether all went well."""
        async with TaskGroup() as self._tasks:
            loop = asyncio.get_running_loop()
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, self._end, each)
            loop.add_signal_handler(signal.SIGHUP, self._begin_restart)
            await self._fill()
        return not self.failed

    async def _fill(self) -> None:
        """Start as many workers as are missing."""
        while not self.is_ending and sum(worker.is_wanted for worker in self.workers) < self.count:
            if not self._start():
                await asyncio.sleep(SECONDS_BETWEEN_FAILURES)

    def _start(self) -> Worker | None:
        """A new worker, which is looked after from now on; none where the system has no room for it."""
        try:
            worker = self._started()
        except OSError as error:
            logger.error({"message": "a worker can't be started now", "reason": str(error)})
            return None
        self.workers.append(worker)
        self._tasks.create_task(self._look_after(worker))
        return worker

    def _started(self) -> Worker:
        """Raises OSError."""
        ours, its_own = socket.socketpair()
        fds = (self.listener.fileno(), its_own.fileno())
        try:
            process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "app.server.worker", *map(str, fds)],
                pass_fds=fds,
                env=environment_of_workers(self.folder),
                start_new_session=True,  # so that Ctrl-C in a terminal reaches this process only, which passes it on
            )
        except OSError:
            ours.close()
            raise
        finally:
            its_own.close()
        return Worker(process, ours)

    async def _look_after(self, worker: Worker) -> None:
        """Listen to a worker until it has ended; then see that there are enough of them."""
        reader, writer = await asyncio.open_connection(sock=worker.line)
        while await self._beat_of(worker, reader):
            if not worker.is_up.done():
                worker.is_up.set_result(True)
                self._announce()
        writer.close()
        status = worker.process.wait()
        self.workers.remove(worker)
        mark_process_dead(worker.process.pid, str(self.folder))  # type: ignore[no-untyped-call]
        came_up = worker.is_up.done()
        if not came_up:
            worker.is_up.set_result(False)
        if not worker.is_wanted:
            return
        if not self.is_announced:
            self.failed = True
            self._end(signal.SIGINT)
            return
        logger.error(
            {"message": "a worker ended unasked and is replaced", "worker": worker.process.pid, "status": status}
        )
        if not came_up:
            await asyncio.sleep(SECONDS_BETWEEN_FAILURES)
        await self._fill()

    async def _beat_of(self, worker: Worker, reader: StreamReader) -> bytes:
        """What the worker lets hear; nothing: it has ended."""
        while True:
            try:
                return await asyncio.wait_for(reader.read(64), SECONDS_OF_SILENCE)
            except TimeoutError:
                if worker.is_wanted:
                    logger.error({"message": "a worker hangs and is killed", "worker": worker.process.pid})
                    worker.process.kill()

    def _announce(self) -> None:
        up = [worker for worker in self.workers if worker.is_up.done()]
        if not self.is_announced and len(up) == self.count:
            self.is_announced = True
            announce(self.listener, self.settings)

    def _end(self, by: signal.Signals) -> None:
        self.is_ending = True
        within = self.settings.drain_seconds + self.settings.finish_seconds + SECONDS_TO_SPARE
        for worker in self.workers:
            worker.end(by, within)
        # As the workers do theirs: who comes later is to know at once that nobody is here.
        draining = self.settings.drain_seconds if by == signal.SIGTERM else 0
        asyncio.get_running_loop().call_later(draining, self.listener.close)

    def _begin_restart(self) -> None:
        if self.is_announced and not self.is_ending and (self._restart is None or self._restart.done()):
            self._restart = self._tasks.create_task(self._replace_all())

    async def _replace_all(self) -> None:
        """Put new workers, which read keys and certificates anew, in the place of all there are, one by one."""
        for old in [worker for worker in self.workers if worker.is_wanted]:
            new = self._start()
            if new is None or not await new.is_up or self.is_ending:
                logger.error({"message": "a new worker failed; the restart is given up, and the others go on"})
                return
            old.retire(self.settings.finish_seconds + SECONDS_TO_SPARE)
        logger.info({"message": "all workers were replaced"})


def supervise(settings: Settings, listener: socket.socket, count: int) -> bool:
    """Serve with several workers until told to end. Whether all went well. Raises OSError where it can't begin."""
    logging.config.dictConfig(LOGGING)
    with TemporaryDirectory(prefix="xent-") as folder:
        return asyncio.run(Supervisor(settings, listener, count, Path(folder)).run())
