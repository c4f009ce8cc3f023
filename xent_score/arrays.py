"""Files of arrays: .npy, .npz and .safetensors. Arrays that are not compressed are mapped into memory, part by part."""

import json
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from xent_score.errors import DataError

MAX_HEADER_BYTES = 100 << 20
ZIP_LOCAL_HEADER = 30
# What the names in a safetensors header stand for.
SAFETENSORS_DTYPES: dict[str, Any] = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16,
    "I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8,
    "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip


class StoredArray(NamedTuple):
    """An array in a file.

    offset   where its bytes begin; None: they are compressed
    member   the name of its member in an archive
    fortran  whether it is stored in Fortran order
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int | None
    member: str = ""
    fortran: bool = False

    def map(self, start: int, stop: int) -> NDArray[Any]:
        """Rows of it, mapped into memory for as long as they are in use."""
        assert self.offset is not None  # noqa: S101  the caller asks first
        if self.fortran:
            return np.memmap(self.path, self.dtype, "r", self.offset, self.shape, "F").view(np.ndarray)[start:stop]
        row = self.dtype.itemsize * int(np.prod(self.shape[1:]))
        shape = (stop - start, *self.shape[1:])
        return np.memmap(self.path, self.dtype, "r", self.offset + start * row, shape).view(np.ndarray)

    def stream(self, start: int, stop: int, size: int) -> Iterator[NDArray[Any]]:
        """The rows in blocks. Raises DataError where the file ends early, OSError."""
        if self.offset is not None:
            for first in range(start, stop, size):
                yield self.map(first, min(first + size, stop))
            return
        row = self.dtype.itemsize * int(np.prod(self.shape[1:]))
        with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
            read_header(file, self.path)
            file.seek(start * row, os.SEEK_CUR)
            for first in range(start, stop, size):
                rows = min(size, stop - first)
                content = file.read(rows * row)
                if len(content) < rows * row:
                    raise DataError(f"{self.path}: {self.member} ends before row {first + rows} of {self.shape[0]}")
                yield np.frombuffer(content, self.dtype).reshape(rows, *self.shape[1:])


def read_header(file: Any, path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and dtype of an array in NumPy's format. Raises DataError."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except ValueError as error:
        raise DataError(f"{path} is no sound .npy file: {error}") from None
    return shape, fortran, dtype


def _check(name: str, array: StoredArray) -> StoredArray:
    """Raises DataError where rows of the array can't be read."""
    if array.dtype.kind == "V" and array.dtype != ml_dtypes.bfloat16:
        raise DataError(
            f"{array.path}: {name} has dtype {array.dtype}, which is none of numbers; bfloat16 can be kept in "
            ".safetensors"
        )
    if array.dtype.hasobject or (array.dtype.kind not in "biuf" and array.dtype != ml_dtypes.bfloat16):
        raise DataError(f"{array.path}: {name} has dtype {array.dtype}; numbers were expected")
    if not array.shape:
        raise DataError(f"{array.path}: {name} is a single number; an array with a row for each sample was expected")
    if array.fortran and array.offset is None and len(array.shape) > 1:
        raise DataError(f"{array.path}: {name} is compressed in Fortran order; save np.ascontiguousarray of it")
    return array


def read_npy(path: Path) -> dict[str, StoredArray]:
    """The one array of the file, under no name. Raises DataError, OSError."""
    with path.open("rb") as file:
        shape, fortran, dtype = read_header(file, path)
        array = _check("the array", StoredArray(path, shape, dtype, file.tell(), fortran=fortran))
    _check_length(array, path.stat().st_size)
    return {"": array}


def read_npz(path: Path) -> dict[str, StoredArray]:
    """The arrays of the archive by name. Raises DataError, OSError."""
    arrays: dict[str, StoredArray] = {}
    try:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(path))
            raw = stack.enter_context(path.open("rb"))
            for info in archive.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                name = info.filename.removesuffix(".npy")
                with archive.open(info) as member:
                    shape, fortran, dtype = read_header(member, path)
                    header = member.tell()
                offset = None
                if info.compress_type == zipfile.ZIP_STORED:
                    raw.seek(info.header_offset)
                    lengths = struct.unpack("<HH", raw.read(ZIP_LOCAL_HEADER)[26:30])
                    offset = info.header_offset + ZIP_LOCAL_HEADER + sum(lengths) + header
                # Other arrays in it are nobody's concern, whatever they hold.
                arrays[name] = StoredArray(path, shape, dtype, offset, info.filename, fortran)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is no sound .npz file: {error}") from None
    return arrays


def read_safetensors(path: Path) -> dict[str, StoredArray]:
    """The tensors of the file by name.

    The format is a length of eight bytes, a JSON object with dtype, shape and place of each tensor, and their bytes.
    Raises DataError, OSError.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
            if length > MAX_HEADER_BYTES:
                raise DataError(f"{path} is no sound .safetensors file: its header has {length} bytes")
            header = json.loads(file.read(length))
        arrays: dict[str, StoredArray] = {}
        size = path.stat().st_size
        for name, entry in header.items():
            if name == "__metadata__" or entry["dtype"] not in SAFETENSORS_DTYPES:
                continue
            dtype = np.dtype(SAFETENSORS_DTYPES[entry["dtype"]])
            begin, end = entry["data_offsets"]
            array = StoredArray(path, tuple(entry["shape"]), dtype, 8 + length + begin)
            if end - begin != dtype.itemsize * int(np.prod(array.shape)):
                raise DataError(f"{path}: tensor {name} has {end - begin} bytes, which do not fit its shape")
            _check_length(array, size)
            arrays[name] = array
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{path} is no sound .safetensors file: its header is not readable") from None
    return arrays


def _check_length(array: StoredArray, size: int) -> None:
    """Raises DataError where the file was cut off."""
    assert array.offset is not None  # noqa: S101  the callers' are not compressed
    end = array.offset + array.dtype.itemsize * int(np.prod(array.shape))
    if end > size:
        raise DataError(f"{array.path} has {size} bytes, its array ends at {end}: the file was cut off")


def check_array(name: str, array: StoredArray) -> StoredArray:
    """Raises DataError where the array can't be used: an archive may hold others that can't."""
    return _check(f"array {name!r}" if name else "the array", array)
