"""Frames of the Open Inference Protocol: a JSON document, and behind it the bytes of tensors that it doesn't hold.

    document         as many bytes as the header Inference-Header-Content-Length says
    tensors' values  those of each binary tensor in turn, without a gap; nothing follows them

The document lists its tensors under `inputs` (a request) or `outputs` (a response). Each has a name, a shape and a
datatype, and its values are either its `data`, row-major, nested or flattened; or, where its parameters hold a
`binary_data_size`, the next so many bytes: row-major, little-endian, without padding, a BOOL being one byte, 0 or 1.
Where no tensor is binary the header is absent, and the document is all there is.

Infinity and -Infinity stand bare in the document, as Triton and its clients write them; NaN is read, so that the check
of the numbers can say where it is. The datatype BYTES, which is strings, is not read. Of a tensor's shape, size
and place in the body nothing is believed before it was compared with the others.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, zip_longest
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from app.wire.describe import describe
from app.wire.documents import Survey
from app.wire.json import decode_body, survey_body
from app.wire.parse import JSON, Dialect, NotJson
from app.wire.pieces import Content
from app.wire.tensor import DTYPES, checked_shape, view
from xent_core.errors import InvalidInput

DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": DTYPES["bool"],
    "UINT8": DTYPES["uint8"],
    "UINT16": DTYPES["uint16"],
    "UINT32": DTYPES["uint32"],
    "UINT64": DTYPES["uint64"],
    "INT8": DTYPES["int8"],
    "INT16": DTYPES["int16"],
    "INT32": DTYPES["int32"],
    "INT64": DTYPES["int64"],
    "FP16": DTYPES["float16"],
    "BF16": DTYPES["bfloat16"],
    "FP32": DTYPES["float32"],
    "FP64": DTYPES["float64"],
}
_DATATYPE_OF = {dtype: datatype for datatype, dtype in DATATYPES.items()}

# A model takes five; a list of a million would only keep a thread busy.
MAX_TENSORS = 64
# NumPy refuses to hold a shape of more than 63 bits, even where one of its lengths is 0.
MAX_VALUES = 2**48
# What is written at once: other threads wait for it.
LONG_VALUES = 1 << 16
# Where long values go: a byte that stands in no JSON.
GAP = b"\0"
# To copy so few costs less than to view them.
SMALL_BYTES = 16_384
# More digits than any length has, and fewer than Python refuses to read.
MAX_DIGITS = 20
# Up to here a float64 can't have been another whole number that was rounded.
EXACT_INTEGERS = 2**53 - 1


BINARY_NEEDS_LENGTH = "as binary tensors follow the JSON, Inference-Header-Content-Length must say where it ends"


class BadFrame(ValueError):
    """The body is no frame, or contradicts itself. The message may be shown to the client."""


class HeaderLengthInvalid(BadFrame):
    """Inference-Header-Content-Length is no number of bytes."""


class RawBinary(BadFrame):
    """Inference-Header-Content-Length is 0: there is no document that says which tensor the bytes are."""


class DocumentCutShort(BadFrame):
    """The body ends before the document does."""


class DocumentMalformed(BadFrame):
    """The document, or a tensor in it, is not what the protocol says it is."""


class DatatypeUnknown(BadFrame):
    """A tensor's datatype is none, or one that is not read."""


class DataUnclear(BadFrame):
    """A tensor has its values in the document and behind it, or in neither place."""


class SizeContradicted(BadFrame):
    """A tensor has more or fewer values than its shape and datatype say."""


class TensorCutShort(BadFrame):
    """The body ends before a tensor's bytes do."""


class BytesLeftOver(BadFrame):
    """Bytes follow that belong to no tensor."""


class ValueUnfit(BadFrame):
    """The datatype can't hold a value that the document has for it."""


class Tensor(NamedTuple):
    """A name and an array; `binary` where the values stand behind the document."""

    name: str
    array: NDArray[Any]
    binary: bool = False


class Frame(NamedTuple):
    """The document and the bytes behind it, in pieces; `header_length` is None where no tensor is binary."""

    pieces: list[bytes | memoryview]
    header_length: int | None


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
    it.

    Raises NotJson, TooManyValues, BadFrame, and an InvalidInput where a shape is none or a tensor's data is no list of
    numbers.
    """
    text = _document_of(body, header_length)
    with _hint_at_header_length(text, header_length):
        document = decode_body(text, (f"{tensors}.data",), _of_protocol(dialect))
    return _with_tensors(document, memoryview(body), len(text), tensors)


def survey_frame(body: Content, header_length: int | None, tensors: str, dialect: Dialect = JSON) -> Survey:
    """What decode_frame would read, and how much, as survey_body says it. Raises as decode_frame does."""
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
    """Bytes of tensors are no JSON."""
    try:
        yield
    except NotJson as error:
        if header_length is None and b"binary_data_size" in bytes(text):
            raise NotJson(f"{error}; {BINARY_NEEDS_LENGTH}") from None
        raise


def _with_tensors(document: Any, content: memoryview, at: int, tensors: str) -> dict[str, Any]:
    """The document with its tensors, whose bytes begin at this place of the body."""
    decoded = []
    for index, tensor in enumerate(_listed(document, tensors)):
        place = f"{tensors}[{index}]"
        name, datatype, shape, size = _read_description(tensor, place)
        if size is None:
            array = _from_document(tensor["data"], datatype, shape, place)
        else:
            array = _from_bytes(content[at : at + size], size, datatype, shape, place)
            at += size
        decoded.append(Tensor(name, array, size is not None))
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


def _read_description(tensor: Any, place: str) -> tuple[str, str, tuple[int, ...], int | None]:
    """Name, datatype, shape and, of a binary tensor, its size in bytes."""
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
    if parameters is not None and not isinstance(parameters, dict):
        raise DocumentMalformed(f"{place}.parameters is {describe(parameters)}; an object was expected")
    size = None if parameters is None else parameters.get("binary_data_size")
    if (size is None) == (tensor.get("data") is None):
        raise DataUnclear(
            f"{place} ({name[:40]!r}) has {'neither data nor' if size is None else 'both data and'} a parameter "
            "binary_data_size; one of the two was expected"
        )
    return name, datatype, shape, None if size is None else _checked_size(size, datatype, shape, place)


def _found(value: Any) -> str:
    return "is absent" if value is None else f"is {describe(value)}"


def _checked_size(size: Any, datatype: str, shape: tuple[int, ...], place: str) -> int:
    """What `shape` and `datatype` come to in bytes, which `size` must be."""
    expected = math.prod(shape) * DATATYPES[datatype].itemsize
    if type(size) is not int or size != expected:
        found, wanted = f"{place}.parameters.binary_data_size is {describe(size)}", f"{datatype} of shape {list(shape)}"
        raise SizeContradicted(f"{found}; {wanted} takes {describe(expected)} bytes")
    return expected


def _from_bytes(content: memoryview, size: int, datatype: str, shape: tuple[int, ...], place: str) -> NDArray[Any]:
    if len(content) < size:
        raise TensorCutShort(f"{place} has {size} bytes in the body, of which only {len(content)} are there")
    return view(content, DATATYPES[datatype], shape, place)


def _from_document(data: Any, datatype: str, shape: tuple[int, ...], place: str) -> NDArray[Any]:
    """What was read of `data`, an array or the reason why it is none, as an array of this datatype and shape."""
    if isinstance(data, InvalidInput):
        data.argument = f"{place}.data"
        raise data
    if data.shape != shape and data.shape != (math.prod(shape),):
        raise SizeContradicted(
            f"{place}.data has the shape {list(data.shape)}; {list(shape)} was expected, or its values in one list"
        )
    dtype = DATATYPES[datatype]
    if data.dtype.kind == "b" and dtype.kind != "b":
        raise ValueUnfit(f"{place}.data holds true and false; numbers were expected, as the datatype is {datatype}")
    return _converted(data, datatype, place).reshape(shape)


def _converted(values: NDArray[Any], datatype: str, place: str) -> NDArray[Any]:
    """The values in the datatype's dtype. Raises ValueUnfit where one would become another number."""
    dtype = DATATYPES[datatype]
    if values.dtype == dtype:
        return values
    if dtype.kind in "biu":
        least, most = _range(dtype, of_floats=values.dtype.kind == "f")
        why = f"a whole number from {least} to {most} was expected, as the datatype is {datatype}"
    else:
        why = f"it is too large for the datatype {datatype}"
    flat = values.reshape(-1)
    # Where they stand already, as there may be no room for them twice.
    converted = flat.view(dtype)[: len(flat)] if flat.flags.writeable else np.empty(len(flat), dtype)
    for start in range(0, len(flat), LONG_VALUES):
        part = flat[start : start + LONG_VALUES]
        if dtype.kind in "biu":
            _refuse_unfit((part < least) | (part > most) | (part != np.floor(part)), start, values, why, place)
        with np.errstate(over="ignore"):
            fit = part.astype(dtype)
        if dtype.kind not in "biu":
            _refuse_unfit(~np.isfinite(fit) & np.isfinite(part), start, values, why, place)
        converted[start : start + len(part)] = fit
    return converted


def _range(dtype: np.dtype[Any], *, of_floats: bool) -> tuple[int, int]:
    """The least and the greatest whole number of a dtype, and of those only what a float64 says without rounding."""
    least, most = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    return (max(least, -EXACT_INTEGERS), min(most, EXACT_INTEGERS)) if of_floats else (least, most)


def _refuse_unfit(unfit: NDArray[np.bool_], start: int, values: NDArray[Any], why: str, place: str) -> None:
    """`unfit` flags values from the start on. Raises ValueUnfit."""
    if unfit.any():
        position = np.unravel_index(start + int(unfit.argmax()), values.shape)
        where = "".join(f"[{index}]" for index in position)
        raise ValueUnfit(f"{place}.data{where} is {_shown(values[position].item())}; {why}")


def _shown(value: float) -> str:
    return describe(value) if math.isfinite(value) else _name_of(value)


def encode_frame(document: dict[str, Any], tensors: str) -> Frame:
    """The frame of a document that has a list of Tensor under the name in `tensors`: the reverse of decode_frame.

    Large arrays that lie in C order are not copied but viewed.
    """
    listed = []
    long: list[NDArray[Any]] = []
    behind: list[bytes | memoryview] = []
    for name, array, binary in document[tensors]:
        about = {"name": name, "shape": array.shape, "datatype": _DATATYPE_OF[array.dtype]}
        if binary:
            behind.append(_bytes_of(array))
            listed.append(about | {"parameters": {"binary_data_size": array.nbytes}})
        elif array.size > LONG_VALUES:
            long.append(array)
            listed.append(about | {"data": orjson.Fragment(GAP)})
        else:
            listed.append(about | {"data": orjson.Fragment(_text_of(_flat(array)))})
    content = {name: listed if name == tensors else _with_names(value) for name, value in document.items()}
    start, *rest = orjson.dumps(content).split(GAP)
    pieces = [start]
    for array, following in zip(long, rest, strict=True):
        pieces += [*_pieces_of(_flat(array)), following]
    return Frame([*pieces, *behind], sum(map(len, pieces)) if behind else None)


def _bytes_of(array: NDArray[Any]) -> bytes | memoryview:
    if array.nbytes <= SMALL_BYTES:
        return array.tobytes()
    return array.reshape(-1).view(np.uint8).data


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """The values in one row, of a dtype that orjson can write."""
    flat = array.reshape(-1)
    return flat.astype(np.float32) if flat.dtype.itemsize == 2 and flat.dtype.kind not in "iu" else flat


def _pieces_of(flat: NDArray[Any]) -> Iterator[bytes]:
    opening = b"["
    for start in range(0, len(flat), LONG_VALUES):
        yield opening + _text_of(flat[start : start + LONG_VALUES])[1:-1]
        opening = b","
    yield b"]"


def _text_of(flat: NDArray[Any]) -> bytes:
    """The values as JSON. What orjson turns into null, as it is not finite, is put back by its name."""
    text = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)
    if flat.dtype.kind != "f" or np.isfinite(flat).all():
        return text
    names = [_name_of(value).encode() for value in flat[~np.isfinite(flat)]]
    return b"".join(chain.from_iterable(zip_longest(text.split(b"null"), names, fillvalue=b"")))


def _with_names(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return orjson.Fragment(_name_of(value))
        case dict():
            return {key: _with_names(item) for key, item in value.items()}
        case _:
            return value


def _name_of(value: float) -> str:
    """What a number that is not finite is called."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
