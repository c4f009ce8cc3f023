"""Sums of xent_core as JSON and back, exactly: commit markers hold them."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from xent_core.results import ClassSums

Kind = TypeVar("Kind")
NESTED = {"per_class": ClassSums}


def dumped(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: dumped(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "values": value.tolist()}
    return value


def loaded(kind: type[Kind], content: dict[str, Any]) -> Kind:
    return kind(**{name: _loaded(name, value) for name, value in content.items()})


def _loaded(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if name in NESTED:
        return loaded(NESTED[name], value)
    return np.array(value["values"], value["dtype"])
