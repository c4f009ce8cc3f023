"""API keys as SHA-256 digests. The supervisor needs these too, and imports no web framework."""

import hashlib
from collections.abc import Iterable


def digest_of(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def digests_of(keys: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(digest_of(key.encode()) for key in keys)
