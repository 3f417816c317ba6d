"""The Mesa model that speed is compared with is the same model, and runs as Mesa models do."""

import inspect
from typing import Any

import mesa
import pandas as pd
import pytest

from benchmarks.peers import agreement
from benchmarks.peers.mesa_measures import FLOWS
from benchmarks.peers.mesa_model import DiffusionModel, from_state, synthetic
from diffusion.model.settings import ModelSettings, RuleParameters
from diffusion.model.simulation import Simulation
from diffusion.world.state import State
from tests.simulating import changed, fingerprint, number_with, quiet, settings

REPLICATES = 12


def small_world() -> State:
    return settings().world.build(settings().practices, settings().seed)


def with_rules(given: ModelSettings, rules: RuleParameters) -> ModelSettings:
    return given.model_copy(update={"rules": rules})


def series(model: DiffusionModel) -> dict[str, list[float]]:
    model.run_model()
    return dict(model.datacollector.model_vars)


@pytest.mark.slow
def test_both_models_give_the_same_outcomes() -> None:
    rows = agreement.compare(REPLICATES)
    allowed = agreement.tolerance(REPLICATES)
    apart = [row for row in rows if not abs(row.distance) < allowed]
    assert not apart
    assert [row.column for row in rows] == list(agreement.COMPARED)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "parameter", "factor", "column"),
    [
        ("turnover", "share_ngo", 0.8, "exits"),
        ("ties", "p_search", 0.9, "ties_formed"),
        ("exchange", "p_aware_from_user", 0.5, "awareness_gained"),
        ("adoption", "start_rate", 0.5, "trials_started"),
        ("findings", "p_written", 0.2, "n_findings"),
    ],
)
def test_a_wrong_chance_would_be_seen(
    monkeypatch: pytest.MonkeyPatch, rule: str, parameter: str, factor: float, column: str
) -> None:
    def wrong(state: State, given: ModelSettings) -> DiffusionModel:
        right = getattr(getattr(given.rules, rule), parameter)
        rules = changed(given.rules, **{rule: {parameter: factor * right}})
        return from_state(state, with_rules(given, rules))

    monkeypatch.setattr(agreement, "from_state", wrong)
    rows = {row.column: row for row in agreement.compare(REPLICATES)}
    assert rows[column].distance < -agreement.tolerance(REPLICATES)


def test_it_starts_from_the_state_and_leaves_it_alone() -> None:
    state = small_world()
    before = fingerprint(state)
    model = from_state(state, with_rules(settings(), quiet()))
    model.step()
    assert fingerprint(state) == before
    orgs = state.organisations
    using = [number_with(orgs.adopted | orgs.institutional, p) for p in range(state.n_practices)]
    assert using == [
        sum(p in organisation.using for organisation in model.organisations)
        for p in range(state.n_practices)
    ]
    first, posts = orgs.first_post, state.posts
    assert [len(organisation.posts) for organisation in model.organisations] == list(orgs.n_posts)
    assert [organisation.posts[0].hired for organisation in model.organisations] == list(
        posts.hired[first]
    )
    degrees = state.adjacency.start[1:] - state.adjacency.start[:-1]
    assert [len(organisation.ties) for organisation in model.organisations] == list(degrees)
    assert len(model.grants) == state.grants.organisation.shape[0]
    assert len(model.networks) == state.n_networks


def test_nothing_happens_without_a_mechanism() -> None:
    state = small_world()
    state.grants.active[:] = 0
    state.posts.filled[:] = 1
    model = from_state(state, with_rules(settings(), quiet()))
    found = series(model)
    still = {"share_aware", "share_using", "share_institutionalised", "n_ties", "mean_trust"}
    assert all(len(set(found[column])) == 1 for column in still)
    moved = {column for column in FLOWS if any(found[column])}
    assert moved == {"eur_own", "eur_spent"}  # members and donors give without a mechanism


def test_both_measure_the_same_month_alike() -> None:
    state = small_world()
    state.posts.filled[:] = 1  # who is hired for a vacant post is luck
    rules = quiet()  # pressure stands still, so that overload and slack hold no luck
    rules = changed(rules, demand=settings().rules.demand.model_dump() | {"pressure_sd": 0.0})
    given = with_rules(settings(start=0, stop=0), rules)
    model = from_state(state, given)
    package = Simulation(given, world=state)
    model.step()
    package.step()
    collected = model.datacollector
    months = package.months().drop(columns=["month", "cost"])
    alike(collected.get_model_vars_dataframe(), months)
    alike(collected.get_table_dataframe("groups"), package.groups())
    alike(collected.get_table_dataframe("survival"), package.survival())


def alike(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same columns in the same order, with the same values."""
    assert len(found)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-12)


def test_every_eur_that_came_is_spent_returned_or_held() -> None:
    found = pd.DataFrame(series(from_state(small_world(), settings())))
    came = found["eur_granted"] + found["eur_own"]
    went = found["eur_spent"] + found["eur_returned"]
    assert (found["eur_held"].diff() == came - went)[1:].all()
    assert (found[["eur_granted", "eur_own", "eur_spent", "eur_returned"]].sum() > 0).all()


def test_equal_seeds_give_equal_runs() -> None:
    runs = [series(DiffusionModel(60, 3, 8, 12, seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_mesas_batch_runner_runs_it() -> None:
    seeds: dict[str, Any] = {"rng": [1, 2]}
    newer = "rng" in inspect.signature(mesa.batch_run).parameters
    rows = mesa.batch_run(
        DiffusionModel,
        {"n": 60, "n_territories": 3, "n_practices": 8, "months": 6} | ({} if newer else seeds),
        **(seeds if newer else {"iterations": 1}),
        display_progress=False,
    )
    for seed, row in zip((1, 2), rows, strict=True):
        alone = series(DiffusionModel(60, 3, 8, 6, seed=seed))
        assert {column: row[column] for column in alone} == {
            column: values[-1] for column, values in alone.items()
        }


def test_it_refuses_what_it_lacks() -> None:
    with pytest.raises(TypeError, match="give one"):
        DiffusionModel(60, 3, 8, 6, seed=1, rng=1)
    with pytest.raises(ValueError, match="cop_formation"):
        DiffusionModel(settings=settings("intervention=[cop_formation]"))
    later = small_world()
    later.month = 1
    with pytest.raises(ValueError, match="month 1"):
        from_state(later, synthetic(60, 3, 8, 6))
