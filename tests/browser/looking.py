"""What the tests look for in a page."""

import json
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import PATIENCE_SECONDS, ROOT

AXE = ROOT / "page/node_modules/axe-core/axe.min.js"


def shown(browser: Chrome, selector: str) -> WebElement:
    """The first visible element there, waited for."""

    def visible(browser: Chrome) -> WebElement | None:
        elements = browser.find_elements(By.CSS_SELECTOR, selector)
        return next((element for element in elements if element.is_displayed()), None)

    return WebDriverWait(browser, PATIENCE_SECONDS).until(visible, f"nothing is shown at {selector}")


def becomes(browser: Chrome, selector: str, text: str) -> None:
    """Waits until the element there has this text."""

    def there(browser: Chrome) -> bool:
        return browser.find_element(By.CSS_SELECTOR, selector).text == text

    WebDriverWait(browser, PATIENCE_SECONDS).until(there, f"{selector} does not become {text}")


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


def look_like(browser: Chrome, theme: str, width: int = 1280) -> None:
    """Have the page see this system theme and this width."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 2400, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def axe_findings(browser: Chrome) -> list[tuple[str, list[Any]]]:
    """The rules of axe that the page breaks, with the elements that break them."""
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found: dict[str, Any] = browser.execute_async_script("axe.run().then(arguments[0])")
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]]
