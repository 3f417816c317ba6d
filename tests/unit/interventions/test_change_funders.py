"""Funders' rules as a lever: who is reached, what changes, what it costs, what is refused."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from diffusion.base.arrays import records_of
from diffusion.base.errors import SettingError
from diffusion.interventions.change_funders import TERMS, ChangeFunders
from diffusion.model.simulation import Simulation
from diffusion.world.modifiers import neutral_funder_modifiers, neutral_value, reset_funders
from diffusion.world.vocabulary import FIELDS, FUNDER_KINDS, mask
from tests.simulating import FIELD, OTHER_FIELD, settings, world

MONTHS, START, STOP = 40, 3, 27
WORLD = ("world.n=160", "world.n_territories=4")


def lever(**changes: Any) -> ChangeFunders:
    plain = {
        "window": {"from": START, "until": STOP},
        "coverage": 1.0,
        "target": "random",
        "kinds": ["municipal"],
        "terms": {},
        "summary": "Changes funders",
        "eur_added_per_year": 0,
        "eur_per_year": 0.0,
        "evidence": [],
    }
    return ChangeFunders.model_validate(plain | changes)


def run(
    *names: str, overrides: tuple[str, ...] = (), seed: int = 1, months: int = MONTHS
) -> Simulation:
    chosen = f"intervention=[{','.join(names)}]"
    return Simulation(
        settings(*WORLD, chosen, *overrides, months=months, start=START, stop=STOP, seed=seed)
    ).run()


def test_funders_of_its_kinds_with_grant_lines_are_reached() -> None:
    state = settings(*WORLD).world.build(settings().practices, 1)
    rows = lever(kinds=["municipal", "foundation"]).begin(state, "it")
    assert {FUNDER_KINDS[k] for k in state.funders.kind[rows]} == {"municipal", "foundation"}
    assert np.isin(rows, state.grants.funder).all()
    half = lever(kinds=["municipal", "foundation"], coverage=0.5).begin(state, "it")
    assert half.size == round(rows.size / 2)
    assert np.isin(half, rows).all()
    donors = lever(kinds=["donations"]).begin(state, "it")
    assert state.funders.kind[donors].tolist() == [FUNDER_KINDS.index("donations")]


def test_a_target_narrows_the_kinds_and_puts_them_in_order() -> None:
    state = settings(*WORLD).world.build(settings().practices, 1)
    both = {"kinds": ["municipal", "foundation"]}
    rows = lever(**both, target="funder:foundation").begin(state, "it")
    assert {FUNDER_KINDS[k] for k in state.funders.kind[rows]} == {"foundation"}
    budgets = state.funders.budget
    for target, sign in (("smallest", 1), ("funder:municipal@largest", -1)):
        rows = lever(**both, target=target).begin(state, "it")
        assert rows.size > 1
        assert (np.diff(sign * budgets[rows]) >= 0).all()
        assert len(set(budgets[rows])) > 1


def test_changing_the_rules_of_half_of_the_funders_costs_half() -> None:
    state = settings(*WORLD).world.build(settings().practices, 1)
    every, half = lever(eur_per_year=1200.0), lever(eur_per_year=1200.0, coverage=0.5)
    rows = every.begin(state, "it")
    assert every.act(state, rows) == 100.0
    fewer = half.begin(state, "it")
    assert half.act(state, fewer) == pytest.approx(100.0 * fewer.size / rows.size)


def test_terms_multiply_add_and_are_neutral_again() -> None:
    state = world(4, lines=1)
    state.funders.kind[:] = FUNDER_KINDS.index("municipal")
    changed = lever(terms={"rel_length": 2.0, "add_quality": 0.3})
    rows = changed.begin(state, "it")
    for _ in range(2):
        changed.act(state, rows)
    assert state.funder_modifiers.rel_length.tolist() == [4.0]
    assert state.funder_modifiers.add_quality.tolist() == [0.6]
    reset_funders(state.funder_modifiers)
    assert records_of(state.funder_modifiers) == records_of(neutral_funder_modifiers(1))
    assert all(getattr(state.funder_modifiers, name)[0] == neutral_value(name) for name in TERMS)


def test_rewards_are_practices_of_a_scale_of_a_field_or_named() -> None:
    practices: dict[str, npt.ArrayLike] = {
        "scale": [0, 1, 2, 0],
        "fields": [FIELD, FIELD, FIELD, OTHER_FIELD],
    }
    state = world(4, lines=1, practices=practices)
    state.funders.kind[:] = FUNDER_KINDS.index("municipal")

    def rewarded(**rewards: Any) -> int:
        changed = lever(rewards=rewards)
        reset_funders(state.funder_modifiers)
        changed.act(state, changed.begin(state, "it"))
        return int(state.funder_modifiers.rewards[0])

    assert rewarded() == 0
    assert rewarded(scales=["little"]) == 0b1001
    assert rewarded(fields=["housing"]) == 0b1000
    assert rewarded(practices=["P1"]) == 0b0010
    assert rewarded(scales=["programme"], practices=["P0"]) == 0b0101
    with pytest.raises(SettingError, match=r"rewards\.practices names 'P9'"):
        rewarded(practices=["P9"])


def test_added_money_is_paid_to_funders_and_counted_as_cost() -> None:
    overrides = ("intervention.small_grant_fund.eur_per_year=0",)
    treated, plain = run("small_grant_fund", overrides=overrides), run()
    cost = treated.months()["cost_small_grant_fund"]
    funders, before = treated.state.funders, plain.state.funders
    municipal = funders.kind == FUNDER_KINDS.index("municipal")
    added = (funders.received - before.received)[municipal]
    assert cost.sum() == added.sum() > 0
    assert (funders.received == before.received)[~municipal & (funders.kind < 4)].all()
    assert (cost[:START] == 0).all()
    assert (cost[STOP:] == 0).all()


SEEDS = range(1, 7)
# What a preset moves stands out: a larger world, strict evaluation, no other money for CoPs.
CLEAR = (
    "world.n=500",
    "funding.evaluation_tilt=0.6",
    "world.regular_money_share=0",
    "funding.p_coordinator_renewal=0",
    "funding.p_coordinator_refund=0",
)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("small_grant_fund", "grants_active_weak"),
        ("accessible_funding_process", "grants_active_weak"),
        ("fundraising_support", "grants_active_weak"),
        ("quality_focused_evaluation", "grants_active"),
        ("medium_long_term_funding", "grants_active"),
        ("flexible_research_funding", "grants_active"),
        ("seed_innovation_funding", "grants_won"),
        ("cop_dedicated_funding", "share_in_cop"),
    ],
)
def test_each_preset_moves_what_it_is_there_for(name: str, column: str) -> None:
    found = []
    for seed in SEEDS:
        window = slice(START + 6, STOP)
        treated = run(name, overrides=CLEAR, seed=seed).months()
        plain = run(overrides=CLEAR, seed=seed).months()
        found.append(float((treated[column] - plain[column])[window].mean()))
    assert np.mean(found) > 0.0
    assert sum(difference > 0.0 for difference in found) >= 5


def test_guidelines_shift_what_is_proposed() -> None:
    name, wanted = "guidelines_reward_practice", np.uint64(mask(FIELDS, ["governance"]))
    asked = (f"intervention.{name}.rewards={{fields: [governance]}}",)

    def share(simulation: Simulation) -> float:
        ideas = simulation.state.grants.idea
        proposed = simulation.state.practices.fields[ideas[ideas >= 0]]
        return float(((proposed & wanted) != 0).mean())

    shifted = [
        share(run(name, overrides=(*CLEAR, *asked), seed=seed, months=STOP))
        - share(run(overrides=CLEAR, seed=seed, months=STOP))
        for seed in SEEDS
    ]
    assert np.mean(shifted) > 0.0
    assert sum(shift > 0.0 for shift in shifted) >= 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kinds": ["municipial"]}, "municipal"),
        ({"terms": {"rel_lenght": 2.0}}, "rel_length"),
        ({"terms": {"rel_length": -1.0}}, "must be 0 or more"),
        ({"terms": {"add_eur": 1.0}}, "does not exist"),
        ({"rewards": {"scales": ["litle"]}}, "little"),
        ({"rewards": {"fields": ["houses"]}}, "housing"),
        ({"kinds": ["donations"], "terms": {"rel_length": 2.0}}, "have no calls"),
        ({"target": "small"}, "does not mean funders"),
        ({"target": "funder:municipial"}, "municipal"),
        ({"target": "largest@smallest"}, "name each once"),
        ({"target": "funder:eu"}, "means none of the kinds that it is about: municipal"),
        ({"kinds": []}, "at least 1"),
    ],
)
def test_what_means_nothing_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        lever(**changes)


def test_kinds_of_which_nobody_has_a_line_are_refused() -> None:
    with pytest.raises(SettingError, match="choose other kinds"):
        lever(kinds=["eu"]).begin(world(4), "it")


def test_it_says_what_it_does() -> None:
    said = lever(
        terms={"rel_length": 2.0}, rewards={"fields": ["housing"]}, eur_added_per_year=1000
    ).explain()
    for words in (
        "100% of funders (municipal; target: random)",
        "rel_length 2",
        "rewards housing",
        "1,000 EUR",
    ):
        assert words in said
