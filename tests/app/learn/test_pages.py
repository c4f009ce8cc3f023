"""The pages under /learn as documents: whole, without a script, linked with each other."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from app.api.problem import CODES
from app.learn import pages
from app.learn.html import Html
from app.learn.lessons import LESSONS
from app.learn.mistakes import Mistake
from app.learn.pages import NAMES, page
from app.learn.texts import Texts, texts_in
from app.page.language import LANGUAGES, Language
from xent_core.advice.checks import CHECKS, WARNINGS
from xent_core.losses import CATALOGUE, LOSSES
from xent_core.results import LossWarning

VOID = {"meta", "link", "input", "br", "wbr"}


class Document(HTMLParser):
    """The elements of a page. Fails where they are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def document(name: str, language: Language = "en") -> Document:
    return Document(page(name, texts_in(language)))


def test_no_two_pages_have_one_address() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {*LESSONS, *CATALOGUE, *WARNINGS, *CODES} == {*NAMES} - {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_whole(language: Language) -> None:
    for name in NAMES:
        text = page(name, texts_in(language))
        found = Document(text)
        assert "{{" not in text, name
        assert " style=" not in text, "the policy forbids styles in elements"
        assert len(found.all("h1")) == 1
        assert not re.search(r"\b(learn|lessons|warnings|errors|severity)\.[a-z_]+", found.text), "a key without a text"
        ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), name


def test_every_link_between_pages_leads_to_one_in_the_same_language() -> None:
    for name in NAMES:
        for attributes in document(name, "zh-Hant").all("a"):
            href = str(attributes["href"])
            if "?lang=" not in href or "data-language" in attributes:
                continue
            path, _, language = href.partition("?lang=")
            assert language.partition("#")[0] == "zh-Hant"
            inside = path.removeprefix("learn/") if not name else path
            assert inside in NAMES or inside in ("./", "../", "./learn", "../learn"), href


@pytest.mark.parametrize("loss_type", CATALOGUE)
def test_the_page_of_a_loss_says_what_the_catalogue_says(loss_type: str) -> None:
    entry, found = CATALOGUE[loss_type], document(loss_type)
    for text in (entry.title, entry.use_when, entry.label_form, entry.stability):
        assert text in found.text
    for parameter in entry.parameters:
        assert parameter.name in found.text
    assert {source.where for source in entry.sources} <= {attributes["href"] for attributes in found.all("a")}
    assert len(found.all("math")) == 2


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_curve_has_a_slider_for_each_parameter_that_bends_it(loss_type: str) -> None:
    found = document(loss_type)
    sliders = {attributes["name"] for attributes in found.all("input")}
    assert sliders == {name for name in pages.SLIDERS if LOSSES[loss_type].takes(name)}
    assert len([each for each in found.all("path") if "data-curve" in each]) == 2


def test_a_loss_that_takes_no_such_parameter_has_a_curve_without_sliders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SLIDERS", {})
    assert document("sigmoid_cross_entropy").all("input") == []


def test_a_loss_without_other_names_has_no_table_of_them() -> None:
    entry = replace(CATALOGUE["sigmoid_cross_entropy"], names_elsewhere=())
    assert pages._elsewhere(entry, texts_in("en")) is None


def test_the_page_of_a_warning_shows_the_loss_before_and_after() -> None:
    found = document("logits_look_like_probabilities")
    assert "1.0226" in found.text
    assert "1.5658" in found.text
    assert 'The fix as fields of the request: {"from_logits": false}' in found.text


def test_a_warning_in_chinese_has_its_figures_filled_in() -> None:
    assert "每一列都在 [0.01, 0.97] 之內" in document("logits_look_like_probabilities", "zh-Hant").text


def test_a_message_without_a_translation_is_the_services_own() -> None:
    warning = LossWarning("a_new_check", "hint", "Two of 3 rows.", {"rows": 2, "share": 0.66666}, "Do.")
    assert pages.message_of(warning, texts_in("zh-Hans")) == "Two of 3 rows."


def test_the_page_of_an_error_shows_the_refusal_with_its_place() -> None:
    found = document("label_out_of_range")
    assert "422" in found.text
    assert "labels[1] is 3; a class index from 0 to 2 was expected" in found.text


class Untranslated(Texts):
    """Texts without those of losses, warnings and errors, as they are when one has just been added."""

    def get(self, key: str) -> Any:
        return None if re.match(r"(losses|warnings|learn\.warnings|learn\.errors)\.", key) else super().get(key)


@pytest.mark.parametrize("name", ["sigmoid_cross_entropy", "identical_rows", "label_out_of_range"])
def test_what_was_just_added_has_its_page_in_english(name: str) -> None:
    text = page(name, Untranslated("zh-Hans"))
    assert {
        "sigmoid_cross_entropy": CATALOGUE["sigmoid_cross_entropy"].use_when,
        "identical_rows": {check.code: check.fix for check in CHECKS}["identical_rows"],
        "label_out_of_range": CODES["label_out_of_range"],
    }[name] in text


def test_fields_that_are_no_json_change_nothing() -> None:
    assert pages._change(Mistake("/v1/loss", "{'logits': 1}", "{}")) == {}


def test_a_name_may_be_broken_after_its_underscores() -> None:
    assert pages._broken("a_b") == Html("a_<wbr>b")
