"""Which coding a response comes in, and that it can be read."""

import sys
import zlib

import pytest

from app.wire.compress import CODINGS, MAX_HEADER_LENGTH, MIN_BYTES, Coding, accepted_coding, compress_long

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def read(content: bytes, coding: Coding) -> bytes:
    return zstd.decompress(content) if coding == "zstd" else zlib.decompress(content, zlib.MAX_WBITS | 16)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("br, deflate", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZip; Q=0.5", "gzip"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("zstd;q=0, gzip;q=0.001", "gzip"),
        ("identity;q=0.5, gzip;q=0.4", None),
        ("identity;q=0.4, gzip;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("*", None),
        ("*;q=0", None),
        ("gzip;q=nan, zstd;q=0.1", "zstd"),
        ("gzip;q=2", None),
        ("gzip;level=9", None),
        ("gzip," + " " * MAX_HEADER_LENGTH, None),
    ],
)
def test_the_coding_is_the_one_that_the_client_prefers(header: str | None, coding: Coding | None) -> None:
    assert accepted_coding(header) == coding


@pytest.mark.parametrize("coding", CODINGS)
def test_a_long_body_comes_in_the_coding_and_is_the_same(coding: Coding) -> None:
    pieces = [b"0.25," * 2000, memoryview(b"0.5," * 3000), b"", b"1"]
    body, used = compress_long(iter(pieces), coding)
    assert used == coding
    content = b"".join(body)
    assert len(content) < 2000
    assert read(content, coding) == b"".join(pieces)


@pytest.mark.parametrize("coding", [None, *CODINGS])
def test_a_short_body_is_sent_as_it_is(coding: Coding | None) -> None:
    pieces = [b"0" * (MIN_BYTES - 2), b"1"]
    assert compress_long(iter(pieces), coding) == (pieces, None)


def test_without_a_coding_a_long_body_is_sent_as_it_is() -> None:
    pieces = [b"0" * MIN_BYTES, b"1"]
    assert compress_long(iter(pieces), None) == (pieces, None)


def test_a_piece_is_dropped_once_it_is_compressed() -> None:
    """So that the whole body never stands in memory in both forms."""
    alive: list[int] = []

    class Piece(bytes):
        count = 0

        def __new__(cls) -> "Piece":
            Piece.count += 1
            alive.append(Piece.count)
            return super().__new__(cls, b"x" * MIN_BYTES)

        def __del__(self) -> None:
            Piece.count -= 1

    compress_long((Piece() for _ in range(50)), "gzip")
    assert max(alive) <= 3


def test_the_fast_level_leaves_half_of_numbers() -> None:
    numbers = ",".join(str(number / 7) for number in range(20_000)).encode()
    for coding in CODINGS:
        body, _ = compress_long([numbers], coding)
        assert sum(map(len, body)) < 0.55 * len(numbers)
