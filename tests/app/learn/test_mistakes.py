"""Every page of a warning or an error shows a request that makes the mistake, and one that does not."""

import pytest

from app.api.problem import CODES
from app.learn import mistakes
from app.learn.answers import answer
from xent_core.advice.checks import CHECKS, WARNINGS
from xent_core.losses.sampled_softmax import TRAIN_ONLY

# float16 class indices beyond 2048 and a body that is no zstd can't be shown as short JSON.
WITHOUT_EXAMPLE = {"inexact_labels", "not_inflatable"}


@pytest.mark.parametrize("code", WARNINGS)
def test_the_mistake_is_answered_with_its_warning(code: str) -> None:
    mistake = mistakes.of_warning(code)
    assert mistake is not None
    assert code in {warning.code for warning in answer(mistake.endpoint, mistake.body).warnings}


@pytest.mark.parametrize("code", sorted(WARNINGS.keys() - {TRAIN_ONLY}))
def test_the_fixed_request_has_that_warning_no_more_and_nothing_likely_either(code: str) -> None:
    mistake = mistakes.of_warning(code)
    assert mistake is not None
    assert mistake.fixed, "a check without a `change` needs an entry in REPAIRS"
    fixed = answer(mistake.endpoint, mistake.fixed)
    assert fixed.error is None
    assert code not in {warning.code for warning in fixed.warnings}
    assert not [warning for warning in fixed.warnings if warning.severity != "hint"]


@pytest.mark.parametrize("code", sorted(CODES.keys() - WITHOUT_EXAMPLE))
def test_the_bad_request_is_refused_with_its_code_and_the_good_one_is_answered(code: str) -> None:
    mistake = mistakes.of_error(code)
    assert mistake is not None
    refused = answer(mistake.endpoint, mistake.body)
    assert refused.error is not None
    assert refused.error["code"] == code
    assert answer(mistake.endpoint, mistake.fixed).error is None


def test_what_has_no_example_is_none() -> None:
    assert {code for code in CODES if mistakes.of_error(code) is None} == WITHOUT_EXAMPLE
    assert mistakes.of_warning("a_new_check") is None


def test_a_repair_is_of_a_check_that_there_is() -> None:
    assert mistakes.REPAIRS.keys() <= {check.code for check in CHECKS}
    assert mistakes.ERRORS.keys() <= CODES.keys()


def test_a_warning_without_a_change_and_a_repair_is_shown_without_a_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(mistakes.REPAIRS, "identical_rows")
    mistake = mistakes.of_warning("identical_rows")
    assert mistake is not None
    assert mistake.fixed == ""
