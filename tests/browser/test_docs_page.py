"""The documentation page, in a browser that can reach nothing but the service."""

import json
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.conftest import PATIENCE_SECONDS, Start


@pytest.fixture
def browser(service: str, start_chromium: Start) -> Iterator[Chrome]:
    """Chromium at the documentation page."""
    chrome = start_chromium()
    chrome.get(f"{service}/docs")
    yield chrome
    chrome.quit()


def shown(browser: Chrome, selector: str) -> WebElement:
    """The first visible element there, waited for."""

    def visible(browser: Chrome) -> WebElement | None:
        elements = browser.find_elements(By.CSS_SELECTOR, selector)
        return next((element for element in elements if element.is_displayed()), None)

    return WebDriverWait(browser, PATIENCE_SECONDS).until(visible, f"nothing is shown at {selector}")


def open_loss_operation(browser: Chrome) -> None:
    shown(browser, ".opblock-post [data-path='/v1/loss']").click()
    shown(browser, ".try-out__btn").click()


def console(browser: Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def requested_hosts(browser: Chrome) -> set[str]:
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [
        urlsplit(event["params"]["request"]["url"])
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return {address.netloc for address in addresses if address.scheme != "data"}


def test_the_page_shows_the_loss_operation(browser: Chrome) -> None:
    assert browser.title == "xent"
    assert shown(browser, ".opblock-post .opblock-summary-method").text == "POST"
    assert shown(browser, ".opblock-post [data-path='/v1/loss']").text.replace("\u200b", "") == "/v1/loss"


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
