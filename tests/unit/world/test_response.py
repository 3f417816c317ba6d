"""Bounds without powers never sort out what the response itself would let start."""

import numpy as np
import numpy.typing as npt
import pytest

from diffusion.base.compiled import compiled
from diffusion.base.draws import Decision, uniforms
from diffusion.world.response import MARGIN, may_start, most_of_power, response


@compiled
def lost_and_spared(lucks, most, exposures, contacts, thresholds, kappa):  # type: ignore[no-untyped-def]
    """How often the bound leaves out what starts, and how often it lets pass what does not."""
    lost, spared = 0, 0
    for x in range(lucks.shape[0]):
        starts = lucks[x] < most * response(exposures[x], contacts[x], thresholds[x], kappa)
        half_way = thresholds[x] * contacts[x]
        passes = may_start(lucks[x], most * MARGIN, exposures[x], half_way, kappa)
        lost += 1 if starts and not passes else 0
        spared += 1 if passes and not starts else 0
    return lost, spared


@compiled
def power_bounds(bases, exponent, found):  # type: ignore[no-untyped-def]
    """`most_of_power` and the power itself."""
    for x in range(bases.shape[0]):
        found[x, 0] = most_of_power(bases[x], exponent)
        found[x, 1] = bases[x] ** exponent


N = 20_000


def luck(which: int) -> npt.NDArray[np.float64]:
    return uniforms(3, Decision.TRIAL, which, np.arange(N))


@pytest.mark.parametrize("kappa", [0.1, 0.999, 1.0, 1.001, 1.5, 1.999, 2.0, 2.001, 3.7, 50.0])
@pytest.mark.parametrize("most", [1e-6, 0.3, 1.0, 40.0])
def test_whatever_starts_passes_the_bound(kappa: float, most: float) -> None:
    contacts = 0.01 + 60.0 * luck(0)
    levels = np.array([0.0, 1e-12, 1e-3, 0.3, 0.5, 0.9, 1.0])
    thresholds = levels[(luck(1) * levels.shape[0]).astype(int)]
    shares = np.where(luck(2) < 0.3, thresholds, luck(3) ** 3)  # many at the threshold itself
    exposures = contacts * np.where(luck(4) < 0.1, 1.0 + 1e-15, shares)
    exposures[:10] = 0.0
    with np.errstate(invalid="ignore"):
        powers = np.minimum(1.0, exposures / contacts) ** kappa
        hazard = np.nan_to_num(most * powers / (powers + thresholds**kappa))
    lucks = np.where(luck(5) < 0.5, luck(6), np.minimum(1.0, hazard * (1.0 - 1e-14)))
    lost, _ = lost_and_spared(lucks, most, exposures, contacts, thresholds, kappa)
    assert lost == 0


@pytest.mark.parametrize("kappa", [1.0, 1.5, 2.0, 3.0])
def test_the_bound_is_exact_for_simple_contagion_and_the_default(kappa: float) -> None:
    contacts, thresholds = 0.1 + 60.0 * luck(0), 0.05 + 0.95 * luck(1)
    exposures = contacts * luck(2)
    lost, spared = lost_and_spared(luck(3), 0.7, exposures, contacts, thresholds, kappa)
    assert lost == 0
    assert (spared == 0) == (kappa in (1.0, 2.0))


@pytest.mark.parametrize("exponent", [0.0, 0.2, 0.5, 1.0, 1.3, 2.0])
def test_the_bound_of_a_power_lies_above_it_and_close_by(exponent: float) -> None:
    bases = np.concatenate([np.linspace(0.0, 2.0, 401), [1e-12, 1e-7, 50.0]])
    found = np.empty((bases.shape[0], 2))
    power_bounds(bases, exponent, found)
    assert (found[:, 1] <= found[:, 0] * MARGIN).all()
    usual = (bases >= 0.3) & (bases <= 2.0)
    assert (found[usual, 0] <= 1.25 * found[usual, 1]).all()
