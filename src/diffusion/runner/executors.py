"""Where runs are computed; every executor gives the same numbers, because runs share nothing.

An executor is named by import path in `configs/executor/`; one of your own derives from
`Executor` and needs nothing but `map`.
"""

import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures import Executor as Pool
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice

import joblib
from joblib.externals.loky.backend.reduction import dumps
from pydantic import BaseModel, ConfigDict, Field

from diffusion.base.errors import ResultsError
from diffusion.base.processes import copies, interrupts_ignored
from diffusion.runner.design import Chunk
from diffusion.runner.worker import work

_NONE = -1  # no chunk
AHEAD = 2  # chunks given to a worker before it has finished one: it never waits for the next
RESTARTS = 2  # a chunk whose worker is killed more often than this is given up


@dataclass(frozen=True)
class Report:
    """What became of a chunk."""

    number: int
    done: int
    failed: int


Task = Callable[[Chunk], Report]
Job = tuple[bytes, int]  # arguments of `work`


class Executor(BaseModel, ABC):
    """Computes chunks; reports may come in any order, each chunk exactly once.

    Chunks are asked for one after the other, as there is room for them, so that a sweep can be
    stopped by giving no more. What a chunk that was given then still does, the task decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def map(self, task: Task, chunks: Iterable[Chunk]) -> Iterator[Report]:
        """Apply the task to every chunk and report each as soon as it is stored."""


class Serial(Executor):
    """One run after the other in this process."""

    def map(self, task: Task, chunks: Iterable[Chunk]) -> Iterator[Report]:
        return map(task, chunks)


class Local(Executor):
    """Processes on this machine, each with one thread."""

    workers: int = Field(ge=1, le=1024)

    def map(self, task: Task, chunks: Iterable[Chunk]) -> Iterator[Report]:
        """Apply the task to every chunk; the chunks of a worker that dies are computed again.

        Raises:
            ResultsError: the workers of a chunk keep dying.
        """
        left = iter(chunks)
        deaths: Counter[int] = Counter()
        while max(deaths.values(), default=0) <= RESTARTS:
            given: dict[int, Chunk] = {}
            try:
                for report in self._once(task, _noted(left, given)):
                    del given[report.number]
                    yield report
                return
            except BrokenProcessPool:
                deaths.update(given.keys() or [_NONE])  # whichever of them the worker was at
                left = chain(given.values(), left)
        raise ResultsError(
            f"a worker process was killed {1 + RESTARTS} times at the same runs, probably for lack "
            f"of memory; finished runs are kept, so give the same command again with fewer "
            f"executor.workers"
        )

    def _once(self, task: Task, chunks: Iterable[Chunk]) -> Iterator[Report]:
        if self.workers == 1:
            yield from map(task, chunks)
            return
        jobs = ((bytes(dumps((task, chunk))), os.getpid()) for chunk in chunks)
        first = list(islice(jobs, AHEAD * self.workers))
        if not first:
            return
        with copies(min(self.workers, len(first))) as pool:
            if pool is None:
                yield from _in_new_processes(self.workers, chain(first, jobs))
            else:
                yield from _in_copies(pool, first, jobs)


def _in_copies(pool: Pool, first: Iterable[Job], others: Iterator[Job]) -> Iterator[Report]:
    """Reports of `work` from copies of this process."""
    running = {pool.submit(work, *job) for job in first}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            report = future.result()
            running.update(pool.submit(work, *job) for job in islice(others, 1))
            yield report


def _in_new_processes(workers: int, jobs: Iterator[Job]) -> Iterator[Report]:
    """Reports of `work` from processes that import everything, and wait for a next sweep."""
    # one thread a process: loops are serial, and libraries must not compete for the cores
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(
            n_jobs=workers,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=f"{AHEAD}*n_jobs",
        )
        with interrupts_ignored():  # else they would die of it while they start
            reports = parallel(joblib.delayed(work)(*job) for job in jobs)
        yield from reports


def _noted(chunks: Iterable[Chunk], given: dict[int, Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        given[chunk.number] = chunk
        yield chunk
