"""What is told of a request, and of what the operator should know."""

import json
import logging
import sys

from app.telemetry.access_log import JsonLines


def line_of(message: object, *arguments: object, failed: bool = False) -> dict[str, object]:
    """The line of a record."""
    try:
        raise ValueError("swordfish")
    except ValueError:
        reason = sys.exc_info() if failed else None
        record = logging.LogRecord("xent", logging.ERROR, "file.py", 1, message, arguments, reason)
    line: dict[str, object] = json.loads(JsonLines().format(record))
    return line


def test_fields_stand_in_the_place_of_a_message() -> None:
    assert line_of({"message": "odd", "size": 3}).items() >= {"level": "error", "message": "odd", "size": 3}.items()


def test_a_message_stands_beside_its_loggers_name() -> None:
    assert line_of("%s is odd", 3).items() >= {"message": "3 is odd", "logger": "xent"}.items()


def test_what_went_wrong_is_one_field() -> None:
    exception = line_of("odd", failed=True)["exception"]
    assert isinstance(exception, str)
    assert exception.startswith("Traceback")
    assert "swordfish" in exception
