"""What the requests and responses of `/v1` are made of."""

from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal, get_args

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

from app.wire.describe import describe
from app.wire.lists import read_array
from app.wire.tensor import DTYPES, MAX_DIMENSIONS
from xent_core.advice.checks import WARNINGS
from xent_core.errors import InvalidInput
from xent_core.framework_names import field_hint

# As many unknown fields as this are named in a response; the others would only cost time.
UNKNOWN_FIELDS_NAMED = 20
# No object has more than some 20 fields that are known. Clients may send others that are ignored, but not many.
MAX_FIELDS = 256
# An array's own, in the dtype of the computation, and then its text in a response.
BYTES_OF_SENT, BYTES_OF_COMPUTED = 8, 32


def _array(value: Any) -> NDArray[Any]:
    """An array as the wire decoded it, or a nested list. What the wire found wrong with it stands in its place."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, InvalidInput):
        raise _invalid_array(value)
    try:
        return read_array(value, "")
    except InvalidInput as reason:
        raise _invalid_array(reason) from None


def _invalid_array(reason: InvalidInput) -> PydanticCustomError:
    within = [*reason.argument.split(".")[1:], *reason.position]
    return PydanticCustomError(
        "invalid_array", "{message}", {"message": reason.message, "code": reason.code, "position": within}
    )


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
                    "A number; or a nested list of numbers, all rows of one length; or a tensor object. What is not "
                    'finite is written as the string "Infinity" or "-Infinity"; NaN, booleans and other strings in a '
                    "list are refused."
                ),
                "anyOf": [
                    {"type": "number"},
                    _INFINITY_SCHEMA,
                    {"type": "array", "items": {}},
                    {"$ref": "#/components/schemas/TensorObject"},
                ],
                "examples": [[[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]],
            }
        ),
    ],
)

Encoding = Annotated[
    Literal["list", "base64"],
    Field(description="How arrays come back: as nested lists, or as tensor objects in the dtype of the computation."),
]

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


# Named by Array in the OpenAPI document, and put there by `app.main`: pydantic knows no reference within an array.
TENSOR_OBJECT: JsonSchemaValue = {
    "title": "TensorObject",
    "description": (
        "An array as base64 of its bytes: several times smaller and faster than a list. As logits, float16, bfloat16 "
        "and float32 are computed and returned in float32, everything else in float64."
    ),
    "type": "object",
    "properties": {
        "dtype": {"type": "string", "enum": [*DTYPES], "description": "What its numbers are.", "title": "Dtype"},
        "shape": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0},
            "maxItems": MAX_DIMENSIONS,
            "description": "Its lengths; [] for a single number.",
            "title": "Shape",
        },
        "data": {
            "type": "string",
            "contentEncoding": "base64",
            "description": (
                "Its bytes, little-endian and in C order (the last index runs fastest), in base64 of the standard "
                "alphabet with padding. A bool is one byte, 0 or 1."
            ),
            "title": "Data",
        },
    },
    "required": ["dtype", "shape", "data"],
    "additionalProperties": False,
    "examples": [{"dtype": "float32", "shape": [2], "data": "AAAAQAAAAD8="}],
}


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 1.0 is whole. What is as large as 2⁶³ may have been rounded to it."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < MAX_WHOLE else value


MAX_WHOLE = 2**63


def codes(meanings: dict[str, str]) -> JsonSchemaValue:
    """The schema of a code that programs read: the codes there are, and what each means."""
    return {"enum": [*meanings], "x-enum-descriptions": [*meanings.values()]}


def list_of_codes(meanings: dict[str, str]) -> str:
    """The same for a description, in Markdown."""
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in meanings.items())


def _known_warnings(value: Any) -> tuple[str, ...]:
    """Codes of warnings, each a string that there is."""
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("tuple_type", "no list")
    if len(value) > len(WARNINGS):
        raise PydanticCustomError("too_long", "too long")
    for index, code in enumerate(value):
        if not isinstance(code, str) or code not in WARNINGS:
            close = get_close_matches(code[:80], WARNINGS, n=1) if isinstance(code, str) else []
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(WARNINGS)}"
            message = f"is {describe(code)}, no code of a warning; {hint}"
            context = {"code": "unknown_value", "message": message, "position": [index]}
            raise PydanticCustomError("invalid_array", "{message}", context)
    return tuple(value)


Silence = Annotated[
    tuple[str, ...],
    PlainValidator(_known_warnings),
    WithJsonSchema(
        {"type": "array", "items": {"type": "string", **codes(WARNINGS)}, "maxItems": len(WARNINGS), "default": []}
    ),
    Field(description="Codes of warnings that are not wanted. These checks do not run, and `checked` leaves them out."),
]


Whole = Annotated[int, Field(strict=True, ge=-MAX_WHOLE, le=MAX_WHOLE - 1), BeforeValidator(_whole)]


class RequestModel(BaseModel):
    """A field that is null is absent; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True)
    ignored_prefixes: ClassVar[tuple[str, ...]] = ()
    """Fields whose names begin so are accepted, and nothing is made of them."""
    arrays_with_missing: ClassVar[frozenset[str]] = frozenset()
    """Array fields in whose lists null stands for a missing value."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if len(data) > MAX_FIELDS:
            message = f"has {len(data)} fields; at most {MAX_FIELDS} are accepted"
            raise PydanticCustomError(
                "invalid_array", "{message}", {"message": message, "code": "unknown_field", "position": []}
            )
        fields = cls.model_fields
        known = {name: value for name, value in data.items() if value is not None and name in fields}
        others = (name for name in data if name not in fields and not name.startswith(cls.ignored_prefixes))
        unknown = islice(others, UNKNOWN_FIELDS_NAMED)
        # The value of an unknown field is of no use; what it may have been meant to be is, for the error.
        return known | {name: field_hint(name, fields) for name in unknown}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Says of every field that may be absent that it may be null."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, field in schema["properties"].items():
            if name not in schema.get("required", ()) and {"type": "null"} not in field.get("anyOf", ()):
                about = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
                schema["properties"][name] = {"anyOf": [*field.get("anyOf", [field]), {"type": "null"}]} | about
        return schema

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Its arrays by their names, those of a request within it as "outer.inner"."""
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}

    @property
    def sent_elements(self) -> int:
        """How many elements its arrays have."""
        return sum([array.size for array in self.arrays.values()])

    @property
    def computed_elements(self) -> int:
        """How many elements will be computed of the arrays, and be held at once."""
        return 0

    @property
    def suggested_elements(self) -> int:
        """How many elements a suggestion can have."""
        return 0

    @property
    def work_bytes(self) -> int:
        """All that it holds, and all that is computed of it up to the text of the response."""
        computed = self.computed_elements + self.suggested_elements
        return BYTES_OF_SENT * self.sent_elements + BYTES_OF_COMPUTED * computed

    @classmethod
    def array_fields(cls) -> frozenset[str]:
        """The names of the fields that hold arrays; a field of a request within this one is "outer.inner"."""
        names = set()
        for name, field in cls.model_fields.items():
            for kind in (field.annotation, *get_args(field.annotation)):
                if kind is Array:
                    names.add(name)
                elif isinstance(kind, type) and issubclass(kind, RequestModel):
                    names |= {f"{name}.{inner}" for inner in kind.array_fields()}
        return frozenset(names)


class ResponseModel(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
