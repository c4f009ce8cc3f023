"""Cross-origin requests."""

from collections.abc import Collection

from fastapi import Response
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.middleware.problems import Refusal, problem
from app.wire.describe import describe


class Cors(CORSMiddleware):
    """Starlette's CORS middleware, with refused preflights as problem+json."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        super().__init__(app, origins, allow_methods=["*"], allow_headers=["*"], expose_headers=["*"])

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code != 400:
            return response
        reasons = "; ".join(_reasons(self, request_headers))
        refusal = problem(Refusal(400, f"the preflight request is refused: {reasons}"))
        kept = [header for header in response.raw_headers if header[0] not in (b"content-length", b"content-type")]
        refusal.raw_headers += kept
        return refusal


def _reasons(cors: Cors, headers: Headers) -> list[str]:
    origin, method = headers["origin"], headers["access-control-request-method"]
    reasons = []
    if not cors.is_allowed_origin(origin):
        reasons.append(f"Origin is {describe(origin)}; XENT_CORS_ORIGINS lists the allowed origins")
    if method not in cors.allow_methods:
        reasons.append(
            f"Access-Control-Request-Method is {describe(method)}; one of {', '.join(cors.allow_methods)} was expected"
        )
    if "access-control-request-private-network" in headers:
        reasons.append("Access-Control-Request-Private-Network is set; requests into a private network are not allowed")
    return reasons
