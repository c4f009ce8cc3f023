from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.loss_request import LossRequest
from ...models.loss_response import LossResponse
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    *,
    body: LossRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/loss",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> LossResponse | Problem | None:
    if response.status_code == 200:
        response_200 = LossResponse.from_dict(response.json())

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
) -> Response[LossResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: LossRequest,
) -> Response[LossResponse | Problem]:
    """Compute the losses of a batch

     Per-sample and reduced losses of one batch, the loss type its labels call for, and warnings about
    likely mistakes.

    Losses are in nats, and equal those of TensorFlow, Keras and PyTorch to the last digits that the
    dtype has. Nested
    lists are computed in float64, and so is what the dtype of a tensor object doesn't say otherwise:
    float16, bfloat16 and
    float32 are computed in float32.

    A *sample* is one entry of the batch dimensions (the logits' shape without the class axis); with
    logits of rank 1 each
    logit is a sample for sigmoid losses, and for softmax losses they are one sample. An *element* is
    one loss before any
    averaging: one per row for softmax losses, one per logit for sigmoid losses.

    0 · ∞ is 0: a weight of 0, or a label of 0 at a masked class, costs nothing. A row masked whole is
    an error unless its
    label is ignored or its weight is 0; its probabilities and its gradient are then 0.

    `warnings` name what looks wrong; nothing is ever changed because of them, and silence proves
    nothing: `checked` lists
    the checks that ran.

    Args:
        body (LossRequest): One batch of logits and labels, and how its losses are to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LossResponse | Problem]
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
    body: LossRequest,
) -> LossResponse | Problem | None:
    """Compute the losses of a batch

     Per-sample and reduced losses of one batch, the loss type its labels call for, and warnings about
    likely mistakes.

    Losses are in nats, and equal those of TensorFlow, Keras and PyTorch to the last digits that the
    dtype has. Nested
    lists are computed in float64, and so is what the dtype of a tensor object doesn't say otherwise:
    float16, bfloat16 and
    float32 are computed in float32.

    A *sample* is one entry of the batch dimensions (the logits' shape without the class axis); with
    logits of rank 1 each
    logit is a sample for sigmoid losses, and for softmax losses they are one sample. An *element* is
    one loss before any
    averaging: one per row for softmax losses, one per logit for sigmoid losses.

    0 · ∞ is 0: a weight of 0, or a label of 0 at a masked class, costs nothing. A row masked whole is
    an error unless its
    label is ignored or its weight is 0; its probabilities and its gradient are then 0.

    `warnings` name what looks wrong; nothing is ever changed because of them, and silence proves
    nothing: `checked` lists
    the checks that ran.

    Args:
        body (LossRequest): One batch of logits and labels, and how its losses are to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LossResponse | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: LossRequest,
) -> Response[LossResponse | Problem]:
    """Compute the losses of a batch

     Per-sample and reduced losses of one batch, the loss type its labels call for, and warnings about
    likely mistakes.

    Losses are in nats, and equal those of TensorFlow, Keras and PyTorch to the last digits that the
    dtype has. Nested
    lists are computed in float64, and so is what the dtype of a tensor object doesn't say otherwise:
    float16, bfloat16 and
    float32 are computed in float32.

    A *sample* is one entry of the batch dimensions (the logits' shape without the class axis); with
    logits of rank 1 each
    logit is a sample for sigmoid losses, and for softmax losses they are one sample. An *element* is
    one loss before any
    averaging: one per row for softmax losses, one per logit for sigmoid losses.

    0 · ∞ is 0: a weight of 0, or a label of 0 at a masked class, costs nothing. A row masked whole is
    an error unless its
    label is ignored or its weight is 0; its probabilities and its gradient are then 0.

    `warnings` name what looks wrong; nothing is ever changed because of them, and silence proves
    nothing: `checked` lists
    the checks that ran.

    Args:
        body (LossRequest): One batch of logits and labels, and how its losses are to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LossResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: LossRequest,
) -> LossResponse | Problem | None:
    """Compute the losses of a batch

     Per-sample and reduced losses of one batch, the loss type its labels call for, and warnings about
    likely mistakes.

    Losses are in nats, and equal those of TensorFlow, Keras and PyTorch to the last digits that the
    dtype has. Nested
    lists are computed in float64, and so is what the dtype of a tensor object doesn't say otherwise:
    float16, bfloat16 and
    float32 are computed in float32.

    A *sample* is one entry of the batch dimensions (the logits' shape without the class axis); with
    logits of rank 1 each
    logit is a sample for sigmoid losses, and for softmax losses they are one sample. An *element* is
    one loss before any
    averaging: one per row for softmax losses, one per logit for sigmoid losses.

    0 · ∞ is 0: a weight of 0, or a label of 0 at a masked class, costs nothing. A row masked whole is
    an error unless its
    label is ignored or its weight is 0; its probabilities and its gradient are then 0.

    `warnings` name what looks wrong; nothing is ever changed because of them, and silence proves
    nothing: `checked` lists
    the checks that ran.

    Args:
        body (LossRequest): One batch of logits and labels, and how its losses are to be computed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LossResponse | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
