"""Every operation of the OpenAPI document, asked in all the ways that the document allows and forbids.

schemathesis makes the cases, the same in every run, and runs all of its checks on each answer. A case that fails is
shown as a curl command.
"""

import json
from copy import deepcopy
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from tests.hostile.conftest import Start
from tests.hostile.running import ROOT, Service

KEY = "a-key-of-the-tests"
SECONDS_TO_ANSWER = 10
CONTENT = json.loads((ROOT / "openapi.json").read_text())
CATALOGUE = CONTENT["components"]["schemas"]["CatalogueEntry"]["properties"]["loss_type"]["enum"]
# A name that is drawn is nearly always that of nothing, and what stands behind it is not met then.
DRAWN = {"path.model": "models", "path.loss_type": "losses", "path.version": "versions"}
MODELS = ["auto", *(name for name in CATALOGUE if name != "sampled_softmax")]
DICTIONARIES = {"models": MODELS, "losses": CATALOGUE, "versions": ["1"]}
HOW_OFTEN = 0.8

# What may answer a request that fits its schema, where that is more than 200.
ACCEPTED: dict[str, list[str]] = {
    # No schema says that lists are rectangular, that labels fit logits, or which loss takes which parameter.
    r"^/v1/(loss|recommend|compare|sampled-softmax)$": ["200", "422"],
    # Likewise, and what is 422 elsewhere is 400 in this protocol.
    r"^/v2/models/\{model\}/(versions/\{version\}/)?infer$": ["200", "400", "404"],
    # The schema of a name is a string: which names there are, the catalogue says.
    r"^/v2/models/\{model\}(/versions/\{version\})?(/ready|/config|/stats)?$": ["200", "404"],
    r"^/v1/losses/\{loss_type\}$": ["200", "404"],
    # Triton's UNSUPPORTED.
    r"^/v2/repository/models/\{model\}/(un)?load$": ["501", "404"],
    # Which regions and objects there are, and whether shared memory is on, no schema says.
    r"^/v2/systemsharedmemory/": ["200", "400", "404"],
}
OF_ARRAYS = [*ACCEPTED][:2]
REFUSED = ["400", "404", "405", "413", "415", "422"]


def config(examples: int, of_arrays: int, *keys: str, security: bool = False) -> SchemathesisConfig:
    """So many cases for an operation, and for one that takes arrays. `keys`: what may also answer because of them."""

    def operation(path: str, statuses: list[str]) -> dict[str, Any]:
        checks = {"positive_data_acceptance": {"expected-statuses": [*statuses, *keys]}}
        if "501" in statuses:
            checks["not_a_server_error"] = {"expected-statuses": ["501", "4xx"]}
        generation = {"max-examples": of_arrays if path in OF_ARRAYS else examples}
        return {"include-path-regex": path, "checks": checks, "generation": generation}

    return SchemathesisConfig.from_dict(
        {
            "generation": {
                "deterministic": True,
                "max-examples": examples,
                "with-security-parameters": security,
            },
            "dictionaries": {name: {"values": values} for name, values in DICTIONARIES.items()},
            "parameters": {name: {"dictionary": values, "probability": HOW_OFTEN} for name, values in DRAWN.items()},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["200", *keys]},
                "negative_data_rejection": {"expected-statuses": [*REFUSED, *keys]},
                "max_response_time": SECONDS_TO_ANSWER,
            },
            "operations": [operation(path, statuses) for path, statuses in ACCEPTED.items()],
        }
    )


NEEDING_A_KEY = {
    (method.upper(), path)
    for path, operations in CONTENT["paths"].items()
    for method, operation in operations.items()
    if "401" in operation["responses"]
}


def with_keys() -> dict[str, Any]:
    """The document as it is to be read where keys are asked for: it says itself where that is."""
    content = deepcopy(CONTENT)
    content["security"] = [{scheme: []} for scheme in content["components"]["securitySchemes"]]
    for path, operations in content["paths"].items():
        for method, operation in operations.items():
            if (method.upper(), path) not in NEEDING_A_KEY:
                operation["security"] = []
    return content


document = schemathesis.openapi.from_dict(CONTENT, config=config(40, 500))
document_with_key = schemathesis.openapi.from_dict(with_keys(), config=config(5, 60))
document_without_key = schemathesis.openapi.from_dict(with_keys(), config=config(5, 20, "401"))
document_with_made_up_keys = schemathesis.openapi.from_dict(
    with_keys(), config=config(5, 20, "401", "403", security=True)
)


@pytest.fixture(scope="module")
def service(start: Start) -> Service:
    return start(XENT_SHARED_MEMORY="xent-hostile-")


@pytest.fixture(scope="module")
def locked(start: Start) -> Service:
    return start(XENT_API_KEYS=KEY)


@pytest.fixture(scope="module")
def session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def test_the_document_is_the_one_that_the_service_publishes(service: Service) -> None:
    with service.client() as client:
        assert client.get("/openapi.json").json() == CONTENT, "make generate"


def test_no_check_is_left_out_for_any_operation() -> None:
    """Some find nothing to check: there are no links, and nothing is created or deleted."""
    load_all_checks()
    for result in document.get_all_operations():
        checks = document.config.checks_config_for(operation=result.ok(), phase="fuzzing")
        assert [name for name in CHECKS.get_all_names() if not checks.get_by_name(name=name).enabled] == []
        assert checks.max_response_time.enabled


@document.parametrize()
def test_every_operation_keeps_to_the_document(
    case: schemathesis.Case, service: Service, session: requests.Session
) -> None:
    case.call_and_validate(base_url=service.address, session=session)


@document_with_key.parametrize()
def test_with_a_key_every_operation_keeps_to_the_document_and_asks_for_it(
    case: schemathesis.Case, locked: Service, session: requests.Session
) -> None:
    case.call_and_validate(base_url=locked.address, session=session, headers={"X-API-Key": KEY})


@document_without_key.parametrize()
def test_without_a_key_nothing_is_answered_but_401_where_the_document_says_so(
    case: schemathesis.Case, locked: Service, session: requests.Session
) -> None:
    response = case.call_and_validate(base_url=locked.address, session=session)
    assert (response.status_code == 401) == ((case.operation.method.upper(), case.path) in NEEDING_A_KEY)


@document_with_made_up_keys.parametrize()
def test_a_made_up_key_opens_nothing(case: schemathesis.Case, locked: Service, session: requests.Session) -> None:
    response = case.call_and_validate(base_url=locked.address, session=session)
    assert (response.status_code in (401, 403)) == ((case.operation.method.upper(), case.path) in NEEDING_A_KEY)
