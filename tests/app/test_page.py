"""The page at / and its assets, as they are served."""

import asyncio
import re
import zlib
from pathlib import Path

import httpx
import pytest

from app import page
from app.main import create_app
from app.page.language import LANGUAGES, MAX_HEADER_LENGTH, preferred_language
from app.settings import Settings

FOLDER = Path(page.__file__).parent
ASSETS = sorted(path.name for path in (FOLDER / "assets").iterdir() if path.suffix not in {".gz", ".zst"})
MAX_COMPRESSED = 100 * 1024


def get(path: str, **headers: str) -> httpx.Response:
    app = create_app(Settings())

    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://xent") as client:
            return await client.get(path, headers={"Accept-Encoding": "identity"} | headers)

    return asyncio.run(answer())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_comes_in_the_language_that_the_address_names(language: str) -> None:
    answer = get(f"/?lang={language}", **{"Accept-Language": "fr"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr-FR,fr;q=0.9", "en"),
        ("en-GB,zh;q=0.9", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-Hans-TW", "zh-Hans"),
        ("fr,en;q=0.2,zh-TW;q=0.7", "zh-Hant"),
        ("zh;q=none,en;q=0.1", "en"),
        ("zh-TW," * MAX_HEADER_LENGTH, "en"),
    ],
)
def test_without_a_named_language_it_is_the_browsers(header: str | None, language: str) -> None:
    assert preferred_language(None, header) == language
    assert preferred_language("fr", header) == language


def test_caches_keep_the_languages_apart() -> None:
    vary = get("/").headers["vary"]
    assert {part.strip() for part in vary.split(",")} == {"Accept-Encoding", "Accept-Language"}


def test_the_policy_allows_neither_inline_code_nor_another_host() -> None:
    policy = get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "://" not in policy


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_that_the_page_names_is_there_and_relative_to_it(language: str) -> None:
    html = (FOLDER / f"html/home.{language}.html").read_text()
    links = re.findall(r'(?:href|src)="(assets/[^"]*)"', html)
    assert len(links) > 4
    for link in links:
        assert get(f"/{link}").status_code == 200, link
    assert not re.search(r'(?:href|src)="/', html), "a prefix in front of the service would break it"
    assert "style=" not in html
    assert "<script>" not in html


def test_an_asset_is_kept_for_ever_as_its_name_changes_with_its_content() -> None:
    for name in ASSETS:
        assert re.fullmatch(r"[\w.-]+-[A-Z0-9]{8}\.\w+(\.LEGAL\.txt)?", name), name
        answer = get(f"/assets/{name}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-security-policy"]
    assert get("/").headers["cache-control"] == "no-cache"


def test_what_is_compressed_beforehand_is_the_same_content() -> None:
    for name in ASSETS:
        plain, gzip = get(f"/assets/{name}"), get(f"/assets/{name}", **{"Accept-Encoding": "gzip"})
        assert "content-encoding" not in plain.headers
        assert gzip.headers["content-encoding"] == "gzip"
        assert gzip.content == plain.content
        assert plain.headers["etag"] != gzip.headers["etag"]
        with_zstd = get(f"/assets/{name}", **{"Accept-Encoding": "zstd"})
        assert with_zstd.headers["content-encoding"] == "zstd"
        compressed = (FOLDER / "assets" / f"{name}.gz").read_bytes()
        assert zlib.decompress(compressed, zlib.MAX_WBITS | 16) == plain.content


def test_the_scripts_and_styles_of_the_page_are_small() -> None:
    html = (FOLDER / "html/home.en.html").read_text()
    named = set(re.findall(r'(?:href|src)="assets/([^"]*\.(?:js|css))"', html))
    assert sum((FOLDER / "assets" / f"{name}.gz").stat().st_size for name in named) <= MAX_COMPRESSED


@pytest.mark.parametrize("name", ["none.js", "..%2F__init__.py", f"{ASSETS[0]}.gz"])
def test_nothing_else_in_the_folder_is_served(name: str) -> None:
    assert get(f"/assets/{name}").status_code == 404
