"""Chosen practices are made known and their start is helped; others are left alone."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import records_of
from diffusion.base.errors import SettingError, WorldError
from diffusion.interventions.push_practices import PushPractices
from diffusion.world.state import State
from tests.simulating import FIELD, advance, number_with, quiet, within, world

N = 2000
BASE: dict[str, Any] = {
    "window": {"from": 0, "until": 5},
    "coverage": 0.5,
    "target": "random",
    "evidence": (),
    "practices": {"scales": ["little"]},
    "p_told": 0.3,
    "rel_start": 1.5,
    "summary": "Promotes",
    "eur_per_year": 12_000,
    "eur_per_organisation_year": 120,
}
CATALOGUE: dict[str, Any] = {"fields": FIELD, "scale": [0, 2]}


def month(state: State, *levers: dict[str, Any]) -> list[float]:
    """One month of promotion and nothing else; returns its costs."""
    chosen = [PushPractices.model_validate(BASE | one) for one in levers or ({},)]
    rows = [lever.begin(state, "push") for lever in chosen]
    costs: list[float] = []

    def act(state: State) -> None:
        costs[:] = [lever.act(state, each) for lever, each in zip(chosen, rows, strict=True)]

    advance(state, quiet(), act=act)
    return costs


def test_those_reached_hear_of_what_is_meant() -> None:
    state = world(N, practices=CATALOGUE)
    costs = month(state)
    assert within(number_with(state.organisations.aware, 0), N // 2, 0.3)
    assert number_with(state.organisations.aware, 1) == 0
    assert costs == [pytest.approx((12_000 + 120 * N // 2) / 12)]
    assert sorted(np.unique(state.pushes.most_eased)) == [1.0, 1.5]
    assert (state.pushes.promoted[state.pushes.most_eased == 1.5] == 0b01).all()
    assert records_of(state.promotions).tolist() == [(0b01, 0.3, 1.5)]


def test_it_is_over_with_the_month() -> None:
    state = world(N, practices=CATALOGUE)
    month(state)
    advance(state, quiet())
    for column in ("promoted", "promotions"):
        assert (state.pushes[column] == 0).all()
    assert (state.pushes.most_eased == 1.0).all()
    assert len(state.promotions) == 0


def test_two_levers_push_their_own_practices_at_the_same_organisations() -> None:
    state = world(N, practices=CATALOGUE)
    everybody = {"coverage": 1.0}
    weak = everybody | {"practices": {"scales": ["programme"]}, "p_told": 0.1, "rel_start": 1.1}
    month(state, everybody, weak)
    assert (state.pushes.promoted == 0b11).all()
    for practice, chance in enumerate((0.3, 0.1)):
        assert within(number_with(state.organisations.aware, practice), N, chance)


def test_what_two_levers_do_to_other_practices_is_what_each_does_alone() -> None:
    other = {"practices": {"scales": ["programme"]}, "p_told": 0.1, "rel_start": 1.1}
    alone, second, both = (world(N, practices=CATALOGUE) for _ in range(3))
    month(alone, {})
    month(second, other)
    month(both, {}, other)
    heard = alone.organisations.aware | second.organisations.aware
    assert np.array_equal(both.organisations.aware, heard)


def test_more_promotions_than_a_month_has_room_for_are_refused() -> None:
    with pytest.raises(WorldError, match="more than 64 interventions promote practices in month 0"):
        month(world(10, practices=CATALOGUE), *({"coverage": 1.0} for _ in range(65)))


def test_a_choice_that_means_nothing_is_refused() -> None:
    with pytest.raises(SettingError, match="intervention 'push' means no practice of this world"):
        month(world(10, practices=CATALOGUE), {"practices": {"scales": ["medium"]}})
    with pytest.raises(SettingError, match=r"field housing\); choose others"):
        month(world(10, practices=CATALOGUE), {"practices": {"fields": ["housing"]}})
