"""Some sixty kilobytes of gzip that become sixty megabytes of nested lists take little memory and time."""

import gzip
import re
from pathlib import Path

import pytest

from tests.hostile.conftest import Start

INFLATED = 60 << 20
DEEP = b'{"labels":1,"logits":' + b"[" * 31
BODIES = {
    "white space": DEEP + b"1" + (b"]" + b" " * 1000) * (INFLATED // 1001) + b"]}",
    "short numbers": DEEP + b"0," * (INFLATED // 2) + b"0" + b"]" * 31 + b"}",
}
MAX_BYTES = 4 * INFLATED + (100 << 20)
MAX_SECONDS = 30


@pytest.mark.parametrize("body", BODIES.values(), ids=[*BODIES])
def test_nested_lists_are_refused_before_they_take_much(start: Start, body: bytes) -> None:
    compressed = gzip.compress(body, 9, mtime=0)
    assert len(compressed) < 200_000
    service = start()
    worker = worker_of(service.process.pid)
    began = seconds(worker)
    with service.client(**{"Content-Encoding": "gzip", "Content-Type": "application/json"}) as client:
        response = client.post("/v1/loss", content=compressed, timeout=MAX_SECONDS)
    assert response.status_code in (400, 413, 422), response.text
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
    assert int(kilobytes) << 10 < MAX_BYTES
    assert seconds(worker) - began < MAX_SECONDS / 2


def worker_of(process: int) -> int:
    """The only child, or the process itself where it has none."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(children[-1]) if children else process


def seconds(process: int) -> float:
    """Of the processor, so far."""
    user, system = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / 100
