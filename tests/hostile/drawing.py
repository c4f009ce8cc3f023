"""Chance that is the same in every run, and what it draws from to do harm."""

from random import Random
from typing import Any

NASTY_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 0.5, -0.0, 5e-324, 1e308, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30),
    *(float("nan"), float("inf"), float("-inf"), "NaN", "Infinity", "-Infinity", "infinity", "1", ""),
    *("\0", "\ud800", "\u2028", "ﬀ", "é" * 300, "AAAA", "====", "A", "auto", "sum", "float32", "FP32", "BYTES"),
    *([], {}, [[]], [None], [[1], [1, 2]], [1] * 40, [0.5, "-Infinity"], {"dtype": "float32"}, [[[[[[1]]]]]]),
    *([0, 2**40], [2**62, 4], [-1], {"binary_data_size": 8}, {"binary_data_size": 2**63}, {"binary_data": 1}),
]
NASTY_NAMES = [
    "extra",
    "Logits",
    "logits",
    "labels\0",
    "\0",
    "axis",
    "data",
    "parameters",
    "x" * 300,
    "\ud800",
    "\u202e",
    "",
]
NASTY_BYTES = [
    *(b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b":", b"\xff", b"\x80", b"0", b"-", b"HTTP/1.1"),
    *(b'"', b"\\", b'\\"', b"{", b"}", b"[", b"]", b",", b'"logits": [', b"\\u0000", b"NaN", b"-Infinity", b"1e999"),
]


def draws(*seed: object) -> Random:
    """The same for the same seed, on every machine."""
    return Random(" ".join(map(str, seed)))  # noqa: S311  nothing is secret here


def bent(random: Random, value: Any) -> Any:
    """The document with one of its values, somewhere, made another."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.15:
        return random.choice(NASTY_VALUES)
    key: Any = random.choice([*value]) if isinstance(value, dict) else random.randrange(len(value))
    copy: Any = value.copy()
    match random.randrange(8):
        case 0:
            del copy[key]
        case 1 if isinstance(copy, dict):
            copy[random.choice(NASTY_NAMES)] = random.choice(NASTY_VALUES)
        case 1:
            copy += copy[key:]
        case _:
            copy[key] = bent(random, copy[key])
    return copy


def damaged(random: Random, data: bytes) -> bytes:
    """The bytes with some of them changed, added, left out, moved or repeated."""
    at, to = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
    match random.randrange(8):
        case 0 if data:
            bits = int.from_bytes(data) ^ 1 << random.randrange(8 * len(data))
            return bits.to_bytes(len(data))
        case 0 | 1:
            return data[:at] + random.choice(NASTY_BYTES) + data[at:]
        case 2:
            return data[:at] + random.randbytes(random.randint(1, 4)) + data[at:]
        case 3:
            return data[:at] + data[at + random.randint(1, 4) :]
        case 4:
            return data[:at] + data[to:]
        case 5:
            return data[:to] + data[at:]
        case 6:
            return data[:at] + data[at:to] * random.choice([2, 3, 50]) + data[to:]
        case _:
            return data[:to]
