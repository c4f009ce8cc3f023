"""Mistakes with the Python client that type checkers find. Each line with one names mypy's code and pyright's rule."""

from xent_client import Evaluation, LossResult, Xent

xent = Xent("http://localhost:8000")

xent.loss([[1.0]])  # call-arg reportCallIssue
xent.loss([[1.0]], [0], reduction="average")  # arg-type reportArgumentType
xent.loss([[1.0]], [0], wieghts=[1.0])  # call-arg reportCallIssue
xent.loss([[1.0]], [0], include=["gradients"])  # list-item reportArgumentType
xent.loss([[1.0]], [0], class_weights={"cat": 1.0})  # dict-item reportArgumentType
xent.evaluate([([[1.0]],)])  # list-item reportArgumentType
xent.evaluate([[1.0]], [0])  # call-overload reportCallIssue
Xent(timeout="60")  # arg-type reportArgumentType


def value(result: LossResult) -> float:
    return result.reduced.value  # union-attr reportOptionalMemberAccess


def losses(result: LossResult) -> object:
    return result.losses  # attr-defined reportAttributeAccessIssue


def rows(result: Evaluation) -> int:
    return len(result.per_sample)  # arg-type reportArgumentType
