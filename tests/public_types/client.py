"""A program that uses the Python client's public names. Type checkers find nothing wrong in it, and it runs."""

import asyncio
import sys
import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xent_client import (
    AsyncXent,
    BatchOptions,
    Evaluation,
    InvalidInput,
    LossResult,
    NotAnArray,
    Overloaded,
    RecommendResult,
    SampledResult,
    TooLarge,
    UnexpectedAnswer,
    UnexpectedResponse,
    Xent,
    XentError,
    XentWarning,
)


def losses(xent: Xent, logits: NDArray[np.float32], labels: list[int]) -> tuple[NDArray[np.float32], float]:
    options: BatchOptions = {"loss_type": "sparse_softmax_cross_entropy", "ignore_index": -1}
    try:
        result: LossResult = xent.loss(logits, labels, weights=[1.0, 0.5], include=["gradient"], **options)
    except NotAnArray as error:
        message: str = str(error)
        raise TypeError(message) from error
    except InvalidInput as error:
        found: list[tuple[list[int | str], str, str]] = [(each.loc, each.code, each.message) for each in error.errors]
        raise ValueError(found, error.status) from error
    except (Overloaded, TooLarge) as error:
        pause: float | None = error.retry_after
        raise OSError(pause) from error
    except (UnexpectedResponse, UnexpectedAnswer) as error:
        raise LookupError(error.status) from error
    except XentError as error:
        raise RuntimeError(error.problem.detail if error.problem else None) from error
    value: float = result.reduced.value if result.reduced else 0.0
    kind: str = result.recommendation.label_kind if result.recommendation else ""
    codes: list[str] = [warning.code for warning in result.warnings]
    assert kind == "class_indices"
    assert codes == []
    assert result.gradient is not None
    return result.per_sample, value


def class_weights(xent: Xent) -> LossResult:
    by_index = xent.loss([[1.0, 2.0]], [0], class_weights={0: 1.0, 1: 2.0}, reduction="weighted_mean")
    by_position = xent.loss([[1.0, 2.0]], [0], class_weights=[1.0, 2.0], reduction="weighted_mean")
    assert by_index.reduced == by_position.reduced
    return by_index


def batches() -> Iterator[tuple[NDArray[np.float64], list[int]]]:
    yield np.zeros((1, 2)), [0]


def evaluations(xent: Xent) -> Evaluation:
    logits, labels = np.zeros((5, 2)), np.zeros(5, np.int64)
    split = xent.evaluate(logits, labels, batch_size=2, per_sample=True, loss_type="sparse_softmax_cross_entropy")
    named = xent.evaluate(logits=logits, labels=labels, weights=np.ones(5), batch_size=2)
    assert split.reduced == named.reduced
    assert split.per_sample is not None
    codes: dict[str, int] = xent.evaluate([{"logits": [[1.0, 2.0]], "labels": [0]}]).warnings
    assert codes == {}
    return xent.evaluate(batches(), reduction="sum", concurrency=2, progress=False)


async def awaited(address: str) -> float:
    async with AsyncXent(address, api_key="key", timeout=5, retries=0, python_warnings=False) as xent:
        names: list[str] = [entry.loss_type for entry in await xent.losses()]
        assert "sparse_softmax_cross_entropy" in names
        sampled: SampledResult = await xent.sampled_softmax([[0.1]], [0.0], [[1.0]], [0], num_sampled=1)
        seed: int | None = sampled.seed
        assert seed is not None
        recommended: RecommendResult = await xent.recommend([0, 1], logits_shape=(2, 2))
        assert recommended.recommendation.loss_type in names
        limit: int = (await xent.limits()).max_elements
        assert limit > 0
        return (await xent.evaluate(batches(), reduction="sum", concurrency=2)).reduced.value


def main(address: str) -> None:
    with Xent(address) as xent:
        per_sample, value = losses(xent, np.zeros((2, 2), np.float32), [0, -1])
        assert per_sample.shape == (2,)
        assert value > 0
        class_weights(xent)
        evaluations(xent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XentWarning)
        asyncio.run(awaited(address))


if __name__ == "__main__":
    main(*sys.argv[1:])
