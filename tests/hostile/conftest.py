"""Running services for those who mean no good. They run in an environment of their own, and the tests in theirs."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.checks import CheckContext

from tests.hostile.known import KNOWN
from tests.hostile.running import Service, running

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--serve-with", required=True, help="the interpreter whose environment has the service")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in KNOWN:
            item.add_marker(pytest.mark.xfail(reason=KNOWN[item.name]))


Start = Callable[..., Service]


@pytest.fixture(scope="module")
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a service with settings, which must be unharmed when the module's tests are done."""
    python = request.config.getoption("--serve-with")
    with ExitStack() as services:

        def start(**settings: str) -> Service:
            return services.enter_context(running(python, tmp_path_factory.mktemp("service"), **settings))

        yield start


@schemathesis.check
def holds_no_nan(ctx: CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:  # noqa: ARG001
    """A check of ours beside schemathesis': no NaN, nor a bare infinity but in the Open Inference Protocol."""

    def refuse(constant: str) -> None:
        assert constant != "NaN"
        assert case.path.startswith("/v2"), f"a bare {constant}"

    if "json" in str(response.headers.get("content-type")):
        json.loads(response.content, parse_constant=refuse)
