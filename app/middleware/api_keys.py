"""API keys: which requests need one, and whether it is valid."""

import hmac
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.key_digests import digest_of
from app.middleware.route_traits import Access, TraitsByPath

BEARER = b"bearer "


class NoKey(Exception):
    """The request holds no key, and one is required. The message may be shown to the client."""


class WrongKey(Exception):
    """The request holds a key that is not valid. The message may be shown to the client."""


class ApiKeys:
    """The keys that are valid now, as SHA-256 digests. `digests` may be replaced while requests are served."""

    def __init__(self, digests: tuple[bytes, ...]) -> None:
        self.digests = digests

    def is_valid(self, key: bytes) -> bool:
        # All digests have the same length, and all are compared: a wrong key takes as long as a valid one.
        found = digest_of(key)
        return sum([hmac.compare_digest(found, each) for each in self.digests]) > 0


class KeyPolicy:
    """Which requests are allowed: those with a valid key, and those for routes that need none."""

    def __init__(
        self, keys: ApiKeys, traits: TraitsByPath, *, requires_key: bool, open_docs: bool, open_metrics: bool
    ) -> None:
        self._keys = keys
        self._traits = traits
        self._open = {Access.OPEN} if requires_key else set(Access)
        if open_docs:
            self._open.add(Access.DOCUMENTATION)
        if open_metrics:
            self._open.add(Access.METRICS)

    def check(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Raises NoKey, WrongKey."""
        if self._traits.of(path).access in self._open:
            return
        authorization = headers.get(b"authorization", b"")
        if authorization[: len(BEARER)].lower() == BEARER:
            key = authorization[len(BEARER) :].strip()
        else:
            key = headers.get(b"x-api-key", b"").strip()
        if not key:
            raise NoKey("a key is required: send it as Authorization: Bearer …, or as X-API-Key")
        if not self._keys.is_valid(key):
            raise WrongKey("this key is not valid")

    def allows(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        try:
            self.check(path, headers)
        except (NoKey, WrongKey):
            return False
        return True


class KeyCheck:
    """Passes on the requests that the policy allows."""

    def __init__(self, app: ASGIApp, policy: KeyPolicy) -> None:
        self.app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._policy.check(scope["path"], dict(scope["headers"]))
        await self.app(scope, receive, send)
