"""A real service, and Chromium that can reach nothing else."""

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

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


@pytest.fixture(scope="session")
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
        assert process.poll() is None, "the service ended before it answered"
        try:
            urllib.request.urlopen(f"{address}/livez").close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail(f"no answer from the service in {PATIENCE_SECONDS} s")


def chromium(*arguments: str, javascript: bool = True) -> Chrome:
    """Chromium, unable to find any other host."""
    options = ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--window-size=1280,2400")
    options.add_argument("--disable-dev-shm-usage")  # a container's /dev/shm is too small for it
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
    for argument in arguments:
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to start as root with it
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options, ChromeService(shutil.which("chromedriver")))


@pytest.fixture(scope="module")
def shared_browser() -> Iterator[Chrome]:
    """One for all tests of a file: starting it takes longer than most of them."""
    with chromium() as chrome:
        yield chrome
