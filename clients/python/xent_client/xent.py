"""The two clients, which differ in who waits and in nothing else.

arrays ──tensors──► Call ──Xent──► Answer ──answers──► result, or an error
"""

import asyncio
import time
from collections.abc import AsyncIterable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from operator import length_hint
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from xent_client.answers import Answer, Outcome, pause_after, result_of
from xent_client.batches import Batch, Evaluation, Merge, Progress, batch_call, noted
from xent_client.calls import (
    BatchOptions,
    Call,
    LossOptions,
    LossResult,
    SampledOptions,
    SampledResult,
    asynchronous,
    loss_call,
    losses_call,
    recommend_call,
    sampled_call,
)
from xent_client.generated.models.catalogue_entry import CatalogueEntry
from xent_client.generated.models.recommend_response import RecommendResponse
from xent_client.tensors import ArrayLike

TIMEOUT = 60.0
RETRIES = 4

T = TypeVar("T")


class _Addresses:
    """What each path comes to, worked out once: to join them at each call would take httpx a tenth of a short one."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")
        httpx.URL(self._base)  # what is no address is told at once
        self._known: dict[str, httpx.URL] = {}

    def __call__(self, call: Call[Any]) -> httpx.URL:
        if call.path not in self._known:
            self._known[call.path] = httpx.URL(self._base + call.path)
        return self._known[call.path]


def _http_options(api_key: str | None, timeout: float) -> dict[str, Any]:
    headers = {"Accept": "application/json", "User-Agent": "xent-client"}
    if api_key is not None:
        headers["Authorization"] = f"Bearer {api_key}"
    return {
        "headers": headers,
        "timeout": timeout,
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=100),
    }


class Xent:
    """A connection to the service at `base_url`. Threads may share it; it is best used with `with`.

    api_key: sent as `Authorization: Bearer …`.
    timeout: the seconds that an attempt may take to connect, to send, to wait for the answer, and to read it.
    retries: how many times a call is repeated that was answered 429 or 503, or whose connection failed or broke. All
        calls are pure computations, so that repeating them is safe. Pauses double from 0.1 to 10 seconds, each less a
        random part, and come on top of what `Retry-After` asks for, if that is no more than a minute.
    transport: in place of httpx's own, for proxies, certificates, or an ASGI application.

    Every method raises `XentError`: `InvalidInput` with `.errors`, `Overloaded`, `TimedOut`, ….
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = _Addresses(base_url)
        self._timeout = timeout
        self._retries = retries
        self._http = httpx.Client(**_http_options(api_key, timeout), transport=transport)

    def loss(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        **options: Unpack[LossOptions],
    ) -> LossResult:
        """The losses of one batch in nats, the loss type that its labels call for, and warnings.

        Arrays may be NumPy's, anything that NumPy can make an array of, torch tensors, and nested lists, which are
        computed in float64. Their dtype is kept: float16, bfloat16 and float32 logits are computed in float32.

        logits: [d0 … dn, C] with the classes on `axis`; for sigmoid losses any shape. −inf masks a class.
        labels: class indices [d0 … dn], or the logits' shape; for sigmoid losses also a scalar.
        weights: multiplies losses. A scalar; [d0 … dn]; or the rank of the elements with dimensions of theirs or 1.
        options: see `LossOptions`.

        >>> result = xent.loss([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2], include=["gradient"])
        >>> result.per_sample.round(4)
        array([1.9644, 0.1743])
        >>> result.gradient.shape
        (2, 3)
        """
        return self._send(loss_call({"logits": logits, "labels": labels, "weights": weights, **options}))

    def recommend(
        self,
        labels: ArrayLike,
        logits: ArrayLike | None = None,
        *,
        logits_shape: Collection[int] | None = None,
        weights: ArrayLike | None = None,
        **options: Unpack[BatchOptions],
    ) -> RecommendResponse:
        """The loss type that labels call for, and warnings: `loss` without the losses.

        labels, logits, weights, options: as in `loss`.
        logits_shape: in place of `logits`, where they aren't there yet.

        >>> xent.recommend([[1, 0, 1], [0, 0, 1]], logits_shape=(2, 3)).recommendation.loss_type
        'sigmoid_cross_entropy'
        """
        own = {"labels": labels, "logits": logits, "logits_shape": logits_shape, "weights": weights}
        return self._send(recommend_call({**own, **options}))

    def sampled_softmax(
        self,
        weights: ArrayLike,
        biases: ArrayLike,
        inputs: ArrayLike,
        labels: ArrayLike,
        **options: Unpack[SampledOptions],
    ) -> SampledResult:
        """The sampled softmax loss of one batch in nats, for training over very many classes.

        weights: the last layer's, [C, d].
        biases: the last layer's, [C].
        inputs: what goes into it, [B, d].
        labels: ids of the true class of each row [B], or of its true classes [B, T].
        options: see `SampledOptions`; `num_sampled` or `sampled_values` is needed.

        >>> weights, biases = [[0.4, 0.1], [0.2, -0.3], [-0.5, 0.6]], [0.2, 0.1, 0.0]
        >>> xent.sampled_softmax(weights, biases, [[1.0, 0.5]], [2], num_sampled=2, seed=7).per_sample.shape
        (1,)
        """
        own = {"weights": weights, "biases": biases, "inputs": inputs, "labels": labels}
        return self._send(sampled_call({**own, **options}))

    def losses(self) -> list[CatalogueEntry]:
        """The catalogue: what each loss computes, when to use it, and its calls in the frameworks.

        >>> xent.losses()[0].loss_type
        'sigmoid_cross_entropy'
        """
        return self._send(losses_call())

    def evaluate(
        self,
        batches: Iterable[Batch],
        *,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[BatchOptions],
    ) -> Evaluation:
        """The loss of all batches as one, in nats: numerators and denominators are added exactly and divided once.

        batches: (logits, labels) or (logits, labels, weights) each, or a mapping of these names; other names in it
            are options of this batch. They are taken one at a time, as requests get done, and no more than
            `concurrency` of them are held. A batch's memory may be used again for the next.
        concurrency: how many requests are under way at once.
        progress: whether to show it on stderr; None: where that is a terminal.
        options: see `BatchOptions`. Batches may differ in their labels' form, so name the `loss_type`.

        Stops at the first error; one that a batch is answered with carries the batch's number, from 0, as a note.

        >>> batches = [([[2.0, 0.5, 1.0]], [1]), ([[0.1, 1.0, 3.0]], [2])]
        >>> round(xent.evaluate(batches, loss_type="sparse_softmax_cross_entropy").reduced.value, 4)
        1.0693
        """
        merge, shown = Merge(), Progress(length_hint(batches), progress)
        waiting: set[Future[LossResult]] = set()

        def take_in(most: int) -> None:
            while len(waiting) > most:
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    waiting.remove(done)
                    merge.add(done.result())
                shown.tell(merge.batches)

        with ThreadPoolExecutor(concurrency) as threads:
            try:
                for number, batch in enumerate(batches):
                    with noted(number):
                        call = batch_call(batch, options)
                    waiting.add(threads.submit(self._send_noted, call, number))
                    take_in(concurrency - 1)
                take_in(0)
            finally:
                for each in waiting:
                    each.cancel()
                shown.tell(merge.batches, finally_=True)
        return merge.evaluation()

    def _send_noted(self, call: Call[T], number: int) -> T:
        with noted(number):
            return self._send(call)

    def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            outcome = self._attempt(call)
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
                    # httpx itself would wait for each piece anew.
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("the answer comes too slowly", request=response.request)
        except httpx.RequestError as error:
            return error
        return Answer(response.status_code, response.headers, b"".join(pieces))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncXent:
    """`Xent` for asyncio: the same calls, awaited, and the same parameters. It is best used with `async with`."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = _Addresses(base_url)
        self._timeout = timeout
        self._retries = retries
        self._http = httpx.AsyncClient(**_http_options(api_key, timeout), transport=transport)

    async def loss(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        **options: Unpack[LossOptions],
    ) -> LossResult:
        """As `Xent.loss`."""
        return await self._send(loss_call({"logits": logits, "labels": labels, "weights": weights, **options}))

    async def recommend(
        self,
        labels: ArrayLike,
        logits: ArrayLike | None = None,
        *,
        logits_shape: Collection[int] | None = None,
        weights: ArrayLike | None = None,
        **options: Unpack[BatchOptions],
    ) -> RecommendResponse:
        """As `Xent.recommend`."""
        own = {"labels": labels, "logits": logits, "logits_shape": logits_shape, "weights": weights}
        return await self._send(recommend_call({**own, **options}))

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
        return await self._send(sampled_call({**own, **options}))

    async def losses(self) -> list[CatalogueEntry]:
        """As `Xent.losses`."""
        return await self._send(losses_call())

    async def evaluate(
        self,
        batches: Iterable[Batch] | AsyncIterable[Batch],
        *,
        concurrency: int = 4,
        progress: bool | None = None,
        **options: Unpack[BatchOptions],
    ) -> Evaluation:
        """As `Xent.evaluate`; the batches may also come from an asynchronous iterable."""
        merge, shown = Merge(), Progress(length_hint(batches), progress)
        waiting: set[asyncio.Task[LossResult]] = set()

        async def take_in(most: int) -> None:
            while len(waiting) > most:
                for done in (await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED))[0]:
                    waiting.remove(done)
                    merge.add(done.result())
                shown.tell(merge.batches)

        try:
            number = 0
            async for batch in batches if isinstance(batches, AsyncIterable) else asynchronous(batches):
                with noted(number):
                    call = batch_call(batch, options)
                waiting.add(asyncio.create_task(self._send_noted(call, number)))
                await take_in(concurrency - 1)
                number += 1
            await take_in(0)
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            shown.tell(merge.batches, finally_=True)
        return merge.evaluation()

    async def _send_noted(self, call: Call[T], number: int) -> T:
        with noted(number):
            return await self._send(call)

    async def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            outcome = await self._attempt(call)
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
            return httpx.ReadTimeout("the answer comes too slowly")
        except httpx.RequestError as error:
            return error
        return Answer(response.status_code, response.headers, b"".join(pieces))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()
