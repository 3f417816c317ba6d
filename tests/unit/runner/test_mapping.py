"""Jobs by several processes: copies or new ones, in order or as they end, and those that die."""

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from diffusion.base.errors import DiffusionError, ResultsError, RoomError, SettingError
from diffusion.runner import mapping, worker

ASKING = """
import json, sys
from diffusion.base.processes import may_copy
from tests.unit.runner import test_mapping
does, workers = sys.argv[1], int(sys.argv[2])
print(json.dumps([may_copy(), test_mapping.asked(does, workers)]))
"""
JOBS = 5

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are copies on Linux")


def late(job: int) -> int:
    """The earlier of two jobs ends later."""
    time.sleep(0.0 if job % 2 else 0.2)
    return job * job


def breaks(job: int) -> int:
    """One job raises what the user can mend."""
    if job == 3:
        raise SettingError("job 3 breaks")
    return job


class OfTwo(Exception):
    """What pickle takes apart and can't put together."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


def breaks_oddly(job: int) -> int:
    """One job raises what can't be sent."""
    if job == 3:
        raise OfTwo("one", "two")
    return job


def dies_once(folder: Path, job: int) -> int:
    """One job takes its process with it, the first time."""
    if job == 3 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def dies(job: int) -> int:
    """One job takes its process with it, each time."""
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def elsewhere(_: int) -> int:
    """Which process computes."""
    return os.getpid()


def asked(does: str, workers: int) -> Any:
    """What comes of the jobs, in their order, or the mistake that ends them."""
    function: Callable[[int], int] = globals()[does]
    try:
        return list(mapping.in_order(function, range(JOBS), workers, "take fewer"))
    except DiffusionError as error:
        return [type(error).__name__, str(error)]


def asked_in_a_thread() -> Any:
    """The same in a thread beside the first."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asked, "late", 2).result()


def asked_of_copies(does: str, workers: int) -> Any:
    """The same by a process of one thread, whose workers are copies of it."""
    command = [sys.executable, "-W", "error", "-c", ASKING, does, str(workers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    copies, found = json.loads(done.stdout)
    assert copies
    return found


@pytest.fixture
def no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start from nothing, as on other systems."""
    monkeypatch.setattr("diffusion.base.processes.may_copy", lambda: False)


KILLED = (
    "a worker process was killed 3 times at the same runs, probably for lack of memory; take fewer"
)
CAME = {
    "late": [0, 1, 4, 9, 16],
    "breaks": ["SettingError", "job 3 breaks"],
    "dies": ["ResultsError", KILLED],
}


@pytest.mark.usefixtures("no_copies")
@pytest.mark.parametrize("does", CAME)
def test_new_processes_give_results_in_order_or_the_mistake(does: str) -> None:
    assert asked(does, 2) == CAME[does]


@pytest.mark.usefixtures("no_copies")
def test_where_no_process_can_be_started_this_one_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "may_start", lambda: False)
    assert asked("elsewhere", 2) == [os.getpid()] * JOBS


def test_a_daemon_computes_itself_in_any_thread_and_still_hears_of_interrupts() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(asked_in_a_thread) == CAME["late"]
        assert pool.apply(asked, ("late", 2)) == CAME["late"]
        assert pool.apply(signal.getsignal, (signal.SIGINT,)) is signal.default_int_handler


def test_a_job_in_the_process_that_gives_it_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert worker.work(pickle.dumps((_squared, 7, 3)), os.getpid()) == (7, 9)
    assert signal.getsignal(signal.SIGINT) is before


@on_linux
@pytest.mark.parametrize("does", CAME)
def test_copies_give_results_in_order_or_the_mistake(does: str) -> None:
    assert asked_of_copies(does, 2) == CAME[does]


@pytest.mark.parametrize("does", ["late", "breaks"])
def test_one_worker_is_this_process_and_gives_the_same(does: str) -> None:
    assert asked(does, 1) == CAME[does]
    assert asked("elsewhere", 1) == [os.getpid()] * JOBS


@pytest.mark.usefixtures("no_copies")
def test_jobs_of_a_process_that_died_are_computed_again(tmp_path: Path) -> None:
    found = mapping.in_order(partial(dies_once, tmp_path), range(JOBS), 2, "")
    assert list(found) == list(range(JOBS))
    assert (tmp_path / "died").exists()


@pytest.mark.usefixtures("no_copies")
def test_the_traceback_of_a_worker_comes_along() -> None:
    with pytest.raises(SettingError) as caught:
        list(mapping.in_order(breaks, range(JOBS), 2, ""))
    assert 'raise SettingError("job 3 breaks")' in str(caught.value.__cause__)


@pytest.mark.usefixtures("no_copies")
def test_what_a_worker_raises_and_cannot_send_comes_in_words() -> None:
    with pytest.raises(RuntimeError, match=r"^OfTwo: one and two$"):
        list(mapping.in_order(breaks_oddly, range(JOBS), 2, ""))


def test_results_come_in_while_jobs_are_still_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "copies", ThreadPoolExecutor)
    monkeypatch.setattr(mapping, "work", _work)
    given: list[int] = []

    def jobs() -> Iterator[int]:
        for job in range(100):
            given.append(job)
            yield job

    results = mapping.as_they_end(_squared, jobs(), 2, "")
    assert next(results)[1] in {0, 1, 4, 9}
    assert len(given) <= mapping.AHEAD * 2 + 1
    assert sorted(results)[-1] == (99, 99 * 99)


def test_what_ends_early_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: object) -> Iterator[tuple[int, str]]:
        yield from [(2, "c"), (0, "a"), (1, "b"), (3, "d")]

    monkeypatch.setattr(mapping, "as_they_end", ended)
    assert list(mapping.in_order(str, range(4), 2, "")) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("workers", "jobs", "made"), [(2, 5, [2]), (8, 3, [3]), (8, 0, [])])
def test_no_more_copies_are_made_than_there_are_jobs(
    workers: int, jobs: int, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[int] = []

    def pool(number: int) -> ThreadPoolExecutor:
        asked_for.append(number)
        return ThreadPoolExecutor(number)

    monkeypatch.setattr(mapping, "copies", pool)
    monkeypatch.setattr(mapping, "work", _work)
    found = mapping.in_order(_squared, range(jobs), workers, "")
    assert list(found) == [job * job for job in range(jobs)]
    assert asked_for == made


def test_workers_for_whom_there_is_no_room_are_told_and_one_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("diffusion.base.processes.has_room", lambda *_: False)
    with pytest.raises(RoomError, match=r"^2 workers .*; executor\.workers=1 needs no others"):
        list(mapping.as_they_end(late, range(2), 2, ""))
    assert len(list(mapping.as_they_end(late, range(2), 1, ""))) == 2


def test_only_jobs_that_have_not_ended_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[list[int]] = []

    def once(function: Any, jobs: Iterable[tuple[int, int]], _: int) -> Iterator[tuple[int, int]]:
        given = list(jobs)
        passes.append([number for number, _ in given])
        for number, job in given:
            if len(passes) == 1 and number == 2:
                raise BrokenProcessPool
            yield number, function(job)

    monkeypatch.setattr(mapping, "_once", once)
    assert sorted(mapping.as_they_end(_squared, range(4), 2, "")) == [
        (0, 0),
        (1, 1),
        (2, 4),
        (3, 9),
    ]
    assert passes == [[0, 1, 2, 3], [2, 3]]


@pytest.mark.parametrize("jobs", [0, 1])
def test_workers_that_keep_dying_end_it(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(function: Any, jobs: Iterable[Any], _: int) -> Iterator[Any]:
        list(jobs)
        raise BrokenProcessPool

    monkeypatch.setattr(mapping, "_once", once)
    with pytest.raises(ResultsError, match="killed 3 times at the same runs"):
        list(mapping.as_they_end(_squared, range(jobs), 2, ""))


def test_workers_may_die_often_as_long_as_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(function: Any, jobs: Iterator[Any], _: int) -> Iterator[Any]:
        number, job = next(jobs)
        yield number, function(job)
        if next(jobs, None) is not None:
            raise BrokenProcessPool

    monkeypatch.setattr(mapping, "_once", once)
    jobs = range(3 * mapping.RESTARTS)
    assert list(mapping.in_order(_squared, jobs, 2, "")) == [job * job for job in jobs]


def _squared(job: int) -> int:
    return job * job


def _work(packed: bytes, _: int) -> tuple[int, Any]:
    """What a worker does, in a thread, which may not decide about signals."""
    from diffusion.runner.worker import unpacked

    function, number, job = unpacked(packed)
    return number, function(job)
