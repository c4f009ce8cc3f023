"""Batches that can be computed, in each of the ways in which they can be sent; and bodies that hold what they like."""

import base64
import json
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.core.failures import FailureGroup

from tests.hostile import batches, bodies
from tests.hostile.batches import DTYPES, Batch
from tests.hostile.bodies import HEADER_LENGTH, Body
from tests.hostile.conftest import Start
from tests.hostile.drawing import draws

BATCHES = 250
BODIES = 2000
INFER = "/v2/models/{model}/infer"
CODES = dict(DTYPES.values()) | {dtype: code for dtype, (_, code) in DTYPES.items()}
# What JSON may have between its tokens, and so much of it that the body is read in another way.
SPACE = b" " * bodies.LONG_BYTES

Post = Callable[[Body], httpx.Response]


@pytest.fixture(scope="module")
def client(start: Start) -> Iterator[httpx.Client]:
    service = start(XENT_MAX_BODY_BYTES="1000000", XENT_MAX_INFLATED_BYTES="2000000")
    with service.client(**{"Content-Type": "application/json"}) as client:
        yield client


@pytest.fixture(scope="module")
def post(client: httpx.Client) -> Post:
    """Sends a body, and holds the answer to the document, by all of schemathesis' checks."""
    document = schemathesis.openapi.from_dict(client.get("/openapi.json").json())

    def post(body: Body) -> httpx.Response:
        headers = [header.split(": ", 1) for header in body.headers]
        response = client.post(body.path, content=body.content, headers=dict(headers))
        model = body.path.removeprefix("/v2/models/").removesuffix("/infer")
        path = INFER if model != body.path else body.path
        case = document[path]["POST"].Case(path_parameters={"model": model} if path == INFER else {})
        case.validate_response(with_finite_numbers(response))
        return response

    return post


def with_finite_numbers(response: httpx.Response) -> httpx.Response:
    """The Open Inference Protocol has bare infinities, of which JSON Schema knows nothing."""
    if response.headers["content-type"] != "application/json" or not response.url.path.startswith("/v2"):
        return response
    content = re.sub(rb"(?<=[:,\[]|-)Infinity(?=[,}\]])", b"1e308", response.content)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    copy = httpx.Response(response.status_code, headers=headers, content=content, request=response.request)
    copy.elapsed = response.elapsed
    return copy


# --- What can be computed


def infer(post: Post, batch: Batch, *, binary: bool) -> dict[str, list[float]]:
    """What the Open Inference Protocol answers, by the outputs' names."""
    head = json.dumps(batch.document(binary=binary)).encode()
    path = INFER.format(model=batch.loss_type)
    headers = (f"{HEADER_LENGTH}: {len(head)}",) if binary else ()
    response = post(Body(path, head + (batch.tail if binary else b""), headers))
    assert response.status_code == 200, response.text
    length = int(response.headers.get(HEADER_LENGTH, len(response.content)))
    answer, behind = json.loads(response.content[:length]), response.content[length:]
    outputs = {}
    for output in answer["outputs"]:
        code = CODES[output["datatype"]]
        size = output["parameters"]["binary_data_size"] if binary else 0
        # The text of a float32 has only the digits that tell it from others.
        data = behind[:size] if binary else struct.pack(f"<{len(output['data'])}{code}", *output["data"])
        outputs[output["name"]] = numbers(code, data)
        behind = behind[size:]
    assert behind == b""
    return outputs


def loss(post: Post, request: dict[str, Any]) -> dict[str, list[float]]:
    """What `POST /v1/loss` answers, by the names that the Open Inference Protocol has for it."""
    response = post(Body("/v1/loss", json.dumps(request).encode()))
    assert response.status_code == 200, response.text
    answer = response.json()
    arrays = {name: answer[name] for name in ("per_sample", *batches.OUTPUTS) if name in answer}
    if answer["reduced"]:
        arrays["loss"] = answer["reduced"]["value"]
    return {
        name: numbers(CODES[array["dtype"]], base64.b64decode(array["data"]))
        if isinstance(array, dict)
        else flat(array)
        for name, array in arrays.items()
    }


def numbers(code: str, data: bytes) -> list[float]:
    return [*struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data)]


def flat(nested: Any) -> list[float]:
    if isinstance(nested, list):
        return [value for item in nested for value in flat(item)]
    return [float(nested)]


@pytest.mark.parametrize("number", range(BATCHES))
def test_a_batch_has_the_same_losses_in_whichever_way_it_is_sent(post: Post, number: int) -> None:
    batch = batches.batch(draws("batch", number))
    expected = loss(post, batch.as_tensors | {"encoding": "base64"})
    assert infer(post, batch, binary=True) == expected
    assert infer(post, batch, binary=False) == expected
    if batch.arrays["logits"].dtype not in ("float16", "bfloat16", "float32"):
        assert loss(post, batch.as_lists) == expected


@pytest.mark.parametrize("make", [batches.recommend_request, batches.sampled_request])
def test_requests_that_are_right_are_answered(post: Post, make: Callable[..., dict[str, Any]]) -> None:
    path = "/v1/recommend" if make is batches.recommend_request else "/v1/sampled-softmax"
    for number in range(BATCHES):
        request = json.dumps(make(draws(path, number))).encode()
        response = post(Body(path, request))
        assert response.status_code == 200, (number, request, response.text)


# --- What may be anything


def test_whatever_a_body_holds_is_answered_as_the_document_says(post: Post) -> None:
    answered: Counter[tuple[str, bool]] = Counter()
    for number in range(BODIES):
        body = bodies.drawn(draws("body", number))
        try:
            response = post(body)
        except FailureGroup as failures:
            failures.add_note(f"number {number}: {body!r:.4000}")
            raise
        answered[body.path.split("/")[-1], response.is_success] += 1
    # Each endpoint has taken some, and refused some.
    assert len(answered) == 8, answered
    assert min(answered.values()) > 20, answered


def test_white_space_changes_no_answer(client: httpx.Client) -> None:
    """A long body is read in another way than a short one, which may not show."""
    for number in range(BODIES):
        random = draws("white space", number)
        body = random.choice([bodies.document, bodies.listed])(random)
        longer = random.choice([body.content + SPACE, SPACE + body.content])
        answers = [client.post(body.path, content=content) for content in (body.content, longer)]
        shown = f"number {number}: {body!r:.4000}\n{[each.text[:2000] for each in answers]}"
        assert said(answers[0]) == said(answers[1]), shown


def said(response: httpx.Response) -> Any:
    """What has to be the same: the words and the place of an error may differ, and so does what is drawn."""
    if not response.is_success or response.url.path == "/v1/sampled-softmax":
        return response.is_success
    return response.json()
