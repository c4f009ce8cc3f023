"""The documentation page, in a browser that can reach nothing but the service."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of a real server process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    ours = {"XENT_HOST": "127.0.0.1", "XENT_PORT": str(port), "XENT_WORKERS": "1", "XENT_DRAIN_SECONDS": "0"}
    environment = os.environ | ours
    with subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=environment) as process:
        try:
            wait_until_alive(process, address)
            yield address
        finally:
            process.terminate()


def wait_until_alive(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service ended before it responded"
        try:
            urllib.request.urlopen(f"{address}/livez").close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail(f"no response from the service in {PATIENCE_SECONDS} s")


@pytest.fixture
def browser(service: str) -> Iterator[Chrome]:
    """Chromium at the documentation page, unable to find any other host."""
    options = ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--window-size=1280,2400")
    options.add_argument("--disable-dev-shm-usage")  # a container's /dev/shm is too small for it
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to start as root with it
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with Chrome(options, ChromeService(shutil.which("chromedriver"))) as chrome:
        chrome.get(f"{service}/docs")
        yield chrome


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
