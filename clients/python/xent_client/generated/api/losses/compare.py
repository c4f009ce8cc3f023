from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.compare_request import CompareRequest
from ...models.compare_response import CompareResponse
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    *,
    body: CompareRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/compare",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CompareResponse | Problem | None:
    if response.status_code == 200:
        response_200 = CompareResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 408:
        response_408 = Problem.from_dict(response.json())

        return response_408

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

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
) -> Response[CompareResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CompareRequest,
) -> Response[CompareResponse | Problem]:
    """Compare two models on the same samples

     Two models on the same samples: is one better, and how far do their predictions differ? For
    checkpoints, fine-tuned,
    quantised and distilled models.

    The mean difference of their losses has a far smaller standard error than the two means have: what
    makes a sample hard
    for both cancels. The test is the paired t-test. It takes samples as independent, so tokens of one
    text make it too
    sure.

    `divergence`, `same_top1` and `same_top5` need no labels. Divergences of float32 logits have a
    relative error of about
    1e-6, small ones too; those of float64 logits an error of about 1e-14 nats.

    Args:
        body (CompareRequest): Two models' logits for the same samples, and how their losses are
            to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CompareResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CompareRequest,
) -> CompareResponse | Problem | None:
    """Compare two models on the same samples

     Two models on the same samples: is one better, and how far do their predictions differ? For
    checkpoints, fine-tuned,
    quantised and distilled models.

    The mean difference of their losses has a far smaller standard error than the two means have: what
    makes a sample hard
    for both cancels. The test is the paired t-test. It takes samples as independent, so tokens of one
    text make it too
    sure.

    `divergence`, `same_top1` and `same_top5` need no labels. Divergences of float32 logits have a
    relative error of about
    1e-6, small ones too; those of float64 logits an error of about 1e-14 nats.

    Args:
        body (CompareRequest): Two models' logits for the same samples, and how their losses are
            to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CompareResponse | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CompareRequest,
) -> Response[CompareResponse | Problem]:
    """Compare two models on the same samples

     Two models on the same samples: is one better, and how far do their predictions differ? For
    checkpoints, fine-tuned,
    quantised and distilled models.

    The mean difference of their losses has a far smaller standard error than the two means have: what
    makes a sample hard
    for both cancels. The test is the paired t-test. It takes samples as independent, so tokens of one
    text make it too
    sure.

    `divergence`, `same_top1` and `same_top5` need no labels. Divergences of float32 logits have a
    relative error of about
    1e-6, small ones too; those of float64 logits an error of about 1e-14 nats.

    Args:
        body (CompareRequest): Two models' logits for the same samples, and how their losses are
            to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CompareResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: CompareRequest,
) -> CompareResponse | Problem | None:
    """Compare two models on the same samples

     Two models on the same samples: is one better, and how far do their predictions differ? For
    checkpoints, fine-tuned,
    quantised and distilled models.

    The mean difference of their losses has a far smaller standard error than the two means have: what
    makes a sample hard
    for both cancels. The test is the paired t-test. It takes samples as independent, so tokens of one
    text make it too
    sure.

    `divergence`, `same_top1` and `same_top5` need no labels. Divergences of float32 logits have a
    relative error of about
    1e-6, small ones too; those of float64 logits an error of about 1e-14 nats.

    Args:
        body (CompareRequest): Two models' logits for the same samples, and how their losses are
            to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CompareResponse | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
