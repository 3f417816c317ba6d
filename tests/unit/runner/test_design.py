"""Experiments turned into runs and chunks."""

import hashlib
import json
from collections.abc import Callable

import pytest

from diffusion.config import Experiment
from diffusion.model.code_digest import code_digest
from diffusion.runner import design
from diffusion.runner.design import ID_LENGTH, LARGEST_CHUNK, chunks_of, design_hash, runs_of

Make = Callable[..., Experiment]


def test_every_replicate_is_complete_before_the_next(make: Make) -> None:
    runs = runs_of(make())
    assert [(run.replicate, run.scenario) for run in runs] == [
        (replicate, name) for replicate in range(3) for name in ("baseline", "cop_formation")
    ]


def test_scenarios_of_a_replicate_share_their_seed(make: Make) -> None:
    runs = runs_of(make("seed=40"))
    assert [run.seed for run in runs] == [40, 40, 41, 41, 42, 42]
    assert all(run.settings.seed == run.seed for run in runs)


def test_seed_zero_is_a_seed(make: Make) -> None:
    assert [run.seed for run in runs_of(make("seed=0", replicates=1))] == [0, 0]


def test_ids_are_stable_and_unique(make: Make) -> None:
    ids = [run.run_id for run in runs_of(make())]
    assert ids == [run.run_id for run in runs_of(make())]
    assert len(set(ids)) == len(ids)


def test_an_id_is_a_digest_of_all_that_the_run_depends_on(make: Make) -> None:
    for run in runs_of(make("seed=7")):
        about = {
            "scenario": run.scenario,
            "settings": run.settings.plain(),
            "model": code_digest(),
        }
        text = json.dumps(about, sort_keys=True, separators=(",", ":"))
        assert run.run_id == hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


def test_ids_depend_on_settings_seed_and_code(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def first(*overrides: str) -> str:
        return runs_of(make(*overrides))[0].run_id

    before = first()
    assert first("turnover.share_ngo=0.33") != before
    assert first("seed=2") != before
    monkeypatch.setattr(design, "code_digest", lambda: "other")
    assert first() != before


def test_the_same_seed_has_the_same_id_in_any_experiment(make: Make) -> None:
    longer, shifted = runs_of(make(replicates=3)), runs_of(make("seed=2", replicates=2))
    assert [run.run_id for run in longer[2:]] == [run.run_id for run in shifted]


def test_labels_and_executors_are_no_part_of_the_design(make: Make) -> None:
    plain = design_hash(runs_of(make()))
    assert design_hash(runs_of(make("executor=local", "executor.workers=7"))) == plain
    assert design_hash(runs_of(make(replicates=4))) != plain


def test_chunks_cover_all_runs_in_order(make: Make) -> None:
    runs = runs_of(make(replicates=200))
    chunks = chunks_of(runs)
    assert [run for chunk in chunks for run in chunk.runs] == runs
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert max(len(chunk.runs) for chunk in chunks) == 8  # four replicates of two scenarios
    for chunk in chunks:
        assert len(chunk.runs) % 2 == 0, "the scenarios of a replicate stay together"
    assert max(len(chunk.runs) for chunk in chunks_of(runs * 20)) == LARGEST_CHUNK
