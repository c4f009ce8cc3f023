from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.catalogue_entry import CatalogueEntry
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    loss_type: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/losses/{loss_type}".format(
            loss_type=quote(str(loss_type), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CatalogueEntry | Problem | None:
    if response.status_code == 200:
        response_200 = CatalogueEntry.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[CatalogueEntry | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    loss_type: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[CatalogueEntry | Problem]:
    """One loss of the catalogue

     One entry of the catalogue.

    Args:
        loss_type (str): one of the catalogue's names

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CatalogueEntry | Problem]
    """

    kwargs = _get_kwargs(
        loss_type=loss_type,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    loss_type: str,
    *,
    client: AuthenticatedClient | Client,
) -> CatalogueEntry | Problem | None:
    """One loss of the catalogue

     One entry of the catalogue.

    Args:
        loss_type (str): one of the catalogue's names

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CatalogueEntry | Problem
    """

    return sync_detailed(
        loss_type=loss_type,
        client=client,
    ).parsed


async def asyncio_detailed(
    loss_type: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[CatalogueEntry | Problem]:
    """One loss of the catalogue

     One entry of the catalogue.

    Args:
        loss_type (str): one of the catalogue's names

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CatalogueEntry | Problem]
    """

    kwargs = _get_kwargs(
        loss_type=loss_type,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    loss_type: str,
    *,
    client: AuthenticatedClient | Client,
) -> CatalogueEntry | Problem | None:
    """One loss of the catalogue

     One entry of the catalogue.

    Args:
        loss_type (str): one of the catalogue's names

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CatalogueEntry | Problem
    """

    return (
        await asyncio_detailed(
            loss_type=loss_type,
            client=client,
        )
    ).parsed
