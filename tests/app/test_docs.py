"""The documentation page's files, as they are served."""

import asyncio
import hashlib
import re
from pathlib import Path

import httpx
import pytest

from app import docs
from app.main import create_app
from app.settings import Settings

FOLDER = Path(docs.__file__).parent
SERVED = {
    "/docs": "text/html",
    "/docs/swagger-ui-bundle.js": "text/javascript",
    "/docs/swagger-ui.css": "text/css",
}


def get(path: str, **headers: str) -> httpx.Response:
    app = create_app(Settings())

    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://xent") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(answer())


@pytest.mark.parametrize(("path", "media_type"), SERVED.items())
def test_every_file_comes_with_its_type_and_the_policy(path: str, media_type: str) -> None:
    answer = get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    first = get("/docs/swagger-ui.css")
    again = get("/docs/swagger-ui.css", **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize("name", ["docs.html", "__init__.py", "VENDORED", "..%2Fsettings.py"])
def test_nothing_else_in_the_folder_is_served(name: str) -> None:
    assert get(f"/docs/{name}").status_code == 404


def test_the_page_names_its_files_relative_to_itself() -> None:
    links = re.findall(r'(?:href|src)="([^"]*)"', get("/docs").text)
    assert not [link for link in links if link.startswith("/") or "//" in link]
    assert {f"/{link}" for link in links} >= (SERVED.keys() - {"/docs"}) | {"/openapi.json"}
    assert [link for link in links if re.fullmatch(r"\./assets/docs-\w+\.(css|js)", link)]


def test_the_vendored_files_are_the_ones_written_down() -> None:
    recorded = dict(
        reversed(line.split())
        for line in (FOLDER / "VENDORED").read_text().splitlines()
        if re.match("[0-9a-f]{64} ", line)
    )
    actual = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in recorded}
    assert actual == recorded
    assert recorded.keys() >= {"swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"}
