"""The documentation page: Swagger UI, with everything it needs, under a policy that refuses other hosts.

`docs.html`, `docs.js` and `favicon.svg` are ours; `VENDORED` says what the rest is and where it comes from.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent
_MEDIA_TYPES = {
    "docs.html": "text/html",
    "docs.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_ASSETS = _MEDIA_TYPES.keys() - {"docs.html"}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)

IfNoneMatch = Annotated[str | None, Header()]


@router.get("/docs")
async def page(if_none_match: IfNoneMatch = None) -> Response:
    return _answer("docs.html", if_none_match)


@router.get("/docs/{asset}")
async def asset(asset: str, if_none_match: IfNoneMatch = None) -> Response:
    if asset not in _ASSETS:
        raise HTTPException(404)
    return _answer(asset, if_none_match)


def _answer(name: str, if_none_match: str | None) -> Response:
    content, etag = _load(name)
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-cache",  # kept, but asked about each time: an upgrade shows at once
        "ETag": etag,
    }
    if if_none_match == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_MEDIA_TYPES[name])


@cache
def _load(name: str) -> tuple[bytes, str]:
    content = (_FOLDER / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()}"'
