"""The texts of the learn pages: whole in each language, with the figures that the service has."""

import re
from typing import Any

import pytest

from app.api.problem import CODES
from app.learn import mistakes
from app.learn.answers import answer
from app.learn.lessons import LESSONS
from app.learn.texts import Texts, formula, texts_in
from app.page.language import LANGUAGES
from xent_core.advice.checks import CHECKS, WARNINGS
from xent_core.losses import CATALOGUE
from xent_core.losses.loss import Entry

CHINESE = [texts_in("zh-Hans"), texts_in("zh-Hant")]
ALL = [texts_in(language) for language in LANGUAGES]


def by_language(texts: Texts) -> str:
    return texts.language


def leaves(part: Any, path: str = "") -> dict[str, str]:
    """All texts by their whole keys."""
    if isinstance(part, str):
        return {path: part}
    pairs = part.items() if isinstance(part, dict) else enumerate(part)
    return {key: text for name, each in pairs for key, text in leaves(each, f"{path}.{name}").items()}


def figures(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("texts", CHINESE, ids=by_language)
@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.loss_type)
def test_every_loss_is_translated(texts: Texts, entry: Entry) -> None:
    told = texts.get(f"losses.{entry.loss_type}")
    assert told, f"losses.{entry.loss_type} of page/text/{texts.language}.json"
    assert {"title", "use_when", "avoid_when", "label_form", "stability"} <= told.keys()
    assert len(told["avoid_when"]) == len(entry.avoid_when)
    for parameter in entry.parameters:
        assert parameter.name in texts.get("parameters") | told.get("parameters", {})


@pytest.mark.parametrize("texts", CHINESE, ids=by_language)
@pytest.mark.parametrize("code", WARNINGS)
def test_every_warning_is_translated_with_figures_of_its_evidence(texts: Texts, code: str) -> None:
    told = texts.get(f"warnings.{code}")
    assert {"title", "text"} <= told.keys()
    assert {"why", "when", "fix"} <= texts.get(f"learn.warnings.{code}").keys()
    mistake = mistakes.of_warning(code)
    assert mistake is not None
    (warning,) = (each for each in answer(mistake.endpoint, mistake.body).warnings if each.code == code)
    assert figures(told["text"]) <= warning.evidence.keys()


@pytest.mark.parametrize("texts", ALL, ids=by_language)
def test_every_warning_and_every_error_has_a_title_and_an_explanation(texts: Texts) -> None:
    for code in WARNINGS:
        assert texts.get(f"warnings.{code}.title"), code
        assert texts.get(f"learn.warnings.{code}.why"), code
    for code in CODES:
        assert texts.get(f"learn.errors.{code}.title"), code
        assert texts.get(f"learn.errors.{code}.about"), code


@pytest.mark.parametrize("texts", CHINESE, ids=by_language)
def test_the_pages_and_the_lessons_have_the_same_texts_with_the_same_figures_as_in_english(texts: Texts) -> None:
    english = texts_in("en")
    for part in ("lessons", "learn"):
        theirs, ours = leaves(english.get(part)), leaves(texts.get(part))
        assert theirs.keys() <= ours.keys()
        for key, text in theirs.items():
            assert figures(ours[key]) == figures(text), key
    assert texts.get("lessons").keys() == LESSONS.keys()


@pytest.mark.parametrize("texts", ALL, ids=by_language)
def test_no_text_is_left_of_a_code_that_is_no_more(texts: Texts) -> None:
    assert texts.get("learn.warnings").keys() == WARNINGS.keys()
    assert texts.get("learn.errors").keys() == CODES.keys()


@pytest.mark.parametrize("texts", CHINESE, ids=by_language)
def test_chinese_sentences_have_full_width_punctuation(texts: Texts) -> None:
    for part in ("losses", "warnings", "learn", "lessons", "parameters"):
        for key, text in leaves(texts.get(part)).items():
            assert not re.search(r"[一-鿿][,;:!?]", text), (key, text)


def test_simplified_and_traditional_are_not_mixed() -> None:
    simplified, traditional = set("损标签类权数据误错选择这个过对应认"), set("損標籤類權數據誤錯選擇這個過對應認")
    for texts, others in ((CHINESE[0], traditional), (CHINESE[1], simplified)):
        for part in ("losses", "warnings", "learn", "lessons", "parameters"):
            for key, text in leaves(texts.get(part)).items():
                assert not others & set(text), (key, text)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.loss_type)
def test_every_formula_is_rendered(entry: Entry) -> None:
    for latex, plain in ((entry.latex, entry.formula), (entry.gradient_latex, entry.gradient)):
        assert "<math" in formula(latex, plain), "`make page` renders it"


def test_a_formula_that_is_not_rendered_yet_is_shown_as_text() -> None:
    assert '<span class="mono">a &lt; b</span>' in formula("a < b in LaTeX, unknown", "a < b")


def test_a_key_without_a_text_is_shown_itself() -> None:
    assert texts_in("en")("learn.none.such") == "learn.none.such"
    assert texts_in("en")("learn.none", "in its place {n}", n=3) == "in its place 3"
    assert [check.code for check in CHECKS] == [code for code in WARNINGS if code != "train_only"]
