"""A server that ends well: it says so first, finishes what it began, and is gone in time whatever is going on."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.middleware.readiness import Readiness
from app.server.acceptor import Acceptor
from app.server.connection import Connection, connection_class
from app.settings import Settings, UnfitSetting, tls_context
from app.telemetry.log import set_up_logging

# A connection that was just accepted may have its first request under way.
SECONDS_FOR_LAST_REQUESTS = 1.0
# Beyond what requests in flight are given.
SECONDS_TO_TIDY_UP = 1.0
TICKS_PER_SECOND = 10
# So that many new clients don't wait for one another, and few idle ones pay for it.
MAX_CLOSED_AT_ONCE = 32

logger = logging.getLogger("xent")


class Server(uvicorn.Server):
    """uvicorn's server in the stages serving, draining, finishing.

    SIGTERM begins the draining: requests are taken, each as the last of its connection, and the service calls itself
    not ready. SIGINT, `retire` and a second SIGTERM go on to the finishing: nobody is let in, and what is in hand is
    finished. `on_start` is called when it listens, `on_second` every second until it finishes, and at its end.
    """

    def __init__(
        self,
        app: FastAPI,
        on_start: Callable[[], None],
        on_second: Callable[[], None] = lambda: None,
    ) -> None:
        settings: Settings = app.state.settings
        self.settings = settings
        self.readiness: Readiness = app.state.readiness
        self.acceptors: list[Acceptor] = []
        self.on_start = on_start
        self.on_second = on_second
        self.connection_class: type[Connection] = connection_class(app)
        self._finishes_at = float("inf")
        self._waits_for_last_requests = True
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
                timeout_keep_alive=settings.idle_seconds,  # type: ignore[arg-type]  # a part of a second does, too
            )
        )

    def retire(self) -> None:
        """Let nobody in any more, and finish. The service goes on elsewhere, and is as ready as before."""
        self.connection_class.last_responses = True
        self._finishes_at = time.monotonic()

    def reload_certificate(self) -> None:
        """Use the certificate as its files are now, for new connections. If it can't be used, the old one stays."""
        try:
            tls = tls_context(self.settings)
        except UnfitSetting as error:
            logger.error({"message": "reloading the certificate failed; the old one stays", "reason": str(error)})
            return
        if tls is not None:
            for acceptor in self.acceptors:
                acceptor.use_tls(tls)
            logger.info({"message": "the certificate was reloaded"})

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.connection_class.last_responses = True
        if self.should_exit:
            super().handle_exit(sig, frame)  # a second SIGINT forces it
        elif sig == signal.SIGTERM and not self.readiness.draining:
            self._finishes_at = time.monotonic() + (self.settings.drain_seconds if self.started else 0)
        else:
            self._finishes_at = time.monotonic()
            self._waits_for_last_requests = sig == signal.SIGTERM
        self.readiness.draining = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own would end the process by the signal once more: an end that was asked for is no failure."""
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
            self.on_second()
            self._check_paces(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish within `finish_seconds`, or break off."""
        finish_by = time.monotonic() + self.settings.finish_seconds
        _end_at_last(self.settings.finish_seconds + SECONDS_TO_TIDY_UP)
        for acceptor in self.acceptors:
            acceptor.close()
        if self._waits_for_last_requests:
            await self._last_requests(min(finish_by, time.monotonic() + SECONDS_FOR_LAST_REQUESTS))
        remaining = max(0, finish_by - time.monotonic())
        self.config.timeout_graceful_shutdown = remaining  # type: ignore[assignment]  # a part of a second does, too
        await super().shutdown(sockets)
        self.on_second()

    async def _last_requests(self, until: float) -> None:
        """Let callers who are connected send what they are about to send: uvicorn would hang up on them at once."""
        while any(each.is_idle for each in self._connections()) and time.monotonic() < until:  # noqa: ASYNC110  as uvicorn
            await asyncio.sleep(0.02)

    def _check_paces(self, now: float) -> None:
        for connection in self._connections():
            connection.check_pace(now)

    def _close_idlest(self) -> bool:
        return self.connection_class.traffic.close_idlest(MAX_CLOSED_AT_ONCE)

    def _connections(self) -> list[Connection]:
        return list(self.server_state.connections)  # type: ignore[arg-type]  # all are of our class


def _end_at_last(seconds: float) -> None:
    """End this process then at the latest, and as asked for.

    A thread that computes can't be stopped, and Python would wait for it; nobody waits any longer for its result.
    """
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, seconds)
