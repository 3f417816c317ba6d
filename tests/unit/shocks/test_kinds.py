"""Each kind of shock: how big it is, whom it hits, and that the rules do what it asks for."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import NEVER, bit
from diffusion.base.errors import SettingError
from diffusion.evidence import sources
from diffusion.interventions.base import eligible
from diffusion.model.simulation import Simulation
from diffusion.shocks.end_grants import EndGrants
from diffusion.shocks.go_online import GoOnline
from diffusion.shocks.surge import Surge
from diffusion.world.state import State
from diffusion.world.vocabulary import FUNDER_KINDS
from tests.simulating import settings

START, STOP, MONTHS = 3, 9, 12


def shock_of(name: str, *overrides: str) -> Any:
    return run_of(name, *overrides).settings.shocks[name]


def run_of(name: str, *overrides: str) -> Simulation:
    clock = {"months": MONTHS, "start": START, "stop": STOP}
    return Simulation(settings(f"shock=[{name}]", *overrides, **clock))


def at_start(name: str, *overrides: str, months: int = 1) -> Simulation:
    """A run with a shock, after so many months of it."""
    run = run_of(name, *overrides)
    while run.month < START + months:
        run.step()
    return run


def estimate(id: str) -> dict[str, float]:
    (row,) = [row for row in sources.table("parameters") if row["id"] == id]
    return {name: float(row[name]) for name in ("low", "central", "high")}


def test_arrivals_of_2015_are_those_of_the_register() -> None:
    surge: Surge = shock_of("arrivals_2015")
    first, second = surge.arrivals(24).reshape(2, 12).sum(axis=1) / 12
    assert 1.0 + first == pytest.approx(estimate("H01")["central"])
    # 2016 still brought about 1.2 million, after 1,255,600: nearly as many
    assert 1.0 + second == pytest.approx(2.2 * 1.2 / 1.2556, abs=0.2)
    assert int(surge.arrivals(48).argmax()) + 1 == surge.months_rise


def test_arrivals_of_2022_are_those_of_the_register_and_come_at_once() -> None:
    surge: Surge = shock_of("arrivals_2022")
    came = surge.arrivals(36)
    statuses, applicants_2021 = estimate("H02")["central"], 537_400
    assert came[:12].sum() * applicants_2021 / 12 == pytest.approx(statuses, rel=0.01)
    assert came[:3].sum() > came[3:12].sum() * 0.6
    assert came[12:].sum() < 0.05 * came.sum()


@pytest.mark.parametrize("name", ["arrivals_2015", "arrivals_2022"])
def test_a_surge_rises_and_goes(name: str) -> None:
    surge: Surge = shock_of(name)
    there = surge.looked_after(surge.months)
    peak = int(there.argmax())
    assert (np.diff(there[: peak + 1]) > 0.0).all()
    assert (np.diff(there[peak:]) < 0.0).all()
    assert there[-1] < 0.5 * there[peak]


def test_a_surge_is_uneven_over_places_and_of_its_size_in_the_mean() -> None:
    run = at_start("arrivals_2022", months=3)
    surge: Surge = run.settings.shocks["arrivals_2022"]  # type: ignore[assignment]
    demand = run.state.modifiers.rel_demand
    rise = surge.newcomer_share * surge.looked_after(3)[-1]
    assert demand.mean() == pytest.approx(1.0 + rise)
    by_place = [
        np.unique(demand[run.state.organisations.territory == place])
        for place in np.unique(run.state.organisations.territory)
    ]
    assert all(values.size == 1 for values in by_place)
    assert np.ptp(np.concatenate(by_place)) > 0.2 * rise


def test_countries_differ_as_much_as_was_seen() -> None:
    """H03: the most burdened of the countries got 12 times the mean."""
    surge: Surge = shock_of("arrivals_2015")
    state = settings("world.n_territories=12", "world.n=240").world
    most = []
    for seed in range(40):
        world = state.build(settings().practices, seed)
        shares = surge.share_of(world, np.arange(world.n_organisations), "x")
        assert shares.mean() == pytest.approx(1.0)
        most.append(shares.max())
    assert 1.5 < np.median(most) < estimate("H03")["high"]


def test_two_surges_have_places_of_their_own() -> None:
    surge: Surge = shock_of("arrivals_2015")
    state = run_of("arrivals_2015").state
    everybody = np.arange(state.n_organisations)
    one, other = (surge.share_of(state, everybody, name) for name in ("a", "b"))
    assert np.array_equal(one, surge.share_of(state, everybody, "a"))
    assert not np.allclose(one, other)


def test_money_follows_a_surge_late() -> None:
    late = ("shock.arrivals_2022.months_rise=1", "shock.arrivals_2022.funding_lag=4")
    run = run_of("arrivals_2022", *late)
    eased = []
    while not run.done:
        run.step()
        eased.append(bool((run.state.modifiers.rel_grant_success == 1.9).all()))
    assert eased == [month >= START + 4 for month in range(MONTHS)]


def test_a_pandemic_is_strong_and_then_eases() -> None:
    pandemic: GoOnline = shock_of("pandemic")
    barred = [pandemic.barred(month) for month in range(pandemic.months + 1)]
    assert barred[: pandemic.months_strong + 1] == [0.8] * (pandemic.months_strong + 1)
    assert (np.diff(barred[pandemic.months_strong :]) < 0.0).all()
    assert barred[-1] == 0.0


def test_whoever_lacks_access_is_more_often_weak_and_stays_the_same() -> None:
    pandemic: GoOnline = shock_of("pandemic")
    big = settings("world.n=1500", "world.n_territories=5")
    state = big.world.build(big.practices, 3)
    everybody = np.arange(state.n_organisations)
    offline = pandemic.offline(state, everybody)
    weak = np.isin(everybody, eligible(state, "small"))
    assert np.isin(offline, everybody[weak]).mean() > 1.5 * weak.mean()
    state.month = 7
    assert np.array_equal(offline, pandemic.offline(state, everybody))


def test_a_pandemic_moves_meetings_online_and_nobody_else_does() -> None:
    plain = run_of("pandemic", "shock.pandemic.coverage=0").run().state
    assert plain.networks.met.any()
    assert np.array_equal(plain.networks.met_online, plain.networks.met & plain.networks.online)
    everybody = ("shock.pandemic.reduction=1", "shock.pandemic.coverage=1")
    state = at_start("pandemic", *everybody).state
    assert state.networks.met_online.any()
    assert np.array_equal(state.networks.met_online, state.networks.met)


def test_everybody_leaves_a_hub_at_once_and_nobody_follows() -> None:
    run = at_start("loss_of_hub", "shock.loss_of_hub.coverage=0.05")
    state = run.state
    before = run_of("loss_of_hub", "shock=[]")
    while before.month < START:
        before.step()
    degree = np.diff(before.state.adjacency.start)
    hubs = run.reached["shock.loss_of_hub"]
    assert hubs.size == 3
    assert set(degree[hubs]) == set(np.sort(degree)[-3:])
    run.run()
    inside = np.isin(state.posts.organisation, hubs)
    assert (state.posts.filled[inside] == 0).all()
    assert (state.posts.left[inside] <= START).all()
    assert (state.organisations.knows[hubs] == 0).all()
    assert state.posts.filled[~inside].mean() > 0.8


def test_a_third_of_the_staff_leaves_in_a_season() -> None:
    big = ("world.n=600", "shock.mass_turnover.share=0.4", "turnover.rel_turnover=0")
    run = at_start("mass_turnover", *big, "turnover.months_vacancy=36", months=3)
    left = run.state.posts.left >= START
    held = left | (run.state.posts.filled == 1)
    assert left[held].mean() == pytest.approx(0.4, abs=0.03)


def of_kind(state: State, kind: str) -> Any:
    return state.funders.kind[state.grants.funder] == FUNDER_KINDS.index(kind)


@pytest.mark.parametrize("notice", [0, 2])
def test_a_programme_ends_in_one_month(notice: int) -> None:
    at = f"shock.programme_end.notice={notice}"
    run = at_start("programme_end", "world.n=200", at, months=notice + 1)
    state, ended = run.state, of_kind(run.state, "national")
    assert (state.grants.active[ended] == 0).all()
    assert (state.grants.starts[ended] == NEVER).all()
    assert state.grants.active[~ended].any()
    orgs = state.organisations
    for p in range(state.n_practices):
        running = np.flatnonzero((orgs.adopted | orgs.institutional) & bit(p))
        line = state.uses.grant[running, p]
        hangs = running[(line >= 0) & ended[line]]
        assert (state.uses.unfunded[hangs, p] != NEVER).all()
    run.run()
    assert (state.grants.active[ended] == 0).all(), "no call follows while it lasts"


def test_a_notice_lets_staff_leave_in_time() -> None:
    def staff_left(notice: int) -> int:
        many = ("world.n=400", f"shock.programme_end.notice={notice}")
        state = at_start("programme_end", *many, months=3).state
        paid = state.posts.grant >= 0
        on_it = np.zeros(len(state.posts), bool)
        on_it[paid] = of_kind(state, "national")[state.posts.grant[paid]]
        return int(state.posts.filled[on_it].sum())

    assert staff_left(2) < 0.8 * staff_left(0)


def test_a_world_without_that_funder_is_told() -> None:
    run = run_of("programme_end")
    shock: EndGrants = run.settings.shocks["programme_end"]  # type: ignore[assignment]
    run.state.funders.kind[:] = FUNDER_KINDS.index("foundation")
    with pytest.raises(SettingError, match="no organisation of this world lives on a funder"):
        shock.begin(run.state, "programme_end")


def test_a_target_that_means_nobody_is_told() -> None:
    run = run_of("mass_turnover", "shock.mass_turnover.target=migrant_led")
    run.state.organisations.migrant_led[:] = 0
    with pytest.raises(SettingError, match="shock 'mass_turnover': target 'migrant_led' means no"):
        run.settings.shocks["mass_turnover"].begin(run.state, "mass_turnover")


def test_a_cut_stops_coordination_money_but_not_regular_money() -> None:
    all_lost = ("shock.funding_cut.coordination_lost=1", "world.n=300")
    regular = at_start("funding_cut", *all_lost, "world.regular_money_share=1").state.networks
    assert (regular.paid == 1).all()
    project = at_start("funding_cut", *all_lost, "world.regular_money_share=0").state.networks
    assert (project.paid == 0).all()


def test_policies_are_taken_back_from_policy_makers_and_their_funders() -> None:
    run = run_of("policy_reversal", "shock.policy_reversal.share_taken_back=1")
    while run.month < START:
        run.step()
    state = run.state
    state.territories.policy[:] = 3
    state.funders.guidelines[:] = 7
    hit = run.settings.shocks["policy_reversal"].begin(state, "policy_reversal")
    assert hit.size == 2 * 3, "three places, each in a country of its own"
    assert (state.territories.policy[hit] == 0).all()
    funders = state.funders
    national = funders.kind == FUNDER_KINDS.index("national")
    follows = np.isin(funders.territory, hit)
    follows |= national & np.isin(state.national_rows[funders.country], hit)
    assert follows.any()
    assert (funders.guidelines[follows] == 4).all(), "what was rewarded otherwise stays"
    assert (funders.guidelines[~follows] == 7).all()


@pytest.mark.parametrize("coverage", [0.0, 0.5, 1.0])
def test_will_falls_in_the_places_hit_and_comes_back(coverage: float) -> None:
    many = ("world.n_territories=6", "world.n=120", "shock.policy_reversal.will_ceiling=0.05")
    short = ("shock.policy_reversal.months=2", f"shock.policy_reversal.coverage={coverage}")
    run = at_start("policy_reversal", *many, *short, "policy.will_sd=0")
    hit = run.reached["shock.policy_reversal"]
    everywhere = at_start("policy_reversal", *many, "shock.policy_reversal.coverage=1", *short[:1])
    assert hit.size == round(coverage * everywhere.reached["shock.policy_reversal"].size)
    low = run.state.territories.will < 0.2
    assert set(np.flatnonzero(low)) == set(hit.tolist())
    run.run()
    assert (run.state.territories.will[hit] > 0.15).all()
