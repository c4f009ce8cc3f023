"""The pages under /learn, in a browser that can reach nothing but the service."""

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from tests.browser.conftest import Start
from tests.browser.looking import axe_findings, becomes, console, look_like, requested_hosts, shown

LESSONS = ["softmax-twice", "weight-or-pos-weight", "indices-or-one-hot", "several-right-answers", "dcgan-losses"]
OTHERS = ["sigmoid_cross_entropy", "sparse_softmax_cross_entropy", "logits_look_like_probabilities", "ragged"]
PAGES = ["", *(f"/{name}" for name in LESSONS + OTHERS)]


@pytest.fixture(scope="module")
def shared_browser(start_chromium: Start) -> Chrome:
    """One for all tests: starting it takes longer than most of them."""
    return start_chromium()


def loss_of(service: str, **fields: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{service}/v1/loss", json.dumps(fields).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(shared_browser: Chrome, service: str, page: str, theme: str) -> None:
    language = {"light": "en", "dark": "zh-Hant"}[theme]
    look_like(shared_browser, theme)
    shared_browser.get(f"{service}/learn{page}?lang={language}")
    assert axe_findings(shared_browser) == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_wider_than_a_phone(shared_browser: Chrome, service: str, page: str, language: str) -> None:
    look_like(shared_browser, "light", 360)
    shared_browser.get(f"{service}/learn{page}?lang={language}")
    assert shared_browser.execute_script("return document.documentElement.scrollWidth") <= 360


def test_a_slider_moves_by_keyboard_and_shows_the_services_numbers(shared_browser: Chrome, service: str) -> None:
    look_like(shared_browser, "light")
    shared_browser.get(f"{service}/learn/softmax-twice?lang=en")
    dot = shared_browser.find_element(By.CSS_SELECTOR, "[data-dot='twice.reduced.value']")
    before = dot.get_attribute("d")

    shown(shared_browser, "input[name=z]").send_keys(Keys.ARROW_RIGHT * 5)

    once = loss_of(service, logits=[[2.5, 0, 0]], labels=[0], include=["probabilities"])
    twice = loss_of(service, logits=once["probabilities"], labels=[0])
    becomes(shared_browser, "[data-variable=z]", "2.5")
    becomes(shared_browser, "[data-place='once.reduced.value']", f"{once['reduced']['value']:.4f}")
    becomes(shared_browser, "[data-place='twice.reduced.value']", f"{twice['reduced']['value']:.4f}")
    assert dot.get_attribute("d") != before
    assert console(shared_browser) == []


def test_a_curve_follows_its_parameter(shared_browser: Chrome, service: str) -> None:
    look_like(shared_browser, "light")
    shared_browser.get(f"{service}/learn/weighted_cross_entropy?lang=en")
    curve = shared_browser.find_element(By.CSS_SELECTOR, "[data-curve][data-first='0']")
    before = curve.get_attribute("d")

    shown(shared_browser, "input[name=pos_weight]").send_keys(Keys.END)

    (at_minus_8,) = loss_of(service, logits=[-8.0], labels=[1], loss_type="weighted_cross_entropy", pos_weight=20.0)[
        "per_sample"
    ]
    summary = shown(shared_browser, ".curve summary")
    summary.click()
    becomes(shared_browser, "[data-place='curve.per_sample.0']", f"{at_minus_8:.4f}")
    assert curve.get_attribute("d") != before


def test_an_example_is_edited_and_sent(shared_browser: Chrome, service: str) -> None:
    look_like(shared_browser, "light")
    shared_browser.get(f"{service}/learn/label_out_of_range?lang=en")
    body = shown(shared_browser, "#request-mistake")
    body.clear()
    body.send_keys('{"logits": [[2.0, 0.5, 1.0]], "labels": [0]}', Keys.CONTROL, Keys.ENTER)

    loss = loss_of(service, logits=[[2.0, 0.5, 1.0]], labels=[0])["reduced"]["value"]
    becomes(shared_browser, ".try:has(#request-mistake) .result b", f"{loss:.4f}")


def test_a_refused_request_is_shown_with_its_place(shared_browser: Chrome, service: str) -> None:
    look_like(shared_browser, "light")
    shared_browser.get(f"{service}/learn/label_out_of_range?lang=en")
    told = shown(shared_browser, ".try:has(#request-mistake) .found").text
    shared_browser.execute_script("document.querySelector('.outcome').replaceChildren()")

    shown(shared_browser, ".try:has(#request-mistake) button").click()

    becomes(shared_browser, ".try:has(#request-mistake) .found", told)
    becomes(shared_browser, ".try:has(#request-mistake) .result b", "422")


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_a_warning_that_is_sent_is_shown_as_the_page_showed_it_first(
    shared_browser: Chrome, service: str, language: str
) -> None:
    look_like(shared_browser, "light")
    shared_browser.get(f"{service}/learn/logits_look_like_probabilities?lang={language}")
    first = shown(shared_browser, ".try:has(#request-mistake) .outcome").text
    shared_browser.execute_script("document.querySelector('.outcome').replaceChildren()")

    shown(shared_browser, ".try:has(#request-mistake) button").click()

    becomes(shared_browser, ".try:has(#request-mistake) .outcome", first)


def test_a_service_that_is_away_is_told_of(shared_browser: Chrome, service: str) -> None:
    look_like(shared_browser, "light")
    shared_browser.get(f"{service}/learn/softmax-twice?lang=en")
    shared_browser.execute_cdp_cmd("Network.enable", {})
    shared_browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/v1/loss"]})
    try:
        shown(shared_browser, "input[name=z]").send_keys(Keys.ARROW_RIGHT)
        becomes(shared_browser, ".trouble", "The service did not answer. The curve is the last that it gave.")
    finally:
        shared_browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    shown(shared_browser, "input[name=z]").send_keys(Keys.ARROW_RIGHT)
    becomes(shared_browser, ".trouble", "")
    console(shared_browser)


def test_the_first_key_leads_past_the_header(shared_browser: Chrome, service: str) -> None:
    shared_browser.get(f"{service}/learn/softmax-twice?lang=en")
    shared_browser.switch_to.active_element.send_keys(Keys.TAB)
    shared_browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert shared_browser.switch_to.active_element.tag_name == "main"


def test_a_language_is_a_link(shared_browser: Chrome, service: str) -> None:
    shared_browser.get(f"{service}/learn/softmax-twice?lang=en")
    shown(shared_browser, "[data-language=zh-Hans]").click()
    becomes(shared_browser, "h1", "softmax 做了两次")


def test_a_page_asks_no_other_host(shared_browser: Chrome, service: str) -> None:
    requested_hosts(shared_browser)
    shared_browser.get(f"{service}/learn/softmax_cross_entropy?lang=en")
    shown(shared_browser, "math")
    assert requested_hosts(shared_browser) == {urlsplit(service).netloc}


def test_a_page_can_be_read_without_a_script(start_chromium: Start, service: str) -> None:
    browser = start_chromium(scripts=False)
    browser.get(f"{service}/learn/softmax-twice?lang=en")
    assert shown(browser, "h1").text == "Softmax twice"
    assert shown(browser, "[data-place='twice.reduced.value']").text == "0.6995"
    assert browser.find_elements(By.CSS_SELECTOR, ".plot path")
