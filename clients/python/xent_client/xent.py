"""The two clients: `Xent` waits, `AsyncXent` is awaited, and they differ in nothing else.

arrays ──tensors──► Call ──Xent──► Response ──responses──► result, or an error
"""

from __future__ import annotations  # keeps the signatures that help() shows short

import asyncio
import math
import os
import ssl
import time
from collections.abc import AsyncIterable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from operator import length_hint
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload

import httpx

from xent_client.batches import Batch, Merge, Progress, batch_call, batches_of, noted
from xent_client.calls import (
    Call,
    asynchronous,
    compare_call,
    limits_call,
    loss_call,
    losses_call,
    recommend_call,
    sampled_call,
)
from xent_client.comparison import CompareResult
from xent_client.concurrency import Tasks, Threads
from xent_client.environment import api_key_of, base_url_of
from xent_client.generated.models.catalogue_entry import CatalogueEntry
from xent_client.generated.models.limits import Limits
from xent_client.options import BatchOptions, CompareOptions, EvaluateOptions, LossOptions, SampledOptions
from xent_client.python_warnings import warn
from xent_client.responses import Outcome, Response, is_refused, pause_after, result_of
from xent_client.results import Evaluation, LossResult, RecommendResult, SampledResult
from xent_client.tensors import ArrayLike

TIMEOUT = 60.0
# The service reads up to nine digits of milliseconds.
MAX_DEADLINE_SECONDS = 999_999.0
RETRIES = 4

T = TypeVar("T")
Warned = TypeVar("Warned", LossResult, RecommendResult, SampledResult)


class _Addresses:
    """The address of each path, joined once: at each call it would take httpx a tenth of a short one."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")
        httpx.URL(self._base)  # refuses what is no address at once
        self._known: dict[str, httpx.URL] = {}

    def __call__(self, call: Call[Any]) -> httpx.URL:
        if call.path not in self._known:
            self._known[call.path] = httpx.URL(self._base + call.path)
        return self._known[call.path]


@cache
def _certificates(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """httpx's own settings of TLS, made once for each value of the variables that they depend on.

    They take tens of milliseconds of CPU to make, which each client of a program would otherwise spend.
    """
    return httpx.create_ssl_context()


def _http_options(api_key: str | None, timeout: float) -> dict[str, Any]:
    headers = {"Accept": "application/json", "User-Agent": "xent-client"}
    if timeout < MAX_DEADLINE_SECONDS:
        # What would come too late is not computed.
        headers["X-Request-Timeout-Ms"] = str(max(1, math.ceil(timeout * 1000)))
    if api_key is not None:
        headers["Authorization"] = f"Bearer {api_key}"
    return {
        "headers": headers,
        "timeout": timeout,
        "verify": _certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=100),
    }


class Xent:
    """A client of the service at `base_url`. Threads may share it. Use it with `with`, which closes its connections.

    At most 16 requests are in flight at first, then up to 100 while responses come as soon as usual, and fewer when the
    service refuses them or slows down. Other calls wait for their turn.

    base_url: such as "http://localhost:8000"; by default the environment variable XENT_URL.
    api_key: sent as `Authorization: Bearer …`; by default the environment variable XENT_API_KEY, if there is one.
    timeout: the seconds that an attempt may take, from connecting to the last byte of the response. The service
        is told, and refuses what would come too late.
    retries: how many times a call is repeated after 429, 503, or a connection that failed or broke. All calls are pure
        computations, so repeating them is safe. Pauses double from 0.1 to 10 seconds, each less a random part, and are
        added to `Retry-After`, if that is no more than a minute.
    python_warnings: whether the warnings of results are raised as Python warnings, too: `XentWarning`, once for each
        code and line of your program.
    transport: in place of httpx's own, for proxies, certificates, or an ASGI application. For a Unix socket (XENT_UDS):
    `Xent("http://localhost", transport=httpx.HTTPTransport(uds="/run/xent.sock"))`.

    Every method raises `XentError`: `InvalidInput` with `.errors`, `Overloaded`, `TimedOut`, ….
    Raises ValueError where there is no address, or where it, the key or a variable is blank.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        python_warnings: bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = _Addresses(base_url_of(base_url))
        self._timeout = timeout
        self._retries = retries
        self._python_warnings = python_warnings
        self._turns = Threads()
        self._http = httpx.Client(**_http_options(api_key_of(api_key), timeout), transport=transport)

    def loss(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        **options: Unpack[LossOptions],
    ) -> LossResult:
        """The losses of one batch in nats, the loss type that its labels call for, and warnings.

        logits: [d0 … dn, C] with the classes on `axis`; for sigmoid losses any shape. −inf masks a class.
        labels: class indices [d0 … dn], or the logits' shape; for sigmoid losses also a scalar.
            A masked label (np.ma) does not count.
        weights: multiply the losses. A scalar; [d0 … dn]; or the rank of the elements, each dimension theirs or 1.
        options: loss_type, pos_weight, class_weights, label_smoothing, ignore_index, axis, from_logits, reduction,
            clip, shift, temperature, gamma, alpha, q, epsilon, labels_are_logits, advice, silence and include; see
            `help(xent_client.LossOptions)`.

        Arrays are NumPy arrays, torch tensors, anything that NumPy converts, or nested lists. float16, bfloat16 and
        float32 logits are computed in float32, all others in float64. Raises InvalidInput, and other XentErrors.

        >>> result = xent.loss([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2], include=["gradient"])
        >>> result.per_sample.round(4)
        array([1.9644, 0.1743])
        >>> result.gradient.shape
        (2, 3)
        """
        own = {"logits": logits, "labels": labels, "weights": weights}
        return self._warned(self._send(loss_call({**own, **options})))

    def recommend(
        self,
        labels: ArrayLike,
        logits: ArrayLike | None = None,
        *,
        logits_shape: Collection[int] | None = None,
        weights: ArrayLike | None = None,
        **options: Unpack[BatchOptions],
    ) -> RecommendResult:
        """The loss type that labels call for, and warnings: `loss` without the losses.

        labels, logits, weights, options: as in `loss`; there is no `include`.
        logits_shape: in place of `logits`, before there are any.

        >>> xent.recommend([[1, 0, 1], [0, 0, 1]], logits_shape=(2, 3)).recommendation.loss_type
        'sigmoid_cross_entropy'
        """
        own = {"labels": labels, "logits": logits, "logits_shape": logits_shape, "weights": weights}
        return self._warned(self._send(recommend_call({**own, **options})))

    def sampled_softmax(
        self,
        weights: ArrayLike,
        biases: ArrayLike,
        inputs: ArrayLike,
        labels: ArrayLike,
        **options: Unpack[SampledOptions],
    ) -> SampledResult:
        """The sampled softmax loss of one batch in nats, for training over very many classes.

        weights: of the last layer, [C, d].
        biases: of the last layer, [C].
        inputs: of the last layer, [B, d].
        labels: the index of the true class of each row [B], or of its true classes [B, T].
        options: num_sampled or sampled_values, one of which is required, sampler, seed, remove_accidental_hits,
            subtract_log_q, reduction and sample_weights; see `help(xent_client.SampledOptions)`.

        >>> weights, biases = [[0.4, 0.1], [0.2, -0.3], [-0.5, 0.6]], [0.2, 0.1, 0.0]
        >>> xent.sampled_softmax(weights, biases, [[1.0, 0.5]], [2], num_sampled=2, seed=7).per_sample.shape
        (1,)
        """
        own = {"weights": weights, "biases": biases, "inputs": inputs, "labels": labels}
        return self._warned(self._send(sampled_call({**own, **options})))

    def compare(
        self,
        logits: ArrayLike,
        other_logits: ArrayLike,
        labels: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        **options: Unpack[CompareOptions],
    ) -> CompareResult:
        """Two models on the same samples: the paired difference of their losses, and how far their predictions differ.

        logits, other_logits: the two models', of one shape.
        labels, weights: as in `loss`. Without labels there are divergences and agreement only, of a softmax.
        options: loss_type, pos_weight, class_weights, label_smoothing, ignore_index, axis, from_logits, reduction,
            clip, shift, temperature, gamma, alpha, q, epsilon, labels_are_logits, most and include; see
            `help(xent_client.CompareOptions)`.

        >>> result = xent.compare([[2.0, 0.5], [0.1, 1.0]], [[3.0, 0.5], [0.1, 1.5]], [0, 1])
        >>> round(result.difference.mean, 4), result.same_top1
        (-0.1216, 1.0)
        """
        own = {"logits": logits, "other_logits": other_logits, "labels": labels, "weights": weights}
        return self._send(compare_call({**own, **options}))

    def losses(self) -> list[CatalogueEntry]:
        """The catalogue: what each loss computes, when to use it, and its calls in the frameworks.

        >>> xent.losses()[0].loss_type
        'sigmoid_cross_entropy'
        """
        return self._send(losses_call())

    def limits(self) -> Limits:
        """How much the service takes: `max_body_bytes`, `max_elements` and more.

        >>> xent.limits().max_rank
        32
        """
        return self._send(limits_call())

    @overload
    def evaluate(
        self,
        batches: Iterable[Batch],
        *,
        per_sample: bool = False,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation: ...

    @overload
    def evaluate(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        batch_size: int,
        per_sample: bool = False,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation: ...

    def evaluate(  # type: ignore[misc]  # the first argument has two names
        self,
        batches: Iterable[Batch] | ArrayLike | None = None,
        labels: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        logits: ArrayLike | None = None,
        batch_size: int | None = None,
        per_sample: bool = False,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation:
        """The loss of many batches as one, in nats: numerators and denominators are added exactly and divided once.

        evaluate(batches, …): each batch is (logits, labels) or (logits, labels, weights), or a mapping of these names
            and options of its own. At most `concurrency` of them are held; their memory may be used again.
        evaluate(logits, labels, weights=None, batch_size=…): splits arrays along the first axis.
        per_sample: whether the result holds the losses of all samples.
        concurrency: how many requests are in flight at once.
        progress: whether to show it on stderr; None: where that is a terminal.
        options: as in `loss`; `include` may name "summary" and "calibration", which merge. Batches may differ in their
            labels' form, so name the `loss_type`.

        Stops at the first error, which has the number of the batch, from 0, as a note.

        >>> batches = [([[2.0, 0.5, 1.0]], [1]), ([[0.1, 1.0, 3.0]], [2])]
        >>> round(xent.evaluate(batches, loss_type="sparse_softmax_cross_entropy").reduced.value, 4)
        1.0693
        >>> xent.evaluate([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2], batch_size=1, per_sample=True).per_sample.round(4)
        array([1.9644, 0.1743])
        """
        source = batches_of(batches, logits, labels, weights, batch_size, options.get("axis"))
        merge, shown = Merge(source, per_sample=per_sample), Progress(length_hint(source), progress)
        in_flight: dict[Future[LossResult], int] = {}

        def take_in(most: int) -> None:
            while len(in_flight) > most:
                for done in wait(in_flight, return_when=FIRST_COMPLETED).done:
                    number = in_flight.pop(done)
                    merge.add(number, self._warned(done.result()))
                shown.show(merge.batches)

        with ThreadPoolExecutor(concurrency) as threads:
            try:
                for number, batch in enumerate(source):
                    with noted(number):
                        call = batch_call(batch, options)
                    in_flight[threads.submit(self._send_noted, call, number)] = number
                    take_in(concurrency - 1)
                take_in(0)
            finally:
                for each in in_flight:
                    each.cancel()
                shown.show(merge.batches, finally_=True)
        return merge.evaluation()

    def _warned(self, result: Warned) -> Warned:
        """The result, its warnings raised."""
        if self._python_warnings:
            warn(result.warnings)
        return result

    def _send_noted(self, call: Call[T], number: int) -> T:
        with noted(number):
            return self._send(call)

    def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            with self._turns.turn() as turn:
                outcome = self._attempt(call)
                turn.is_refused = is_refused(outcome)
            pause = pause_after(outcome, attempt, self._retries)
            if pause is None:
                return result_of(call, outcome, self._timeout)
            time.sleep(pause)
            attempt += 1

    def _attempt(self, call: Call[Any]) -> Outcome:
        deadline = time.monotonic() + self._timeout
        pieces = []
        try:
            with self._http.stream(
                call.method, self._url(call), content=call.content(), headers=call.headers
            ) as response:
                for piece in response.iter_bytes():
                    pieces.append(piece)
                    # httpx itself would wait anew for each piece.
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("the response is too slow", request=response.request)
        except httpx.RequestError as error:
            return error
        return Response(response.status_code, response.headers, b"".join(pieces))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncXent:
    """`Xent` for asyncio: the same parameters, and the same calls, awaited. Use it with `async with`."""

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        python_warnings: bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = _Addresses(base_url_of(base_url))
        self._timeout = timeout
        self._retries = retries
        self._python_warnings = python_warnings
        self._turns = Tasks()
        self._http = httpx.AsyncClient(**_http_options(api_key_of(api_key), timeout), transport=transport)

    async def loss(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        **options: Unpack[LossOptions],
    ) -> LossResult:
        """As `Xent.loss`."""
        own = {"logits": logits, "labels": labels, "weights": weights}
        return self._warned(await self._send(loss_call({**own, **options})))

    async def recommend(
        self,
        labels: ArrayLike,
        logits: ArrayLike | None = None,
        *,
        logits_shape: Collection[int] | None = None,
        weights: ArrayLike | None = None,
        **options: Unpack[BatchOptions],
    ) -> RecommendResult:
        """As `Xent.recommend`."""
        own = {"labels": labels, "logits": logits, "logits_shape": logits_shape, "weights": weights}
        return self._warned(await self._send(recommend_call({**own, **options})))

    async def sampled_softmax(
        self,
        weights: ArrayLike,
        biases: ArrayLike,
        inputs: ArrayLike,
        labels: ArrayLike,
        **options: Unpack[SampledOptions],
    ) -> SampledResult:
        """As `Xent.sampled_softmax`."""
        own = {"weights": weights, "biases": biases, "inputs": inputs, "labels": labels}
        return self._warned(await self._send(sampled_call({**own, **options})))

    async def compare(
        self,
        logits: ArrayLike,
        other_logits: ArrayLike,
        labels: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        **options: Unpack[CompareOptions],
    ) -> CompareResult:
        """As `Xent.compare`."""
        own = {"logits": logits, "other_logits": other_logits, "labels": labels, "weights": weights}
        return await self._send(compare_call({**own, **options}))

    async def losses(self) -> list[CatalogueEntry]:
        """As `Xent.losses`."""
        return await self._send(losses_call())

    async def limits(self) -> Limits:
        """As `Xent.limits`."""
        return await self._send(limits_call())

    @overload
    async def evaluate(
        self,
        batches: Iterable[Batch] | AsyncIterable[Batch],
        *,
        per_sample: bool = False,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation: ...

    @overload
    async def evaluate(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        batch_size: int,
        per_sample: bool = False,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation: ...

    async def evaluate(  # type: ignore[misc]  # the first argument has two names
        self,
        batches: Iterable[Batch] | AsyncIterable[Batch] | ArrayLike | None = None,
        labels: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        logits: ArrayLike | None = None,
        batch_size: int | None = None,
        per_sample: bool = False,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation:
        """As `Xent.evaluate`; the batches may also come from an asynchronous iterable."""
        source = batches_of(batches, logits, labels, weights, batch_size, options.get("axis"))
        merge, shown = Merge(source, per_sample=per_sample), Progress(length_hint(source), progress)
        in_flight: dict[asyncio.Task[LossResult], int] = {}

        async def take_in(most: int) -> None:
            while len(in_flight) > most:
                for done in (await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED))[0]:
                    number = in_flight.pop(done)
                    merge.add(number, self._warned(done.result()))
                shown.show(merge.batches)

        try:
            number = 0
            async for batch in source if isinstance(source, AsyncIterable) else asynchronous(source):
                with noted(number):
                    call = batch_call(batch, options)
                in_flight[asyncio.create_task(self._send_noted(call, number))] = number
                await take_in(concurrency - 1)
                number += 1
            await take_in(0)
        finally:
            for each in in_flight:
                each.cancel()
            await asyncio.gather(*in_flight, return_exceptions=True)
            shown.show(merge.batches, finally_=True)
        return merge.evaluation()

    def _warned(self, result: Warned) -> Warned:
        """The result, its warnings raised."""
        if self._python_warnings:
            warn(result.warnings)
        return result

    async def _send_noted(self, call: Call[T], number: int) -> T:
        with noted(number):
            return await self._send(call)

    async def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            async with self._turns.turn() as turn:
                outcome = await self._attempt(call)
                turn.is_refused = is_refused(outcome)
            pause = pause_after(outcome, attempt, self._retries)
            if pause is None:
                return result_of(call, outcome, self._timeout)
            await asyncio.sleep(pause)
            attempt += 1

    async def _attempt(self, call: Call[Any]) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout):
                async with self._http.stream(
                    call.method, self._url(call), content=call.async_content(), headers=call.headers
                ) as response:
                    pieces = [piece async for piece in response.aiter_bytes()]
        except TimeoutError:
            return httpx.ReadTimeout("the response is too slow")
        except httpx.RequestError as error:
            return error
        return Response(response.status_code, response.headers, b"".join(pieces))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()
