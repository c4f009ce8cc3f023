"""HEAD for every path that has GET."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    """Handles HEAD as GET; the server leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            as_get = {**scope, "method": "GET"}
            await self.app(as_get, receive, send)
            scope["route"] = as_get.get("route")
        else:
            await self.app(scope, receive, send)
