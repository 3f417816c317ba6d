"""Every preset that a budget can scale costs what the budget says, in each run."""

import functools
from typing import Any

import numpy as np
import pytest

from diffusion.base.errors import SettingError
from diffusion.config import load
from diffusion.config.folders import Folders
from diffusion.interventions.base import Intervention
from diffusion.model import spending
from diffusion.model.simulation import Simulation
from diffusion.world.state import State
from tests.simulating import same_run, settings

START, STOP = 24, 60
# costs nothing; costs what administrations take over
WITHOUT = ("informal_start", "network_anchoring")
PRESETS = [name for name in Folders.find().options("intervention") if name not in WITHOUT]
CHANCE = ("study_visits_peer_learning", "matchmaking_brokerage", "multiplier_training")
SMALL = ("world=synthetic", "world.n=400", "world.n_territories=10")
FEW = ("intervention.working_groups.min_members=8", "intervention.cop_specialised.min_members=5")


@functools.cache
def chosen(*overrides: str) -> Any:
    return load([*overrides, f"intervention=[{','.join(PRESETS)}]", *FEW])


@functools.cache
def world(seed: int, *overrides: str) -> State:
    plain = chosen(*overrides)
    state: State = plain.world.build(plain.practices, seed)
    return state


def spent(lever: Intervention, start: State, name: str, share: float | None) -> float:
    """EUR in the whole window, in a world that stands still."""
    state, total = start.copy(), 0.0
    state.month = START
    reached = spending.begin(lever, state, name, share)
    for month in range(START, STOP):
        state.month = month
        state.open_month()
        total += spending.act(lever, state, reached, share, total)
    return total


def a_month_of_one(lever: Intervention, start: State, name: str) -> float:
    """EUR of the least that money can buy: the first unit for a month, a fixed price included."""
    state = start.copy()
    state.month = START
    first = lever.begin(state, name)[:1]
    each = lever.mean_costs(state, first)
    # units of other countries may be dearer
    return 1.5 * (lever.act(state, first) if each is None else float(each.sum()))


def check(seeds: range, *overrides: str) -> None:
    for name in PRESETS:
        lever = chosen(*overrides).interventions[name]
        everybody = lever.model_copy(update={"coverage": 1.0})
        for seed in seeds:
            state = world(seed, *overrides)
            whole = spent(everybody, state, name, None)
            unit = a_month_of_one(everybody, state, name)
            for part in (0.25, 0.6):
                budget = part * whole
                cost = spent(lever, state, name, budget)
                assert budget - max(0.01 * budget, unit) <= cost, (name, seed)
                assert cost <= budget * (1 + 1e-9), (name, seed)


def test_every_preset_meets_its_budget() -> None:
    check(range(1, 3), *SMALL)


@pytest.mark.slow
def test_every_preset_meets_its_budget_in_the_surveyed_world_at_twenty_seeds() -> None:
    check(range(1, 21))


@pytest.mark.parametrize("name", CHANCE)
def test_prices_that_vary_with_luck_meet_it_in_each_run(name: str) -> None:
    for seed in range(1, 6):
        run = settings(
            "world.n=400",
            "practices.limit=null",
            f"intervention=[{name}]",
            "budget=45000",
            months=20,
            start=3,
            stop=18,
            seed=seed,
        )
        cost = Simulation(run).run().months()["cost"]
        dearest = 1500  # a course place
        assert 45_000 - dearest <= cost.sum() <= 45_000 + 1e-6
        assert cost[3:18].max() < 3 * cost[3:18].mean(), "spread over the window"


@pytest.mark.parametrize("name", [*CHANCE, "small_grant_fund"])
def test_a_run_that_buys_by_plan_can_be_forked_and_saved(name: str, tmp_path: Any) -> None:
    run = settings(
        "world.n=200", f"intervention=[{name}]", "budget=60000", months=20, start=2, stop=16
    )
    whole, stopped = Simulation(run).run(), Simulation(run)
    while stopped.month < 9:
        stopped.step()
    stopped.save(tmp_path / "run.npz")
    same_run(stopped.fork(run).run(), whole)
    same_run(Simulation.load(tmp_path / "run.npz").run(), whole)


def test_a_share_holds_beside_another_lever() -> None:
    names = ("multiplier_training", "small_grant_fund")
    run = settings(
        "world.n=400", "practices.limit=null", f"intervention=[{','.join(names)}]",
        "budget=200000", months=20, start=3, stop=18,
    )  # fmt: skip
    table = Simulation(run).run().months()
    for name in names:
        assert table[f"cost_{name}"].sum() == pytest.approx(100_000, rel=0.02)
    added = table["cost_small_grant_fund"].to_numpy()
    assert np.count_nonzero(added > added[added > 0].min() * 2) >= 1, "paid at calls"


@pytest.mark.parametrize(
    ("name", "why"),
    [("informal_start", "costs nothing"), ("network_anchoring", "what administrations take over")],
)
def test_what_a_budget_can_not_scale_says_why(name: str, why: str) -> None:
    with pytest.raises(SettingError, match=f"{why}.*, so a budget can't say how far it reaches"):
        Simulation(settings(f"intervention=[{name}]", "budget=9000", start=0, stop=9)).step()
