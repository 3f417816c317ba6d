"""Chosen practices are made known and their start is helped; others are left alone."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.errors import SettingError
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
    assert sorted(np.unique(state.pushes.rel_eased)) == [1.0, 1.5]
    assert (state.pushes.eased[state.pushes.rel_eased == 1.5] == 0b01).all()


def test_it_is_over_with_the_month() -> None:
    state = world(N, practices=CATALOGUE)
    month(state)
    advance(state, quiet())
    for column in ("told", "eased", "p_told"):
        assert (state.pushes[column] == 0).all()
    assert (state.pushes.rel_eased == 1.0).all()


def test_of_two_that_push_the_same_the_stronger_holds() -> None:
    state = world(N, practices=CATALOGUE)
    everybody = {"coverage": 1.0}
    weak = everybody | {"practices": {"scales": ["programme"]}, "p_told": 0.1, "rel_start": 1.1}
    month(state, everybody, weak)
    assert (state.pushes.told == 0b11).all()
    assert (state.pushes.p_told == 0.3).all()
    assert (state.pushes.rel_eased == 1.5).all()


def test_a_choice_that_means_nothing_is_refused() -> None:
    with pytest.raises(SettingError, match="intervention 'push' means no practice of this world"):
        month(world(10, practices=CATALOGUE), {"practices": {"scales": ["medium"]}})
    with pytest.raises(SettingError, match=r"field housing\); choose others"):
        month(world(10, practices=CATALOGUE), {"practices": {"fields": ["housing"]}})
