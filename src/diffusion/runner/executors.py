"""Where runs are computed; every executor gives the same numbers, because runs share nothing.

An executor is named by import path in `configs/executor/`; one of your own derives from
`Executor` and needs nothing but `map`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from diffusion.runner.design import Chunk
from diffusion.runner.mapping import as_they_end

_ADVICE = "finished runs are kept, so give the same command again with fewer executor.workers"


@dataclass(frozen=True)
class Report:
    """What became of a chunk."""

    number: int
    done: int
    failed: int


Task = Callable[[Chunk], Report]


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
            RoomError: the system does not let so many start.
        """
        ended = as_they_end(task, chunks, self.workers, _ADVICE)
        return (report for _, report in ended)
