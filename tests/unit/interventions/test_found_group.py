"""Groups that start without money, and groups that are given a room."""

from typing import Any

import numpy as np
import pytest

from diffusion.model.simulation import Simulation
from diffusion.world.vocabulary import FORMALISATIONS, NETWORK_TYPES
from tests.simulating import settings

START, STOP = 2, 8


def founded(name: str, *overrides: str, months: int = 12) -> tuple[Simulation, Any]:
    """A run to its end, and the networks that the lever founded in it."""
    chosen = settings(f"intervention={name}", *overrides, start=START, stop=STOP, months=months)
    simulation = Simulation(chosen)
    before = simulation.state.n_networks
    simulation.run()
    return simulation, simulation.state.networks[before:]


def test_a_group_without_a_price_is_unpaid_from_the_start() -> None:
    simulation, groups = founded("informal_start", "intervention.informal_start.coverage=1.0")
    assert len(groups) > 0
    assert (groups.paid == 0).all()
    assert (groups.months_unpaid == 12 - START).all()
    assert (groups.formalisation == FORMALISATIONS.index("informal")).all()
    table = simulation.months()
    assert (table["cost"] == 0.0).all()
    assert table["share_in_cop"][START] > table["share_in_cop"][START - 1]


def test_an_informal_group_outlives_its_money_without_presentations() -> None:
    changes = ["intervention.informal_spaces.coverage=1.0", "funding.p_network_dormant=0.9"]
    simulation, groups = founded("informal_spaces", *changes)
    assert len(groups) > 0
    assert (groups.type == NETWORK_TYPES.index("informal_group")).all()
    assert (groups.is_cop == 0).all()
    assert (groups.paid == 0).all()
    assert (groups.coordinated == 1).all(), "small enough to govern themselves"
    members = np.diff(simulation.state.members.start)[-len(groups) :]
    assert members.max() <= 8
    cost = simulation.months()["cost"]
    assert (cost > 0).tolist() == [START <= month < STOP for month in range(12)]


@pytest.mark.parametrize("name", ["informal_start", "informal_spaces"])
def test_members_are_of_one_place(name: str) -> None:
    simulation, groups = founded(name, f"intervention.{name}.coverage=1.0")
    state = simulation.state
    for k in range(state.n_networks - len(groups), state.n_networks):
        inside = state.members.organisation[state.members.start[k] : state.members.start[k + 1]]
        assert np.unique(state.organisations.territory[inside]).size == 1
