"""The supervisor of several worker processes: it starts them, replaces them, and sends them the API keys."""

import asyncio
import logging
import signal
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter, Task, TaskGroup
from pathlib import Path
from tempfile import TemporaryDirectory

from app.server import pipe as pipes
from app.server.key_rotation import KeyRotation, KeyState
from app.server.listener import announce, log_ignored_variables
from app.settings import Settings, UnfitSetting, environment_of_workers, tls_context
from app.telemetry.log import set_up_logging
from app.telemetry.snapshots import add_ended

# A worker sends a heartbeat every second. After this long without one it is killed.
HEARTBEAT_TIMEOUT_SECONDS = 60
# The first heartbeat says that the worker listens.
START_TIMEOUT_SECONDS = 60

SECONDS_BETWEEN_FAILURES = 1.0
# Added to the configured time to stop, before a worker is killed.
SECONDS_TO_SPARE = 2.0

logger = logging.getLogger("xent")


class Worker:
    """One worker process, and the supervisor's end of the pipe to it."""

    reader: StreamReader
    writer: StreamWriter

    def __init__(self, process: subprocess.Popen[bytes], pipe: socket.socket) -> None:
        self.process = process
        self.pipe = pipe
        self.takes_keys = False
        self.is_wanted = True
        self.is_up: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """True once the worker listens; False if it exited before."""

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_unix_connection(sock=self.pipe)
        self.takes_keys = True

    def send_keys(self, keys: KeyState) -> None:
        self.writer.write(pipes.frame(keys))

    def stop(self, by: signal.Signals, within: float) -> None:
        self.is_wanted = False
        self.process.send_signal(by)
        self._kill_after(within)

    def retire(self, within: float) -> None:
        """Have it finish the requests in flight and exit."""
        self.is_wanted = self.takes_keys = False
        self.writer.write_eof()
        self._kill_after(within)

    def _kill_after(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.process.kill)


class Supervisor:
    """Keeps `count` workers on one listening socket until it is told to stop.

    The supervisor holds the socket too, so that connections in the backlog survive the exit of a worker.
    """

    def __init__(
        self, settings: Settings, listener: socket.socket, keys: KeyState, count: int, metrics_folder: Path
    ) -> None:
        self.settings = settings
        self.listener = listener
        self.rotation = KeyRotation(settings, keys, self._send_keys)
        self.count = count
        self.metrics_folder = metrics_folder
        self.workers: list[Worker] = []
        self.is_announced = False
        self.is_stopping = False
        self.failed = False
        self._restart: Task[None] | None = None
        self._is_restart_requested = False

    async def run(self) -> bool:
        """Supervise until all workers have exited. False: the service failed to start."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self._stop, each)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        watch = loop.create_task(self.rotation.watch())
        async with TaskGroup() as self._tasks:
            await self._start_missing()
        watch.cancel()
        return not self.failed

    async def _start_missing(self) -> None:
        """Start workers until there are `count`."""
        while not self.is_stopping and sum(worker.is_wanted for worker in self.workers) < self.count:
            if not self._start():
                await asyncio.sleep(SECONDS_BETWEEN_FAILURES)

    def _start(self) -> Worker | None:
        """Start and supervise a worker. None: the system can't start a process."""
        try:
            worker = self._start_process()
        except OSError as error:
            logger.error({"message": "can't start a worker; retrying", "reason": str(error)})
            return None
        self.workers.append(worker)
        self._tasks.create_task(self._supervise(worker))
        return worker

    def _start_process(self) -> Worker:
        """Raises OSError."""
        pipe, pipe_of_worker = socket.socketpair()
        fds = (self.listener.fileno(), pipe_of_worker.fileno())
        try:
            process = subprocess.Popen(  # noqa: S603  the command is constant
                [sys.executable, "-m", "app.server.worker", *map(str, fds)],
                pass_fds=fds,
                env=environment_of_workers(self.metrics_folder),
                start_new_session=True,  # Ctrl-C in a terminal then reaches only the supervisor
            )
        except OSError:
            pipe.close()
            raise
        finally:
            pipe_of_worker.close()
        return Worker(process, pipe)

    async def _supervise(self, worker: Worker) -> None:
        """Wait until a worker has exited, then start another if one is missing."""
        await worker.connect()
        worker.send_keys(self.rotation.state)
        while await self._heartbeat(worker):
            if not worker.is_up.done():
                worker.is_up.set_result(True)
                self._announce()
        worker.writer.close()
        while (status := worker.process.poll()) is None:  # noqa: ASYNC110  it has closed the pipe and is about to exit
            await asyncio.sleep(0.02)
        self.workers.remove(worker)
        self._add_ended()
        came_up = worker.is_up.done()
        if not came_up:
            worker.is_up.set_result(False)
        if not worker.is_wanted:
            return
        if not self.is_announced:
            self.failed = True
            self._stop(signal.SIGINT)
            return
        logger.error(
            {"message": "worker exited unexpectedly; restarting it", "worker": worker.process.pid, "status": status}
        )
        if not came_up:
            await asyncio.sleep(SECONDS_BETWEEN_FAILURES)
        await self._start_missing()

    def _add_ended(self) -> None:
        try:
            add_ended(self.metrics_folder)
        except (OSError, ValueError, MemoryError) as error:  # metrics may be lost, the service may not
            logger.error({"message": "can't merge the metrics of exited workers", "reason": str(error)})

    async def _heartbeat(self, worker: Worker) -> bool:
        """Wait for the worker's next heartbeat. False: it has exited, or there will be no further heartbeat."""
        seconds = HEARTBEAT_TIMEOUT_SECONDS if worker.is_up.done() else START_TIMEOUT_SECONDS
        while True:
            try:
                return bool(await asyncio.wait_for(worker.reader.read(64), seconds))
            except TimeoutError:
                if worker.is_wanted:
                    logger.error({"message": "worker sends no heartbeat; killing it", "worker": worker.process.pid})
                    worker.process.kill()
            except (ConnectionError, MemoryError):
                # It exited with unread data in its pipe. Or asyncio could not read and closed the pipe: it will exit.
                return False

    def _announce(self) -> None:
        up = [worker for worker in self.workers if worker.is_up.done()]
        if not self.is_announced and len(up) == self.count:
            self.is_announced = True
            announce(self.listener, self.settings)
            self._begin_restart()

    def _stop(self, by: signal.Signals) -> None:
        self.is_stopping = True
        within = self.settings.drain_seconds + self.settings.finish_seconds + SECONDS_TO_SPARE
        for worker in self.workers:
            worker.stop(by, within)
        # The workers close it at the same time. Later connections are refused at once.
        draining = self.settings.drain_seconds if by == signal.SIGTERM else 0
        asyncio.get_running_loop().call_later(draining, self.listener.close)

    def _send_keys(self, keys: KeyState) -> None:
        for worker in [worker for worker in self.workers if worker.takes_keys]:
            worker.send_keys(keys)

    def _reload(self) -> None:
        """Reload the API keys at once, and the certificate by restarting the workers."""
        self.rotation.reload()
        self._is_restart_requested = True
        self._begin_restart()

    def _begin_restart(self) -> None:
        """Begin a requested restart once the service is up. If one is under way, it repeats itself at its end."""
        is_under_way = self._restart is not None and not self._restart.done()
        if self._is_restart_requested and self.is_announced and not self.is_stopping and not is_under_way:
            self._restart = self._tasks.create_task(self._restart_workers())

    async def _restart_workers(self) -> None:
        while self._is_restart_requested and not self.is_stopping:
            self._is_restart_requested = False
            try:
                tls_context(self.settings)
                await self._replace_workers()
            except (UnfitSetting, RestartFailed) as error:
                logger.error({"message": "restart failed; the old workers keep running", "reason": str(error)})

    async def _replace_workers(self) -> None:
        """Replace the workers one after the other. Raises RestartFailed."""
        for old in [worker for worker in self.workers if worker.is_wanted]:
            new = self._start()
            is_up = new is not None and await new.is_up
            if self.is_stopping:
                return
            if not is_up:
                raise RestartFailed("a new worker did not start")
            old.retire(self.settings.finish_seconds + SECONDS_TO_SPARE)
        logger.info({"message": "all workers restarted"})


class RestartFailed(Exception):
    """A new worker did not start."""


def supervise(settings: Settings, listener: socket.socket, keys: KeyState, count: int) -> bool:
    """Serve with several workers until told to stop. False: they failed to start. Raises OSError."""
    set_up_logging()
    log_ignored_variables()
    with TemporaryDirectory(prefix="xent-") as folder:
        return asyncio.run(Supervisor(settings, listener, keys, count, Path(folder)).run())
