"""A body that goes wrong while the response to it is being sent."""

import asyncio

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from app.main import create_app
from app.server.connection import connection_class
from app.settings import Settings

HEAD = b"POST / HTTP/1.1\r\nHost: xent\r\nTransfer-Encoding: chunked\r\n\r\n"


async def begins_to_respond(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  the protocol's form
    """Send the first half of a response, and wait for the client to go."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


def test_no_second_response_is_written_behind_a_half_sent_one() -> None:
    async def test() -> bytes:
        protocol = connection_class(create_app(Settings()))
        config = uvicorn.Config(begins_to_respond, http=protocol, lifespan="off", log_config=None)
        config.load()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol(config, ServerState(), {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(HEAD)
        received = await reader.readuntil(b"half")
        writer.write(b"no size\r\n")
        received += await asyncio.wait_for(reader.read(), 10)
        writer.close()
        server.close()
        return received

    received = asyncio.run(test())
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"half")
