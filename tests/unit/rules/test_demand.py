"""Demand sets overload, overload takes the time for exchange."""

import math

import numpy as np
import pytest

from tests.simulating import FIXED_TERM, advance, moving, quiet, use, world


def test_more_demand_means_more_overload_and_less_slack() -> None:
    parameters = quiet(demand={"base_load": 0.9})
    calm = advance(world(20), parameters).organisations
    busy = advance(world(20), parameters, act=moving("rel_demand", 2.0)).organisations
    assert (calm.overload == 0.0).all()
    assert (calm.slack == 1.0).all()
    assert busy.overload == pytest.approx(0.8)
    assert busy.slack == pytest.approx(math.exp(-0.51 * 0.8))


def test_overload_is_counted_up_to_its_cap() -> None:
    parameters = quiet(demand={"base_load": 3.0, "max_overload": 3.0})
    state = advance(world(5), parameters, act=moving("rel_demand", 50.0))
    assert (state.organisations.overload == 3.0).all()


@pytest.mark.parametrize("months", [0, 4, 12])
def test_newcomers_count_less_until_they_know_the_job(months: int) -> None:
    state = world(10)
    state.posts.hired[:] = 0
    advance(state, quiet(demand={"base_load": 0.9}), months=months + 1)
    capacity = 1.0 - 0.6 * math.exp(-months / 4.0)
    assert state.organisations.overload == pytest.approx(max(0.0, 0.9 / capacity - 1.0))


def test_work_of_a_vacant_post_stays_to_be_done() -> None:
    state = world(10)
    state.posts.filled[::2] = 0
    advance(state, quiet(demand={"base_load": 0.9}))
    assert state.organisations.overload == pytest.approx(0.8)
    assert (state.organisations.staff == 1.0).all()


def test_work_of_a_project_ends_with_its_money() -> None:
    state = world(10, lines=1)
    state.posts.filled[::2] = 0
    state.posts.contract[::2] = FIXED_TERM
    state.posts.grant[::2] = np.arange(10)
    advance(state, quiet(demand={"base_load": 0.9}))
    assert (state.organisations.overload == 0.0).all()


def test_running_practices_bind_time() -> None:
    state = world(10, practices={"load": [1.0, 0.4]})
    use(state, 0, practice=0)
    use(state, 1, practice=0)
    use(state, 1, practice=1, institutional=True)
    advance(state, quiet(demand={"load_weight": 0.5}))
    assert state.organisations.slack[:3] == pytest.approx([0.75, 0.65, 1.0])


def test_paid_time_adds_slack_up_to_a_bound() -> None:
    paid = advance(world(5), quiet(), act=moving("add_slack", 0.5))
    flooded = advance(world(5), quiet(), act=moving("add_slack", 9.0))
    assert (paid.organisations.slack == 1.5).all()
    assert (flooded.organisations.slack == 2.0).all()


def test_slack_is_never_negative() -> None:
    state = world(5, practices={"load": 10.0})
    use(state, slice(None))
    advance(state, quiet(demand={"load_weight": 5.0}))
    assert (state.organisations.slack == 0.0).all()


def test_pressure_wanders_with_the_spread_and_memory_asked_for() -> None:
    places = 3000
    state = world(places, posts=1, territories=places)
    parameters = quiet(demand={"pressure_sd": 0.1, "pressure_persistence": 0.9})
    advance(state, parameters, months=60)
    before = state.territories.log_pressure.copy()
    advance(state, parameters)
    after = state.territories.log_pressure
    error = 3.5 / math.sqrt(2.0 * places)
    assert after.std() == pytest.approx(0.1, rel=error)
    assert abs(after.mean()) < 3.5 * 0.1 / math.sqrt(places)
    slope = float((before * after).sum() / (before * before).sum())
    assert slope == pytest.approx(0.9, abs=3.5 * math.sqrt((1 - 0.81) / places))


def test_pressure_of_a_place_reaches_the_organisations_there() -> None:
    state = world(20, territories=2)
    state.territories.log_pressure[1] = math.log(2.0)
    advance(state, quiet(demand={"base_load": 0.9}))
    overload = state.organisations.overload
    assert (overload[:10] == 0.0).all()
    assert overload[10:] == pytest.approx(0.8)


def test_reserve_staff_take_part_of_the_load() -> None:
    parameters = quiet(demand={"base_load": 1.8})
    alone = advance(world(20), parameters).organisations
    helped = advance(world(20), parameters, act=moving("rel_capacity", 1.2)).organisations
    assert alone.overload == pytest.approx(0.8)
    assert helped.overload == pytest.approx(0.5)
    assert (helped.staff == alone.staff).all()


def test_capacity_is_summed_post_by_post() -> None:
    state = world(300, posts=7)
    row = np.arange(len(state.posts))
    state.posts.hired[:] = row * 37 % 91 - 90
    state.posts.filled[:] = row * 29 % 5 > 0
    hired, filled = state.posts.hired.copy(), state.posts.filled.copy()
    advance(state, quiet(demand={"base_load": 2.0, "max_overload": 20.0}))
    for i, org in enumerate(state.organisations):
        capacity, own = 0.0, slice(7 * i, 7 * i + 7)
        for month, here in zip(hired[own], filled[own], strict=True):
            if here:
                capacity += 1.0
                capacity -= 0.6 * math.exp(month / 4.0) if month > -60 else 0.0
        assert org.overload == max(0.0, 2.0 * 7 / max(capacity, 0.25) - 1.0)
        assert org.staff == filled[own].sum()
