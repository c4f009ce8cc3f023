"""API keys: which requests need one, and whether it is valid."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

ALWAYS_OPEN = frozenset({"/livez", "/readyz", "/v2/health/live", "/v2/health/ready"})
DOCUMENTATION = frozenset({"/docs", "/openapi.json"})
METRICS = "/metrics"
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
        found = _digest(key)
        return sum([hmac.compare_digest(found, each) for each in self.digests]) > 0


class Access:
    """Passes on requests with a valid key, and requests for paths that need none."""

    def __init__(self, app: ASGIApp, keys: ApiKeys, *, open_docs: bool, open_metrics: bool) -> None:
        self.app = app
        self._keys = keys
        self._open_docs = open_docs
        self._open_metrics = open_metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_open(scope["path"]):
            self._check(dict(scope["headers"]))
        await self.app(scope, receive, send)

    def allows(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request would pass, for who has to know when its head is there."""
        try:
            if not self._is_open(path):
                self._check(headers)
        except (NoKey, WrongKey):
            return False
        return True

    def _is_open(self, path: str) -> bool:
        if path == METRICS:
            return self._open_metrics
        is_documentation = path in DOCUMENTATION or path.startswith("/docs/")
        return path in ALWAYS_OPEN or (self._open_docs and is_documentation)

    def _check(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises NoKey, WrongKey."""
        authorization = headers.get(b"authorization", b"")
        if authorization[: len(BEARER)].lower() == BEARER:
            key = authorization[len(BEARER) :].strip()
        else:
            key = headers.get(b"x-api-key", b"").strip()
        if not key:
            raise NoKey("a key is required: send it as Authorization: Bearer …, or as X-API-Key")
        if not self._keys.is_valid(key):
            raise WrongKey("this key is not valid")


def digests_of(keys: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(_digest(key.encode()) for key in keys)


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
