"""Bodies that are hard to decode, and what it takes to decode one: measured in a process of its own, in the environment
of the service, as the memory of NumPy and simdjson is in no account of Python's.

python -m tests.decoding SIZE FORM...    writes for each form: bytes, CPU seconds, elements and the outcome
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
NAMES = ["logits", "labels", "weights"]
KIB, MIB = 1 << 10, 1 << 20


class Cost(NamedTuple):
    bytes: int
    seconds: float
    elements: int
    outcome: str


def costs(forms: list[str], size: int, python: str = sys.executable) -> dict[str, Cost]:
    """Of decoding bodies of these forms and this size, beside what the process had before."""
    command = [python, "-m", "tests.decoding", str(size), *forms]
    ran = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return {form: Cost(*taken) for form, taken in map(json.loads, ran.stdout.splitlines())}


def plain(size: int) -> bytes:
    """The plainest body of this size."""
    return within(b"[" + b"0," * (size // 2) + b"0]")


def within(logits: bytes, name: bytes = b"logits") -> bytes:
    return b'{"labels":1,"%b":%b}' % (name, logits)


def _repeated(unit: bytes, before: bytes = b"[", behind: bytes = b"]") -> Callable[[int], bytes]:
    """The unit again and again, without the comma behind the last."""
    return lambda size: within(before + (unit * (size // len(unit))).removesuffix(b",") + behind)


def _refused(form: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The same, with an object as its last value: no array, which only the end shows."""
    return lambda size: form(size).removesuffix(b"]}") + b",{}]}"


def _field(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: b'{"logits":[1],"labels":1,"other":[' + unit * (size // len(unit)) + b"0]}"


DEEP, UP = b"[" * 31, b"]" * 31
FORMS: dict[str, Callable[[int], bytes]] = {
    "deep": _repeated(b"0,", DEEP, UP),
    "deep, closed again and again": _repeated(b"]" + b" " * 1000, DEEP + b"1"),
    "deep rows": _repeated(DEEP[1:] + b"1" + UP[1:] + b","),
    "rows of one": _repeated(b"[1],"),
    "rows of ten": _repeated(b"[" + b"1," * 9 + b"1],"),
    "rows of two, deep after long": lambda size: within(b"[" + b"0," * (size // 2) + DEEP + b"0" + UP + b"]"),
    "a real after whole numbers": lambda size: within(b"[" + b"0," * (size // 2) + b"0.5]"),
    "a large whole number at times": _repeated(b"0," * (32 * KIB) + b"123456789012345678901234567890,"),
    "unsigned ones at times": _repeated(b"0," * (32 * KIB) + b"18446744073709551615,"),
    "a NaN at times": _repeated(b"0," * (32 * KIB) + b"NaN,"),
    "infinities": _repeated(b'"Infinity","-Infinity",'),
    "what stands for them": _repeated(b'"Infinity",8.9e307,' + b"0," * (32 * KIB)),
    "NaNs": _repeated(b"NaN,"),
    "exponents": _repeated(b"1e1,"),
    "strings": _repeated(b'"",'),
    "long strings": _repeated(b'"' + b"a[],{}" * (64 * KIB) + b'",'),
    "escapes": _repeated(b'"\\\\\\"",'),
    "empty lists": _repeated(b"[],"),
    "objects": _repeated(b"{},"),
    "true": _repeated(b"true,"),
    "commas": _repeated(b","),
    "opening brackets": _repeated(b"["),
    "closing brackets": _repeated(b"]"),
    "white space": _repeated(b" "),
    "white space among rows": _repeated(b"[ \n 0 \t ] ,"),
    "a number of many digits": _repeated(b"1"),
    "one name again and again": lambda size: b"{" + b'"logits":[%b0],' % (b"0," * 1000) * (size // 2014) + b'"a":1}',
    "short ones of one name": lambda size: b"{" + b'"logits":[0],' * (size // 13) + b'"a":1}',
    "numbers in another field": _field(b"0,"),
    "lists in another field": _field(b"[],"),
    "objects in another field": _field(b'{"a":0},'),
    "strings in another field": _field(b'"ab",'),
    "text in another field": lambda size: b'{"logits":[1],"other":"' + b"a" * size + b'"}',
    "wide text in another field": lambda size: b'{"logits":[1],"other":"' + "😀".encode() + b"a" * size + b'"}',
    "base64": lambda size: within(
        b'{"dtype":"int8","shape":[%d],"data":"%b"}' % (size // 4 * 3, b"AAAA" * (size // 4))
    ),
    "base64 with escapes": lambda size: within(b'{"dtype":"int8","shape":[9],"data":"%b"}' % (b"\\/" * (size // 2))),
    "no JSON": lambda size: within(b"[" + b"0," * (size // 2) + b"x]"),
    "not closed": lambda size: b'{"logits":[[' + b"0," * (size // 2) + b'0], "labels": [1]}',
}


def decoded(body: bytes, protocol: str) -> Any:
    from app.wire.json import decode_body
    from app.wire.oip.decode import decode_frame

    if protocol == "v2":
        return decode_frame(body, None, "inputs")
    return decode_body(body, NAMES)


def v2(datatype: bytes) -> Callable[[int], bytes]:
    def body(size: int) -> bytes:
        data = b"0," * (size // 2 - 1) + b"0"
        head = b'{"name":"x","shape":[%d],"datatype":"%b","data":[' % (size // 2, datatype)
        return b'{"inputs":[' + head + data + b"]}]}"

    return body


FORMS |= {
    f"{name}, refused at the end": _refused(FORMS[name])
    for name in (
        "deep rows",
        "rows of one",
        "rows of ten",
        "infinities",
        "NaNs",
        "exponents",
        "what stands for them",
        "a large whole number at times",
        "unsigned ones at times",
        "a NaN at times",
        "white space among rows",
        "a real after whole numbers",
    )
}
DATATYPES = {name: v2(name.encode()) for name in ("FP64", "FP32", "BF16", "INT64", "INT8")}


def measured(body: bytes, protocol: str) -> Cost:
    """Memory of the first time, and the processor's time of the quicker of two, as machines are busy with more."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first, elements, outcome = _timed(body, protocol)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    again, *_ = _timed(body, protocol)
    return Cost(1024 * peak, min(first, again), elements, outcome)


def _timed(body: bytes, protocol: str) -> tuple[float, int, str]:
    began = time.process_time()
    elements = 0
    try:
        document = decoded(body, protocol)
        arrays = [tensor.array for tensor in document["inputs"]] if protocol == "v2" else document.values()
        elements = sum(getattr(array, "size", 0) for array in arrays)
        outcome = str(document.get("logits"))[:80]
    except Exception as error:  # noqa: BLE001  a refusal costs too
        outcome = f"{type(error).__name__}: {error}"[:200]
    return time.process_time() - began, elements, outcome


def main() -> None:
    """Each form in a child, of which the memory is counted from the start."""
    size, *forms = sys.argv[1:]
    decoded(b'{"labels":[1]}', "v1")  # imports are no part of it
    decoded(b'{"inputs":[]}', "v2")
    for form in forms:
        if not os.fork():
            protocol = "v2" if form in DATATYPES else "v1"
            make = FORMS.get(form) or DATATYPES.get(form) or plain
            body = make(int(size))
            sys.stdout.write(json.dumps([form, measured(body, protocol)]) + "\n")
            sys.stdout.flush()
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main()
