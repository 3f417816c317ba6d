"""Shocks in a run: what each moves and where to, alone, together, and against a lever."""

import functools
import re

import numpy as np
import pandas as pd
import pytest

from diffusion.analysis.intervals import Interval, mean_interval
from diffusion.base.arrays import columns_of
from diffusion.config.folders import Folders
from diffusion.evidence.register import find
from diffusion.model.settings import ModelSettings
from diffusion.model.sharing import simulate_together
from diffusion.model.simulation import Simulation
from diffusion.world.modifiers import Modifiers, neutral_value
from tests.simulating import fingerprint, settings

NAMES = Folders.find().options("shock")
SEEDS = range(1, 13)
START, STOP, MONTHS = 4, 20, 24
WORLD = ("world.n=160", "world.n_territories=4")
# The small world has no policies at the start, and few hubs.
MORE = {
    "loss_of_hub": ("shock.loss_of_hub.coverage=0.05",),
    "policy_reversal": (
        "policy.uptake_per_year=0.9",
        "policy.months_draft=1",
        "shock.policy_reversal.share_taken_back=1.0",
    ),
}
TOOLS, RESERVE = "digital_crisis_tools", "crisis_reserve_and_coordination"


def composed(*overrides: str, seed: int = 1) -> ModelSettings:
    clock = {"months": MONTHS, "start": START, "stop": STOP}
    return settings(*WORLD, *overrides, seed=seed, **clock)


@functools.cache
def tables(*scenarios: tuple[str, ...]) -> list[list[pd.DataFrame]]:
    """The monthly table of each scenario, by seed; runs share the months before they differ."""
    found = []
    for seed in SEEDS:
        every = [composed(*scenario, seed=seed) for scenario in scenarios]
        runs = dict(simulate_together(every))
        found.append([runs[k].months() for k in range(len(scenarios))])
    return found


def difference(
    one: tuple[str, ...], other: tuple[str, ...], column: str, months: slice
) -> Interval:
    """The mean of a column over some months, one scenario minus the other, in pairs of a seed."""
    pairs = tables(one, other)
    return mean_interval([float((a[column] - b[column])[months].mean()) for a, b in pairs])


def agrees(found: Interval, direction: str) -> bool:
    return found.excludes_zero and (found.mean > 0.0) == (direction == "up")


@pytest.mark.parametrize("name", NAMES)
def test_each_moves_what_the_sources_say(name: str) -> None:
    others = tuple(line for line in MORE.get(name, ()) if not line.startswith("shock."))
    struck = (f"shock=[{name}]", *MORE.get(name, ()))
    shock = composed(*struck).shocks[name]
    assert shock.expected.during
    assert not shock.expected.after
    for column, direction in shock.expected.during.items():
        found = difference(struck, others, column, slice(START, min(shock.until, MONTHS)))
        assert agrees(found, direction), (column, found)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_it_is_and_rests_on_sources(name: str) -> None:
    shock = composed(f"shock=[{name}]", f"shock.{name}.coverage=0.3").shocks[name]
    assert re.search(rf"\(.*target: {shock.target}\)", shock.explain())
    assert "30%" in shock.explain()
    assert f"month {START}" in shock.explain()
    assert shock.explain().endswith(".")
    assert shock.evidence
    assert all(find(id).text for id in shock.evidence)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_differs_before_it_comes(name: str) -> None:
    baseline, struck = Simulation(composed()), Simulation(composed(f"shock=[{name}]"))
    for _ in range(START):
        baseline.step()
        struck.step()
    assert fingerprint(baseline.state) == fingerprint(struck.state)


def test_nobody_hit_is_the_baseline_exactly() -> None:
    every = [f"shock=[{','.join(NAMES)}]", *(f"shock.{name}.coverage=0" for name in NAMES)]
    baseline, spared = Simulation(composed()).run(), Simulation(composed(*every)).run()
    assert fingerprint(baseline.state) == fingerprint(spared.state)
    pd.testing.assert_frame_equal(baseline.months(), spared.months(), check_exact=True)


def test_modifiers_are_neutral_when_all_is_over() -> None:
    short = [f"shock.{name}.months=3" for name in NAMES]
    run = Simulation(composed(f"shock=[{','.join(NAMES)}]", *short))
    while not run.done:
        run.step()
        state = run.state
        moved = any(
            (getattr(state.modifiers, column) != neutral_value(column)).any()
            for column in columns_of(Modifiers)
        )
        marked = state.networks.cut.any() or state.networks.remote.any() or state.grants.shut.any()
        # the counter already stands at the month after
        assert (moved or marked) == (START < run.month <= START + 3)


def test_shocks_cost_nothing() -> None:
    months = Simulation(composed(f"shock=[{','.join(NAMES)}]")).run().months()
    assert (months["cost"] == 0.0).all()
    assert not [column for column in months if str(column).startswith("cost_")]


def test_two_shocks_are_worse_than_each() -> None:
    both = ("shock=[pandemic,arrivals_2022]",)
    for one in ("shock=[pandemic]", "shock=[arrivals_2022]"):
        found = difference(both, (one,), "contacts", slice(START, STOP))
        assert agrees(found, "down"), (one, found)


def test_the_order_of_shocks_does_not_matter() -> None:
    one = Simulation(composed("shock=[pandemic,cost_of_living]")).run()
    other = Simulation(composed("shock=[cost_of_living,pandemic]")).run()
    assert fingerprint(one.state) == fingerprint(other.state)


@pytest.mark.parametrize(
    ("lever", "shock", "column"),
    [
        (TOOLS, "pandemic", "contacts"),
        (TOOLS, "pandemic", "meetings_held"),
        (RESERVE, "arrivals_2022", "mean_slack"),
        (RESERVE, "arrivals_2022", "contacts"),
    ],
)
def test_a_lever_protects_against_its_shock(lever: str, shock: str, column: str) -> None:
    """It gains more under the shock than in calm: it takes part of the loss away."""
    full = (f"intervention=[{lever}]", f"intervention.{lever}.coverage=1")
    struck = (f"shock=[{shock}]", "shock.pandemic.coverage=1")[: 1 + (shock == "pandemic")]
    window = slice(START, STOP)
    pairs = tables((*full, *struck), struck, full, ())
    gained = [
        float(((a[column] - b[column]) - (c[column] - d[column]))[window].mean())
        for a, b, c, d in pairs
    ]
    assert agrees(mean_interval(gained), "up"), (mean_interval(gained), gained)


@pytest.mark.parametrize("lever", [TOOLS, RESERVE])
def test_the_levers_do_in_calm_what_they_say(lever: str) -> None:
    on = (f"intervention=[{lever}]",)
    for column, direction in composed(*on).interventions[lever].expected.during.items():
        found = difference(on, (), column, slice(START, STOP))
        assert agrees(found, direction), (column, found)


def test_a_branch_may_differ_in_a_shock() -> None:
    stem = Simulation(composed())
    while stem.month < START:
        stem.step()
    struck = composed("shock=[loss_of_hub,programme_end]")
    branch = stem.fork(struck).run()
    assert fingerprint(branch.state) == fingerprint(Simulation(struck).run().state)
    assert np.array_equal(branch.months()["month"], np.arange(MONTHS))
