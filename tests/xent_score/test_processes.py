"""The processes of a run: what they are told, and what becomes of a run whose process fails or dies."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from xent_score.errors import DataError
from xent_score.processes import _death, _serve, run_here, run_in_processes
from xent_score.readahead import read_ahead

Report = Callable[[int], None]


def count_rows(job: int, number: int, first_part: int, report: Report) -> None:
    report(job * number + first_part)


def refuse(job: int, number: int, first_part: int, report: Report) -> None:  # noqa: ARG001  as all work
    if number == 2:
        raise DataError("d.parquet, row 7: labels: is 9")
    report(1)


def be_killed(job: int, number: int, first_part: int, report: Report) -> None:  # noqa: ARG001  as all work
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
