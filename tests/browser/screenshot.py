"""Pictures of the front page: `python -m tests.browser.screenshot [FOLDER]`.

Without a folder it makes docs/front-page.png, the README's picture. With one it makes there what is to be looked at
when the page was changed: widths from a phone's to a large screen's, both themes, the three languages.
"""

import base64
import sys
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import PATIENCE_SECONDS, ROOT, chromium, serving

PICTURE = ROOT / "docs/front-page.png"
WIDTHS = (360, 1280, 2560)
THEMES = ("light", "dark")
LANGUAGES = ("en", "zh-Hans", "zh-Hant")
COMPUTED = "return document.querySelector('.fix .change') !== null"
HEIGHT = 900


def take(chrome: Chrome, path: Path, width: int, theme: str, *, whole: bool, scale: float = 1) -> None:
    """The page as it is, its first screen or all of it."""
    view = {"width": width, "height": HEIGHT, "deviceScaleFactor": scale, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", view)
    preference = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
    chrome.refresh()
    WebDriverWait(chrome, PATIENCE_SECONDS).until(lambda chrome: chrome.execute_script(COMPUTED))
    chrome.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    height = chrome.execute_script("return document.documentElement.scrollHeight") if whole else HEIGHT
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    options = {"captureBeyondViewport": whole, "clip": clip}
    path.write_bytes(base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", options)["data"]))


def main(folder: Path | None) -> None:
    with serving() as address, chromium() as chrome:
        if folder is None:
            chrome.get(address)
            take(chrome, PICTURE, 1280, "light", whole=False, scale=1.5)
            return
        folder.mkdir(parents=True, exist_ok=True)
        for language in LANGUAGES:
            chrome.get(f"{address}/?lang={language}")
            for width in WIDTHS:
                for theme in THEMES:
                    take(chrome, folder / f"{language}-{width}-{theme}.png", width, theme, whole=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
