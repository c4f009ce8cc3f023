"""What memory xent takes: at the peak beside the bodies in flight, and whether it grows with requests."""

import http.client
import random
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from benchmarks.service.load import Failed, measure
from benchmarks.service.processes import SECONDS_TO_ANSWER
from benchmarks.service.servers import XENT, Unavailable
from benchmarks.service.work import SIZES, Body, Form, Size, WrongAnswer, check, write_body

MIDDLE = Size(1024, 1000)
# Below the limit that xent sets by default, in every form.
LARGE_BYTES = 60_000_000
IN_FLIGHT = (1, 4)
SECONDS_OF_PEAK = 3
# Most requests are small, and some of all sizes are among them.
SHARES = dict(zip(SIZES, (0.70, 0.22, 0.05, 0.03), strict=True))
BURST, SENDERS = 100, 4
# Neighbouring samples resemble one another. Their means do less.
SAMPLES_IN_A_MEAN = 5


@dataclass(frozen=True)
class Peak:
    """`peak` is in bytes beyond the idle server, at most, or the reason why there is none."""

    body: Body
    in_flight: int
    peak: int | str


@dataclass(frozen=True)
class Growth:
    """Resident bytes after each burst of requests, with nothing in flight, and the line through their means."""

    forms: list[Form]
    samples: list[int]

    @property
    def requests(self) -> int:
        return len(self.samples) * BURST

    def slope(self) -> tuple[float, float]:
        """Bytes for each request, and the standard error of that."""
        means = [
            statistics.fmean(self.samples[start : start + SAMPLES_IN_A_MEAN])
            for start in range(0, len(self.samples), SAMPLES_IN_A_MEAN)
        ]
        points = [SAMPLES_IN_A_MEAN * BURST * (i + 0.5) for i in range(len(means))]
        slope, intercept = statistics.linear_regression(points, means)
        squares = sum((mean - intercept - slope * x) ** 2 for x, mean in zip(points, means, strict=True))
        spread = sum((x - statistics.fmean(points)) ** 2 for x in points)
        return slope, sqrt(squares / (len(means) - 2) / spread)

    def is_none(self) -> bool:
        slope, error = self.slope()
        return slope <= 2 * error


def measure_peaks(cores: tuple[int, int], folder: Path, tell: Callable[[str], None]) -> list[Peak]:
    """One worker, started anew for each: memory that was taken is not always given back."""
    server_core, client_core = cores
    found = []
    for form, path in XENT.paths.items():
        middle = write_body(form, MIDDLE, folder)
        large = Size(LARGE_BYTES // (middle.length // MIDDLE.rows), MIDDLE.classes)
        for body in (middle, write_body(form, large, folder)):
            for count in IN_FLIGHT:
                tell(f"peak memory of xent: {form} of {body.length / 1e6:.1f} MB, {count} in flight")
                own = folder / f"peak-{body.path.name}-{count}"
                peak: int | str
                try:
                    with XENT.start(server_core, own) as server:
                        peak = measure(server, path, body, client_core, SECONDS_OF_PEAK, own, count).peak
                except (Unavailable, WrongAnswer, Failed, OSError, http.client.HTTPException) as error:
                    peak = str(error)
                found.append(Peak(body, count, peak))
    return found


def measure_growth(core: int, requests: int, folder: Path, tell: Callable[[str], None]) -> Growth | str:
    """Sends bodies of mixed sizes and forms, half as many first to warm up, or says why it could not."""
    try:
        with XENT.start(core, folder / "growth") as server:
            bodies: dict[Size, list[tuple[str, Body]]] = {size: [] for size in SIZES}
            forms: list[Form] = []
            for form, path in XENT.paths.items():
                for size in SIZES:
                    body = write_body(form, size, folder)
                    try:
                        check(server.post(path, body), body)
                    except WrongAnswer as error:
                        tell(f"growth without {form}: {error}")
                        break
                    bodies[size].append((path, body))
                else:
                    forms.append(form)
            draw = random.Random(0)  # noqa: S311  the same requests every time
            contents = {body.path: body.path.read_bytes() for each in bodies.values() for _, body in each}
            with ThreadPoolExecutor(SENDERS) as senders:

                def burst() -> int:
                    sizes = draw.choices(list(SHARES), list(SHARES.values()), k=BURST)
                    chosen = [draw.choice(bodies[size]) for size in sizes]
                    parts = [chosen[i::SENDERS] for i in range(SENDERS)]
                    list(senders.map(lambda part: send(server.port, part, contents), parts))
                    return server.resident()

                for _ in range(requests // BURST // 2):
                    burst()
                return Growth(forms, [burst() for _ in range(requests // BURST)])
    except (Unavailable, Failed, OSError, IndexError, http.client.HTTPException) as error:
        return str(error)


def send(port: int, chosen: list[tuple[str, Body]], contents: dict[Path, bytes]) -> None:
    """One connection, one request after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_TO_ANSWER)
    try:
        for path, body in chosen:
            connection.request("POST", path, contents[body.path], dict(body.headers))
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise Failed(f"{body.form} {body.size} was answered {response.status}")
    finally:
        connection.close()
