"""Frames to documents with tensors."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.wire.describe import describe
from app.wire.documents import Survey
from app.wire.json import decode_body, survey_body
from app.wire.oip.errors import (
    BytesLeftOver,
    DatatypeUnknown,
    DataUnclear,
    DocumentCutShort,
    DocumentMalformed,
    HeaderLengthInvalid,
    RawBinary,
    SizeContradicted,
)
from app.wire.oip.tensor import DATATYPES, Slice, Tensor
from app.wire.oip.values import from_bytes, from_document, without_values
from app.wire.parse import JSON, Dialect, NotJson
from app.wire.pieces import Content
from app.wire.tensor import checked_shape

# A model takes five inputs; a list of a million would only keep a thread busy.
MAX_TENSORS = 64
# NumPy refuses to hold a shape of more than 63 bits, even where one of its lengths is 0.
MAX_VALUES = 2**48
# More digits than any length has, and fewer than Python refuses to read.
MAX_DIGITS = 20
# The parameters that say that a tensor's values are not in the document.
PLACES = ("binary_data_size", "shared_memory_region")

BINARY_NEEDS_LENGTH = "as binary tensors follow the JSON, Inference-Header-Content-Length must say where it ends"


def read_header_length(value: str | None) -> int | None:
    """The number of bytes in Inference-Header-Content-Length, None where it is absent.

    Raises HeaderLengthInvalid, RawBinary.
    """
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS):
        raise HeaderLengthInvalid(f"Inference-Header-Content-Length is {value[:40]!r}; a number of bytes was expected")
    if int(value) == 0:
        raise RawBinary(
            "Inference-Header-Content-Length is 0, which says that the body is the bytes of a model's only input; the "
            "models here have several, so a JSON document must say which is which"
        )
    return int(value)


def decode_frame(body: Content, header_length: int | None, tensors: str, dialect: Dialect = JSON) -> dict[str, Any]:
    """The document of a frame, with a list of Tensor under the name in `tensors`, "inputs" or "outputs".

    Arrays have the tensors' dtypes and shapes; those of binary tensors are views of the body, unless they lie askew in
    it. Of tensors in shared memory the values are not read.

    Raises NotJson, TooManyNames, TooManyValues, BadFrame, and an InvalidInput where a shape is none or a tensor's data
    is no list of numbers.
    """
    text = _document_of(body, header_length)
    with _hint_at_header_length(text, header_length):
        document = decode_body(text, (f"{tensors}.data",), _of_protocol(dialect))
    return _with_tensors(document, memoryview(body), len(text), tensors)


def survey_frame(body: Content, header_length: int | None, tensors: str, dialect: Dialect = JSON) -> Survey:
    """What decode_frame would read, and its size, as `survey_body`. Raises as decode_frame does."""
    text = _document_of(body, header_length)
    with _hint_at_header_length(text, header_length):
        survey = survey_body(text, (f"{tensors}.data",), _of_protocol(dialect))

    def read() -> dict[str, Any]:
        with _hint_at_header_length(text, header_length):
            document = survey.read()
        return _with_tensors(document, memoryview(body), len(text), tensors)

    return survey._replace(read=read)


def _of_protocol(dialect: Dialect) -> Dialect:
    return dialect._replace(bare_infinities=True, booleans=True)


def _document_of(body: Content, header_length: int | None) -> Content:
    if header_length is None or header_length == len(body):
        return body
    if header_length > len(body):
        raise DocumentCutShort(
            f"Inference-Header-Content-Length is {header_length}, but the body has only {len(body)} bytes"
        )
    return memoryview(body)[:header_length]


@contextmanager
def _hint_at_header_length(text: Content, header_length: int | None) -> Iterator[None]:
    """Name the missing header in the error, as the bytes of tensors are no JSON."""
    try:
        yield
    except NotJson as error:
        if header_length is None and b"binary_data_size" in bytes(text):
            raise NotJson(f"{error}; {BINARY_NEEDS_LENGTH}") from None
        raise


def _with_tensors(document: Any, content: memoryview, at: int, tensors: str) -> dict[str, Any]:
    """The document with its tensors, whose bytes start at this position of the body."""
    decoded = []
    for index, tensor in enumerate(_listed(document, tensors)):
        place = f"{tensors}[{index}]"
        name, datatype, shape, where = _read_description(tensor, place)
        if isinstance(where, Slice):
            decoded.append(Tensor(name, without_values(datatype, shape), slice=where))
        elif where is None:
            decoded.append(Tensor(name, from_document(tensor["data"], datatype, shape, place)))
        else:
            decoded.append(Tensor(name, from_bytes(content[at : at + where], where, datatype, shape, place), True))
            at += where
    if at < len(content):
        raise BytesLeftOver(
            f"the body has {len(content) - at} bytes that belong to no tensor, behind the first {at}; a tensor "
            "whose values stand there says so by its parameter binary_data_size"
        )
    document[tensors] = decoded
    return document  # type: ignore[no-any-return]


def _listed(document: Any, tensors: str) -> list[Any]:
    if not isinstance(document, dict):
        raise DocumentMalformed(f"the body is {describe(document)}; a JSON object was expected")
    listed = document.get(tensors)
    if not isinstance(listed, list):
        found = f"are {describe(listed)}" if tensors in document else "are absent"
        raise DocumentMalformed(f"{tensors} {found}; a list of tensors was expected")
    if len(listed) > MAX_TENSORS:
        raise DocumentMalformed(f"{tensors} has {len(listed)} tensors; at most {MAX_TENSORS} are read")
    return listed


def _read_description(tensor: Any, place: str) -> tuple[str, str, tuple[int, ...], int | Slice | None]:
    """Name, datatype, shape, and where the values are: the number of bytes behind the document, a slice, or `data`."""
    if not isinstance(tensor, dict):
        raise DocumentMalformed(f"{place} is {describe(tensor)}; a tensor was expected")
    name, datatype, parameters = tensor.get("name"), tensor.get("datatype"), tensor.get("parameters")
    if not isinstance(name, str):
        raise DocumentMalformed(f"{place}.name {_found(name)}; a string was expected")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise DatatypeUnknown(f"{place}.datatype {_found(datatype)}; one of {', '.join(DATATYPES)} was expected")
    if "shape" not in tensor:
        raise DocumentMalformed(f"{place}.shape is absent; a list of lengths was expected")
    shape = checked_shape(tensor["shape"], f"{place}.shape")
    if (math.prod(shape) or math.prod(length or 1 for length in shape)) > MAX_VALUES:
        raise DocumentMalformed(f"{place}.shape is {list(shape)}; at most {MAX_VALUES} values can be meant")
    parameters = {} if parameters is None else parameters
    if not isinstance(parameters, dict):
        raise DocumentMalformed(f"{place}.parameters is {describe(parameters)}; an object was expected")
    found = [f"parameters.{each}" for each in PLACES if parameters.get(each) is not None]
    found += ["data"] if tensor.get("data") is not None else []
    match found:
        case ["data"]:
            return name, datatype, shape, None
        case ["parameters.binary_data_size"]:
            return name, datatype, shape, _checked_size(parameters, "binary_data_size", datatype, shape, place)
        case ["parameters.shared_memory_region"]:
            return name, datatype, shape, _read_slice(parameters, datatype, shape, place)
    raise DataUnclear(
        f"{place} ({name[:40]!r}) has {' and '.join(found) or 'no values'}; one of data, parameters.binary_data_size "
        "and parameters.shared_memory_region was expected"
    )


def _read_slice(parameters: dict[str, Any], datatype: str, shape: tuple[int, ...], place: str) -> Slice:
    region, offset = parameters["shared_memory_region"], parameters.get("shared_memory_offset")
    if not isinstance(region, str):
        raise DocumentMalformed(
            f"{place}.parameters.shared_memory_region is {describe(region)}; the name of a region was expected"
        )
    if offset is not None and (type(offset) is not int or offset < 0):
        raise DocumentMalformed(
            f"{place}.parameters.shared_memory_offset is {describe(offset)}; a number of bytes was expected"
        )
    return Slice(region, _checked_size(parameters, "shared_memory_byte_size", datatype, shape, place), offset or 0)


def _found(value: Any) -> str:
    return "is absent" if value is None else f"is {describe(value)}"


def _checked_size(parameters: dict[str, Any], parameter: str, datatype: str, shape: tuple[int, ...], place: str) -> int:
    """The size in bytes by `shape` and `datatype`. Raises SizeContradicted if the parameter is another."""
    size, expected = parameters.get(parameter), math.prod(shape) * DATATYPES[datatype].itemsize
    if type(size) is not int or size != expected:
        found, wanted = f"{place}.parameters.{parameter} {_found(size)}", f"{datatype} of shape {list(shape)}"
        raise SizeContradicted(f"{found}; {wanted} takes {describe(expected)} bytes")
    return expected
