from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.sampled_softmax_request import SampledSoftmaxRequest
from ...models.sampled_softmax_response import SampledSoftmaxResponse
from ...types import Response


def _get_kwargs(
    *,
    body: SampledSoftmaxRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/sampled-softmax",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | SampledSoftmaxResponse | None:
    if response.status_code == 200:
        response_200 = SampledSoftmaxResponse.from_dict(response.json())

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
) -> Response[Problem | SampledSoftmaxResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: SampledSoftmaxRequest,
) -> Response[Problem | SampledSoftmaxResponse]:
    """Compute the sampled softmax loss of a batch

     The sampled softmax loss, for training over very many classes: each row's labels against a sample of
    the classes, as
    `tf.nn.sampled_softmax_loss` computes it.

    ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t) with z_k = inputs · weights_k + biases_k − log q_k, where t
    runs over the row's T
    labels, j over them and the candidates, and q is the expected count. Losses are in nats.

    Candidates are drawn without replacement: classes are drawn until `num_sampled` distinct ones are
    there. With n tries,
    the expected count of a class of probability p is −expm1(n · log1p(−p)). The same seed gives the
    same draw on every
    machine. Or a sample is given as `sampled_values`, and nothing is drawn.

    Only the weights and biases of labels and candidates are read; the others may hold anything.

    Accidental hits, candidates that are labels of the row, are left out exactly, where TensorFlow adds
    −3.4e38 to their
    logits. Where no class came up twice, TensorFlow's samplers write n · p for the expected count,
    which can exceed 1.

    The response always has the warning `train_only`: the value is not the cross-entropy over all
    classes, and changes
    with the sample. Evaluate with `POST /v1/loss`.

    Args:
        body (SampledSoftmaxRequest): One batch before the last layer, that layer, and the classes
            to compare with.

            Either `num_sampled` is given, or `sampled_values`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SampledSoftmaxResponse]
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
    body: SampledSoftmaxRequest,
) -> Problem | SampledSoftmaxResponse | None:
    """Compute the sampled softmax loss of a batch

     The sampled softmax loss, for training over very many classes: each row's labels against a sample of
    the classes, as
    `tf.nn.sampled_softmax_loss` computes it.

    ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t) with z_k = inputs · weights_k + biases_k − log q_k, where t
    runs over the row's T
    labels, j over them and the candidates, and q is the expected count. Losses are in nats.

    Candidates are drawn without replacement: classes are drawn until `num_sampled` distinct ones are
    there. With n tries,
    the expected count of a class of probability p is −expm1(n · log1p(−p)). The same seed gives the
    same draw on every
    machine. Or a sample is given as `sampled_values`, and nothing is drawn.

    Only the weights and biases of labels and candidates are read; the others may hold anything.

    Accidental hits, candidates that are labels of the row, are left out exactly, where TensorFlow adds
    −3.4e38 to their
    logits. Where no class came up twice, TensorFlow's samplers write n · p for the expected count,
    which can exceed 1.

    The response always has the warning `train_only`: the value is not the cross-entropy over all
    classes, and changes
    with the sample. Evaluate with `POST /v1/loss`.

    Args:
        body (SampledSoftmaxRequest): One batch before the last layer, that layer, and the classes
            to compare with.

            Either `num_sampled` is given, or `sampled_values`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SampledSoftmaxResponse
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: SampledSoftmaxRequest,
) -> Response[Problem | SampledSoftmaxResponse]:
    """Compute the sampled softmax loss of a batch

     The sampled softmax loss, for training over very many classes: each row's labels against a sample of
    the classes, as
    `tf.nn.sampled_softmax_loss` computes it.

    ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t) with z_k = inputs · weights_k + biases_k − log q_k, where t
    runs over the row's T
    labels, j over them and the candidates, and q is the expected count. Losses are in nats.

    Candidates are drawn without replacement: classes are drawn until `num_sampled` distinct ones are
    there. With n tries,
    the expected count of a class of probability p is −expm1(n · log1p(−p)). The same seed gives the
    same draw on every
    machine. Or a sample is given as `sampled_values`, and nothing is drawn.

    Only the weights and biases of labels and candidates are read; the others may hold anything.

    Accidental hits, candidates that are labels of the row, are left out exactly, where TensorFlow adds
    −3.4e38 to their
    logits. Where no class came up twice, TensorFlow's samplers write n · p for the expected count,
    which can exceed 1.

    The response always has the warning `train_only`: the value is not the cross-entropy over all
    classes, and changes
    with the sample. Evaluate with `POST /v1/loss`.

    Args:
        body (SampledSoftmaxRequest): One batch before the last layer, that layer, and the classes
            to compare with.

            Either `num_sampled` is given, or `sampled_values`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SampledSoftmaxResponse]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: SampledSoftmaxRequest,
) -> Problem | SampledSoftmaxResponse | None:
    """Compute the sampled softmax loss of a batch

     The sampled softmax loss, for training over very many classes: each row's labels against a sample of
    the classes, as
    `tf.nn.sampled_softmax_loss` computes it.

    ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t) with z_k = inputs · weights_k + biases_k − log q_k, where t
    runs over the row's T
    labels, j over them and the candidates, and q is the expected count. Losses are in nats.

    Candidates are drawn without replacement: classes are drawn until `num_sampled` distinct ones are
    there. With n tries,
    the expected count of a class of probability p is −expm1(n · log1p(−p)). The same seed gives the
    same draw on every
    machine. Or a sample is given as `sampled_values`, and nothing is drawn.

    Only the weights and biases of labels and candidates are read; the others may hold anything.

    Accidental hits, candidates that are labels of the row, are left out exactly, where TensorFlow adds
    −3.4e38 to their
    logits. Where no class came up twice, TensorFlow's samplers write n · p for the expected count,
    which can exceed 1.

    The response always has the warning `train_only`: the value is not the cross-entropy over all
    classes, and changes
    with the sample. Evaluate with `POST /v1/loss`.

    Args:
        body (SampledSoftmaxRequest): One batch before the last layer, that layer, and the classes
            to compare with.

            Either `num_sampled` is given, or `sampled_values`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SampledSoftmaxResponse
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
