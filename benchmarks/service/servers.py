"""Who is measured: how each is started, what it takes, and in which environment."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.service.processes import NotStarted, Running, free_port, run, running
from benchmarks.service.work import Form

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).with_name("peers")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
QUIET = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}


class Unavailable(Exception):
    """A server that can't be measured here. The message says why."""


@dataclass(frozen=True)
class Server:
    """One of those that are measured.

    key         its name on the command line
    command     gets the folder of the environment's programs, the port, and a folder of the server's own
    packages    whose versions the report names
    deployment  how it is run, for the report
    """

    key: str
    name: str
    environment: str
    command: Callable[[Path, int, Path], list[str]]
    ready_path: str
    paths: Mapping[Form, str]
    packages: tuple[str, ...]
    deployment: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def start(self, core: int, folder: Path, **variables: str) -> Iterator[Running]:
        """Raises Unavailable where there is no environment to run in, or the server doesn't start."""
        programs = self.programs()
        port = free_port()
        folder.mkdir(parents=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XENT_")}
        environment = inherited | ONE_THREAD | dict(self.variables) | variables
        if self is XENT:
            environment |= {"XENT_PORT": str(port)} | one_worker(programs)
        command = self.command(programs, port, folder)
        try:
            with running(command, core, port, self.ready_path, environment, folder) as server:
                yield server
        except NotStarted as error:
            raise Unavailable(f"does not start: {error}") from error

    def programs(self) -> Path:
        """Makes the environment where it is missing or out of date."""
        made = run(["make", "--silent", f"{self.environment}/complete"], ROOT)
        if made.returncode:
            lines = [line for line in made.stderr.splitlines() if not line.startswith("make")]
            raise Unavailable(f"no environment: {lines[-1] if lines else 'make failed'}")
        return ROOT / self.environment / "bin"

    def versions(self) -> str:
        ask = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
        try:
            answered = run([str(self.programs() / "python"), "-c", ask, *self.packages], ROOT).stdout.split()
        except Unavailable:
            return "not installed"
        return ", ".join(f"{name} {version}" for name, version in zip(self.packages, answered, strict=False))


def one_worker(programs: Path) -> dict[str, str]:
    """xent refuses a setting that it doesn't know, and by default starts a worker for each core."""
    ask = "from app.settings import Settings; print('workers' in Settings.model_fields)"
    answer = run([str(programs / "python"), "-c", ask], ROOT).stdout
    return {"XENT_WORKERS": "1"} if answer.strip() == "True" else {}


def uvicorn(application: str) -> Callable[[Path, int, Path], list[str]]:
    def command(programs: Path, port: int, _: Path) -> list[str]:
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
        return [str(programs / "python"), "-m", "uvicorn", "--app-dir", str(PEERS), *options, application]

    return command


def xent(programs: Path, _port: int, _folder: Path) -> list[str]:
    return [str(programs / "python"), "-m", "app"]


def kserve(programs: Path, port: int, folder: Path) -> list[str]:
    log = folder / "log.json"
    log.write_text(json.dumps(QUIET))
    options = ["--enable_grpc=False", "--workers=1", "--enable_latency_logging=False", f"--log_config_file={log}"]
    return [str(programs / "python"), str(PEERS / "kserve_model.py"), f"--http_port={port}", *options]


def mlserver(programs: Path, port: int, folder: Path) -> list[str]:
    settings = {
        "debug": False,
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_endpoint": None,
        "parallel_workers": 0,
        "logging_settings": QUIET,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps({"name": "loss", "implementation": "mlserver_runtime.Loss"}))
    return [str(programs / "mlserver"), "start", str(folder)]


def litserve(programs: Path, port: int, _: Path) -> list[str]:
    return [str(programs / "python"), str(PEERS / "litserve_api.py"), str(port)]


def bentoml(programs: Path, port: int, _: Path) -> list[str]:
    options = ["--host", "127.0.0.1", "--port", str(port), "--working-dir", str(PEERS), "--quiet"]
    return [str(programs / "bentoml"), "serve", "bentoml_service:Loss", *options]


INFER = "/v2/models/loss/infer"
XENT = Server(
    "xent",
    "xent",
    ".venv",
    xent,
    "/readyz",
    {
        "JSON": "/v1/loss",
        "tensor object": "/v1/loss",
        "V2 binary": "/v2/models/sparse_softmax_cross_entropy/infer",
    },
    ("fastapi", "uvicorn", "numpy", "orjson"),
    "`python -m app`, one worker; answers with recommendation and warnings",
    {"PYTHONPATH": str(ROOT)},
)
LIMIT_AS_IT_COMES = Server(
    "http",
    "HTTP alone, malloc as it comes",
    ".venv",
    uvicorn("http_limit:app"),
    "/",
    {"V2 binary": "/"},
    ("uvicorn",),
    "uvicorn as xent has it, an ASGI application that reads the body and answers its length",
)
# As it comes, glibc's malloc gives uvicorn's buffers back to the system and has their pages faulted in anew, again and
# again; a server that frees larger pieces teaches it not to, and would be faster than this limit.
LIMIT = replace(
    LIMIT_AS_IT_COMES,
    key="http-kept",
    name="HTTP alone",
    paths={"JSON": "/", "tensor object": "/", "V2 binary": "/"},
    deployment="the same, with glibc's `MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` at 1 GiB",
    variables={"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)},
)
PLAIN = Server(
    "plain",
    "FastAPI + torch, plain",
    ".venv-bench-fastapi",
    uvicorn("plain_fastapi:app"),
    "/docs",
    {"JSON": "/loss"},
    ("fastapi", "uvicorn", "torch"),
    "uvicorn[standard], pydantic models of `list[list[float]]`, a `def` endpoint",
)
TUNED = Server(
    "tuned",
    "FastAPI + torch, tuned",
    ".venv-bench-fastapi",
    uvicorn("tuned_fastapi:app"),
    "/docs",
    {"JSON": "/loss"},
    ("fastapi", "uvicorn", "orjson", "torch"),
    "uvicorn[standard], the body parsed and the answer written by orjson, an `async` endpoint",
)
MLSERVER = Server(
    "mlserver",
    "MLServer",
    ".venv-bench-mlserver",
    mlserver,
    "/v2/health/ready",
    {"V2 JSON": INFER, "V2 binary": INFER},
    ("mlserver", "fastapi", "torch"),
    "`mlserver start` with a custom runtime, `parallel_workers` 0, no metrics; reads every body as JSON",
    {"PYTHONPATH": str(PEERS)},
)
KSERVE = Server(
    "kserve",
    "KServe",
    ".venv-bench-kserve",
    kserve,
    "/v2/health/ready",
    {"V2 JSON": INFER, "V2 binary": INFER},
    ("kserve", "fastapi", "torch"),
    "the SDK's `ModelServer` with a model of its own, one worker, no gRPC, no latency log",
)
LITSERVE = Server(
    "litserve",
    "LitServe",
    ".venv-bench-litserve",
    litserve,
    "/health",
    {"JSON": "/predict"},
    ("litserve", "fastapi", "torch"),
    "`LitServer.run`, one API server and one inference worker, `fast_queue`",
)
BENTOML = Server(
    "bentoml",
    "BentoML",
    ".venv-bench-bentoml",
    bentoml,
    "/readyz",
    {"JSON": "/loss"},
    ("bentoml", "starlette", "torch"),
    "`bentoml serve`, one worker, arrays as nested lists, no metrics",
    {"BENTOML_DO_NOT_TRACK": "True"},
)
SERVERS = (XENT, PLAIN, TUNED, MLSERVER, KSERVE, LITSERVE, BENTOML, LIMIT_AS_IT_COMES, LIMIT)
