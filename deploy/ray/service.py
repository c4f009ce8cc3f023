"""xent as an application of Ray Serve: `serve run deploy/ray/serve.yaml`, or `make serve-ray`.

Each replica is the application of `python -m app` without its server: Ray's proxy accepts the connections, and Ray
starts, counts and ends the replicas. README.md, beside this file, says which limits are Ray's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from ray import serve
from threadpoolctl import threadpool_limits

from app.main import create_app
from app.middleware.api_keys import ApiKeys
from app.server.key_rotation import KeyRotation, KeyState
from app.server.worker import use_keys
from app.settings import read_settings
from app.state import state_of
from app.telemetry.log import log_handler, set_up_logging


def build() -> FastAPI:
    """The application of one replica. Raises UnfitSetting."""
    settings = read_settings()
    keys = KeyState.read(settings)
    app = create_app(settings, ApiKeys(keys.digests))
    rotation = KeyRotation(settings, keys, lambda state: use_keys(app, state))

    async def each_second() -> None:
        while True:
            await asyncio.sleep(1)
            state_of(app).metrics.flush()
            log_handler().catch_up()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        set_up_logging()
        with threadpool_limits(1):
            tasks = [asyncio.create_task(rotation.watch()), asyncio.create_task(each_second())]
            yield
            for task in tasks:
                task.cancel()

    app.router.lifespan_context = lifespan
    return app


@serve.deployment
@serve.ingress(build)
class Xent:
    """What Ray makes replicas of."""


application = Xent.bind()
