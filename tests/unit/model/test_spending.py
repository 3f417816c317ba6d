"""Budgets: who is paid for how long, that scenarios cost the same, and what can't be paid."""

import functools
from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import records_of
from diffusion.base.errors import SettingError
from diffusion.model import spending
from diffusion.model.settings import ModelSettings, shared_months
from diffusion.model.sharing import simulate_together
from diffusion.model.simulation import Simulation
from tests.simulating import same_run, settings

START, STOP, MONTHS = 3, 15, 18
# every kind of price: by group, by network, by organisation, by hour
PRICED = ("cop_formation", "cop_embedded", "coordinator_funding", "handover", "language_mediation")


def composed(names: tuple[str, ...], *overrides: str) -> ModelSettings:
    return settings(
        "world.n=300",
        "world.n_territories=8",
        f"intervention=[{','.join(names)}]",
        *overrides,
        months=MONTHS,
        start=START,
        stop=STOP,
    )


@functools.cache
def run(names: tuple[str, ...], *overrides: str) -> Simulation:
    return Simulation(composed(names, *overrides)).run()


def cost(names: tuple[str, ...], *overrides: str) -> float:
    return float(run(names, *overrides).months()["cost"].sum())


def whole(name: str) -> float:
    """What it costs to pay everybody whom it can mean."""
    return cost((name,), f"intervention.{name}.coverage=1.0")


@pytest.mark.parametrize("name", PRICED)
def test_the_budget_is_met_up_to_one_month_of_one_unit(name: str) -> None:
    for part in (0.2, 0.45, 0.8):
        budget = part * whole(name)
        reached = run((name,), f"budget={budget}").reached[name]
        spent = cost((name,), f"budget={budget}")
        dearest = 60_000 / 12 * 1.5  # nothing here has a higher price a unit and month
        assert budget - dearest < spent <= budget
        months = reached[:, 1]
        assert (months[:-1] == STOP - START).all()
        assert 0 < months[-1] <= STOP - START


def test_levers_of_many_units_cost_the_same_within_one_per_cent() -> None:
    budget = 0.5 * min(whole(name) for name in ("handover", "language_mediation"))
    spent = [cost((name,), f"budget={budget}") for name in ("handover", "language_mediation")]
    assert spent == pytest.approx([budget, budget], rel=0.01)


def test_each_intervention_has_an_equal_share() -> None:
    names = ("handover", "language_mediation")
    budget = 0.8 * min(whole(name) for name in names)
    months = run(names, f"budget={budget}").months()
    shares = [months[f"cost_{name}"].sum() for name in names]
    assert shares == pytest.approx([budget / 2, budget / 2], rel=0.02)


def test_more_money_adds_to_those_who_are_paid() -> None:
    few, many = (
        run(("handover",), f"budget={part * whole('handover')}").reached["handover"][:, 0].tolist()
        for part in (0.3, 0.6)
    )
    assert len(few) < len(many)
    assert many[: len(few)] == few


def test_those_who_come_first_are_paid() -> None:
    half = f"budget={0.5 * whole('handover')}"
    chosen = run(("handover",), "intervention.handover.target=hubs", half)
    paid = chosen.reached["handover"][:, 0]
    everybody = run(("handover",), "intervention.handover.target=hubs").reached["handover"][:, 0]
    assert paid.tolist() == everybody[: paid.size].tolist()


def test_only_the_communities_that_are_paid_are_founded() -> None:
    budget = 0.4 * whole("cop_formation")
    before = composed(()).world.build(composed(()).practices, 1).n_networks
    simulation = run(("cop_formation",), f"budget={budget}")
    founded = simulation.state.n_networks - before
    assert founded == len(simulation.reached["cop_formation"])
    assert founded < run(("cop_formation",)).state.n_networks - before + 4


def test_more_money_than_everybody_needs_is_left() -> None:
    assert cost(("handover",), f"budget={3 * whole('handover')}") == whole("handover")


@pytest.mark.parametrize(("part", "months"), [(0.5, 6), (0.99, 11), (2.0, 12)])
def test_where_one_price_pays_for_all_money_buys_months(part: float, months: int) -> None:
    price = cost(("repository",))
    simulation = run(("repository",), f"budget={part * price}")
    assert (simulation.months()["cost"] > 0.0).sum() == months
    plain = run(("repository",)).reached["repository"][:, 0]
    assert simulation.reached["repository"][:, 0].tolist() == plain.tolist()


def test_a_budget_holds_across_a_pause() -> None:
    window = "intervention.handover.window=[{from: 3, until: 6},{from: 9, until: 18}]"
    budget = 0.5 * whole("handover")
    table = run(("handover",), window, f"budget={budget}").months()
    assert table["cost"].sum() == pytest.approx(budget, rel=0.01)
    assert (table["cost"] > 0.0).tolist() == [3 <= m < 6 or m >= 9 for m in range(MONTHS)]


def test_a_budget_that_pays_nobody_says_what_one_costs() -> None:
    with pytest.raises(
        SettingError, match=r"may cost 5.00 EUR of it, but one unit costs \d\d\.\d\d EUR a"
    ):
        Simulation(composed(("handover",), "budget=5")).run()
    with pytest.raises(SettingError, match=r"may cost 50.00 EUR of it, but it costs 1,250.00 EUR"):
        Simulation(composed(("repository",), "budget=50")).run()


def test_a_lever_without_a_price_has_no_budget() -> None:
    free = "intervention.handover.eur_per_organisation_year=0"
    with pytest.raises(SettingError, match="costs nothing, so a budget can't say how far"):
        Simulation(composed(("handover",), free, "budget=5000")).run()


def test_without_a_budget_everybody_covered_is_paid_for_the_whole_window() -> None:
    lever: Any = composed(("handover",)).interventions["handover"]
    state = composed(()).world.build(composed(()).practices, 1)
    reached = spending.begin(lever, state, "handover", None)
    assert reached[:, 0].tolist() == lever.begin(state, "handover").tolist()
    assert (reached[:, 1] == STOP - START).all()


def test_trying_prices_leaves_the_world_as_it_was() -> None:
    names = ("cop_formation", "handover")
    rich = run(names, f"budget={1e9}", *(f"intervention.{name}.coverage=0.3" for name in names))
    full = run(names, *(f"intervention.{name}.coverage=1.0" for name in names))
    for table in ("organisations", "networks"):
        one, other = (records_of(getattr(run.state, table)) for run in (rich, full))
        assert np.array_equal(one, other)


def test_runs_with_budgets_are_shared_and_saved_in_the_same_bits(tmp_path: Any) -> None:
    money = f"budget={0.4 * whole('handover')}"
    every = [
        composed(names, money)
        for names in ((), ("handover",), ("handover", "language_mediation"), ("cop_formation",))
    ]
    # a second lever halves the share of the first
    assert shared_months(every[1], every[2]) == START
    for k, together in simulate_together(every):
        same_run(together, Simulation(every[k]).run())
    stopped = Simulation(every[2])
    while stopped.month < START + 4:
        stopped.step()
    stopped.save(tmp_path / "run.npz")
    same_run(Simulation.load(tmp_path / "run.npz").run(), Simulation(every[2]).run())
