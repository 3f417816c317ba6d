"""Local workers: copies or new processes, the same bytes, and what becomes of their chunks."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from diffusion.base.errors import ResultsError
from diffusion.config import Experiment
from diffusion.runner import executors
from diffusion.runner.design import Chunk
from diffusion.runner.run import run_experiment

Make = Callable[..., Experiment]

COPIES = """
import pathlib, pickle, sys
from diffusion.base.processes import may_copy
from diffusion.runner.run import run_experiment
experiment = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
results = run_experiment(experiment, pathlib.Path(sys.argv[2]))
print(may_copy(), len(results.finished()))
"""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def nothing(chunk: Chunk) -> executors.Report:
    """The report of a chunk of no runs."""
    return executors.Report(chunk.number, 0, 0)


def test_one_and_two_workers_write_the_samebytes_of(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffusion.base.processes.may_copy", lambda: False)
    folders = []
    for workers in (1, 2):
        overrides = ("executor=local", f"executor.workers={workers}")
        folders.append(tmp_path / str(workers))
        results = run_experiment(make(*overrides, replicates=4), folders[-1])
        assert results.failures() == []
        assert len(results.finished()) == 8
    one, two = map(bytes_of, folders)
    assert len(one) == 4 * 4  # four tables of four replicates
    assert one == two


@pytest.mark.skipif(sys.platform != "linux", reason="workers are copies on Linux")
def test_workers_that_are_copies_write_the_samebytes_of(make: Make, tmp_path: Path) -> None:
    experiment = make("executor=local", "executor.workers=2", replicates=4)
    with (tmp_path / "experiment").open("wb") as file:
        pickle.dump(experiment, file)
    folder = tmp_path / "copies"
    command = [sys.executable, "-W", "error", "-c", COPIES, file.name, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "True 8\n"
    run_experiment(make(replicates=4), tmp_path / "one")
    assert bytes_of(folder) == bytes_of(tmp_path / "one")


@pytest.mark.parametrize(("workers", "chunks", "made"), [(2, 5, [2]), (8, 3, [3]), (8, 0, [])])
def test_no_more_copies_are_made_than_there_are_chunks(
    workers: int, chunks: int, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def pool(number: int) -> ThreadPoolExecutor:
        asked.append(number)
        return ThreadPoolExecutor(number)

    monkeypatch.setattr(executors, "copies", pool)
    monkeypatch.setattr(executors, "work", lambda packed, _: nothing(pickle.loads(packed)[1]))
    found = executors.Local(workers=workers).map(nothing, [Chunk(n, ()) for n in range(chunks)])
    assert sorted(report.number for report in found) == list(range(chunks))
    assert asked == made


def test_chunks_of_a_dead_worker_are_computed_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = {n: executors.Report(n, 1, 0) for n in range(4)}
    passes: list[list[int]] = []

    def once(self: executors.Local, task: Any, chunks: Any) -> Any:
        chunks = list(chunks)
        passes.append([chunk.number for chunk in chunks])
        for chunk in chunks:
            if len(passes) == 1 and chunk.number == 2:
                raise BrokenProcessPool
            yield reports[chunk.number]

    monkeypatch.setattr(executors.Local, "_once", once)
    chunks = [Chunk(n, ()) for n in range(4)]
    done = list(executors.Local(workers=2).map(lambda chunk: reports[chunk.number], chunks))
    assert [report.number for report in done] == [0, 1, 2, 3]
    assert passes == [[0, 1, 2, 3], [2, 3]]


def test_workers_that_keep_dying_end_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(self: executors.Local, task: Any, chunks: Any) -> Any:
        list(chunks)
        raise BrokenProcessPool

    monkeypatch.setattr(executors.Local, "_once", once)
    for chunks in ([], [Chunk(0, ())]):
        with pytest.raises(ResultsError, match="killed 3 times at the same runs"):
            list(executors.Local(workers=2).map(lambda _: executors.Report(0, 0, 0), chunks))


def test_workers_may_die_often_as_long_as_the_sweep_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def once(self: executors.Local, task: Any, chunks: Any) -> Any:
        yield task(next(chunks))
        if next(chunks, None) is not None:
            raise BrokenProcessPool

    monkeypatch.setattr(executors.Local, "_once", once)
    chunks = [Chunk(n, ()) for n in range(3 * executors.RESTARTS)]
    done = list(executors.Local(workers=2).map(nothing, chunks))
    assert [report.number for report in done] == list(range(len(chunks)))
