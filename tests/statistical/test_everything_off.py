"""With every mechanism off nothing moves; with one on, what happens follows its known law."""

import math

import numpy as np
import pytest
from scipy import stats

from diffusion.world.traffic import Flow
from tests.simulating import (
    FIXED_TERM,
    TALKING,
    Masks,
    advance,
    couples,
    fingerprint,
    know,
    link,
    number_with,
    quiet,
    settings,
    use,
    within,
    world,
)


def test_nothing_moves_without_a_mechanism() -> None:
    state = settings().world.build(settings().practices, 3)
    state.grants.active[:] = 0
    state.networks.is_cop[:] = 0  # a community ends after a mean life, whatever else is off
    state.posts.filled[:] = 1
    advance(state, quiet())
    before = fingerprint(state)
    advance(state, quiet(), months=24)
    after = fingerprint(state)
    different = {name for name in before if before[name] != after[name]}
    # clocks and memories that run by themselves, and own money that comes and is spent
    money = {name for name in different if name.split(".")[0] in ("accounts", "funders")}
    assert different - money <= {
        "territories.log_felt",
        "orgs.contacts",
        "exposure",
        "networks.months_unpaid",
        "networks.coordinated",
        "networks.paid",
    }


def test_staff_survival_is_exponential() -> None:
    state = world(2000, posts=5)
    people, share = 10_000, 0.2
    parameters = quiet(turnover={"rel_turnover": 1.0, "share_ngo": share, "rel_first_year": 1.0})
    first = state.posts.person.copy()
    gone = np.full(people, 1000)
    for month in range(60):
        advance(state, parameters)
        left = (state.posts.filled == 0) | (state.posts.person > first)
        gone[left & (gone == 1000)] = month
    for years in (1, 2, 3, 5):
        assert within((gone >= 12 * years).sum(), people, (1.0 - share) ** years)
    # the hazard is the same in every month: leavers a month follow a geometric law
    leavers = gone[gone < 60]
    stay = (1.0 - share) ** (1.0 / 12.0)
    months = np.arange(60)
    expected = stay**months * (1.0 - stay)
    observed = np.bincount(leavers, minlength=60)
    test = stats.chisquare(observed, leavers.size * expected / expected.sum())
    assert test.pvalue > 0.001


def test_share_of_funded_time_is_that_of_a_renewal_process() -> None:
    length, gap = 12, 6.0
    state = world(1500, lines=1)
    state.funders.months_grant[:] = length
    state.grants.active[:] = 1
    state.grants.ends[:] = 1 + np.arange(1500) % length
    parameters = quiet(funding={"p_renewal": 1.0, "p_no_gap": 0.0, "months_gap": gap})
    funded = []
    for _ in range(120):
        advance(state, parameters)
        funded.append(state.grants.active.mean())
    # a grant of 12 months, then a geometric gap of mean 6 that begins with the month of the end
    assert np.mean(funded[36:]) == pytest.approx(length / (length + gap), abs=0.01)


def test_a_gap_that_never_comes_leaves_money_always_flowing() -> None:
    state = world(200, lines=1)
    state.grants.active[:] = 1
    state.grants.ends[:] = 3
    advance(state, quiet(funding={"p_renewal": 1.0, "p_no_gap": 1.0}), months=60)
    assert state.grants.active.all()


def _ring(n: int) -> list[tuple[int, int]]:
    return [(i, (i + 1) % n) for i in range(n)]


def _spreading(p: float) -> dict[str, dict[str, float]]:
    return {
        "meetings": TALKING,
        "exchange": {"p_aware_from_user": p, "p_aware_from_informed": p},
    }


def test_news_on_a_ring_advances_a_step_a_month_at_certainty() -> None:
    state = world(41)
    link(state, _ring(41))
    know(state, 0)
    for month in range(1, 25):
        advance(state, quiet(**_spreading(1.0)))
        assert number_with(state.organisations.aware) == min(41, 1 + 2 * month)


def test_news_on_a_complete_graph_follows_the_known_curve() -> None:
    n, p, worlds = 40, 0.01, 60
    pairs = [(i, j) for i in range(n) for j in range(i)]
    curves = []
    for seed in range(worlds):
        state = world(n, seed=seed)
        link(state, pairs)
        know(state, 0)
        curve = []
        for _ in range(14):
            advance(state, quiet(**_spreading(p)))
            curve.append(number_with(state.organisations.aware))
        curves.append(curve)
    found = np.array(curves)
    assert (np.diff(found, axis=1) >= 0).all()
    # exact chain of the number informed: each other one stays uninformed with (1 - p)^k
    chance = np.zeros(n + 1)
    chance[1] = 1.0
    for month in range(14):
        following = np.zeros(n + 1)
        for k in range(1, n + 1):
            following[k:] += chance[k] * stats.binom.pmf(
                np.arange(n + 1 - k), n - k, 1.0 - (1.0 - p) ** k
            )
        chance = following
        sizes = np.arange(n + 1)
        mean = float((chance * sizes).sum())
        sd = math.sqrt(float((chance * sizes**2).sum()) - mean**2)
        assert found[:, month].mean() == pytest.approx(mean, abs=3.5 * sd / math.sqrt(worlds))


@pytest.mark.parametrize("forgetting", [0.0, 0.1])
def test_awareness_only_falls_where_something_is_forgotten(forgetting: float) -> None:
    state = settings().world.build(settings().practices, 3)
    parameters = quiet(
        meetings=TALKING,
        exchange={"p_aware_from_informed": 0.02, "p_forget": forgetting},
    )
    lost = 0
    for _ in range(12):
        before: Masks = state.organisations.aware.copy()
        advance(state, parameters)
        lost += int(np.bitwise_count(before & ~state.organisations.aware).sum())
    assert (lost > 0) == (forgetting > 0)


def test_fixed_term_staff_of_a_lost_grant_are_half_gone() -> None:
    state = world(1000, posts=4, lines=1)
    posts = state.posts
    posts.contract[:] = FIXED_TERM
    posts.grant[:] = posts.organisation
    state.grants.active[:] = 1
    state.grants.ends[:] = 6
    left = 0
    for _ in range(8):
        advance(state, quiet(turnover={"share_leaving_at_grant_end": 0.5}))
        left += int(state.flows[Flow.EXITS])
    assert within(left, 4000, 0.5)


def test_use_survives_as_its_hazards_say() -> None:
    state = world(4000)
    couples(state)
    use(state, slice(None))
    advance(state, quiet(persistence={"hazard_base": 0.02}), months=36)
    assert within(number_with(state.organisations.adopted), 4000, 0.98**36)
