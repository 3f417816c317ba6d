"""Levers on policy: channels, anchoring, and presets that move what policy makers hear and want."""

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.base.errors import SettingError
from diffusion.base.months import monthly_hazard
from diffusion.config import load
from diffusion.evidence import sources
from diffusion.evidence.costs import relative_labour_cost
from diffusion.interventions.base import reach_networks
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.state import State
from diffusion.world.tables import NETWORK_HELP
from diffusion.world.vocabulary import COUNTRIES
from tests.simulating import group, world

CHANNEL, ANCHOR = "policy_uptake_channels", "network_anchoring"
PRESETS = (
    CHANNEL,
    ANCHOR,
    "policy_literacy_workshops",
    "inspire_political_will",
    "local_strategy_embedding",
    "administrative_embedding",
    "evaluation_monitoring",
    "coproduction_research",
    "research_access",
    "joined_up_coordination",
    "dedicated_plus_mainstream",
)
START, STOP, MONTHS = 6, 30, 42
SEEDS = range(1, 5)
# The default world, in which policy makers act often enough to be seen in three years.
BUSY = (
    f"timing={{start: {START}, stop: {STOP}, months: {MONTHS}}}",
    "record.groups=[]",
    "policy.uptake_per_year=0.2",
)


def simulation(*names: str, seed: int = 1, changes: tuple[str, ...] = ()) -> Simulation:
    chosen = f"intervention=[{','.join(names)}]"
    return Simulation(load([*BUSY, chosen, *changes, f"seed={seed}"]))


@functools.cache
def every() -> ModelSettings:
    """All presets at once: Hydra takes half a second for each choice of files."""
    return load([*BUSY, f"intervention=[{','.join(PRESETS)}]"])


def chosen(names: tuple[str, ...], seed: int) -> ModelSettings:
    presets = {name: every().interventions[name] for name in names}
    return every().model_copy(update={"interventions": presets}).with_seed(seed)


@functools.cache
def stem(seed: int) -> Simulation:
    """The months that all have in common."""
    run = Simulation(chosen((), seed))
    while run.month < START:
        run.step()
    return run


@functools.cache
def months(*names: str, seed: int = 1) -> pd.DataFrame:
    table = stem(seed).fork(chosen(names, seed)).run().months()
    return table


def difference(name: str, column: str, rows: slice) -> list[float]:
    """Paired differences to no intervention of a column's mean over some months."""
    return [
        float((months(name, seed=seed)[column] - months(seed=seed)[column])[rows].mean())
        for seed in SEEDS
    ]


@pytest.mark.parametrize(
    ("name", "column", "sign"),
    [
        (CHANNEL, "n_heard", 1),
        (CHANNEL, "n_drafts", 1),
        (ANCHOR, "networks_coordinated", 1),
        ("policy_literacy_workshops", "n_findings", 1),
        ("inspire_political_will", "political_will", 1),
        ("local_strategy_embedding", "n_policy", 1),
        ("administrative_embedding", "share_institutionalised", 1),
        ("evaluation_monitoring", "n_findings", 1),
        ("evaluation_monitoring", "lapses", -1),
        ("coproduction_research", "n_findings", 1),
        ("research_access", "share_aware", 1),
        ("joined_up_coordination", "cross_silo_ties", 1),
        ("dedicated_plus_mainstream", "trials_started", 1),
    ],
)
def test_each_moves_what_it_is_there_for(name: str, column: str, sign: int) -> None:
    found = sign * np.array(difference(name, column, slice(START, STOP)))
    assert found.mean() > 0.0
    assert (found > 0.0).sum() >= 3


def test_what_was_heard_through_a_channel_is_policy_after_it_closed() -> None:
    assert np.mean(difference(CHANNEL, "n_policy", slice(STOP, MONTHS))) > 0.0


@pytest.mark.parametrize("name", PRESETS)
def test_presets_say_what_they_stand_for(name: str) -> None:
    lever = simulation(name).settings.interventions[name]
    rows = sources.by_id("interventions")
    assert set(lever.covers) <= set(rows)
    told = {claim for row in lever.covers for claim in sources.cells(rows[row]["evidence_ids"])}
    assert set(lever.evidence) <= told
    columns = {*lever.expected.during, *lever.expected.after}
    assert columns
    assert columns <= set(months().columns)


@pytest.mark.parametrize("name", PRESETS)
def test_each_costs_money_in_its_window_and_leaves_no_flag(name: str) -> None:
    run = simulation(name).run()
    costs = run.months()["cost"]
    inside = run.months()["month"].between(START, STOP - 1)
    assert (costs[inside] > 0.0).sum() > 12  # anchoring costs nothing until the first succeeds
    assert (costs[~inside] == 0.0).all()
    for column in NETWORK_HELP:
        assert not getattr(run.state.networks, column).any()


def act(name: str, *changes: str) -> tuple[Any, State, Any, float]:
    """A lever in the first month of its window: itself, the state, rows, and the cost."""
    run = simulation(name, changes=changes)
    lever = run.settings.interventions[name]
    rows = lever.begin(run.state, name)
    return lever, run.state, rows, lever.act(run.state, rows)


def test_a_channel_opens_for_those_it_reaches_and_costs_for_each() -> None:
    lever, state, rows, cost = act(CHANNEL)
    networks = state.networks
    assert rows.size == round(0.5 * state.n_networks)
    for column, value in (
        ("linked", 1),
        ("add_consultations", lever.consultations_per_year),
        ("add_heard", lever.heard),
    ):
        cells = getattr(networks, column)
        assert (cells[rows] == value).all()
        assert cells.sum() == pytest.approx(value * rows.size)
    prices = [relative_labour_cost(COUNTRIES[c]) for c in networks.country[rows]]
    assert cost == pytest.approx(lever.eur_per_year / 12 * sum(prices))
    _, unlinked, rows, _ = act(CHANNEL, f"intervention.{CHANNEL}.link=false")
    assert not unlinked.networks.linked.any()
    assert unlinked.networks.add_heard.any()


def test_anchoring_asks_for_those_without_regular_money_and_costs_once_taken() -> None:
    lever, state, rows, cost = act(ANCHOR, f"intervention.{ANCHOR}.coverage=1.0")
    networks, sizes = state.networks, np.diff(state.members.start)
    may = (networks.regular_money == 0) & (sizes >= lever.min_members)
    assert np.array_equal(np.sort(rows), np.flatnonzero(may))
    assert networks.anchoring[rows] == pytest.approx(monthly_hazard(lever.taken_per_year))
    assert cost == 0.0
    networks.regular_money[rows[0]] = 1
    price = relative_labour_cost(COUNTRIES[networks.country[rows[0]]])
    assert lever.act(state, rows) == pytest.approx(lever.eur_per_year / 12 * price)


def test_levers_that_move_nothing_are_the_baseline_exactly() -> None:
    neutral = (
        f"intervention.{CHANNEL}.link=false",
        f"intervention.{CHANNEL}.consultations_per_year=0",
        f"intervention.{CHANNEL}.heard=0",
        f"intervention.{ANCHOR}.taken_per_year=0",
        "intervention.policy_literacy_workshops.moves.rel_heard=1",
        "intervention.policy_literacy_workshops.moves.rel_findings=1",
        "intervention.inspire_political_will.moves.rel_inspiration=1",
    )
    names = (CHANNEL, ANCHOR, "policy_literacy_workshops", "inspire_political_will")
    table = simulation(*names, changes=neutral).run().months()
    measured = [column for column in months() if not str(column).startswith("cost")]
    pd.testing.assert_frame_equal(table[measured], months()[measured], check_exact=True)


def circles() -> State:
    """Networks of 2, 3 and 4 members; all in the last two and none in the first are migrant-led."""
    state = world(9, migrant_led=[0] * 2 + [1] * 7)
    group(state, [[0, 1], [2, 3, 4], [5, 6, 7, 8]])
    return state


@pytest.mark.parametrize(
    ("target", "coverage", "expected"),
    [
        ("hubs", 0.34, [2]),
        ("periphery", 0.34, [0]),
        ("random", 1.0, [0, 1, 2]),
        ("migrant_led", 1.0, [1, 2]),
    ],
)
def test_networks_that_a_target_means(target: str, coverage: float, expected: list[int]) -> None:
    assert sorted(reach_networks(circles(), target, coverage, "x").tolist()) == expected


def test_no_network_to_reach_is_refused() -> None:
    with pytest.raises(SettingError, match="half of them such as target 'language_minority' means"):
        reach_networks(circles(), "language_minority", 1.0, "x")
    with pytest.raises(SettingError, match="'x'"):
        reach_networks(circles(), "random", 1.0, "x", may=np.zeros(3, bool))
