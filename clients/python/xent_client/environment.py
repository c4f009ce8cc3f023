"""Where the service is and which key it takes: the arguments, or else XENT_URL and XENT_API_KEY."""

import os


def base_url_of(argument: str | None) -> str:
    """The address. Raises ValueError where there is none, or a blank one."""
    value = _argument_or_variable(argument, "base_url", "XENT_URL")
    if value is None:
        raise ValueError("base_url is missing: pass it, or set the environment variable XENT_URL")
    return value


def api_key_of(argument: str | None) -> str | None:
    """The key; None where there is none. Raises ValueError where it is blank or cannot stand in a header."""
    value = _argument_or_variable(argument, "api_key", "XENT_API_KEY")
    if value is not None and not (value.isascii() and value.isprintable()):
        raise ValueError("the API key holds characters that an HTTP header cannot; printable ASCII was expected")
    return value


def _argument_or_variable(argument: str | None, name: str, variable: str) -> str | None:
    value, source = (argument, name) if argument is not None else (os.environ.get(variable), variable)
    if value is not None and not value.strip():
        raise ValueError(f"{source} is blank; give it a value, or leave it out")
    return value
