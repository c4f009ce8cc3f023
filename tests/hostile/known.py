"""What was found and is not mended yet, and why: by a test's name, or by a text in the log of the service.

A test of that name must fail, and what is said in the log is passed over. It is to be empty.
"""

_PARSED_IN_ONE_CALL = "orjson parses what is no list of numbers in one call, which keeps the interpreter for 150 ms"

KNOWN: dict[str, str] = {
    "test_livez_is_answered_meanwhile[an id of 60 MB]": _PARSED_IN_ONE_CALL,
    "test_livez_is_answered_meanwhile[an id of 60 MB, the response in gzip]": _PARSED_IN_ONE_CALL,
    "test_livez_is_answered_meanwhile[names of outputs]": _PARSED_IN_ONE_CALL,
}
