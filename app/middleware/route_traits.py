"""How the middleware treats a route, declared where the route is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Access(Enum):
    """Which requests need a key, where the service has keys."""

    KEY = "always"
    DOCUMENTATION = "unless XENT_OPEN_DOCS is set"
    METRICS = "unless XENT_OPEN_METRICS is set"
    OPEN = "never"


class ErrorForm(Enum):
    """The form of error responses, by its media type."""

    PROBLEM = "application/problem+json"
    OIP = "application/json"


@dataclass(frozen=True, slots=True)
class RouteTraits:
    """The defaults are the strict ones.

    `always_admitted`: the route responds also when the service is at capacity.
    """

    access: Access = Access.KEY
    always_admitted: bool = False
    error_form: ErrorForm = ErrorForm.PROBLEM


def with_traits(traits: RouteTraits) -> Callable[[Endpoint], Endpoint]:
    """Declare the traits of all routes of an endpoint. It stands below the router's decorators."""

    def declare(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["traits"] = traits
        return endpoint

    return declare


class Router(APIRouter):
    """A router whose endpoints have these traits, unless they declare their own."""

    def __init__(self, traits: RouteTraits, **options: Any) -> None:
        super().__init__(**options)
        self.traits = traits

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        endpoint.__dict__.setdefault("traits", self.traits)
        super().add_api_route(path, endpoint, **options)


class TraitsByPath:
    """The traits of every path of a request, also of those that are no route's.

    `known_paths` maps paths to the path templates of their routes, so that most lookups match no pattern.
    """

    def __init__(self, routes: Iterable[APIRoute], known_paths: Mapping[str, str]) -> None:
        traits = {route.path: traits_of(route) for route in routes}
        self._of_path = traits | {path: traits[template] for path, template in known_paths.items()}
        self._of_pattern = [(route.path_regex, traits[route.path]) for route in routes if route.param_convertors]

    def of(self, path: str) -> RouteTraits:
        found = self._of_path.get(path)
        if found is not None:
            return found
        return next((traits for pattern, traits in self._of_pattern if pattern.match(path)), _of_no_route(path))


def traits_of(route: APIRoute) -> RouteTraits:
    """The declared traits, or the defaults."""
    traits: RouteTraits = getattr(route.endpoint, "traits", RouteTraits())
    return traits


def _of_no_route(path: str) -> RouteTraits:
    under_v2 = path == "/v2" or path.startswith("/v2/")
    return RouteTraits(error_form=ErrorForm.OIP if under_v2 else ErrorForm.PROBLEM)
