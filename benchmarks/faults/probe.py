"""What the service says of itself when no client is there any more."""

import asyncio
import re

from benchmarks.faults.callers import exchanged
from benchmarks.faults.service import KEYS
from benchmarks.faults.wire import Connection, Cut, NotConnected, Request


def metric(port: int, name: str, **labels: str) -> float:
    """A metric's sum over its other labels, or nan."""

    async def ask() -> str:
        connection = await Connection.open(port)
        answer = await exchanged(connection, Request("/metrics", {"X-API-Key": KEYS[0]}, method="GET").head())
        connection.close()
        return answer.body.decode()

    given = "".join(rf'.*{label}="{value}"' for label, value in labels.items())
    try:
        values = re.findall(rf"^{name}(?:\{{{given}.*\}})? (\S+)$", asyncio.run(ask()), re.MULTILINE)
    except (Cut, NotConnected):
        return float("nan")
    return sum(map(float, values)) if values else float("nan")
