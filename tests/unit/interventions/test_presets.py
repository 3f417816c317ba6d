"""Presets of the levers: each acts, costs what it says, and moves what the sources say it moves."""

import functools

import numpy as np
import pandas as pd
import pytest

from diffusion.config.folders import Folders
from diffusion.evidence import sources
from diffusion.evidence.register import Register, find
from diffusion.interventions.base import Intervention
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from tests.simulating import each_alone, fingerprint, same_run, settings

NAMES = Folders.find().options("intervention")
FREE = ("informal_start",)  # groups that start voluntarily (E105)
WORLD = ("world.n=120", "practices.limit=30")
START, STOP, MONTHS = 2, 14, 18


def lever(name: str) -> Intervention:
    return each_alone("intervention")[name].interventions[name]


@functools.cache
def chosen(name: str | None, *overrides: str) -> ModelSettings:
    timing = {"months": MONTHS, "start": START, "stop": STOP}
    if name is None:
        return settings(*WORLD, *overrides, **timing)
    return each_alone("intervention", *WORLD, *overrides, **timing)[name]


@functools.cache
def finished(name: str | None, seed: int = 1) -> tuple[pd.DataFrame, dict[str, str]]:
    """The monthly table of a run, and a digest of how its world ends."""
    simulation = Simulation(chosen(name).with_seed(seed)).run()
    return simulation.months(), fingerprint(simulation.state)


def run(name: str | None, seed: int = 1) -> pd.DataFrame:
    return finished(name, seed)[0]


@pytest.mark.parametrize("name", NAMES)
def test_it_acts_and_is_paid_in_its_window_only(name: str) -> None:
    table, baseline = run(name), run(None)
    inside = table["month"].between(START, STOP - 1)
    assert (table.loc[~inside, "cost"] == 0.0).all()
    assert (table.loc[inside, "cost"] == 0.0).all() if name in FREE else table["cost"].sum() > 0.0
    before = table[list(baseline)][:START]
    pd.testing.assert_frame_equal(before, baseline[:START], check_exact=True)
    # a lever for few may change nothing in a small world; it must in one of several
    assert any(finished(name, seed)[1] != finished(None, seed)[1] for seed in range(1, 7))


@pytest.mark.parametrize("name", NAMES)
def test_months_that_pass_at_once_are_those_one_by_one(name: str) -> None:
    stepped = Simulation(chosen(name))
    while not stepped.done:
        stepped.step()
    same_run(stepped, Simulation(chosen(name)).run())


@pytest.mark.parametrize("name", NAMES)
def test_it_rests_on_claims_and_names_measures_that_exist(name: str) -> None:
    chosen = lever(name)
    assert chosen.evidence
    for claim in chosen.evidence:
        assert find(claim).id == claim
    measures = chosen.expected.during | chosen.expected.after
    assert set(measures) <= set(run(None).columns)


@pytest.mark.parametrize("name", NAMES)
def test_it_rests_on_a_claim_of_each_lever_that_it_stands_for(name: str) -> None:
    rows, claims = sources.by_id("interventions"), set(lever(name).evidence)
    for id in lever(name).covers:
        assert claims & set(sources.cells(rows[id]["evidence_ids"])), id


def test_a_lever_that_is_not_shown_has_a_reason() -> None:
    shown = {id for name in NAMES for id in lever(name).covers}
    not_shown = sources.by_id("levers_not_shown")
    assert set(not_shown) <= set(sources.by_id("interventions")) - shown
    assert len(not_shown) <= 8
    assert all(row["reason"].endswith(".") for row in not_shown.values())


SIZES = (
    "moves",
    "growth",
    "more_meetings",
    "more_turnout",
    "more_depth",
    "visits_per_year",
    "depth",
    "courses_per_year",
    "p_learn",
    "rel_teaching",
    "p_told",
    "rel_start",
    "hours_per_month",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_size_of_every_effect_has_a_range(name: str) -> None:
    if name in ("handover", "repository"):
        return  # these take all that the modifier gives
    given = [size for size in SIZES if getattr(lever(name), size, None)]
    missing = [size for size in given if f"intervention.{name}.{size}" not in Register.load()]
    assert not missing


SEEDS = range(1, 7)
# One of each kind of action, and the measure that its sources name first.
FIRST = (
    ("funded_exchange_time", "mean_slack"),
    ("participatory_facilitation", "attendances"),
    ("working_groups", "meetings_held"),
    ("low_membership_barriers", "memberships"),
    ("migrant_involvement", "memberships_migrant_led"),
    ("study_visits_peer_learning", "transfers"),
    ("matchmaking_brokerage", "transfers"),
    ("multiplier_training", "persons_knowing"),
    ("little_practices_focus", "share_aware"),
    ("informal_exchange_room", "mean_trust"),
    ("conflict_management", "ties_lost"),
    ("staff_retention", "exits"),
    ("volunteer_support", "volunteers_filled"),
)


@pytest.mark.parametrize(("name", "measure"), FIRST)
def test_it_moves_what_it_is_there_for(name: str, measure: str) -> None:
    window = slice(START + 1, STOP)
    found = [
        float((run(name, seed)[measure] - run(None, seed)[measure])[window].mean())
        for seed in SEEDS
    ]
    sign = -1.0 if lever(name).expected.during.get(measure) == "down" else 1.0
    assert sign * np.mean(found) > 0.0
    assert sum(sign * difference > 0.0 for difference in found) >= 5
