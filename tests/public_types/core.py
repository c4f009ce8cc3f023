"""A program that uses public names of xent_core. Type checkers find nothing wrong in it, and it runs."""

import numpy as np
from numpy.typing import NDArray

import xent_core


def losses(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[NDArray[np.floating], float]:
    evaluation = xent_core.evaluate(
        logits, labels, loss_type="sparse_softmax_cross_entropy", reduction="sum", include=["gradient"]
    )
    codes: list[str] = [warning.code for warning in evaluation.warnings]
    assert codes == []
    assert evaluation.gradient is not None
    reduced: xent_core.Reduced | None = evaluation.reduced
    assert reduced is not None
    value: float = xent_core.merge([reduced, reduced]).value
    return evaluation.per_sample, value


def functions(logits: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.floating]:
    total = xent_core.sigmoid_cross_entropy(logits, labels)
    total += xent_core.weighted_cross_entropy(logits, labels, pos_weight=np.asarray(2.0))
    return total + xent_core.softmax_cross_entropy(logits, labels, label_smoothing=0.1)[:, None]


def refused(logits: NDArray[np.float64]) -> str:
    try:
        xent_core.sparse_softmax_cross_entropy(logits, np.array([2]))
    except xent_core.LabelOutOfRange as error:
        message: str = str(error)
        return message
    except (xent_core.WrongShape, xent_core.InvalidInput) as error:
        raise ValueError from error
    return ""


def main() -> None:
    per_sample, value = losses(np.zeros((2, 2), np.float32), np.array([0, 1]))
    assert per_sample.shape == (2,)
    assert value > 0
    assert functions(np.zeros((1, 2)), np.array([[0.0, 1.0]])).shape == (1, 2)
    assert refused(np.zeros((1, 2)))


if __name__ == "__main__":
    main()
