"""What a body takes to decode is in proportion to its size, whatever stands in it.

At most three times its size and 16 MiB, beside the body; or, as a number of one digit takes eight bytes where its text
takes two, eight bytes for each element and 16 MiB. At most five times as long as the plainest body of its size.
"""

import pytest

from tests.decoding import DATATYPES, FORMS, MIB, Cost, costs

pytestmark = pytest.mark.unmeasured

SIZE = 4 * MIB
# What a form may take beside its share, as one that is refused early is not measured in shares.
SPARE_SECONDS = 0.05
# Of 63 characters of a row, 62 are brackets, of 31 levels, each of which is counted by itself.
FACTORS = {"deep rows": 10, "deep rows, refused at the end": 10}


@pytest.fixture(scope="module")
def taken() -> dict[str, Cost]:
    return costs(["plain", *FORMS, *DATATYPES], SIZE)


@pytest.mark.parametrize("form", [*FORMS, *DATATYPES])
def test_no_form_takes_more_than_its_share(form: str, taken: dict[str, Cost]) -> None:
    bytes_, seconds, elements, outcome = taken[form]
    assert bytes_ <= max(3 * SIZE, 8 * elements) + 16 * MIB, outcome
    assert seconds <= FACTORS.get(form, 5) * taken["plain"].seconds + SPARE_SECONDS, outcome


ACCEPTED = ["deep", "deep rows", "rows of one", "rows of ten", "infinities", "NaNs", "white space among rows"]


@pytest.mark.parametrize("form", ACCEPTED)
def test_both_ends_of_a_form_are_measured(form: str, taken: dict[str, Cost]) -> None:
    """A form that is refused at once says nothing of what it takes to read it."""
    assert taken[form].elements > 1, taken[form].outcome
