"""uvicorn's server with a graceful shutdown: it drains, finishes the requests in flight, and exits in time."""

import asyncio
import atexit
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.server.acceptor import Acceptor
from app.server.connection import Connection, connection_class
from app.settings import UnfitSetting, tls_context
from app.state import state_of
from app.telemetry.log import set_up_logging

# The first request of a connection that was just accepted may be on its way.
SECONDS_FOR_LAST_REQUESTS = 1.0
# Nothing waits for the end of a worker that retires. Of the default XENT_FINISH_SECONDS this is 5 s, after which httpx,
# for one, no longer uses an idle connection. A request that comes sooner gets a response with `Connection: close`.
PART_FOR_LAST_REQUESTS = 0.5
SECONDS_BEFORE_CANCELLING = 0.2
# Added to the time for requests in flight, before the process is ended.
SECONDS_TO_TIDY_UP = 1.0
TICKS_PER_SECOND = 10
# A compromise: new clients don't wait for one another, and few idle connections are closed.
MAX_CLOSED_AT_ONCE = 32

logger = logging.getLogger("xent")


class Server(uvicorn.Server):
    """uvicorn's server in the stages serving, draining, finishing.

    SIGTERM starts draining: the service reports that it is not ready, and still accepts requests, each as the last of
    its connection. SIGINT, `retire` and a second SIGTERM start finishing: no connection is accepted, and the requests
    in flight are finished. `on_start` is called when the server listens, each of `on_second` every second until it
    finishes, and at its end.
    """

    def __init__(
        self,
        app: FastAPI,
        on_start: Callable[[], None],
        on_second: Sequence[Callable[[], None]] = (),
    ) -> None:
        state = state_of(app)
        settings = self.settings = state.settings
        self.readiness = state.readiness
        self.acceptors: list[Acceptor] = []
        self.on_start = on_start
        self.on_second = on_second
        self.connection_class: type[Connection] = connection_class(app)
        self._finishes_at = float("inf")
        self._seconds_for_last_requests = SECONDS_FOR_LAST_REQUESTS
        set_up_logging()
        super().__init__(
            uvicorn.Config(
                app,
                http=self.connection_class,
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=settings.idle_seconds,  # type: ignore[arg-type]  # fractions of a second work too
            )
        )

    def retire(self) -> None:
        """Stop accepting connections and finish. Other workers go on, so the service stays ready."""
        self.connection_class.last_responses = True
        self._finishes_at = time.monotonic()
        self._seconds_for_last_requests = self.settings.finish_seconds * PART_FOR_LAST_REQUESTS

    def reload_certificate(self) -> None:
        """Reload the certificate for new connections. If that fails, the old one stays in use."""
        try:
            tls = tls_context(self.settings)
        except UnfitSetting as error:
            logger.error(
                {"message": "reloading the certificate failed; the old one stays in use", "reason": str(error)}
            )
            return
        if tls is not None:
            for acceptor in self.acceptors:
                acceptor.use_tls(tls)
            logger.info({"message": "certificate reloaded"})

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.connection_class.last_responses = True
        if self.should_exit:
            super().handle_exit(sig, frame)  # a second SIGINT forces it
        elif sig == signal.SIGTERM and not self.readiness.draining:
            self._finishes_at = time.monotonic() + (self.settings.drain_seconds if self.started else 0)
        else:
            self._finishes_at = time.monotonic()
            if sig == signal.SIGINT:
                self._seconds_for_last_requests = 0
        self.readiness.draining = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's, it does not raise the signal again at the end: a requested stop exits with status 0."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self.handle_exit)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        seconds, tls = self.settings.header_seconds, tls_context(self.settings)
        self.acceptors = [Acceptor(each, self._protocol, tls, seconds, self._close_idlest) for each in sockets or ()]
        if self._finishes_at == float("inf"):
            self.on_start()

    def _protocol(self) -> asyncio.Protocol:
        return self.connection_class(self.config, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        now = time.monotonic()
        self.should_exit |= now >= self._finishes_at
        if counter % TICKS_PER_SECOND == 0 and not self.should_exit:
            self._do_each((*self.on_second, lambda: self._check_paces(now)))
        return await super().on_tick(counter)

    def _do_each(self, works: Iterable[Callable[[], None]]) -> None:
        """Do all periodic work. What there is no memory for now is done a second later."""
        for work in works:
            try:
                work()
            except MemoryError:
                logger.error({"message": "periodic work failed; trying again", "reason": "out of memory"})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish within `finish_seconds`, or cancel what is left."""
        finish_by = time.monotonic() + self.settings.finish_seconds
        _end_at_last(self.settings.finish_seconds + SECONDS_TO_TIDY_UP)
        for acceptor in self.acceptors:
            acceptor.close()
        await self._last_requests(min(finish_by, time.monotonic() + self._seconds_for_last_requests))
        remaining = max(0, finish_by - time.monotonic())
        asyncio.get_running_loop().call_later(remaining - SECONDS_BEFORE_CANCELLING, self._cut_off_readers)
        self.config.timeout_graceful_shutdown = remaining  # type: ignore[assignment]  # fractions of a second work too
        await super().shutdown(sockets)
        self._do_each(self.on_second)

    async def _last_requests(self, until: float) -> None:
        """Wait for requests that idle connections are about to send: uvicorn would close those at once."""
        while self._awaits_requests() and time.monotonic() < until:  # noqa: ASYNC110  as uvicorn does
            await asyncio.sleep(0.02)

    def _awaits_requests(self) -> bool:
        """Whether a connection is idle, or accepted and not yet set up."""
        is_connecting = any(acceptor.is_connecting for acceptor in self.acceptors)
        return is_connecting or any(each.is_idle for each in self._connections())

    def _check_paces(self, now: float) -> None:
        for connection in self._connections():
            connection.check_pace(now)

    def _cut_off_readers(self) -> None:
        """Close the connections whose client did not read its response in time.

        uvicorn would cancel their tasks, which it logs as errors of the application.
        """
        for connection in self._connections():
            if connection.cycle is None or connection.cycle.response_started:
                connection.cut_off()

    def _close_idlest(self) -> bool:
        """Close the connections that are idle for longest. Whether there were any."""
        return self.connection_class.traffic.close_idlest(MAX_CLOSED_AT_ONCE)

    def _connections(self) -> list[Connection]:
        return list(self.server_state.connections)  # type: ignore[arg-type]  # all are Connections


def _end_at_last(seconds: float) -> None:
    """End this process after so many seconds at the latest, with status 0.

    Python would wait for threads that still compute, and they can't be stopped. No client waits for their results.
    """
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, seconds)


# Python then drops its signal handlers, and the alarm would end the process with the status of a crash. This is
# registered early, so that it runs after what other modules do at exit, which may take long.
atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
