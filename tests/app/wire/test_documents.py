"""Long lists that no field for arrays holds are read as any JSON."""

import pytest

from app.wire.json import decode_body
from app.wire.oip.decode import decode_frame, survey_frame
from app.wire.parse import NotJson

NUMBERS = b"[" + b"1.5, " * 60_000 + b"2.5]"


def test_a_list_of_that_name_elsewhere_is_read_as_it_stands() -> None:
    body = b'{"labels": [1], "others": [{"logits": %b}, 7, null]}' % NUMBERS
    document = decode_body(body, {"logits", "labels"})
    assert document["others"] == [{"logits": [1.5] * 60_000 + [2.5]}, 7, None]


@pytest.mark.parametrize(("wrong", "message"), [(b"x", r"at line 2, column 13$"), (b"NaN, x", "holds a bare NaN")])
def test_where_such_a_list_ceases_to_be_json_is_said_of_the_body(wrong: bytes, message: str) -> None:
    body = b'{"other":\n{"logits": [%b, %b}}' % (wrong, NUMBERS[1:])
    with pytest.raises(NotJson, match=message):
        decode_body(body, {"logits"})


def test_a_surveyed_frame_is_read_as_it_would_be_at_once() -> None:
    body = b'{"inputs": [{"name": "x", "shape": [60001], "datatype": "FP64", "data": %b}]}' % NUMBERS
    survey = survey_frame(body, None, "inputs")
    assert survey.elements == 60_001
    assert survey.nbytes >= 8 * survey.elements
    (found,) = survey.read()["inputs"]
    (expected,) = decode_frame(body, None, "inputs")["inputs"]
    assert found.array.tobytes() == expected.array.tobytes()
