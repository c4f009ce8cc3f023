"""The front page as a reader meets it: Chromium at a real server. What it shows is compared with the API's answers."""

import base64
import json
import re
import time
import urllib.request
from array import array
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.conftest import PATIENCE_SECONDS, ROOT, Start, free_port, serving

AXE = ROOT / "page/node_modules/axe-core/axe.min.js"
FILES = json.loads((ROOT / "page/test/files.json").read_text())
TEXTS = {name: json.loads((ROOT / f"page/text/{name}.json").read_text()) for name in ("en", "zh-Hans", "zh-Hant")}
EXAMPLES = ("twice", "onehot", "imbalance", "several", "gan", "padded")
Found = TypeVar("Found")


@pytest.fixture(scope="module")
def chrome(start_chromium: Start) -> Chrome:
    return start_chromium()


@pytest.fixture
def page(chrome: Chrome, service: str) -> Iterator[Chrome]:
    """The page with its first example, computed. In the end, nothing but what the test expects was complained of."""
    chrome.get("about:blank")
    chrome.get(service)
    chrome.execute_script("localStorage.clear(); sessionStorage.clear()")
    chrome.get_log("browser")
    wait(chrome, lambda: value(chrome) == "1.1014")
    yield chrome
    refused = [entry["message"] for entry in chrome.get_log("browser") if "status of 422" not in entry["message"]]
    assert refused == []


def wait(chrome: Chrome, until: Callable[[], Found], message: str = "") -> Found:
    def attempt(_: Chrome) -> Found | bool:
        try:
            return until()
        except (AssertionError, LookupError):
            return False

    return WebDriverWait(chrome, PATIENCE_SECONDS, poll_frequency=0.05).until(attempt, message)  # type: ignore[arg-type, return-value]


def all_of(chrome: Chrome, selector: str) -> list[WebElement]:
    return chrome.find_elements(By.CSS_SELECTOR, selector)


def text_of(chrome: Chrome, selector: str) -> str:
    """The text of the first element there, as it is in the document; "" where there is none."""
    script = "return document.querySelector(arguments[0])?.innerText ?? ''"
    return str(chrome.execute_script(script, selector)).replace("\u200b", "")


def value(chrome: Chrome) -> str:
    return text_of(chrome, ".value .big")


def click(chrome: Chrome, selector: str) -> None:
    element = wait(chrome, lambda: all_of(chrome, selector)[0], selector)
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def enter(chrome: Chrome, selector: str, text: str) -> None:
    """Replace what a field holds as pasting does."""
    script = """
        const [selector, text] = arguments, field = document.querySelector(selector);
        field.focus(); field.select(); document.execCommand('insertText', false, text);
        if (text === '') document.execCommand('delete');
    """
    chrome.execute_script(script, selector, text)


def ask(service: str, request: dict[str, Any]) -> dict[str, Any]:
    """What the API answers."""
    body = json.dumps(request).encode()
    sent = urllib.request.Request(f"{service}/v1/loss", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(sent) as answer:
        result: dict[str, Any] = json.load(answer)
        return result


def request_shown(chrome: Chrome) -> dict[str, Any]:
    """The request that the page says it made, as its last request to the service with all detail had it."""
    for entry in reversed(chrome.get_log("performance")):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent" and event["params"]["request"]["url"].endswith("/v1/loss"):
            identity = event["params"]["requestId"]
            try:
                sent = chrome.execute_cdp_cmd("Network.getRequestPostData", {"requestId": identity})
            except WebDriverException:
                continue  # a request of the page before this one
            request: dict[str, Any] = json.loads(sent["postData"])
            if "include" in request:
                return request
    raise LookupError


def drop(chrome: Chrome, files: dict[str, bytes], onto: str = ".editor") -> None:
    script = """
        const [files, onto] = arguments, data = new DataTransfer();
        for (const [name, text] of Object.entries(files)) {
          data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        }
        const event = new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data});
        document.querySelector(onto).dispatchEvent(event);
    """
    chrome.execute_script(script, {name: base64.b64encode(content).decode() for name, content in files.items()}, onto)


def test_the_first_example_is_loaded_and_computed(page: Chrome) -> None:
    assert page.title == f"xent: {TEXTS['en']['home']['h1']}"
    assert text_of(page, ".type code") == "sparse_softmax_cross_entropy"
    assert text_of(page, ".warning h3").startswith("These logits are probabilities already")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_shows_the_numbers_of_the_api(page: Chrome, service: str, example: str) -> None:
    page.get_log("performance")
    page.get(f"{service}/#example={example}")
    page.refresh()
    request = wait(page, lambda: request_shown(page), "no request was made")
    answer = ask(service, request)
    reduced = answer["reduced"]

    wait(page, lambda: text_of(page, ".value .full") == repr(reduced["value"]), "the loss is not the API's")
    assert value(page) == f"{reduced['value']:.4f}"
    assert text_of(page, ".type code") == answer["loss_type"]
    for name in ("sum", "mean", "weighted_mean", "mean_by_nonzero_weights"):
        other = ask(service, request | {"reduction": name})["reduced"]
        wait(page, lambda name=name: text_of(page, f"[data-reduction={name}] .v") != "–", name)
        assert text_of(page, f"[data-reduction={name}] .v") == f"{other['value']:.4f}"
    shown = {warning["code"] for warning in answer["warnings"]}
    links = page.execute_script("return [...document.querySelectorAll('.answer .about')].map((a) => a.href)")
    assert {re.sub(r".*/learn/(\w+)\?.*", r"\1", link) for link in links} == shown
    losses = answer["per_sample"]
    worst = max(range(len(losses)), key=lambda i: losses[i])
    weights = request.get("weights")
    if not isinstance(weights, list):
        assert text_of(page, "#hardest tbody th") == str(worst)
        assert text_of(page, "#hardest tbody .v") == f"{losses[worst]:.4f}"
    bars = len(all_of(page, ".canvas g.hot"))
    assert bars == len(losses)


@pytest.mark.parametrize(
    ("example", "change"),
    [
        ("twice", {"from_logits": False}),
        ("several", {"loss_type": "sigmoid_cross_entropy"}),
        ("padded", {"reduction": "weighted_mean"}),
        ("imbalance", {"loss_type": "weighted_cross_entropy", "pos_weight": 19.0, "weights": None}),
        ("onehot", {"labels": [2, 1]}),
    ],
)
def test_a_fix_shows_the_loss_before_and_after_and_can_be_undone(
    page: Chrome, service: str, example: str, change: dict[str, Any]
) -> None:
    page.get_log("performance")
    page.get(f"{service}/#example={example}")
    page.refresh()
    request = wait(page, lambda: request_shown(page))
    before, after = (ask(service, request | fields)["reduced"]["value"] for fields in ({}, change))
    wait(page, lambda: text_of(page, ".warning .change .to") == f"{after:.4f}", "the loss after the fix")
    assert value(page) == f"{before:.4f}"

    click(page, ".warning .fix .button")

    wait(page, lambda: all_of(page, ".done") and value(page) == f"{after:.4f}", "the fix is not applied")
    assert page.switch_to.active_element.text == "Undo"
    click(page, ".done .link")
    wait(page, lambda: value(page) == f"{before:.4f}" and not all_of(page, ".done"), "the fix is not undone")


def test_a_mistake_is_marked_where_it_is_in_the_services_words_and_fixed(page: Chrome) -> None:
    click(page, "[data-example=error]")
    wait(page, lambda: all_of(page, "#labels-at"), "no mistake is shown")
    assert text_of(page, "#labels-at").startswith("labels[2] is 4; a class index from 0 to 3 was expected")
    assert page.execute_script("return document.querySelector('[data-array=labels] mark').textContent") == "4"
    assert all_of(page, ".answer.stale"), "the last answer does not look like one of before"
    assert all_of(page, "#labels")[0].get_attribute("aria-invalid") == "true"

    click(page, "#labels-at button")

    wait(page, lambda: not all_of(page, "#labels-at") and not all_of(page, ".answer.stale"))
    assert all_of(page, "#labels")[0].get_attribute("value") == "0, 1, 3, 2, 0, 1"


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("[[1, 2], [3, 4]", "[", "not closed"),
        ("[[1, 2], [3, 4, 5]]", None, "3"),
        ("[[1, 2], [3, fox]]", "fox", "number"),
        ("[1. 2. ... 9.]", "...", "abridged"),
    ],
)
def test_what_cannot_be_read_is_marked_as_it_is_typed(page: Chrome, text: str, marked: str | None, says: str) -> None:
    enter(page, "#logits", text)
    wait(page, lambda: says in text_of(page, "#logits-at"), f"{text}: {text_of(page, '#logits-at')}")
    if marked:
        assert page.execute_script("return document.querySelector('[data-array=logits] mark').textContent") == marked


def test_what_is_typed_is_computed_and_the_last_request_wins(page: Chrome, service: str) -> None:
    for text in ("[[1, 2], [3, 4]]", "tensor([[5., 2.], [3., 4.]])", "array([[9. , 2.], [3., 4.5]])"):
        enter(page, "#logits", text)
        enter(page, "#labels", "0, 1")
    expected = ask(service, {"logits": [[9, 2], [3, 4.5]], "labels": [0, 1]})["reduced"]["value"]
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    assert "9" in all_of(page, "#logits")[0].get_attribute("value")


def test_a_whole_request_may_be_pasted(page: Chrome, service: str) -> None:
    request = {"logits": [[1, 2, 0], [3, 4, 1]], "labels": [0, 1], "reduction": "sum", "label_smoothing": 0.1}
    enter(page, "#logits", json.dumps(request))
    expected = ask(service, request)["reduced"]["value"]
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    assert Select(all_of(page, "#reduction")[0]).first_selected_option.text == "sum"
    assert all_of(page, "#label_smoothing")[0].get_attribute("value") == "0.1"


def test_names_of_classes_are_mapped_in_sight_and_reordered(page: Chrome, service: str) -> None:
    enter(page, "#logits", "2, 0.5, 1\n0.1, 1, 3")
    enter(page, "#labels", "fox, owl")
    wait(page, lambda: "fox 0" in text_of(page, ".map"))
    click(page, ".map .link")
    wait(page, lambda: all_of(page, ".order"))
    enter(page, ".order", "cat, owl, fox")
    page.switch_to.active_element.send_keys(Keys.ENTER)
    expected = ask(service, {"logits": [[2, 0.5, 1], [0.1, 1, 3]], "labels": [2, 1]})["reduced"]["value"]
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    assert "fox 2" in text_of(page, ".map")


LOGITS = [[1.5, -2.0, 0.25], [0.0, 3.0, -1.0]]
DROPPED: list[tuple[str, dict[str, bytes]]] = [
    ("npz", {"plain.npz": base64.b64decode(FILES["plain.npz"])}),
    ("compressed npz", {"compressed.npz": base64.b64decode(FILES["compressed.npz"])}),
    ("arrow", {"lists.arrow": base64.b64decode(FILES["lists.arrow"])}),
    ("arrow columns", {"columns.arrow": base64.b64decode(FILES["columns.arrow"])}),
    ("csv", {"batch.csv": b"a,b,c,label\n1.5,-2,0.25,c\n0,3,-1,a\n"}),
]


@pytest.mark.parametrize(("kind", "files"), DROPPED, ids=[kind for kind, _ in DROPPED])
def test_a_dropped_file_is_computed(page: Chrome, service: str, kind: str, files: dict[str, bytes]) -> None:
    drop(page, files)
    labels = [1, 0] if kind == "arrow columns" else [2, 0]
    expected = ask(service, {"logits": LOGITS, "labels": labels})["reduced"]["value"]
    wait(page, lambda: value(page) == f"{expected:.4f}", f"{kind}: {value(page)} is not {expected}")
    assert not all_of(page, ".editor [role=alert]")


def test_an_npy_fills_the_field_that_it_is_dropped_on(page: Chrome, service: str) -> None:
    drop(page, {"float64.npy": base64.b64decode(FILES["float64.npy"])}, "[data-array=logits]")
    enter(page, "#labels", "2, 0")
    expected = ask(service, {"logits": LOGITS, "labels": [2, 0]})["reduced"]["value"]
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    assert "float64.npy" in text_of(page, "[data-array=logits] .file")
    click(page, "[data-array=logits] .file .link")
    assert wait(page, lambda: all_of(page, "#logits")[0]).get_attribute("value") == ""


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(page: Chrome) -> None:
    drop(page, {"big-endian.npy": base64.b64decode(FILES["big-endian.npy"])})
    wait(page, lambda: "big-endian" in text_of(page, ".editor [role=alert]"))
    assert value(page) == "1.1014"


def npy(dtype: str, shape: tuple[int, ...], content: bytes) -> bytes:
    """A file as NumPy writes it, which the tests' environment lacks."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + content


def test_ten_thousand_rows_are_drawn_as_a_line(page: Chrome, service: str) -> None:
    rows = 10_000
    logits = array("f", [(i * 7919 % 1000) / 250 - 2 for i in range(10 * rows)]).tobytes()
    labels = array("i", [i % 10 for i in range(rows)]).tobytes()
    tensors = {
        name: {"dtype": dtype, "shape": shape, "data": base64.b64encode(content).decode()}
        for name, dtype, shape, content in [
            ("logits", "float32", [rows, 10], logits),
            ("labels", "int32", [rows], labels),
        ]
    }
    expected = ask(service, tensors)["reduced"]["value"]
    drop(page, {"logits.npy": npy("<f4", (rows, 10), logits), "labels.npy": npy("<i4", (rows,), labels)})
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    assert "10,000" in str(page.execute_script("return document.querySelector('.canvas').textContent"))
    losses = ask(service, tensors)["per_sample"]
    worst = max(range(rows), key=losses.__getitem__)
    wait(page, lambda: len(all_of(page, ".canvas g.hot")) == 50, "the worst are not drawn")
    assert text_of(page, "#hardest tbody th") == str(worst)
    assert text_of(page, "#hardest tbody .v") == f"{losses[worst]:.4f}"


LONGEST_FREEZE_MS = 1500


def test_a_million_rows_do_not_freeze_the_page(page: Chrome) -> None:
    """The longest time for which a timer waits while the file is read, sent, answered and drawn."""
    rows = 1_000_000
    script = """
        const [rows, header, labelsHeader] = arguments;
        const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const logits = new Float32Array(rows * 10).map((_, i) => ((i * 7919) % 1000) / 250 - 2);
        const labels = new Int32Array(rows).map((_, i) => i % 10);
        const data = new DataTransfer();
        data.items.add(new File([bytes(header), logits], 'logits.npy'));
        data.items.add(new File([bytes(labelsHeader), labels], 'labels.npy'));
        window.longest = 0;
        let last = performance.now();
        setInterval(() => {
            const now = performance.now();
            window.longest = Math.max(window.longest, now - last);
            last = now;
        }, 10);
        setTimeout(() => document.querySelector('.editor').dispatchEvent(
            new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data})), 50);
    """
    headers = [npy("<f4", (rows, 10), b""), npy("<i4", (rows,), b"")]
    page.execute_script(script, rows, *(base64.b64encode(header).decode() for header in headers))
    wait(page, lambda: "1,000,000" in str(page.execute_script("return document.querySelector('.canvas').textContent")))
    assert page.execute_script("return window.longest") < LONGEST_FREEZE_MS


def test_a_link_carries_the_state_and_sends_none_of_it(page: Chrome, service: str) -> None:
    enter(page, "#logits", "1, 2, 4\n3, 1, 0")
    enter(page, "#labels", "0, 1")
    Select(all_of(page, "#reduction")[0]).select_by_visible_text("sum")
    expected = ask(service, {"logits": [[1, 2, 4], [3, 1, 0]], "labels": [0, 1], "reduction": "sum"})["reduced"][
        "value"
    ]
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    address = wait(page, lambda: page.current_url if "#s=" in page.current_url else "")
    page.get("about:blank")
    page.get_log("performance")
    page.get(address)
    wait(page, lambda: text_of(page, ".value .full") == repr(expected))
    assert all_of(page, "#logits")[0].get_attribute("value") == "1, 2, 4\n3, 1, 0"
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in asked if event["method"] == "Network.requestWillBeSent"]
    assert {url.split("/")[2] for url in urls if url.startswith("http")} == {service.split("/")[2]}
    assert not [url for url in urls if "s=" in url.partition("#")[0].partition("?")[2]]


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_each_language_shows_its_own_words_alone(page: Chrome, service: str, language: str) -> None:
    page.get(f"{service}/?lang={language}")
    wait(page, lambda: value(page) == "1.1014" and text_of(page, ".change .to") == "0.8533")
    texts = TEXTS[language]
    assert page.execute_script("return document.documentElement.lang") == language
    assert text_of(page, "h1") == texts["home"]["h1"]
    assert text_of(page, ".warning h3").startswith(texts["warnings"]["logits_look_like_probabilities"]["title"])
    body = text_of(page, "body")
    others = [text for name, other in TEXTS.items() if name != language for text in other["home"].values()]
    assert [text for text in others if text in body and text not in texts["home"].values()] == []
    assert "{" not in text_of(page, "main").replace("{…}", "")


def test_the_language_changes_in_place(page: Chrome) -> None:
    enter(page, "#labels", "0, " * 23 + "1")
    wait(page, lambda: value(page) not in {"1.1014", ""})
    click(page, "[data-language=zh-Hans]")
    wait(page, lambda: text_of(page, "h1") == TEXTS["zh-Hans"]["home"]["h1"])
    assert all_of(page, "#labels")[0].get_attribute("value").startswith("0, 0")
    assert "lang=zh-Hans" in page.current_url


def test_the_guide_leads_to_a_loss_and_an_example(page: Chrome) -> None:
    click(page, "[name=answers][value=several]")
    click(page, "[name=form][value=hot]")
    wait(page, lambda: text_of(page, ".lead-to > code") == "sigmoid_cross_entropy")
    click(page, ".lead-to .button")
    wait(page, lambda: text_of(page, ".type code") == "softmax_cross_entropy" and value(page) == "4.0385")


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("tf.losses.softmax", "softmax_cross_entropy"),
        ("BCEWithLogits", "sigmoid_cross_entropy"),
        ("keras sparse", "sparse_softmax_cross_entropy"),
        ("contrib sigmoid", "sigmoid_cross_entropy"),
    ],
)
def test_an_old_name_is_found(page: Chrome, searched: str, found: str) -> None:
    enter(page, "#old", searched)
    wait(page, lambda: found in text_of(page, "#names tbody tr td:nth-child(2)"))


def test_code_to_copy_is_in_tabs_that_arrow_keys_move_through(page: Chrome) -> None:
    click(page, "#tab-tensorflow2")
    seen = []
    for _ in range(7):
        seen.append(text_of(page, "#snippet pre"))
        page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert len(set(seen)) == 7
    assert seen[0].startswith("import tensorflow as tf")
    assert "curl http://127.0.0.1:" in seen[5]
    assert "from xent_client import Xent" in seen[6]


def test_the_same_theme_is_kept(page: Chrome) -> None:
    before = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    click(page, "#theme")
    after = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert before != after
    page.refresh()
    assert page.execute_script("return getComputedStyle(document.body).backgroundColor") == after


def axe(chrome: Chrome) -> list[str]:
    chrome.execute_script(AXE.read_text())
    result = chrome.execute_async_script("const done = arguments[0]; axe.run().then(done)")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("example", [*EXAMPLES, "error"])
def test_axe_finds_nothing(page: Chrome, service: str, theme: str, example: str) -> None:
    page.execute_script("localStorage.setItem('xent.theme', arguments[0])", theme)
    page.get(f"{service}/#example={example}")
    page.refresh()
    wait(page, lambda: all_of(page, ".value .big" if example != "error" else "#labels-at"))
    wait(page, lambda: not all_of(page, ".fix") or all_of(page, ".fix .change"))
    assert axe(page) == []


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_is_wider_than_the_window(page: Chrome, service: str, width: int) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        for example in (*EXAMPLES, "error"):
            page.get(f"{service}/#example={example}")
            page.refresh()
            wait(page, lambda example=example: all_of(page, ".value .big" if example != "error" else "#labels-at"))
            assert page.execute_script("return document.documentElement.scrollWidth") <= width, example
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_required_key_is_asked_for_and_kept_for_the_session(chrome: Chrome) -> None:
    with serving(XENT_API_KEYS="one-key-of-sixteen-letters") as address:
        chrome.get(address)
        field = wait(chrome, lambda: all_of(chrome, "#key")[0], "no field for the key")
        field.send_keys("not-the-key", Keys.ENTER)
        wait(chrome, lambda: "does not know" in text_of(chrome, ".strip label"))
        field = all_of(chrome, "#key")[0]
        field.clear()
        field.send_keys("one-key-of-sixteen-letters", Keys.ENTER)
        wait(chrome, lambda: value(chrome) == "1.1014" and not all_of(chrome, "#key"))
        chrome.refresh()
        wait(chrome, lambda: value(chrome) == "1.1014")
        assert chrome.execute_script("return Object.values(localStorage).join()").count("one-key") == 0


def test_a_service_that_goes_away_is_told_of_and_found_again(chrome: Chrome) -> None:
    port = free_port()
    with serving(port) as address:
        chrome.get(address)
        wait(chrome, lambda: value(chrome) == "1.1014")
    enter(chrome, "#labels", "0, " * 23 + "1")
    wait(chrome, lambda: "does not answer" in text_of(chrome, ".strip"))
    assert value(chrome) == "1.1014"
    assert all_of(chrome, ".fix .button")[0].get_attribute("disabled")
    with serving(port):
        wait(chrome, lambda: not all_of(chrome, ".strip") and value(chrome) not in {"1.1014", ""})
        assert all_of(chrome, "#labels")[0].get_attribute("value") == "0, " * 23 + "1"


def test_the_page_is_painted_without_its_script(page: Chrome, service: str) -> None:
    """So that the first paint takes as long as that of HTML and a style sheet, whatever the script does."""
    page.execute_cdp_cmd("Network.enable", {})
    page.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/home-*.js"]})
    try:
        page.get("about:blank")
        page.get(service)
        painted = "return performance.getEntriesByName('first-contentful-paint').length"
        assert wait(page, lambda: page.execute_script(painted)) == 1
        assert all_of(page, "#logits")[0].is_displayed()
        asked = "return performance.getEntriesByType('resource').map(({ name }) => name)"
        assert not [name for name in page.execute_script(asked) if "/v1/" in name]
    finally:
        page.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        page.get(service)


def test_a_hundred_kilobytes_of_scripts_and_styles_are_enough(page: Chrome) -> None:
    page.refresh()
    wait(page, lambda: value(page) == "1.1014")
    time.sleep(0.2)
    script = """
        const loaded = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/'));
        return loaded.map(({ encodedBodySize }) => encodedBodySize);
    """
    assert 0 < sum(page.execute_script(script)) <= 100 * 1024
