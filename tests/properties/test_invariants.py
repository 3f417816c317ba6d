"""What holds in every month of every run, whatever the parameters."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from diffusion.base.arrays import NEVER
from diffusion.config.folders import Folders
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.state import State
from tests.simulating import changed, settings
from tests.unit.world.invariants import assert_ledger, pairs

LEVERS = (
    "cop_formation",
    "coordinator_funding",
    "language_mediation",
    "repository",
    "handover",
    "small_grant_fund",
    "medium_long_term_funding",
    "participatory_facilitation",
    "low_membership_barriers",
    "matchmaking_brokerage",
    "multiplier_training",
    "little_practices_focus",
    "adaptation_support",
    "policy_uptake_channels",
    "network_anchoring",
)
SHOCKS = Folders.find().options("shock")
# Parameters of every rule that are pushed to where things happen often.
STRESS: dict[str, Any] = {
    "demand.base_load": st.floats(0.0, 3.0),
    "demand.pressure_sd": st.floats(0.0, 2.0),
    "funding.p_renewal": st.floats(0.0, 1.0),
    "funding.p_no_gap": st.floats(0.0, 1.0),
    "funding.evaluation_tilt": st.floats(0.0, 1.0),
    "funding.budget_response": st.floats(0.0, 2.0),
    "funding.p_network_dormant": st.floats(0.0, 1.0),
    "turnover.rel_turnover": st.floats(0.0, 10.0),
    "turnover.p_skill_decay": st.floats(0.0, 0.5),
    "turnover.p_tie_loss": st.floats(0.0, 1.0),
    "ties.p_search": st.floats(0.0, 1.0),
    "ties.trust_gain": st.floats(0.0, 1.0),
    "ties.trust_loss": st.floats(0.0, 0.99),
    "meetings.table_size": st.integers(2, 20),
    "meetings.contacts_per_month": st.floats(0.0, 20.0),
    "exchange.p_know_how": st.floats(0.0, 1.0),
    "exchange.p_forget": st.floats(0.0, 1.0),
    "adoption.start_rate": st.floats(0.0, 1.0),
    "adoption.kappa": st.floats(0.1, 50.0),
    "adoption.months_cooldown": st.integers(0, 24),
    "persistence.hazard_base": st.floats(0.0, 0.5),
    "persistence.p_restart_memory": st.floats(0.0, 1.0),
    "persistence.months_before_restart": st.integers(0, 12),
    "persistence.fidelity_erosion": st.floats(0.0, 0.2),
    "findings.p_written": st.floats(0.0, 1.0),
    "findings.months_remembered": st.floats(1.0, 24.0),
    "policy.uptake_per_year": st.floats(0.0, 0.99),
    "policy.months_draft": st.floats(1.0, 12.0),
    "policy.loss_of_drafts": st.floats(0.0, 10.0),
    "policy.p_regular_money": st.floats(0.0, 1.0),
    "policy.will_sd": st.floats(0.0, 1.0),
}


@hypothesis_settings(max_examples=25)
@given(
    seed=st.integers(0, 2**62),
    levers=st.sets(st.sampled_from(LEVERS)),
    shocks=st.sets(st.sampled_from(SHOCKS)),
    values=st.fixed_dictionaries({}, optional=STRESS),
)
def test_every_month_leaves_a_consistent_state(
    seed: int, levers: set[str], shocks: set[str], values: dict[str, Any]
) -> None:
    simulation = Simulation(chosen(seed, levers, shocks, values))
    while not simulation.done:
        simulation.step()
        state = simulation.state
        assert_practices(state)
        assert_people(state)
        assert_ties(state)
        assert_money(state)
        assert_ledger(state)
        assert_networks(state)
        assert_policy(state)
        assert (state.flows >= 0).all()
    table = simulation.months()
    assert (table["n_ever_used"] >= table["n_using"]).all()
    assert np.isfinite(table.drop(columns=["clustering", "modularity", "largest_component"])).all(
        axis=None
    )


def chosen(seed: int, levers: set[str], shocks: set[str], values: dict[str, Any]) -> ModelSettings:
    every = settings(
        f"intervention=[{','.join(LEVERS)}]",
        f"shock=[{','.join(SHOCKS)}]",
        "shock.loss_of_hub.coverage=0.1",
    ).with_seed(seed)
    by_rule: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        rule, _, name = key.partition(".")
        by_rule.setdefault(rule, {})[name] = value
    whole = {"coverage": 1.0}  # in a world this small a part may come to nobody
    switched_on = {
        name: every.interventions[name].model_copy(update=whole) for name in sorted(levers)
    }
    struck = {name: every.shocks[name] for name in sorted(shocks)}
    rules = changed(every.rules, **by_rule)
    return every.model_copy(update={"rules": rules, "interventions": switched_on, "shocks": struck})


def assert_practices(state: State) -> None:
    orgs, uses = state.organisations, state.uses
    stages = (orgs.trial, orgs.adopted, orgs.institutional, orgs.lapsed)
    seen = np.zeros_like(orgs.aware)
    for stage in stages:
        assert (seen & stage == 0).all(), "a practice is in two stages"
        seen |= stage
    assert (seen & ~orgs.aware == 0).all(), "what was ever tried is known of"
    assert (orgs.knows & ~orgs.aware == 0).all()
    every = sum(1 << p for p in range(state.n_practices))
    assert (orgs.aware & ~np.uint64(every) == 0).all()
    assert (orgs.written & ~np.uint64(every) == 0).all()
    for values in (uses.fidelity, uses.fit):
        assert values.min() >= 0.0
        assert values.max() <= 1.0
    assert state.exposure.min() >= 0.0
    assert (state.exposure <= orgs.contacts[:, None] + 1e-9).all()
    who, which = pairs(orgs.trial | orgs.adopted | orgs.institutional, state.n_practices)
    champion = uses.champion[who, which]
    real = champion >= 0
    assert (state.posts.organisation[champion[real]] == who[real]).all()
    knows = (state.posts.knows[champion[real]] >> which[real].astype(np.uint64)) & np.uint64(1)
    assert (knows == 1).all(), "whoever knows it best knows it"


def assert_people(state: State) -> None:
    orgs, posts = state.organisations, state.posts
    assert np.isin(posts.filled, (0, 1)).all()
    assert (posts.knows[posts.filled == 0] == 0).all()
    assert (posts.hired <= state.month).all()
    union = np.bitwise_or.reduceat(posts.knows, orgs.first_post)
    assert np.array_equal(orgs.knows, union)
    assert orgs.slack.min() >= 0.0
    assert orgs.slack.max() <= 2.0
    assert orgs.overload.min() >= 0.0
    assert (orgs.staff <= orgs.n_posts).all()
    assert ((state.territories.will >= 0.0) & (state.territories.will <= 1.0)).all()


def assert_ties(state: State) -> None:
    ties, n = state.ties, state.n_ties
    a, b = ties.a[:n], ties.b[:n]
    assert (a < b).all()
    assert np.unique(a * state.n_organisations + b).size == n
    assert np.array_equal(state.posts.organisation[ties.post_a[:n]], a)
    assert np.array_equal(state.posts.organisation[ties.post_b[:n]], b)
    assert (ties.trust[:n] > 0.0).all()
    assert (ties.trust[:n] <= 1.0).all()
    assert (ties.contact[:n] <= state.month).all()
    degree = np.bincount(np.concatenate([a, b]), minlength=state.n_organisations)
    assert np.array_equal(np.diff(state.adjacency.start), degree)


def assert_money(state: State) -> None:
    orgs, grants, uses = state.organisations, state.grants, state.uses
    active = grants.active == 1
    assert (grants.ends[active] >= state.month).all()
    assert (grants.starts[active] == NEVER).all()
    who, which = pairs(orgs.adopted | orgs.institutional, state.n_practices)
    line, since = uses.grant[who, which], uses.unfunded[who, which]
    assert np.array_equal(grants.organisation[line[line >= 0]], who[line >= 0])
    assert (since[line < 0] == NEVER).all(), "only what hangs on a grant can lose it"
    on_grant = line >= 0
    assert np.array_equal(since[on_grant] == NEVER, grants.active[line[on_grant]] == 1)


def assert_networks(state: State) -> None:
    networks, members = state.networks, state.members
    assert members.start.size == state.n_networks + 1
    assert members.start[-1] == members.organisation.size
    assert (networks.coordinated <= networks.active).all()
    assert (networks.met <= networks.active).all()
    assert (networks.met_online <= networks.met).all()
    assert (networks.paid >= networks.sponsored).all()
    assert np.unique(networks.key).size == state.n_networks
    rows, n = state.n_attending, state.n_contacts
    assert np.isin(state.attendance.network[:rows], np.flatnonzero(networks.met)).all()
    assert (state.contacts.a[:n] != state.contacts.b[:n]).all()
    assert ((state.contacts.depth[:n] >= 0.0) & (state.contacts.depth[:n] <= 1.0)).all()


def assert_policy(state: State) -> None:
    networks, territories = state.networks, state.territories
    every = np.uint64(sum(1 << p for p in range(state.n_practices)))
    for masks in (networks.findings, territories.heard, territories.drafts, territories.policy):
        assert (masks & ~every == 0).all()
    assert (territories.drafts & territories.policy == 0).all(), "what is policy is no draft"
    assert ((territories.shown >= 0.0) & (territories.shown <= 1.0)).all()
