"""What the requests and answers of `/v1` are made of."""

from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from typing_extensions import TypeAliasType

from app.wire.json import read_array
from xent_core.errors import InvalidInput

# As many unknown fields as this are named in an answer; the others would only cost time.
UNKNOWN_FIELDS_NAMED = 20


def _array(value: Any) -> NDArray[Any]:
    """An array as the wire decoded it, or a nested list. What the wire found wrong with it stands in its place."""
    if isinstance(value, np.ndarray):
        return value
    try:
        if isinstance(value, InvalidInput):
            raise value
        return read_array(value, "")
    except InvalidInput as reason:
        raise PydanticCustomError(
            "invalid_array",
            "{message}",
            {"message": reason.message, "code": reason.code, "position": list(reason.position)},
        ) from None


Infinity = Literal["Infinity", "-Infinity"]
_INFINITY_SCHEMA = {"type": "string", "enum": ["Infinity", "-Infinity"]}

Array = TypeAliasType(
    "Array",
    Annotated[
        NDArray[Any],
        PlainValidator(_array),
        WithJsonSchema(
            {
                "title": "Array",
                "description": (
                    "A number or a nested list of numbers, all rows of one length. What is not finite is written as "
                    'the string "Infinity" or "-Infinity"; NaN, booleans and other strings are refused.'
                ),
                "anyOf": [{"type": "number"}, _INFINITY_SCHEMA, {"type": "array", "items": {}}],
                "examples": [[[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]],
            }
        ),
    ],
)

Number = TypeAliasType(
    "Number",
    Annotated[
        float | Infinity,
        WithJsonSchema(
            {
                "title": "Number",
                "description": 'A number; "Infinity" or "-Infinity" where it is not finite.',
                "anyOf": [{"type": "number"}, _INFINITY_SCHEMA],
            }
        ),
    ],
)


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 1.0 is whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=-(2**63), lt=2**63)]


class Request(BaseModel):
    """A field that is null is absent; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {name: data[name] for name in cls.model_fields if data.get(name) is not None}
        unknown = islice((name for name in data if name not in cls.model_fields), UNKNOWN_FIELDS_NAMED)
        # The value of an unknown field is of no use; what it may have been meant to be is, for the error.
        return known | {name: get_close_matches(name[:80], cls.model_fields, n=1) for name in unknown}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Says of every field that may be absent that it may be null."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, field in schema["properties"].items():
            if name not in schema["required"] and {"type": "null"} not in field.get("anyOf", ()):
                about = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
                schema["properties"][name] = {"anyOf": [*field.get("anyOf", [field]), {"type": "null"}]} | about
        return schema

    @classmethod
    def array_fields(cls) -> frozenset[str]:
        """The names of the fields that hold arrays; a field of a request within this one is "outer.inner"."""
        names = set()
        for name, field in cls.model_fields.items():
            for kind in (field.annotation, *get_args(field.annotation)):
                if kind is Array:
                    names.add(name)
                elif isinstance(kind, type) and issubclass(kind, Request):
                    names |= {f"{name}.{inner}" for inner in kind.array_fields()}
        return frozenset(names)


class Answer(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
