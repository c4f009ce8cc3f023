"""The processes of a run: what they are told, and what becomes of a run whose process fails or dies."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from xent_score.errors import DataError
from xent_score.processes import _death, _serve, run_here, run_in_processes
from xent_score.readahead import read_ahead
from xent_score.writebehind import WriteBehind

Report = Callable[[int], None]


def count_rows(job: int, number: int, first_part: int, report: Report, writer: WriteBehind) -> None:  # noqa: ARG001
    report(job * number + first_part)


def refuse(job: int, number: int, first_part: int, report: Report, writer: WriteBehind) -> None:  # noqa: ARG001
    if number == 2:
        raise DataError("d.parquet, row 7: labels: is 9")
    report(1)


def be_killed(job: int, number: int, first_part: int, report: Report, writer: WriteBehind) -> None:  # noqa: ARG001
    os.kill(os.getpid(), signal.SIGKILL)


TASKS = [(1, 0), (2, 3), (3, 0)]


def test_every_task_is_done_once_by_one_process_or_by_two() -> None:
    assert [*run_here(count_rows, 10, TASKS)] == [10, 23, 30]
    assert sorted(run_in_processes(count_rows, 10, TASKS, 2)) == [10, 23, 30]


def test_more_processes_than_tasks_end_too() -> None:
    assert [*run_in_processes(count_rows, 10, [(1, 0)], 2)] == [10]


def test_what_is_wrong_in_a_process_stops_the_run() -> None:
    with pytest.raises(DataError, match=r"d\.parquet, row 7"):
        list(run_in_processes(refuse, 0, TASKS, 2))


def test_a_process_that_is_killed_stops_the_run() -> None:
    with pytest.raises(DataError, match="was killed, as the system does when memory runs out"):
        list(run_in_processes(be_killed, 0, TASKS, 1))


def test_the_end_of_a_process_is_said() -> None:
    assert _death(3) == "a process of the run ended with exit status 3"


@pytest.fixture
def interruptible() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("work", "sent"), [(count_rows, [10, None, 23, None]), (refuse, [1, None, "d.parquet, row 7: labels: is 9"])]
)
def test_a_process_does_as_it_is_told(work: Any, sent: list[Any]) -> None:
    """In this process: coverage sees no forked one that is killed."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        for task in (*TASKS[:2], None):
            ours.send(task)
        _serve(work, 10, theirs)
        found = [ours.recv() for _ in sent]
    assert found == sent


@pytest.mark.usefixtures("interruptible")
def test_a_process_ends_when_the_run_is_gone() -> None:
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    with theirs:
        _serve(count_rows, 10, theirs)


def disk_full() -> None:
    raise DataError("no space left on the device")


def fill_the_disk(job: int, number: int, first_part: int, report: Report, writer: WriteBehind) -> None:  # noqa: ARG001
    writer.do(disk_full)


@pytest.mark.parametrize("tasks", [TASKS, TASKS[:1]])
def test_what_could_not_be_written_stops_the_run(tasks: list[tuple[int, int]]) -> None:
    with pytest.raises(DataError, match="no space left"):
        list(run_here(fill_the_disk, 0, tasks))
    with pytest.raises(DataError, match="no space left"):
        list(run_in_processes(fill_the_disk, 0, tasks, 2))


class TestWriteBehind:
    def test_it_writes_in_order_and_all_before_it_ends(self) -> None:
        written: list[int] = []
        with WriteBehind() as writer:
            for number in range(20):
                writer.do(partial(written.append, number))
        assert written == [*range(20)]

    def test_an_error_of_the_run_is_not_hidden_by_one_of_writing(self) -> None:
        def run() -> None:
            with WriteBehind() as writer:
                writer.do(disk_full)
                raise ValueError("of the run")

        with pytest.raises(ValueError, match="of the run"):
            run()


class TestReadAhead:
    def test_it_gives_the_items_in_order(self) -> None:
        assert [*read_ahead(iter(range(100)))] == [*range(100)]

    def test_it_raises_what_they_raise_after_those_before(self) -> None:
        def items() -> Iterator[int]:
            yield 1
            raise DataError("row 2")

        found: list[int] = []
        with pytest.raises(DataError, match="row 2"):
            found.extend(read_ahead(items()))
        assert found == [1]

    def test_no_more_are_read_than_asked_for_when_the_reader_leaves(self) -> None:
        read: list[int] = []

        def items() -> Iterator[int]:
            for item in range(1000):
                read.append(item)
                yield item

        items_ahead = read_ahead(items())
        assert next(items_ahead) == 0
        items_ahead.close()  # type: ignore[attr-defined]  # of a generator
        count = len(read)
        assert count < 10
        assert np.array_equal(read, range(count))
