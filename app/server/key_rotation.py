"""API keys that change while the service runs.

One process reads them: the supervisor, or the only worker. A supervisor sends them to its workers, so that all have the
same keys, even a worker that starts while the file is being rewritten.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import NamedTuple, Self

from app.middleware.key_digests import digests_of
from app.settings import Settings, UnfitSetting, read_api_keys

# A changed file is used once two reads in a row agree: an editor may have written only a part of it.
SECONDS_BETWEEN_READS = 0.25
OUT_OF_MEMORY = "out of memory"

logger = logging.getLogger("xent")


class KeyState(NamedTuple):
    """The digests of the valid keys, and the reason if the last reload failed."""

    digests: tuple[bytes, ...]
    failure: str | None = None

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Read the keys. Raises UnfitSetting."""
        return cls(digests_of(read_api_keys(settings)))

    def encode(self) -> bytes:
        return json.dumps([[digest.hex() for digest in self.digests], self.failure]).encode()

    @classmethod
    def decode(cls, message: bytes) -> Self:
        digests, failure = json.loads(message)
        return cls(tuple(bytes.fromhex(digest) for digest in digests), failure)


class KeyRotation:
    """Reloads the API keys. If a reload fails or finds no key, the old keys stay valid.

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

        The file is read each time because modification times are too coarse on some file systems. The path is resolved
        each time because Kubernetes updates a mounted secret by replacing a symbolic link in it.
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
        except MemoryError:
            return KeyState(self.state.digests, OUT_OF_MEMORY)

    def _use(self, state: KeyState) -> None:
        try:
            self.on_reload(state)
        except MemoryError:  # the state stays the old one, so that `watch` tries again
            logger.error({"message": "sending the API keys failed; trying again", "reason": OUT_OF_MEMORY})
            return
        self.state = state
        if state.failure is None:
            logger.info({"message": "API keys reloaded", "keys": len(state.digests)})
        else:
            logger.error({"message": "reloading the API keys failed; the old keys stay valid", "reason": state.failure})
