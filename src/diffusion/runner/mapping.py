"""A function over many jobs by several processes of this machine: results as they come in.

The processes are copies of this one where that is possible, else new ones. Ctrl-C reaches all of a
terminal; this one alone decides what it means, and the others end with it.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures import Executor as Pool
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.backend.reduction import dumps

from diffusion.base.errors import ResultsError
from diffusion.base.processes import copies, interrupts_ignored, may_start, require_room
from diffusion.runner.worker import work

AHEAD = 2  # jobs given to a worker before it has finished one: it never waits for the next
RESTARTS = 2  # a job whose worker is killed more often than this is given up
_NONE = -1  # no job

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")
_Packed = tuple[bytes, int]  # arguments of `work`


def as_they_end(
    function: Callable[[_Job], _Result], jobs: Iterable[_Job], workers: int, advice: str
) -> Iterator[tuple[int, _Result]]:
    """The number of each job and what the function makes of it, each once, in any order.

    Jobs are asked for one after the other, as there is room for them. Those of a worker that dies
    are computed again; what the function raises ends all.

    Args:
        workers: processes; one for none but this, which is all where none can be started.
        advice: what to do where workers keep dying.

    Raises:
        ResultsError: the workers of a job keep dying.
        RoomError: the system does not let so many start.
    """
    left: Iterator[tuple[int, _Job]] = iter(enumerate(jobs))
    deaths: Counter[int] = Counter()
    while max(deaths.values(), default=0) <= RESTARTS:
        given: dict[int, _Job] = {}
        try:
            for number, result in _once(function, _noted(left, given), workers):
                del given[number]
                yield number, result
            return
        except BrokenProcessPool:
            deaths.update(given.keys() or [_NONE])  # whichever of them the worker was at
            left = chain(given.items(), left)
    raise ResultsError(
        f"a worker process was killed {1 + RESTARTS} times at the same runs, probably for lack of "
        f"memory; {advice}"
    )


def in_order(
    function: Callable[[_Job], _Result], jobs: Iterable[_Job], workers: int, advice: str
) -> Iterator[_Result]:
    """What the function makes of each job, in the order of the jobs; else as `as_they_end`.

    Raises:
        ResultsError: the workers of a job keep dying.
        RoomError: the system does not let so many start.
    """
    early: dict[int, _Result] = {}
    following = 0
    for number, result in as_they_end(function, jobs, workers, advice):
        early[number] = result
        while following in early:
            yield early.pop(following)
            following += 1


def _once(
    function: Callable[[_Job], _Result], jobs: Iterable[tuple[int, _Job]], workers: int
) -> Iterator[tuple[int, _Result]]:
    """The same, until a worker dies."""
    if workers == 1 or not may_start():
        for number, job in jobs:
            yield number, function(job)
        return
    packed = ((bytes(dumps((function, *job))), os.getpid()) for job in jobs)
    first = list(islice(packed, AHEAD * workers))
    if not first:
        return
    with copies(min(workers, len(first))) as pool:
        if pool is None:
            yield from _in_new_processes(workers, chain(first, packed))
        else:
            yield from _in_copies(pool, first, packed)


def _in_copies(
    pool: Pool, first: Iterable[_Packed], others: Iterator[_Packed]
) -> Iterator[tuple[int, Any]]:
    """Results of `work` from copies of this process."""
    running = {pool.submit(work, *packed) for packed in first}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            result = future.result()
            running.update(pool.submit(work, *packed) for packed in islice(others, 1))
            yield result


def _in_new_processes(workers: int, jobs: Iterator[_Packed]) -> Iterator[tuple[int, Any]]:
    """Results of `work` from processes that import everything, and wait for a next call."""
    require_room(workers, "executor.workers=1 needs no others")
    # one thread a process: loops are serial, and libraries must not compete for the cores
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(
            n_jobs=workers,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=f"{AHEAD}*n_jobs",
        )
        with interrupts_ignored():  # else they would die of it while they start
            results = parallel(joblib.delayed(work)(*packed) for packed in jobs)
        yield from results


def _noted(jobs: Iterable[tuple[int, _Job]], given: dict[int, _Job]) -> Iterator[tuple[int, _Job]]:
    for number, job in jobs:
        given[number] = job
        yield number, job
