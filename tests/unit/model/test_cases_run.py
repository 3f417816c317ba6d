"""Cases in a run: all of them go on for a year and a half, and the second Dutch wave begins."""

import numpy as np
import pytest

import diffusion
from diffusion.evidence import sources
from diffusion.model.simulation import Simulation
from tests.simulating import fingerprint

TABLES = ("erasmi_networks", "spring_cops", "case_networks")
NAMES = [row["id"] for table in TABLES for row in sources.table(table)]
TIMING = "timing={start: 6, stop: 12, months: 18}"


def run_of(name: str, *further: str) -> Simulation:
    return Simulation(diffusion.load(["world=case", f"world.case={name}", TIMING, *further]))


@pytest.mark.parametrize("name", NAMES)
def test_a_case_runs(name: str) -> None:
    months = run_of(name).run().months()
    assert len(months) == 18
    assert months["share_using"].between(0.0, 1.0).all()
    assert months["meetings_held"].sum() > 0
    assert months["awareness_gained"].sum() > 0


def test_a_case_runs_in_the_same_bits_again() -> None:
    assert fingerprint(run_of("erfurt").run().state) == fingerprint(run_of("erfurt").run().state)


def test_the_second_wave_begins_a_year_later_without_an_intervention() -> None:
    run = run_of("municipal_learning_cops", "funding.p_network_revival=1")
    state = run.state
    wave = np.flatnonzero(state.networks.founded == 12)
    assert wave.shape[0] == 6
    while run.month < 12:
        run.step()
        assert (state.networks.active[wave] == 0).all(), "nobody revives what was never founded"
        assert (state.networks.coordinated[wave] == 0).all()
        assert (state.networks.months_met[wave] == 0).all()
    run.step()
    assert (state.networks.active[wave] == 1).all()
    assert (state.networks.coordinated[wave] == 1).all()
    run.run()
    assert state.networks.months_met[wave].sum() > 0
    in_cop = run.months()["share_in_cop"].to_numpy()
    assert in_cop[12] > in_cop[11] + 0.05
