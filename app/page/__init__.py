"""The page at `/`, with its assets. `page/` holds its sources, and `make page` builds what is served: `html` has a
document for each language, `assets` what documents refer to, under names that change with the content.
"""

from pathlib import Path

from fastapi import HTTPException, Request, Response

from app.api.static_response import StaticContent
from app.middleware.route_traits import Access, Router, RouteTraits
from app.page.language import preferred_language
from app.wire.compress import SUFFIXES

router = Router(RouteTraits(access=Access.DOCUMENTATION), include_in_schema=False)

_FOLDER = Path(__file__).parent
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def _files(folder: Path) -> dict[str, StaticContent]:
    return {
        path.name: StaticContent.of_file(path, _MEDIA_TYPES.get(path.suffix, "application/octet-stream"))
        for path in folder.iterdir()
        if path.suffix not in SUFFIXES.values()
    }


HTML = _files(_FOLDER / "html")
_ASSETS = _files(_FOLDER / "assets")
ASSETS = _ASSETS.keys()


@router.get("/")
async def front(http: Request) -> Response:
    language = preferred_language(http.query_params.get("lang"), http.headers.get("accept-language"))
    headers = POLICY | {"Content-Language": language, "Vary": "Accept-Encoding, Accept-Language"}
    return await HTML[f"home.{language}.html"].response(http, headers)


@router.get("/assets/{file}")
async def asset(http: Request, file: str) -> Response:
    if file not in ASSETS:
        raise HTTPException(404)
    return await _ASSETS[file].response(http, POLICY | _FOR_EVER)
