"""`xent loss FILE`: one batch, in this process, as POST /v1/loss computes it."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.types import Message

from app.main import create_app
from app.middleware.api_keys import ApiKeys
from app.settings import Settings
from xent_cli.failure import DONE, Failure

PATH = "/v1/loss"


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="xent loss",
        description="Compute the losses of one batch: a JSON file that holds a request of POST /v1/loss.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the request; -: standard input")
    parser.add_argument("--json", action="store_true", help="write the response as the service sends it")
    options = parser.parse_args(arguments)
    status, response = asyncio.run(_post(_read(options.file)))
    if status != 200:
        raise Failure(json.loads(response)["detail"])
    sys.stdout.write(response.decode() if options.json else _as_text(json.loads(response)))
    if options.json:
        sys.stdout.write("\n")
    return DONE


def _read(name: str) -> bytes:
    """Raises Failure."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Failure(f"{name} can't be read: {error.strerror}") from None


async def _post(body: bytes) -> tuple[int, bytes]:
    """Status and body of the application's response. Nothing listens, and the environment's settings don't apply:
    what limits a service's clients is of no use here.
    """
    most = 1 << 62
    settings = Settings.model_construct(
        max_body_bytes=len(body), max_elements=most, max_json_values=most, max_bytes_in_flight=most,
        compute_seconds=86_400.0, log_requests=False,
    )  # fmt: skip
    app = create_app(settings, ApiKeys(()))
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"content-type": "application/json", "content-length": str(len(body))}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": PATH, "raw_path": PATH.encode(), "root_path": "", "query_string": b"", "client": None, "server": None,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def _as_text(response: dict[str, Any]) -> str:
    lines = [f"loss type: {response['loss_type']}"]
    if (reduced := response["reduced"]) is not None:
        lines.append(
            f"{reduced['reduction']}: {reduced['value']} nats ({reduced['numerator']} / {reduced['denominator']})"
        )
    lines.append(f"per sample: {json.dumps(response['per_sample'])}")
    if recommended := response.get("recommendation"):
        lines.append(f"recommended: {recommended['loss_type']}, as the labels are {recommended['label_kind']}")
    lines += [
        f"warning ({each['severity']}) {each['code']}: {each['message']}; {each['fix']}"
        for each in response.get("warnings") or ()
    ]
    return "\n".join(lines) + "\n"
