"""What each module may import and touch: the promises of ARCHITECTURE.md, read off the source."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from xent_core.losses import LOSSES
from xent_core.losses.loss import Loss

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]

# Each step imports from lower ones only.
STAIRCASE = [
    {"errors"},
    {"results"},
    {"compute"},
    {"checks"},
    {"labels"},
    {"losses"},
    {"framework_names"},
    {"equivalents"},
    {"prepare"},
    {"summary", "calibration", "comparison"},
    {"accumulate"},
    {"by_products", "summarise", "calibrate"},
    {"compare"},
    {"advice"},
    {"evaluate", "plan"},
    {"__init__"},
]

INPUT_AND_OUTPUT = {
    *("asyncio", "concurrent", "ctypes", "fileinput", "ftplib", "glob", "http", "io", "logging", "mmap"),
    *("multiprocessing", "os", "pathlib", "pickle", "select", "shelve", "shutil", "signal", "smtplib", "socket"),
    *("socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "_thread"),
}
THREADS = {"_thread", "anyio", "concurrent", "multiprocessing", "threading"}
THREAD_CALLS = {"run_in_executor", "run_in_threadpool", "run_sync", "to_thread"}
# Each step of app imports from lower ones only, or from beside itself in one folder.
APP_STAIRCASE = [
    {"settings", "offload", "wire"},
    {"telemetry"},
    {*(f"middleware.{part}" for part in ("deadline", "key_digests", "readiness", "reservation", "route_traits"))},
    {"middleware.api_keys"},
    {"state"},
    {"middleware", "telemetry.access_log"},
    {"api", "server"},
    {"page"},
    {"docs", "learn"},
    {"main"},
    {"server.worker"},
    {"server.supervisor"},
    {"__main__"},
]


@cache
def modules(package: str) -> dict[str, ast.Module]:
    """The modules of a package by dotted name, a package's own being that of its folder.

    Parsed when first asked for, as each process of pytest-xdist imports this file.
    """
    sources = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        sources[name] = ast.parse(path.read_text(encoding="utf-8"))
    return sources


def core() -> dict[str, ast.Module]:
    return modules("xent_core")


def app() -> dict[str, ast.Module]:
    return modules("app")


def imports(module: ast.Module) -> set[str]:
    """Everything imported anywhere in the module, as dotted names: modules, and what is taken from ours."""
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imports_within(sources: dict[str, ast.Module], name: str) -> set[str]:
    """The modules of its own package that a module imports; the package itself where it takes a name from there."""
    package = name.split(".")[0]
    found = {imported for imported in imports(sources[name]) if imported.startswith(f"{package}.")}
    takes_names = any(imported.count(".") == 1 for imported in found - sources.keys())
    return (found & sources.keys() - {name}) | ({package} if takes_names else set())


def calls(module: ast.AST) -> Iterator[str]:
    """The last name of everything that is called."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


def room(name: str) -> str:
    """The file or folder of the package that a module is, or is in."""
    return [*name.split("."), "__init__"][1]


def step(name: str) -> int:
    part = room(name)
    steps = [number for number, parts in enumerate(STAIRCASE) if part in parts]
    assert steps, f"xent_core/{part} has no place in STAIRCASE"
    return steps[0]


def app_step(name: str) -> int:
    """The step of the module itself, where it has one of its own, or else of its folder."""
    for part in (name.removeprefix("app."), room(name)):
        for number, parts in enumerate(APP_STAIRCASE):
            if part in parts:
                return number
    raise AssertionError(f"{name} has no place in APP_STAIRCASE")


class TestXentCore:
    def test_it_imports_numpy_and_the_standard_library_only(self) -> None:
        allowed = {"numpy", "xent_core"} | (sys.stdlib_module_names - INPUT_AND_OUTPUT)
        for name, module in core().items():
            roots = {imported.split(".")[0] for imported in imports(module)}
            assert roots <= allowed, f"{name} imports {roots - allowed}"

    def test_it_does_no_input_and_output(self) -> None:
        for name, module in core().items():
            done = set(calls(module)) & {"open", "print", "input", "fromfile", "tofile", "load", "save", "memmap"}
            assert not done, f"{name} calls {done}"

    def test_imports_go_down_the_staircase(self) -> None:
        for name in core():
            for imported in imports_within(core(), name):
                same = room(imported) == room(name)
                assert same or step(imported) < step(name), f"{name} imports {imported}"

    def test_imports_have_no_circle(self) -> None:
        TopologicalSorter({name: imports_within(core(), name) for name in core()}).prepare()

    def test_the_staircase_has_no_step_that_is_gone(self) -> None:
        assert {part for parts in STAIRCASE for part in parts} == {room(name) for name in core()}

    def test_only_checks_decides_whether_numbers_are_acceptable(self) -> None:
        verdicts = {"NotANumber", "Infinite", "NotAProbability", "MaskedRow", "LabelOutOfRange", "LabelNotWhole"}
        for name, module in core().items():
            if room(name) != "checks":
                assert not set(calls(module)) & verdicts, f"{name} raises one of {verdicts}"

    def test_every_match_ends_in_assert_never(self) -> None:
        """All sets that are matched over here are closed: what is added to one then stops mypy, not a user."""
        for name, module in core().items():
            for node in ast.walk(module):
                if isinstance(node, ast.Match):
                    last = node.cases[-1]
                    assert ast.unparse(last.pattern) == "_", f"{name}, line {node.lineno}"
                    assert list(calls(last)) == ["assert_never"], f"{name}, line {node.lineno}"


EXAMPLES = ("app.api.examples", "app.learn.lessons", "app.learn.mistakes")


def test_no_loss_is_compared_by_its_name() -> None:
    """Its name stands as a literal in xent_core/losses, `__all__` and examples. All others ask the loss."""
    for name, module in (core() | app()).items():
        if name != "xent_core" and not name.startswith(("xent_core.losses", *EXAMPLES)):
            literals = {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
            assert not literals & LOSSES.keys(), f"{name} names {literals & LOSSES.keys()}"


def test_every_loss_is_in_the_one_list() -> None:
    """A file of a loss that is not listed would be forgotten in silence."""
    defined = set()
    for name in core():
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, Loss):
                defined.add(value.name)
    assert defined == LOSSES.keys()


class TestApp:
    def test_imports_have_no_circle(self) -> None:
        TopologicalSorter({name: imports_within(app(), name) for name in app()}).prepare()

    def test_imports_go_down_the_staircase(self) -> None:
        for name in app().keys() - {"app"}:
            for imported in imports_within(app(), name) - {"app"}:
                same = room(imported) == room(name)
                assert same or app_step(imported) < app_step(name), f"{name} imports {imported}"

    def test_nobody_imports_the_api_but_main(self) -> None:
        for name in app():
            if not name.startswith(("app.api", "app.docs", "app.learn", "app.main", "app.page")):
                assert not [found for found in imports_within(app(), name) if found.startswith("app.api")], name

    def test_nobody_imports_main_but_its_entrance(self) -> None:
        importers = {name for name in app() if imports_within(app(), name) & {"app.main", "app.__main__"}}
        assert importers == {"app.server.worker"}

    def test_only_settings_reads_the_environment(self) -> None:
        readers = set()
        for name, module in app().items():
            mentioned = {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)} | imports(module)
            if mentioned & {"environ", "getenv", "os.environ", "os.getenv", "pydantic_settings", "dotenv"}:
                readers.add(name)
        assert readers == {"app.settings"}

    def test_only_offload_touches_threads(self) -> None:
        for name, module in app().items():
            if name == "app.offload":
                continue
            roots = {imported.split(".")[0] for imported in imports(module)}
            assert not roots & THREADS, f"{name} imports {roots & THREADS}"
            assert not set(calls(module)) & THREAD_CALLS, f"{name} calls {set(calls(module)) & THREAD_CALLS}"

    def test_no_endpoint_is_sent_to_a_thread_by_the_framework(self) -> None:
        """As FastAPI does with functions that are not async."""
        endpoints = 0
        for name, module in app().items():
            for node in ast.walk(module):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    served = any(ast.unparse(each).startswith("router.") for each in node.decorator_list)
                    assert not (served and isinstance(node, ast.FunctionDef)), f"{name}.{node.name}"
                    endpoints += served
        assert endpoints

    def test_only_problems_turns_exceptions_into_answers(self) -> None:
        answers = {"HTTPException", "JSONResponse", "ORJSONResponse", "PlainTextResponse", "Response", "problem"}
        installers = {"add_exception_handler", "exception_handler"}
        for name, module in app().items():
            if name == "app.middleware.problems":
                continue
            assert not set(calls(module)) & installers, f"{name} installs an exception handler"
            for node in ast.walk(module):
                if isinstance(node, ast.ExceptHandler):
                    assert not set(calls(node)) & answers, f"{name} answers an exception in line {node.lineno}"


WATCHED = """
import sys
{before}
known, started = set(sys.modules), []
watched = ("_thread.start_new_thread", "os.", "socket.", "subprocess.Popen")
harmless = ("os.listdir", "os.scandir", "os.add_dll_directory", "os.putenv", "os.unsetenv")
sys.addaudithook(
    lambda event, _: started.append(event) if event.startswith(watched) and event not in harmless else None
)
import {modules}
import threading
roots = sorted({{name.split(".")[0] for name in set(sys.modules) - known}} - sys.stdlib_module_names)
print(started, [thread.name for thread in threading.enumerate()], *roots)
"""


def imported_alone(modules: str, before: str = "") -> list[str]:
    """What importing starts, in a process of its own: events, threads, and the packages that come with it."""
    script = WATCHED.format(modules=modules, before=before)
    run = subprocess.run([sys.executable, "-B", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_importing_xent_core_starts_nothing_and_needs_numpy_only() -> None:
    assert imported_alone(", ".join(core())) == ["[]", "['MainThread']", "numpy", "xent_core"]


def test_importing_app_starts_nothing() -> None:
    assert imported_alone(", ".join(app()))[:2] == ["[]", "['MainThread']"]


def test_the_supervisor_and_a_service_that_refuses_to_start_import_no_web_framework() -> None:
    """They start in half of the time without it."""
    packages = imported_alone("app.__main__, app.server.supervisor")[2:]
    assert "pydantic_settings" in packages
    assert not {"fastapi", "starlette", "uvicorn", "numpy"} & {*packages}


def test_a_module_that_starts_something_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text("import socket, threading\nsocket.socket().close()\n")
    found = imported_alone("busy", before=f"sys.path.insert(0, {str(tmp_path)!r})")
    assert "socket.__new__" in found[0]


def test_modules_that_numpy_loads_when_they_are_first_asked_for_are_imported() -> None:
    """`np.ma` imports on first use. Where two threads do so at once, it may end in a RecursionError."""
    packages = [*(ROOT / name for name in ("app", "xent_core", "xent_score", "xent_cli")), ROOT / "clients/python"]
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, numpy; print(*(name for name in dir(numpy) if name in vars(numpy)))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: np.{node.attr}"
        for package in packages
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"
        if node.attr not in loaded
    ]
    assert found == []
