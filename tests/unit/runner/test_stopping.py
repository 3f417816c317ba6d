"""A sweep that is asked to stop: what has begun is stored, nothing else begins."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diffusion.config import Experiment
from diffusion.model.settings import ModelSettings
from diffusion.runner import stopping
from diffusion.runner.design import chunks_of, runs_of
from diffusion.runner.run import Progress, compute, run_experiment
from diffusion.runner.store import Results

Make = Callable[..., Experiment]
Fake = Any


def parts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_no_chunk_is_given_out_once_it_is_asked(make: Make, fake: Fake, tmp_path: Path) -> None:
    told: list[Progress] = []

    def ask(now: Progress) -> None:
        told.append(now)
        if now.done == 4:
            stopping.ask(tmp_path / "r")

    results = run_experiment(make(replicates=9), tmp_path / "r", progress=ask)
    assert told[-1].done == 4
    assert list(results.table("outcomes")["replicate"]) == [0, 0, 1, 1]
    assert not stopping.asked(tmp_path / "r")
    run_experiment(make(replicates=9), tmp_path / "r")
    run_experiment(make(replicates=9), tmp_path / "whole")
    assert parts(tmp_path / "r") == parts(tmp_path / "whole")


def test_within_a_chunk_only_the_run_that_has_begun_is_finished(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, folder = make(replicates=150), tmp_path / "r"  # 3 replicates a chunk

    def together(every: Sequence[ModelSettings]) -> Iterator[tuple[int, Any]]:
        for k, settings in enumerate(every):
            run = fake(settings)
            run.run()
            if k == 2:  # the first scenario of the second replicate
                stopping.ask(folder)
            yield k, run

    with monkeypatch.context() as patch:
        patch.setattr("diffusion.runner.run.simulate_together", together)
        outcomes = run_experiment(experiment, folder).table("outcomes")
    assert [run.run_id for run in runs_of(experiment)[:3]] == list(outcomes["run_id"])
    run_experiment(experiment, folder)
    run_experiment(experiment, tmp_path / "whole")
    assert parts(folder) == parts(tmp_path / "whole")


def test_a_chunk_that_waited_for_a_worker_computes_nothing(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    results = run_experiment(make(), tmp_path / "r")
    fake.calls.clear()
    stopping.ask(results.path)
    report = compute(results.path, chunks_of(runs_of(make()))[0])
    assert (report.done, report.failed) == (0, 0)
    assert fake.calls == []


def test_runs_whose_report_was_lost_count_as_done(make: Make, fake: Fake, tmp_path: Path) -> None:
    """A worker that is killed after it stored its runs tells nobody; another gets its chunk."""
    results = run_experiment(make(), tmp_path / "r")
    fake.calls.clear()
    chunk = chunks_of(runs_of(make()))[0]
    ids = [run.run_id for run in chunk.runs]
    assert compute(results.path, chunk).done == len(ids)
    assert compute(results.path, replace(chunk, earlier=frozenset(ids[:1]))).done == len(ids) - 1
    assert fake.calls == []


def test_what_an_earlier_call_was_asked_is_forgotten(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    run_experiment(make(replicates=1), folder)
    (folder / "finished" / "part-00000.json").unlink()
    stopping.ask(folder)  # and then it was killed
    assert len(run_experiment(make(replicates=1), folder).finished()) == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        *("finished", "groups", "manifest.json", "months", "outcomes", "survival")
    ]


def test_a_fresh_start_takes_the_file_away(make: Make, fake: Fake, tmp_path: Path) -> None:
    run_experiment(make(), tmp_path / "r")
    stopping.ask(tmp_path / "r")
    assert len(Results(tmp_path / "r").finished()) == 6
    assert len(run_experiment(make(), tmp_path / "r", fresh=True).finished()) == 6
