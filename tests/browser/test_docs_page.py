"""The documentation page, in a browser that can reach nothing but the service."""

import json
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.conftest import PATIENCE_SECONDS, Start
from tests.browser.looking import axe_findings, console, requested_hosts, shown


@pytest.fixture
def browser(service: str, start_chromium: Start) -> Iterator[Chrome]:
    """Chromium at the documentation page."""
    chrome = start_chromium()
    chrome.get(f"{service}/docs")
    yield chrome
    chrome.quit()


def open_loss_operation(browser: Chrome) -> None:
    shown(browser, ".opblock-post [data-path='/v1/loss']").click()
    shown(browser, ".try-out__btn").click()


def test_the_page_shows_the_loss_operation(browser: Chrome) -> None:
    assert browser.title == "xent"
    assert shown(browser, ".opblock-post .opblock-summary-method").text == "POST"
    assert shown(browser, ".opblock-post [data-path='/v1/loss']").text.replace("\u200b", "") == "/v1/loss"


def test_it_has_the_header_of_all_pages_and_its_dark_mode(browser: Chrome) -> None:
    links = [link.text for link in browser.find_elements(By.CSS_SELECTOR, "header.top nav a")]
    assert links == ["Loss", "Guide", "Lessons", "API"]
    root = browser.find_element(By.CSS_SELECTOR, "html")
    was_dark = "dark-mode" in root.get_attribute("class")

    shown(browser, "#theme").click()

    def follows(_: Chrome) -> bool:
        return ("dark-mode" in root.get_attribute("class")) is not was_dark

    WebDriverWait(browser, PATIENCE_SECONDS).until(follows, "Swagger UI does not follow the header's theme")
    assert [rule for rule, targets in axe_findings(browser) if "header" in str(targets)] == []


def test_the_fields_of_a_request_are_there_after_one_click(browser: Chrome) -> None:
    shown(browser, ".opblock-post [data-path='/v1/loss']").click()

    def visible(browser: Chrome) -> bool:
        text = browser.find_element(By.CSS_SELECTOR, ".opblock-section-request-body").text
        return "label_smoothing" in text and "s, from 0 to 1" in text

    WebDriverWait(browser, PATIENCE_SECONDS).until(visible, "the fields of the request are not shown")


def test_the_examples_are_offered_by_name(browser: Chrome, service: str) -> None:
    with urllib.request.urlopen(f"{service}/openapi.json") as response:
        operation = json.load(response)["paths"]["/v1/loss"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]

    open_loss_operation(browser)

    offered = Select(shown(browser, ".opblock-post select.examples-select-element")).options
    assert [option.text for option in offered] == [example.get("summary", name) for name, example in examples.items()]


def test_an_example_runs_and_its_response_is_shown_without_another_host(browser: Chrome, service: str) -> None:
    open_loss_operation(browser)
    shown(browser, ".opblock-post .execute").click()

    assert shown(browser, ".live-responses-table tbody .response-col_status").text == "200"
    assert '"per_sample"' in shown(browser, ".live-responses-table tbody .response-col_description").text
    assert requested_hosts(browser) == {urlsplit(service).netloc}
    assert console(browser) == []


def test_the_policy_keeps_another_host_out(browser: Chrome) -> None:
    browser.execute_script("document.body.append(Object.assign(new Image(), {src: 'http://192.0.2.1/x.png'}))")

    def refused(browser: Chrome) -> bool:
        return any("Content Security Policy" in message for message in console(browser))

    WebDriverWait(browser, PATIENCE_SECONDS).until(refused, "the console tells of no refused load")
