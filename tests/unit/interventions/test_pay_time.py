"""Paid hours of exchange count as slack, at the labour cost of the country."""

import numpy as np
import pytest

from diffusion.evidence.costs import relative_labour_cost
from diffusion.interventions.pay_time import PayTime
from diffusion.world.state import State
from diffusion.world.vocabulary import COUNTRIES
from tests.simulating import advance, quiet, world

LEVER = {
    "window": {"from": 0, "until": 5},
    "coverage": 0.5,
    "target": "random",
    "evidence": (),
    "hours_per_month": 8,
    "hours_normal": 40,
    "eur_per_hour": 30.0,
}


def test_paid_hours_are_slack_for_those_reached_and_only_while_they_are_paid() -> None:
    lever, state = PayTime.model_validate(LEVER), world(100)
    rows = lever.begin(state, "time")

    def act(state: State) -> None:
        lever.act(state, rows)

    advance(state, quiet(), act=act)
    reached = np.isin(np.arange(100), rows)
    assert rows.size == 50
    assert state.organisations.slack[reached] == pytest.approx(1.2)
    assert state.organisations.slack[~reached] == pytest.approx(1.0)
    advance(state, quiet())
    assert state.organisations.slack == pytest.approx(1.0)


def test_hours_cost_what_labour_costs_in_the_country() -> None:
    country = COUNTRIES.index("sweden")
    state = world(100, country=country)
    lever = PayTime.model_validate(LEVER)
    paid = lever.act(state, lever.begin(state, "time"))
    assert paid == pytest.approx(50 * 8 * 30.0 * relative_labour_cost("sweden"))
