"""Each route declares who may call it, whether it is shed, and the form of its errors."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.main import create_app
from app.middleware.route_traits import Access, ErrorForm, Router, RouteTraits, TraitsByPath, traits_of, with_traits
from app.settings import Settings

STRICT = (Access.KEY, False)
PROBE = (Access.OPEN, True)
# Every route: which requests need a key, and whether it is always admitted. Errors under /v2 are the protocol's.
TABLE = {
    "/livez": PROBE,
    "/readyz": PROBE,
    "/v2/health/live": PROBE,
    "/v2/health/ready": PROBE,
    "/metrics": (Access.METRICS, True),
    "/": (Access.DOCUMENTATION, False),
    "/assets/{file}": (Access.DOCUMENTATION, False),
    "/learn": (Access.DOCUMENTATION, False),
    "/learn/{page}": (Access.DOCUMENTATION, False),
    "/docs": (Access.DOCUMENTATION, False),
    "/docs/{asset}": (Access.DOCUMENTATION, False),
    "/openapi.json": (Access.DOCUMENTATION, False),
    "/v1/loss": STRICT,
    "/v1/compare": STRICT,
    "/v1/sampled-softmax": STRICT,
    "/v1/recommend": STRICT,
    "/v1/losses": STRICT,
    "/v1/losses/{loss_type}": STRICT,
    "/v1/limits": STRICT,
    "/v2": STRICT,
    "/v2/": STRICT,
    "/v2/models": STRICT,
    "/v2/models/stats": STRICT,
    "/v2/models/{model}": STRICT,
    "/v2/models/{model}/ready": STRICT,
    "/v2/models/{model}/config": STRICT,
    "/v2/models/{model}/stats": STRICT,
    "/v2/models/{model}/infer": STRICT,
    "/v2/models/{model}/versions/{version}": STRICT,
    "/v2/models/{model}/versions/{version}/ready": STRICT,
    "/v2/models/{model}/versions/{version}/config": STRICT,
    "/v2/models/{model}/versions/{version}/stats": STRICT,
    "/v2/models/{model}/versions/{version}/infer": STRICT,
    "/v2/systemsharedmemory/status": STRICT,
    "/v2/systemsharedmemory/unregister": STRICT,
    "/v2/systemsharedmemory/region/{region}/status": STRICT,
    "/v2/systemsharedmemory/region/{region}/register": STRICT,
    "/v2/systemsharedmemory/region/{region}/unregister": STRICT,
    "/v2/repository/index": STRICT,
    "/v2/repository/models/{model}/load": STRICT,
    "/v2/repository/models/{model}/unload": STRICT,
}


@pytest.fixture(scope="module")
def application() -> FastAPI:
    return create_app(Settings())


def routes_of(application: FastAPI) -> list[APIRoute]:
    return [route for route in application.router.routes if isinstance(route, APIRoute)]


def test_every_route_has_the_traits_of_the_table(application: FastAPI) -> None:
    declared = {route.path: traits_of(route) for route in routes_of(application)}
    assert {path: (traits.access, traits.always_admitted) for path, traits in declared.items()} == TABLE
    for path, traits in declared.items():
        assert traits.error_form is (ErrorForm.OIP if path.startswith("/v2") else ErrorForm.PROBLEM), path


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/livez", "/livez"),
        ("/docs/swagger-ui.css", "/docs/{asset}"),
        ("/docs/none", "/docs/{asset}"),
        ("/v2/models/auto/infer", "/v2/models/{model}/infer"),
        ("/v2/models/none/versions/7/infer", "/v2/models/{model}/versions/{version}/infer"),
    ],
)
def test_a_path_has_the_traits_of_its_route(application: FastAPI, path: str, template: str) -> None:
    traits: TraitsByPath = application.state.traits
    [route] = [route for route in routes_of(application) if route.path == template]
    assert traits.of(path) == traits_of(route)


@pytest.mark.parametrize("path", ["", "/livez/", "//livez", "/LIVEZ", "/livezz", "/docs/", "/docs/a/b", "/docsx"])
def test_a_path_without_a_route_needs_a_key_and_is_shed(application: FastAPI, path: str) -> None:
    assert application.state.traits.of(path) == RouteTraits(Access.KEY, always_admitted=False)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/v2/none", ErrorForm.OIP),
        ("/v2/health/live/", ErrorForm.OIP),
        ("/v2x", ErrorForm.PROBLEM),
        ("/v1/v2/", ErrorForm.PROBLEM),
        ("/none", ErrorForm.PROBLEM),
    ],
)
def test_errors_at_a_path_without_a_route_have_the_form_of_its_prefix(
    application: FastAPI, path: str, form: ErrorForm
) -> None:
    assert application.state.traits.of(path) == RouteTraits(error_form=form)


def test_a_route_without_traits_needs_a_key_and_is_shed() -> None:
    app = FastAPI()

    @app.get("/new")
    async def new() -> None:
        """Nothing."""

    [route] = [route for route in routes_of(app) if route.path == "/new"]
    assert traits_of(route) == RouteTraits(Access.KEY, always_admitted=False, error_form=ErrorForm.PROBLEM)


def test_an_endpoint_declares_its_own_traits_or_has_those_of_its_router() -> None:
    router = Router(RouteTraits(error_form=ErrorForm.OIP))

    @router.get("/plain")
    async def plain() -> None:
        """Nothing."""

    @router.get("/also-open")
    @router.get("/open")
    @with_traits(RouteTraits(access=Access.OPEN))
    async def open_to_all() -> None:
        """Nothing."""

    traits = TraitsByPath([route for route in router.routes if isinstance(route, APIRoute)], {})
    assert traits.of("/plain") == RouteTraits(error_form=ErrorForm.OIP)
    assert traits.of("/open") == traits.of("/also-open") == RouteTraits(access=Access.OPEN)
