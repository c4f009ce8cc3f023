"""The pages under /learn: a page for each lesson, each loss, each code of a warning and each code of an error.

They are HTML made here, from the catalogue, the checks, the codes and the texts of `page/text`, so that they can be
read without a script, and so that a new loss has its page at once. Scripts and styles are those of `app.page`.
"""

from functools import partial

from fastapi import HTTPException, Request, Response

from app.api.static_response import StaticContent
from app.learn.pages import NAMES, page
from app.learn.texts import texts_in
from app.middleware.route_traits import Access, Router, RouteTraits
from app.page import POLICY
from app.page.language import LANGUAGES, Language, preferred_language
from xent_core.framework_names import nearest

router = Router(RouteTraits(access=Access.DOCUMENTATION), include_in_schema=False)

PAGES = NAMES[1:]
"""The last part of the address of each page but the index."""


def _document(name: str, language: Language) -> bytes:
    return page(name, texts_in(language)).encode()


_PAGES = {
    (name, language): StaticContent(partial(_document, name, language), "text/html")
    for name in NAMES
    for language in LANGUAGES
}


@router.get("/learn")
async def index(http: Request) -> Response:
    return await learn(http, "")


@router.get("/learn/{page}")
async def learn(http: Request, page: str) -> Response:
    language = preferred_language(http.query_params.get("lang"), http.headers.get("accept-language"))
    if (page, language) not in _PAGES:
        raise HTTPException(404, f"there is no such page; GET /learn lists all{nearest(page, PAGES)}")
    headers = POLICY | {"Content-Language": language, "Vary": "Accept-Encoding, Accept-Language"}
    return await _PAGES[page, language].response(http, headers)
