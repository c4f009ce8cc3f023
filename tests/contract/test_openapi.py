"""The OpenAPI document is valid, whole and true: all that it describes is there, and all that is there it describes."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api.problem import CODES
from app.main import create_app
from app.settings import Settings
from scripts.record import settled
from tests.service import Document
from xent_core.advice import checks
from xent_core.advice.checks import WARNINGS
from xent_core.errors import InvalidInput
from xent_core.losses import LOSS_TYPES

CHECKS = {check.code: check for check in checks.CHECKS}

ERROR_CODES = [error.code for error in InvalidInput.__subclasses__()]


PUBLISHED = Document(create_app(Settings()).openapi())
EXAMPLES = [
    (method, path, name)
    for (method, path), operation in PUBLISHED.operations.items()
    # What registers shared memory has an object of it: see test_shared_memory.py.
    if "requestBody" in operation and not path.startswith("/v2/systemsharedmemory")
    for name in PUBLISHED.examples(method, path)
]
V1_EXAMPLES = [example for example in EXAMPLES if example[1].startswith("/v1/")]
V2_EXAMPLES = [example for example in EXAMPLES if example[1].startswith("/v2/")]


def test_the_service_publishes_its_applications_document(document: Document) -> None:
    assert document.content == PUBLISHED.content


def test_the_document_is_valid_openapi_3_1(document: Document) -> None:
    assert document.content["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document.content).validate()


def test_every_operation_has_an_id_a_tag_and_a_summary(document: Document) -> None:
    for key, operation in document.operations.items():
        assert operation.get("operationId"), key
        assert operation.get("tags"), key
        assert operation.get("summary"), key
        assert operation.get("description"), key


def test_operation_ids_are_unique(document: Document) -> None:
    ids = [operation["operationId"] for operation in document.operations.values()]
    assert len(ids) == len(set(ids))


def test_every_schema_is_described(document: Document) -> None:
    schemas = document.content["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_every_field_is_described(document: Document) -> None:
    fields = {
        f"{name}.{field}": schema
        for name, parent in document.content["components"]["schemas"].items()
        for field, schema in parent.get("properties", {}).items()
    }
    assert fields
    assert [name for name, schema in fields.items() if not schema.get("description")] == []


def test_every_parameter_is_described(document: Document) -> None:
    parameters = [
        (key, parameter)
        for key, operation in document.operations.items()
        for parameter in operation.get("parameters", [])
    ]
    assert [(key, each["name"]) for key, each in parameters if not each.get("description")] == []


def test_every_status_is_described_in_our_own_words(document: Document) -> None:
    """The standard library's phrases say nothing, and differ from version to version."""
    for key, operation in document.operations.items():
        for status, response in operation["responses"].items():
            assert response["description"] not in ("", "Successful Response", HTTPStatus(int(status)).phrase), key


def test_errors_are_declared_in_the_form_of_their_place(document: Document) -> None:
    """Problems, but under /v2 what the Open Inference Protocol has."""
    for (_, path), operation in document.operations.items():
        v2 = path.startswith("/v2")
        media_type, schema = ("application/json", "InferenceError") if v2 else ("application/problem+json", "Problem")
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert response["content"].keys() == {media_type}
                assert response["content"][media_type]["schema"] == {"$ref": f"#/components/schemas/{schema}"}
            elif status == "304":
                assert "content" not in response
            elif path == "/metrics":
                assert list(response["content"]) == ["text/plain"]
            else:
                assert response["content"].keys() <= {"application/json", "application/octet-stream"}
                assert "application/json" in response["content"]


def test_whoever_takes_a_body_declares_its_errors(document: Document) -> None:
    for (_, path), operation in document.operations.items():
        if "requestBody" in operation:
            own = {"404"} if path.startswith("/v2") else {"422"}
            of_all = {"200", "400", "401", "403", "408", "413", "415", "500", "503"}
            assert operation["responses"].keys() == of_all | own


def test_whoever_can_be_refused_for_a_key_says_so_but_health(document: Document) -> None:
    for (_, path), operation in document.operations.items():
        health = path in ("/livez", "/readyz", "/v2/health/live", "/v2/health/ready")
        assert ({"401", "403"} <= operation["responses"].keys()) == (not health)
    assert document.content["security"] == [{}, {"bearer": []}, {"header": []}]


def test_what_most_clients_need_comes_first_and_the_open_inference_protocol_last(document: Document) -> None:
    paths = [*document.content["paths"]]
    of_v2 = [path.startswith("/v2") for path in paths]
    assert paths[:4] == ["/v1/loss", "/v1/recommend", "/v1/compare", "/v1/sampled-softmax"]
    assert of_v2 == sorted(of_v2)
    tags = [tag["name"] for tag in document.content["tags"]]
    assert tags == ["losses", "catalogue", "operations", "inference"]
    assert {tag for operation in document.operations.values() for tag in operation["tags"]} == {*tags}


def schemas_in(part: Any) -> Iterator[dict[str, Any]]:
    """Every object in a part of the document that has a type."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str):
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from schemas_in(each)


def test_limits_of_length_are_those_of_the_type_they_stand_at(document: Document) -> None:
    kinds = {"maxLength": "string", "minLength": "string", "maxItems": "array", "minItems": "array"}
    found = [
        (limit, schema["type"])
        for schema in schemas_in(document.content["components"]["schemas"])
        for limit in kinds.keys() & schema.keys()
    ]
    assert {"maxItems", "maxLength"} <= {limit for limit, _ in found}
    assert [each for each in found if each[1] != kinds[each[0]]] == []


@pytest.mark.parametrize(("schema", "codes"), [("LossWarning", WARNINGS), ("ProblemError", CODES)])
def test_codes_are_enumerated_with_their_meanings(document: Document, schema: str, codes: dict[str, str]) -> None:
    code = document.content["components"]["schemas"][schema]["properties"]["code"]
    assert dict(zip(code["enum"], code["x-enum-descriptions"], strict=True)) == codes
    assert all(codes.values())


def test_the_headers_of_each_kind_of_response_are_declared(document: Document) -> None:
    """Those that are not declared fail wherever a test's client gets them."""
    declared = {
        (path, status): set(response["headers"])
        for (_, path), operation in document.operations.items()
        for status, response in operation["responses"].items()
    }
    assert {"Server-Timing", "Vary", "Content-Encoding"} <= declared["/v1/loss", "200"]
    assert "Retry-After" in declared["/v1/loss", "503"]
    assert "ETag" in declared["/v1/losses", "200"]
    assert "ETag" in declared["/v1/losses", "304"]
    assert "WWW-Authenticate" in declared["/v2/models/{model}/infer", "401"]
    assert all("X-Request-ID" in headers for headers in declared.values())
    assert all(header["description"] for header in document.content["components"]["headers"].values())


def test_a_client_that_has_the_catalogue_gets_304_as_declared(client: httpx.Client, document: Document) -> None:
    etag = client.get("/v1/losses").headers["etag"]
    response = client.get("/v1/losses", headers={"If-None-Match": etag})
    declared = document.operations["GET", "/v1/losses"]["responses"]["304"]
    assert (response.status_code, response.content) == (304, b"")
    assert {name.lower() for name in declared["headers"]} <= {*response.headers}
    assert "content" not in declared


# --- The recorded responses


RESPONSES = [
    (method, path, status)
    for (method, path), operation in PUBLISHED.operations.items()
    for status, response in operation["responses"].items()
    if (path, status) not in {("/metrics", "200"), ("/v1/losses", "304")}
]


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
def test_each_status_of_each_operation_shows_a_response_of_its_schema(
    document: Document, method: str, path: str, status: str
) -> None:
    content = document.operations[method, path]["responses"][status]["content"]
    (shown,) = (each for media_type, each in content.items() if media_type.endswith("json"))
    assert shown["examples"]
    for example in shown["examples"].values():
        assert example["summary"]
        document.validate(shown["schema"], example["value"])
        if shown["schema"] == PROBLEM:
            assert example["value"]["status"] == int(status)


PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize(("method", "path", "name"), EXAMPLES)
def test_the_service_gives_the_response_that_is_shown(
    client: httpx.Client, document: Document, method: str, path: str, name: str
) -> None:
    operation = document.operations[method, path]
    value = document.examples(method, path)[name]["value"]
    response = client.request(method, path.format(model="auto", version="1"), json=value)
    content = operation["responses"][str(response.status_code)]["content"]
    (shown,) = (each["examples"][name]["value"] for media_type, each in content.items() if media_type.endswith("json"))
    assert settled(response.json(), shown) == shown


def descriptions(part: Any) -> Iterator[str]:
    """Every description in a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("description"), str):
            yield part["description"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from descriptions(each)


def test_every_warning_and_every_error_is_described_by_its_code(document: Document) -> None:
    words = set(re.findall(r"\w+", " ".join(descriptions(document.content["components"]["schemas"]))))
    assert {*CHECKS, *ERROR_CODES} - words == set()


# --- The examples


def test_every_example_is_of_one_version_or_the_other() -> None:
    assert len(V1_EXAMPLES) + len(V2_EXAMPLES) == len(EXAMPLES)
    assert {name for _, _, name in V2_EXAMPLES}


@pytest.mark.parametrize(("method", "path", "name"), V1_EXAMPLES)
def test_an_example_does_what_its_description_says(
    client: httpx.Client, document: Document, method: str, path: str, name: str
) -> None:
    example = document.examples(method, path)[name]
    assert example["summary"]
    response = client.request(method, path, json=example["value"])
    content = response.json()
    description = example["description"]
    promised = re.search(r"status (\d+), (\w+)(?: at ([\w.]*\w)((?:\[\d+\])*))?", description)
    if promised:
        status, code, argument, position = promised.groups()
        assert response.status_code == int(status)
        (error,) = content["errors"]
        assert error["code"] == code
        if argument:
            assert error["loc"] == ["body", *argument.split("."), *map(int, re.findall(r"\d+", position))]
        assert ("squeeze" in description) == ("squeeze" in error["message"])
        return
    assert response.status_code == 200, response.text
    words = set(re.findall(r"\w+", description))
    if words & CHECKS.keys() or "warns" not in words:
        warned = {warning["code"] for warning in content.get("warnings", [])}
        assert warned & CHECKS.keys() == words & CHECKS.keys()
    stated = content.get("loss_type") or content.get("recommendation", {}).get("loss_type")
    assert words & set(LOSS_TYPES) <= {stated}


@pytest.mark.parametrize(("method", "path", "name"), V2_EXAMPLES)
def test_an_example_of_the_open_inference_protocol_does_what_its_description_says(
    client: httpx.Client, document: Document, method: str, path: str, name: str
) -> None:
    example = document.examples(method, path)[name]
    assert example["summary"]
    response = client.request(method, path.format(model="auto", version="1"), json=example["value"])
    promised = re.search(r"status (\d+): (.+)\.$", example["description"])
    if promised:
        assert response.status_code == int(promised[1])
        assert response.json()["error"].startswith(promised[2])
        return
    assert response.status_code == 200, response.text
    content = response.json()
    assert content.get("id") == example["value"].get("id")
    outputs = [output["name"] for output in example["value"].get("outputs", [])]
    assert [output["name"] for output in content["outputs"]] == (outputs or ["per_sample", "loss"])
    words = set(re.findall(r"\w+", example["description"]))
    assert words & set(LOSS_TYPES) <= {content["parameters"]["loss_type"]}


@pytest.mark.parametrize(("method", "path", "name"), EXAMPLES)
def test_an_example_is_of_the_published_form(document: Document, method: str, path: str, name: str) -> None:
    schema = document.operations[method, path]["requestBody"]["content"]["application/json"]["schema"]
    value = document.examples(method, path)[name]["value"]
    document.validator(schema["$ref"].removeprefix("#/components/schemas/")).validate(value)


def test_there_is_an_example_of_every_loss_type_and_every_mistake(client: httpx.Client, document: Document) -> None:
    responses = [
        client.post("/v1/loss", json=each["value"]).json() for each in document.examples("POST", "/v1/loss").values()
    ]
    computed = {content["loss_type"] for content in responses if "loss_type" in content}
    warned = {warning["code"] for content in responses for warning in content.get("warnings", [])}
    assert computed == set(LOSS_TYPES)
    assert warned == CHECKS.keys()


# --- What the schemas accept is what the service accepts


@pytest.mark.parametrize(
    "fields",
    [
        {"axis": 0.5},
        {"axis": "0"},
        {"loss_type": "hinge"},
        {"reduction": "average"},
        {"from_logits": 1},
        {"label_smoothing": 2},
        {"label_smoothing": "0.1"},
        {"ignore_index": 0.5},
        {"include": "gradient"},
        {"include": ["gradients"]},
        {"wieghts": 1},
        {"weights": True},
        {"weights": "1"},
        {"weights": {}},
        {"logits": None},
    ],
    ids=str,
)
def test_what_the_schema_refuses_the_service_refuses(
    client: httpx.Client, document: Document, fields: dict[str, Any]
) -> None:
    body = {"logits": [[1.0, 2.0], [3.0, 4.0]], "labels": [0, 1]} | fields
    assert not document.validator("LossRequest").is_valid(body)
    assert client.post("/v1/loss", json=body).status_code == 422


@pytest.mark.parametrize(
    "fields",
    [
        {"weights": 2},
        {"weights": [1, 2.5]},
        {"axis": 0},
        {"axis": -2},
        {"axis": 1.0},
        {"label_smoothing": 1},
        {"ignore_index": -100},
        {"ignore_index": -100.0},
        {"logits": [["-Infinity", 1], [2, 3]]},
        {"include": ["elements", "gradient", "probabilities"]},
        {"include": ["gradient", "gradient"]},
    ],
    ids=str,
)
def test_what_the_service_accepts_the_schema_accepts(
    client: httpx.Client, document: Document, fields: dict[str, Any]
) -> None:
    body = {"logits": [[1.0, 2.0], [3.0, 4.0]], "labels": [1, 1]} | fields
    assert client.post("/v1/loss", json=body).status_code == 200
    assert document.validator("LossRequest").is_valid(body)


def test_the_schema_knows_that_null_means_absent(document: Document) -> None:
    schema = document.content["components"]["schemas"]["LossRequest"]
    optional = schema["properties"].keys() - schema["required"]
    validator = document.validator("LossRequest")
    refused = {name for name in optional if not validator.is_valid({"logits": [1], "labels": 1, name: None})}
    assert refused == set()
