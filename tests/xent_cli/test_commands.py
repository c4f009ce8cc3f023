"""The command as a user meets it: help, exit statuses, one line for each error."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import __version__
from app.api.problem import CODES
from tests.service import PATIENCE_SECONDS, ROOT, Server
from xent_cli.__main__ import COMMANDS
from xent_core.advice.checks import WARNINGS
from xent_core.losses import CATALOGUE

BATCH: dict[str, Any] = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}


def xent(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xent_cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, **options)


def test_help_lists_the_commands_and_the_exit_statuses() -> None:
    run = xent("--help")
    assert (run.returncode, run.stderr) == (0, "")
    for name, meaning in COMMANDS.items():
        assert f"  {name:9}{meaning}" in run.stdout
    assert "exit status:" in run.stdout


def test_without_a_command_help_is_an_error() -> None:
    run = xent()
    assert (run.returncode, run.stdout) == (2, "")
    assert "commands:" in run.stderr


def test_an_unknown_command_is_refused() -> None:
    run = xent("scroe")
    assert (run.returncode, run.stdout) == (2, "")
    assert "invalid choice: 'scroe'" in run.stderr


def test_the_version() -> None:
    assert xent("--version").stdout == f"xent {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_of_at_most_100_columns(command: str) -> None:
    run = xent(command, "--help", env=os.environ | {"COLUMNS": "100"})
    assert (run.returncode, run.stderr) == (0, "")
    assert max(map(len, run.stdout.splitlines())) <= 100


class TestServe:
    def test_it_takes_every_setting_as_an_option(self) -> None:
        run = xent("serve", "--help")
        assert "usage: xent serve " in run.stdout
        assert "--port 8001 is the same as XENT_PORT=8001" in run.stdout

    def test_it_serves_until_it_is_told_to_end(self, tmp_path: Path) -> None:
        with Server(tmp_path / "log", ("-m", "xent_cli", "serve", "--port", "0")) as server:
            assert httpx.get(f"{server.address}/livez").status_code == 200
            assert server.stop() == 0

    def test_what_is_wrong_with_a_setting_is_one_line(self) -> None:
        run = xent("serve", "--port", "70000")
        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr == "xent: XENT_PORT is '70000': Input should be less than or equal to 65535\n"


class TestLoss:
    def test_it_gives_what_the_service_gives(self, server: Server, tmp_path: Path) -> None:
        request = BATCH | {"include": ["gradient", "probabilities"], "label_smoothing": 0.1}
        (tmp_path / "batch.json").write_text(json.dumps(request))
        run = xent("loss", tmp_path / "batch.json", "--json")
        assert (run.returncode, run.stderr) == (0, "")
        assert json.loads(run.stdout) == httpx.post(f"{server.address}/v1/loss", json=request).json()

    def test_it_reads_standard_input_and_writes_for_people(self) -> None:
        run = xent("loss", "-", input=json.dumps(BATCH | {"weights": 2}))
        assert run.returncode == 0
        assert run.stdout.startswith("loss type: sparse_softmax_cross_entropy\nmean: 2.138")
        assert "recommended: sparse_softmax_cross_entropy, as the labels are class_indices" in run.stdout
        assert "warning (likely) scalar_weight_only_rescales: " in run.stdout

    def test_without_a_reduction_and_advice_there_is_less_to_say(self) -> None:
        run = xent("loss", "-", input=json.dumps(BATCH | {"reduction": "none", "advice": "none"}))
        assert [line.split(":")[0] for line in run.stdout.splitlines()] == ["loss type", "per sample"]

    @pytest.mark.parametrize(
        ("batch", "line"),
        [
            (BATCH | {"labels": [1, 5]}, "labels[1] is 5; a class index from 0 to 2 was expected"),
            (BATCH | {"sample_weight": 1}, "sample_weight is not a field of this request"),
            ("no batch", "body is not a JSON object"),
        ],
    )
    def test_errors_are_the_services(self, batch: Any, line: str, server: Server) -> None:
        run = xent("loss", "-", input=json.dumps(batch))
        assert (run.returncode, run.stdout) == (1, "")
        detail = httpx.post(f"{server.address}/v1/loss", json=batch).json()["detail"]
        assert run.stderr == f"xent: {detail}\n"
        assert line.split(";")[0].split(" is ")[0] in run.stderr

    def test_a_file_that_is_not_there(self) -> None:
        run = xent("loss", "/nowhere/batch.json")
        assert (run.returncode, run.stderr) == (
            1,
            "xent: /nowhere/batch.json can't be read: No such file or directory\n",
        )

    def test_keys_and_limits_of_a_service_do_not_apply(self) -> None:
        environment = os.environ | {"XENT_API_KEYS": "secret", "XENT_MAX_BODY_BYTES": "10"}
        assert xent("loss", "-", input=json.dumps(BATCH), env=environment).returncode == 0


class TestExplain:
    @pytest.mark.parametrize("code", [*WARNINGS, *CODES, *CATALOGUE])
    def test_every_code_is_explained(self, code: str, capsys: pytest.CaptureFixture[str]) -> None:
        from xent_cli.explain import run

        assert run([code, "--json"]) == 0
        explained = json.loads(capsys.readouterr().out)
        assert code in explained.values()
        assert len(explained) > 1

    def test_for_people(self) -> None:
        lines = xent("explain", "infinite_loss").stdout.splitlines()
        assert lines[:3] == ["warning: infinite_loss", "when: some loss is infinite", "severity: certain"]

    def test_without_a_code_all_are_listed(self) -> None:
        assert "infinite_loss, " in xent("explain").stdout

    @pytest.mark.parametrize(
        ("code", "hint"), [("infinit_loss", "did you mean infinite_loss?"), ("xyz", "xent explain lists all codes")]
    )
    def test_what_is_no_code(self, code: str, hint: str) -> None:
        run = xent("explain", code)
        assert (run.returncode, run.stderr) == (1, f"xent: '{code}' is no code of xent; {hint}\n")


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m xent_cli explain --json | true; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) in ((141, ""), (0, ""))


@pytest.mark.parametrize("arguments", [["--processes", "1"], ["--processes=1"]])
def test_one_process_computes_by_itself(arguments: list[str]) -> None:
    script = (
        "import sys; from multiprocessing import forkserver; from xent_cli.score import warm_up; "
        "warm_up(['d.npy', *sys.argv[1:]]); print(forkserver._forkserver._forkserver_pid)"
    )
    command = [sys.executable, "-c", script, *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS)
    assert found.stdout == "None\n"
