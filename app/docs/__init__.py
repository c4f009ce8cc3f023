"""The documentation page: Swagger UI with all its assets, under a Content-Security-Policy that allows no other host.

`VENDORED` names the origin of its files. The document around it, with the header of all pages, and the script that
starts it are made from `page/`.
"""

from pathlib import Path

from fastapi import HTTPException, Request, Response

from app.api.static_response import StaticContent
from app.middleware.route_traits import Access, Router, RouteTraits
from app.page import HTML
from app.state import state_of

router = Router(RouteTraits(access=Access.DOCUMENTATION), include_in_schema=False)

_FOLDER = Path(__file__).parent
_MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_FILES = {name: StaticContent((_FOLDER / name).read_bytes, media_type) for name, media_type in _MEDIA_TYPES.items()}
ASSETS = _MEDIA_TYPES.keys()

_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'"
    )
}


@router.get("/docs")
async def page(http: Request) -> Response:
    return await HTML["docs.html"].response(http, _POLICY)


@router.get("/docs/{asset}")
async def asset(http: Request, asset: str) -> Response:
    if asset not in ASSETS:
        raise HTTPException(404)
    return await _FILES[asset].response(http, _POLICY)


@router.get("/openapi.json")
async def openapi(http: Request) -> Response:
    return await state_of(http.app).openapi(http)
