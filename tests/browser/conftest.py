"""A real server, and Chromium that can reach nothing else."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(port: int | None = None, **settings: str) -> Iterator[str]:
    """The address of a server process of its own."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    ours = {
        "XENT_HOST": "127.0.0.1",
        "XENT_PORT": str(port),
        "XENT_WORKERS": "1",
        "XENT_DRAIN_SECONDS": "0",
        "XENT_LOG_REQUESTS": "false",
    }
    with subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=os.environ | ours | settings) as process:
        try:
            wait_until_alive(process, address)
            yield address
        finally:
            process.terminate()


def wait_until_alive(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service ended before it answered"
        try:
            urllib.request.urlopen(f"{address}/livez").close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail(f"no answer from the service in {PATIENCE_SECONDS} s")


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of a server that all tests share."""
    with serving() as address:
        yield address


def chromium(width: int = 1280, height: int = 2400, *, scripts: bool = True) -> Chrome:
    options = ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument(f"--window-size={width},{height}")
    options.add_argument("--lang=en-US")
    options.add_argument("--hide-scrollbars")  # in pictures
    options.add_argument("--disable-dev-shm-usage")  # a container's /dev/shm is too small for it
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to start as root with it
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options, ChromeService(shutil.which("chromedriver")))


Start = Callable[..., Chrome]


@pytest.fixture(scope="session")
def start_chromium() -> Iterator[Start]:
    """Starts browsers, which end with the tests."""
    started: list[Chrome] = []

    def start(*, scripts: bool = True) -> Chrome:
        started.append(chromium(scripts=scripts))
        return started[-1]

    yield start
    for chrome in started:
        chrome.quit()
