"""The service, and what makes the n-th allocation, thread or write of it fail: as curl's torture tests do.

Nothing of the service is replaced: a library that is preloaded (`torture.c`) stands between it and the C library.
"""

import base64
import gzip
import json
import mmap
import os
import shutil
import struct
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hostile.running import WITHOUT_CERTIFICATES

ALLOCATION, THREAD, WRITE = 1, 2, 3
# Smaller ones come from memory that the process has already.
SMALLEST_ALLOCATION = 16_384
SOURCE = Path(__file__).with_name("torture.c")
PLAN = struct.Struct("4l")

ROWS, CLASSES = 200, 50
LOGITS = [[((row * 31 + column * 17) % 64) / 16 - 2 for column in range(CLASSES)] for row in range(ROWS)]
FLAT = [logit for row in LOGITS for logit in row]
LABELS = [row * 7 % CLASSES for row in range(ROWS)]
BATCH = {"logits": LOGITS, "labels": LABELS, "include": ["gradient", "probabilities"]}


def _tensor(dtype: str, code: str, values: list[Any], shape: list[int]) -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}{code}", *values)
    return {"dtype": dtype, "shape": shape, "data": base64.b64encode(data).decode()}


def _frame() -> tuple[bytes, int]:
    """The batch as the Open Inference Protocol has it, with binary tensors; and how much of it is JSON."""
    logits = struct.pack(f"<{ROWS * CLASSES}d", *FLAT)
    labels = struct.pack(f"<{ROWS}q", *LABELS)
    inputs = [
        {"name": name, "shape": shape, "datatype": kind, "parameters": {"binary_data_size": len(data)}}
        for name, shape, kind, data in (
            ("logits", [ROWS, CLASSES], "FP64", logits),
            ("labels", [ROWS], "INT64", labels),
        )
    ]
    outputs = [{"name": name, "parameters": {"binary_data": True}} for name in ("loss", "gradient")]
    header = json.dumps({"inputs": inputs, "outputs": outputs}).encode()
    return header + logits + labels, len(header)


def _requests() -> dict[str, dict[str, Any]]:
    logits = _tensor("float64", "d", FLAT, [ROWS, CLASSES])
    frame, length = _frame()
    packed = gzip.compress(json.dumps(BATCH).encode(), mtime=0)
    return {
        "small": {"url": "/v1/loss", "json": {"logits": [[1, 2, 3]], "labels": [1]}},
        "lists": {"url": "/v1/loss", "json": BATCH},
        "tensor": {"url": "/v1/loss", "json": BATCH | {"logits": logits}},
        "gzip": {"url": "/v1/loss", "content": packed, "headers": {"Content-Encoding": "gzip", **JSON}},
        "recommend": {"url": "/v1/recommend", "json": {"logits": LOGITS, "labels": LABELS}},
        "infer": {
            "url": "/v2/models/auto/infer",
            "content": frame,
            "headers": {"Inference-Header-Content-Length": str(length)},
        },
    }


JSON = {"Content-Type": "application/json"}
REQUESTS = _requests()
# One request at a time, and not a byte of another: whatever stays reserved has the next one refused. A second worker
# answers where the first has died: NumPy crashes where it has no memory for the buffers of a division in place.
SETTINGS = {"XENT_MAX_REQUESTS_IN_FLIGHT": "1", "XENT_MAX_BYTES_IN_FLIGHT": "1", "XENT_WORKERS": "2"}
# On new connections, so that either worker is likely to be asked.
TIMES_ASKED_AFTERWARDS = 3
SECONDS_TO_REPLACE_WORKERS = 120


@dataclass
class Outcome:
    """What came of a request each of whose operations of one kind failed in turn."""

    faults: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Torture:
    """What the service that is started with `environment` is tortured by."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("there is no C compiler here")
        library, plan = folder / "torture.so", folder / "plan"
        command = [compiler, "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"]
        built = subprocess.run(command, capture_output=True, text=True)
        if built.returncode:
            pytest.skip(f"the library that is preloaded can't be built here: {built.stderr[:300]}")
        plan.write_bytes(bytes(PLAN.size))
        descriptor = os.open(plan, os.O_RDWR)
        self._plan = mmap.mmap(descriptor, PLAN.size)
        os.close(descriptor)
        self.environment = {"LD_PRELOAD": str(library), "TORTURE": str(plan), **SETTINGS}

    def arm(self, kind: int, nth: int, smallest: int = SMALLEST_ALLOCATION) -> None:
        """From now on the n-th operation of this kind fails, and no other. Smaller allocations are not counted."""
        self._plan[:] = PLAN.pack(kind, nth, smallest, 0)

    def has_failed(self) -> bool:
        """Whether the operation has failed by now."""
        _, nth, _, count = PLAN.unpack(self._plan[:])
        return bool(count > nth)

    def disarm(self) -> bool:
        """Whether an operation failed."""
        has_failed = self.has_failed()
        self._plan[:] = bytes(PLAN.size)
        return has_failed

    def play(self, address: str, name: str, kind: int, step: int = 1) -> Outcome:
        """Send a request again and again, of which the first operation fails, then that which is `step` later …"""
        request, outcome = REQUESTS[name], Outcome()
        right = post_once_replaced(address, request)
        assert isinstance(right, httpx.Response)
        assert right.status_code == 200, right.text
        has_failed, nth = True, 0
        while has_failed:
            self.arm(kind, nth)
            found = post(address, request)
            has_failed = self.disarm()
            outcome.seen[_kind_of(found)] += 1
            if isinstance(found, httpx.Response) and found.status_code != 503 and found.content != right.content:
                outcome.wrong.append(f"fault {nth} was answered {found.status_code}: {found.text[:300]}")
            for _ in range(TIMES_ASKED_AFTERWARDS):
                after = post_once_replaced(address, request)
                if not isinstance(after, httpx.Response) or after.content != right.content:
                    outcome.wrong.append(f"after fault {nth} came {after!r}")
            outcome.faults += has_failed
            nth += step
        return outcome


def post_once_replaced(address: str, request: dict[str, Any]) -> httpx.Response | httpx.TransportError:
    """As post, but waits for a worker in place of those that died, the last of which takes a connection with it."""
    until = time.monotonic() + SECONDS_TO_REPLACE_WORKERS
    while isinstance(response := post(address, request), httpx.TransportError) and time.monotonic() < until:
        time.sleep(0.1)
    return response


def post(address: str, request: dict[str, Any]) -> httpx.Response | httpx.TransportError:
    with httpx.Client(base_url=address, timeout=120, trust_env=False, verify=WITHOUT_CERTIFICATES) as client:
        try:
            return client.post(**request)
        except httpx.TransportError as error:
            return error


def _kind_of(found: httpx.Response | httpx.TransportError) -> str:
    return str(found.status_code) if isinstance(found, httpx.Response) else "closed"
