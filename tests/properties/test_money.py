"""Money is conserved: every EUR is somewhere, in every month, with all levers on."""

import numpy as np

from diffusion.config.folders import Folders
from diffusion.model.simulation import Simulation
from tests.simulating import settings
from tests.unit.world.invariants import assert_ledger

MONTHS = 120


def test_no_euro_appears_or_is_lost_in_ten_years() -> None:
    every = ",".join(Folders.find().options("intervention"))
    simulation = Simulation(
        settings(
            "world.n=120",
            f"intervention=[{every}]",
            "world.own_share={eu: 0.1, national: 0.2, municipal: 0.1, foundation: 0.0}",
            "world.set_aside={eu: 0.0, national: 0.1, municipal: 0.3, foundation: 0.2}",
            "funding.budget_response=1.0",
            months=MONTHS,
            start=12,
            stop=60,
        )
    )
    first = held(simulation)
    while not simulation.done:
        simulation.step()
        assert_ledger(simulation.state)
    table = simulation.months()
    change = np.diff(table["eur_held"], prepend=first)
    came = table["eur_granted"] + table["eur_own"]
    assert (change == came - table["eur_spent"] - table["eur_returned"]).all()
    assert (table[["eur_granted", "eur_own", "eur_spent", "eur_returned"]].sum() > 0).all()
    assert table["eur_held"].iloc[-1] == held(simulation)


def held(simulation: Simulation) -> int:
    state = simulation.state
    return int(state.grants.purse.sum() + state.accounts.purse.sum())
