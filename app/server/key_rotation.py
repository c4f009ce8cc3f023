"""API keys that change while the service runs.

One process reads them: the supervisor, or the only worker. A supervisor hands them to its workers, so that all have the
same keys, also a worker that starts while the file is being rewritten.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import NamedTuple, Self

from app.middleware.api_keys import digests_of
from app.settings import Settings, UnfitSetting, read_api_keys

# A changed file is taken once two reads in a row find the same: an editor may have written only a part of it.
SECONDS_BETWEEN_READS = 0.25

logger = logging.getLogger("xent")


class KeyState(NamedTuple):
    """The digests of the valid keys, and why the last attempt to reload the keys failed, if it did."""

    digests: tuple[bytes, ...]
    failure: str | None = None

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """The keys as they are now. Raises UnfitSetting."""
        return cls(digests_of(read_api_keys(settings)))

    def encode(self) -> bytes:
        return json.dumps([[digest.hex() for digest in self.digests], self.failure]).encode()

    @classmethod
    def decode(cls, message: bytes) -> Self:
        digests, failure = json.loads(message)
        return cls(tuple(bytes.fromhex(digest) for digest in digests), failure)


class KeyRotation:
    """Follows the API keys. A reload that fails, or finds no key, leaves the keys as they were.

    `on_reload` is called with the state after each reload, whether it succeeded or not.
    """

    def __init__(self, settings: Settings, state: KeyState, on_reload: Callable[[KeyState], None]) -> None:
        self.settings = settings
        self.state = state
        self.on_reload = on_reload

    def reload(self) -> None:
        """Read the keys now."""
        if self.settings.requires_key:
            self._use(self._read())

    async def watch(self) -> None:
        """Reload whenever the file has changed, until cancelled.

        The file is read each time, as its times are too coarse on some file systems to tell that it has changed. Each
        time its path is followed anew: Kubernetes updates a mounted secret by replacing a symbolic link in the path.
        """
        previous = self.state
        while self.settings.api_keys_file is not None:
            await asyncio.sleep(SECONDS_BETWEEN_READS)
            found = self._read()
            if found == previous and found != self.state:
                self._use(found)
            previous = found

    def _read(self) -> KeyState:
        try:
            return KeyState.read(self.settings)
        except UnfitSetting as error:
            return KeyState(self.state.digests, str(error))

    def _use(self, state: KeyState) -> None:
        self.state = state
        if state.failure is None:
            logger.info({"message": "the API keys were reloaded", "keys": len(state.digests)})
        else:
            logger.error({"message": "reloading the API keys failed; the old keys stay", "reason": state.failure})
        self.on_reload(state)
