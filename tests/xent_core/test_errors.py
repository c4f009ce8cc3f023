"""Errors are part of the interface: each has a code of its own, an argument, a position, and a message."""

import inspect

import pytest

from xent_core import InvalidInput, LabelOutOfRange, errors

ERRORS = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, InvalidInput)]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in ERRORS]
    assert len(set(codes)) == len(codes) > 10
    assert all(code.replace("_", "").islower() for code in codes)


def test_whoever_catches_value_errors_catches_all_of_them() -> None:
    assert all(issubclass(error, ValueError) for error in ERRORS)


@pytest.mark.parametrize(
    ("position", "text"),
    [((), "labels: is 5; 0 to 2 was expected"), ((3, 1), "labels[3, 1]: is 5; 0 to 2 was expected")],
)
def test_an_error_reads_as_its_place_and_what_is_wrong_there(position: tuple[int, ...], text: str) -> None:
    error = LabelOutOfRange("labels", "is 5; 0 to 2 was expected", position)
    assert str(error) == text
    assert (error.argument, error.position, error.message) == ("labels", position, "is 5; 0 to 2 was expected")
