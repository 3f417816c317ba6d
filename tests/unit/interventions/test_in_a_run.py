"""Interventions in a run: windows, undoing, costs, coverage, and what each is there for."""

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.base.arrays import columns_of
from diffusion.base.errors import SettingError
from diffusion.config.folders import Folders
from diffusion.evidence.costs import relative_labour_cost
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.modifiers import Modifiers, neutral_value
from diffusion.world.vocabulary import COUNTRIES, COUNTRY_LANGUAGE, LANGUAGES
from tests.simulating import fingerprint, settings

COP, PAY, MEDIATE = "cop_formation", "coordinator_funding", "language_mediation"
NAMES = (COP, PAY, MEDIATE)
SETS = [[COP], [PAY], [MEDIATE], list(NAMES)]
START, STOP, MONTHS = 4, 16, 30
WORLD = ("world.n=160", "world.n_territories=4")


def composed(names: tuple[str, ...], *overrides: str, seed: int = 1) -> ModelSettings:
    return settings(
        *WORLD,
        f"intervention=[{','.join(names)}]",
        *overrides,
        months=MONTHS,
        start=START,
        stop=STOP,
        seed=seed,
    )


@functools.cache
def run(names: tuple[str, ...], *overrides: str, seed: int = 1) -> pd.DataFrame:
    table = Simulation(composed(names, *overrides, seed=seed)).run().months()
    return table


def measures(table: pd.DataFrame) -> pd.DataFrame:
    return table[[column for column in table if not str(column).startswith("cost")]]


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_nothing_differs_before_the_window_opens(names: list[str]) -> None:
    baseline, treated = Simulation(composed(())), Simulation(composed(tuple(names)))
    for _ in range(START):
        baseline.step()
        treated.step()
    assert fingerprint(baseline.state) == fingerprint(treated.state)
    before = measures(baseline.months())
    pd.testing.assert_frame_equal(before, measures(treated.months()), check_exact=True)
    baseline.step()
    treated.step()
    assert fingerprint(baseline.state) != fingerprint(treated.state)


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_something_differs_at_the_end(names: list[str]) -> None:
    assert not measures(run(tuple(names))).equals(measures(run(())))


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        (MEDIATE, ["coverage=0.001"], "comes to none of them"),
        (PAY, ["coverage=0.001"], "of the .* networks that it can mean comes to none"),
        (COP, ["coverage=0.001"], "of the 4 territories that it can mean comes to none"),
        (PAY, ["min_members=1000"], "no network that it could reach, with at least 1000 members"),
        (COP, ["min_members=400", "size=400"], "no community could be founded"),
        ("cop_embedded", ["target=kind:company"], "none of the networks"),
        ("cop_specialised", ["target=kind:company"], "none of the fields"),
    ],
)
def test_reaching_nobody_is_refused_when_the_window_opens(
    name: str, changes: list[str], said: str
) -> None:
    chosen = composed((name,), *(f"intervention.{name}.{change}" for change in changes))
    with pytest.raises(SettingError, match=said):
        Simulation(chosen).run()


def test_a_pause_between_two_windows() -> None:
    window = "[{from: 4, until: 8},{from: 12, until: 16}]"
    chosen = composed(NAMES, *(f"intervention.{name}.window={window}" for name in NAMES))
    simulation = Simulation(chosen)
    paid, rows, sizes = [], [], []
    for month in range(STOP + 1):
        simulation.step()
        state = simulation.state
        moved = (state.modifiers.rel_language_gap != 1.0).any() and state.networks.sponsored.any()
        paid += [month] if moved else []
        rows.append({name: found.tolist() for name, found in simulation.reached.items()})
        sizes.append(state.n_networks)
    assert paid == [4, 5, 6, 7, 12, 13, 14, 15]
    assert rows[4] == rows[12]  # bound once
    assert sizes[4] == sizes[-1]
    cost = simulation.months()["cost"]
    assert (cost > 0.0).tolist() == [month in paid for month in range(STOP + 1)]


def test_everything_is_undone_after_the_window() -> None:
    simulation = Simulation(composed(NAMES))
    for month in range(MONTHS):
        simulation.step()
        state = simulation.state
        moved = (state.modifiers.rel_language_gap != 1.0).any() and state.networks.sponsored.any()
        assert moved == (START <= month < STOP)
        if month >= STOP:
            for name in columns_of(Modifiers):
                assert (getattr(state.modifiers, name) == neutral_value(name)).all()


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_costs_add_up_and_fall_due_in_the_window_only(names: list[str]) -> None:
    table = run(tuple(names))
    parts = table[[f"cost_{name}" for name in names]]
    pd.testing.assert_series_equal(table["cost"], parts.sum(axis=1), check_names=False)
    inside = table["month"].between(START, STOP - 1)
    assert (parts[inside] > 0.0).all(axis=None)
    assert (parts[~inside] == 0.0).all(axis=None)


def test_what_all_levers_cost_together_is_the_sum_of_them() -> None:
    every = Folders.find().options("intervention")
    table = run(every)
    parts = table[[f"cost_{name}" for name in every]]
    pd.testing.assert_series_equal(table["cost"], parts.sum(axis=1), check_names=False)
    assert table["cost"].sum() > 0.0


def test_scenarios_without_an_intervention_cost_nothing() -> None:
    table = run(())
    assert (table["cost"] == 0.0).all()
    assert [column for column in table if str(column).startswith("cost_")] == []


@pytest.mark.parametrize("name", NAMES)
def test_cost_is_proportional_to_coverage(name: str) -> None:
    totals = [
        run((name,), f"intervention.{name}.coverage={coverage}")["cost"].sum()
        for coverage in (0.25, 0.5, 1.0)
    ]
    sizes = {"cop_formation": 4, "coordinator_funding": 8, "language_mediation": 12}
    # coverage counts whole places, so that small numbers round; countries differ in price
    slack = 1.0 / sizes[name] + 0.35
    assert totals[0] < totals[1] < totals[2]
    assert totals[1] / totals[2] == pytest.approx(0.5, abs=slack)
    assert totals[0] / totals[2] == pytest.approx(0.25, abs=slack)


def test_mediation_costs_its_hours_for_everybody_reached() -> None:
    simulation = Simulation(composed((MEDIATE,)))
    while simulation.month <= START:
        simulation.step()
    lever: Any = simulation.settings.interventions[MEDIATE]
    orgs = simulation.state.organisations
    native = np.array([1 << LANGUAGES.index(COUNTRY_LANGUAGE[c]) for c in COUNTRIES], np.uint64)
    minority = int(((orgs.languages & native[orgs.country]) == 0).sum())
    reached = simulation.state.modifiers.rel_language_gap != 1.0
    assert reached.sum() == round(0.8 * minority)
    prices = [relative_labour_cost(COUNTRIES[c]) for c in orgs.country[reached]]
    monthly = sum(prices) * lever.hours_per_month * lever.eur_per_hour
    assert simulation.months()["cost"][START] == pytest.approx(monthly)


def test_a_price_per_organisation_follows_the_country() -> None:
    simulation = Simulation(composed(("handover",)))
    while simulation.month <= START:
        simulation.step()
    lever: Any = simulation.settings.interventions["handover"]
    countries = simulation.state.organisations.country
    prices = [relative_labour_cost(COUNTRIES[c]) for c in countries]
    monthly = lever.eur_per_organisation_year / 12 * sum(prices)
    assert simulation.months()["cost"][START] == pytest.approx(monthly)
    fixed: Any = composed(("repository",)).interventions["repository"]
    assert run(("repository",))["cost"][START] == pytest.approx(fixed.eur_per_year / 12)


def test_a_target_that_filters_picks_networks_by_their_members() -> None:
    chosen = composed(
        (PAY,), f"intervention.{PAY}.target=kind:ngo", f"intervention.{PAY}.coverage=1"
    )
    state = chosen.world.build(chosen.practices, 1)
    lever = chosen.interventions[PAY]
    everybody = lever.model_copy(update={"target": "random"}).begin(state, PAY)
    start, members = state.members.start, state.members.organisation
    state.organisations.kind[:] = 0
    state.organisations.kind[members[start[everybody[0]] : start[everybody[0] + 1]]] = 2
    ngo = state.organisations.kind[members] == 2
    half = [k for k in everybody if ngo[start[k] : start[k + 1]].mean() >= 0.5]
    assert sorted(lever.begin(state, PAY)) == sorted(half)
    assert 1 <= len(half) < everybody.size


def test_posts_and_communities_cost_what_labour_costs_in_their_country() -> None:
    for name in (PAY, COP):
        simulation = Simulation(composed((name,)))
        for _ in range(START + 1):
            simulation.step()
        networks = simulation.state.networks
        lever: Any = simulation.settings.interventions[name]
        countries = networks.country[networks.sponsored == 1]
        prices = [lever.eur_per_year / 12 * relative_labour_cost(COUNTRIES[c]) for c in countries]
        assert simulation.months()["cost"].iloc[-1] == pytest.approx(sum(prices))
        assert len(prices) > 1


def test_a_second_intervention_does_not_change_whom_the_first_reaches() -> None:
    def reached(names: tuple[str, ...]) -> Any:
        simulation = Simulation(composed(names))
        for _ in range(START + 1):
            simulation.step()
        state = simulation.state
        own = state.networks.key < 1_000
        return (
            np.flatnonzero(state.modifiers.rel_language_gap != 1.0).tolist(),
            np.flatnonzero(state.networks.sponsored[own]).tolist(),
        )

    together = reached(NAMES)
    assert together[0] == reached((MEDIATE,))[0]
    assert together[1] == reached((PAY,))[1]


@pytest.mark.parametrize("kind", ["cop_local", "cop_embedded", "cop_specialised"])
def test_founded_communities_are_what_was_asked_for(kind: str) -> None:
    preset = COP if kind == "cop_local" else kind
    chosen = composed((preset,), f"intervention.{preset}.coverage=1.0")
    simulation = Simulation(chosen)
    before = simulation.state.n_networks
    for _ in range(START + 1):
        simulation.step()
    state, lever = simulation.state, chosen.interventions[preset]
    founded = range(before, state.n_networks)
    assert len(founded) > 1
    assert len(state.names.networks) == state.n_networks
    orgs, networks, members = state.organisations, state.networks, state.members
    for k in founded:
        inside = members.organisation[members.start[k] : members.start[k + 1]]
        assert lever.min_members <= inside.size <= lever.size  # type: ignore[attr-defined]
        assert np.unique(inside).size == inside.size
        assert networks.coordinator[k] in inside
        assert networks.is_cop[k] == networks.sponsored[k] == 1
        if kind == "cop_local":
            assert (orgs.territory[inside] == networks.territory[k]).all()
        if kind == "cop_specialised":
            assert np.bitwise_and.reduce(orgs.fields[inside]) != 0
    assert np.unique(networks.key).size == networks.key.size
    simulation.run()
    assert simulation.state.n_networks == state.n_networks


def test_founded_communities_invite_those_meant() -> None:
    changes = [f"intervention.{COP}.target=kind:ngo", f"intervention.{COP}.min_members=3"]
    chosen = composed((COP,), *changes)
    simulation = Simulation(chosen)
    before = simulation.state.n_networks
    for _ in range(START + 1):
        simulation.step()
    state = simulation.state
    invited = state.members.organisation[state.members.start[before] :]
    assert invited.size > 5
    assert (state.organisations.kind[invited] == 2).all()


def test_hubs_among_networks_are_the_large_ones() -> None:
    def sizes(target: str) -> list[int]:
        chosen = composed((PAY,), f"intervention.{PAY}.target={target}")
        simulation = Simulation(chosen)
        for _ in range(START + 1):
            simulation.step()
        state = simulation.state
        paid: list[int] = np.diff(state.members.start)[state.networks.sponsored == 1].tolist()
        return paid

    assert min(sizes("hubs")) >= max(sizes("periphery"))
    assert sum(sizes("hubs")) > sum(sizes("periphery"))


SEEDS = range(1, 7)
# Nobody else pays coordinators.
NO_OTHER_MONEY = (
    "world.regular_money_share=0",
    "funding.p_coordinator_renewal=0",
    "funding.p_coordinator_refund=0",
)


def differences(name: str, column: str, *overrides: str) -> list[float]:
    """Paired differences of a column's mean over the window, full coverage against nobody."""
    result = []
    for seed in SEEDS:
        full = run((name,), f"intervention.{name}.coverage=1.0", *overrides, seed=seed)
        none = run((), *overrides, seed=seed)
        window = slice(START + 1, STOP)
        result.append(float((full[column] - none[column])[window].mean()))
    return result


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (COP, "share_in_cop"),
        (COP, "meetings_held"),
        (COP, "contacts"),
        (COP, "awareness_gained"),
        (PAY, "networks_coordinated"),
        (PAY, "meetings_held"),
        (PAY, "contacts"),
        (MEDIATE, "contacts"),
    ],
)
def test_each_raises_what_it_is_there_for(name: str, column: str) -> None:
    found = differences(name, column, *(NO_OTHER_MONEY if name == PAY else ()))
    assert np.mean(found) > 0.0
    assert sum(difference > 0.0 for difference in found) >= 5


def test_communities_spread_know_how() -> None:
    found = differences(COP, "persons_knowing")
    assert np.mean(found) > 0.0
    assert sum(difference > 0.0 for difference in found) >= 5
