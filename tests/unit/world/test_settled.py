"""Settings of generated worlds at the ends of what is allowed, and worlds that hold no numbers."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import beta

from diffusion.base.errors import WorldError
from diffusion.world import vocabulary
from diffusion.world.worlds import people
from diffusion.world.worlds.people import beta_quantile
from tests.unit.world.defaults import practices, synthetic, values

U = (np.arange(2000) + 0.5) / 2000
MEANS = (1e-9, 0.01, 0.4, 0.5, 0.97, 1.0 - 1e-9)
SPREADS = (1e-300, 1e-12, 1e-6, 1e-4, 0.001, 0.005, 0.0119, 0.0125)
EVERY = [(mean, sd) for mean in MEANS for sd in SPREADS]
SHARES = [(mean, sd) for mean, sd in EVERY if sd**2 < mean * (1.0 - mean)]
NO_SHARES = [one for one in EVERY if one not in SHARES]  # of the means that lie next to 0 and 1


@pytest.mark.parametrize(("mean", "sd"), SHARES)
def test_thresholds_of_any_spread_lie_around_their_mean(mean: float, sd: float) -> None:
    world = synthetic(n=60, n_territories=3, threshold_mean=mean, threshold_sd=sd)
    found = beta_quantile(U, world.threshold_mean, world.threshold_sd)
    assert ((found >= 0.0) & (found <= 1.0)).all()
    assert found.mean() == pytest.approx(mean, abs=max(5e-4, 0.02 * sd))


@pytest.mark.parametrize(("mean", "sd"), NO_SHARES)
def test_a_spread_that_no_share_has_is_refused(mean: float, sd: float) -> None:
    with pytest.raises(ValidationError, match="too large for a share with that mean"):
        synthetic(n=60, n_territories=3, threshold_mean=mean, threshold_sd=sd)


@pytest.mark.parametrize("sd", [1e-6, 0.001, 0.005, 0.0119, 0.0121, 0.0125, 0.25])
def test_thresholds_follow_the_beta_distribution_however_narrow(sd: float) -> None:
    size = 0.4 * 0.6 / sd**2 - 1.0
    expected = beta.ppf(U, 0.4 * size, 0.6 * size)
    assert np.abs(beta_quantile(U, 0.4, sd) - expected).max() < 0.001 * sd


def test_a_spread_of_hardly_anything_is_the_mean() -> None:
    assert np.abs(beta_quantile(U, 0.4, 1e-12) - 0.4).max() < 1e-8


def test_a_world_of_narrow_thresholds_has_them() -> None:
    state = synthetic(n=60, n_territories=3, threshold_sd=0.005).build(practices(limit=3), 1)
    assert state.organisations.threshold.mean() == pytest.approx(0.4, abs=0.005)
    assert state.organisations.threshold.std() == pytest.approx(0.005, rel=0.3)


def test_a_world_with_what_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "beta_quantile", lambda u, *_: np.where(u < 0.1, np.nan, u))
    with pytest.raises(WorldError, match="threshold of organisations is no finite number"):
        synthetic(n=60, n_territories=3).build(practices(limit=3), 1)


@pytest.mark.parametrize("months", [0.0, 0.3])
def test_a_grant_lasts_a_month_at_least(months: float) -> None:
    lengths = values("world/base/settled")["months_grant"] | {"eu": months}
    with pytest.raises(ValidationError, match=rf"eu is {months:g}; .* lie in 1\.\.84"):
        synthetic(months_grant=lengths)


def test_grants_of_a_month_hold_their_money() -> None:
    lengths = dict.fromkeys(vocabulary.GRANT_MAKERS, 1.0)
    world = synthetic(n=60, n_territories=3, months_grant=lengths).build(practices(limit=3), 1)
    active = world.grants.active == 1
    assert active.any()
    eur = world.funders.grant_eur[world.grants.funder[active]]
    assert np.array_equal(world.grants.purse[active], eur)
