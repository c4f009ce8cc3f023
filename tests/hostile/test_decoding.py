"""A few kilobytes of zstd that become tens of megabytes of nested lists take little memory and time."""

import re
from pathlib import Path

import pytest

from tests.hostile.bodies import zstd
from tests.hostile.conftest import Start

INFLATED = 60 << 20
DEEP = b'{"labels":1,"logits":' + b"[" * 31
BODIES = {
    "white space": DEEP + b"1" + (b"]" + b" " * 1000) * (INFLATED // 1001) + b"]}",
    "short numbers": DEEP + b"0," * (INFLATED // 2) + b"0" + b"]" * 31 + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=[*BODIES])
def test_nested_lists_are_refused_before_they_take_much(start: Start, body: bytes) -> None:
    service = start()
    worker = worker_of(service.process.pid)
    began = seconds(worker)
    with service.client(**{"Content-Encoding": "zstd", "Content-Type": "application/json"}) as client:
        response = client.post("/v1/loss", content=zstd(body))
    assert response.status_code in (400, 413)
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
    assert int(kilobytes) << 10 < 4 * len(body) + (100 << 20)
    assert seconds(worker) - began < 3


def worker_of(process: int) -> int:
    """The only child, or the process itself where it has none."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(children[-1]) if children else process


def seconds(process: int) -> float:
    """Of the processor, so far."""
    user, system = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / 100
