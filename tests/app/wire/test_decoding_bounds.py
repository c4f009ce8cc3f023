"""What a body takes to decode is in proportion to its size, whatever stands in it.

At most three times its size and 16 MiB, beside the body; or, as a number of one digit takes eight bytes where its text
takes two, eight bytes for each element and 16 MiB. At most five times as long as the plainest body of its size.
"""

import pytest

from tests.decoding import DATATYPES, FORMS, MIB, Cost, costs

SIZE = 4 * MIB
# Some forms cost more at first, until they are refused, than their share of a body of this size.
SPARE_SECONDS = 0.5


@pytest.fixture(scope="module")
def taken() -> dict[str, Cost]:
    return costs(["plain", *FORMS, *DATATYPES], SIZE)


@pytest.mark.parametrize("form", [*FORMS, *DATATYPES])
def test_no_form_takes_more_than_its_share(form: str, taken: dict[str, Cost]) -> None:
    bytes_, seconds, elements, outcome = taken[form]
    assert bytes_ <= max(3 * SIZE, 8 * elements) + 16 * MIB, outcome
    assert seconds <= 5 * taken["plain"].seconds + SPARE_SECONDS, outcome
