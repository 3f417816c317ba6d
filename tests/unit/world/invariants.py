"""What holds for every world, whoever built it."""

import numpy as np

from diffusion.world import vocabulary
from diffusion.world.state import State
from tests.simulating import fingerprint


def assert_valid(state: State) -> None:
    assert_people(state)
    assert_ties(state)
    assert_knowledge(state)
    assert_networks(state)
    assert_money(state)


def assert_people(state: State) -> None:
    orgs, posts = state.organisations, state.posts
    assert np.array_equal(np.cumsum(orgs.n_posts) - orgs.n_posts, orgs.first_post)
    assert np.array_equal(
        posts.organisation, np.repeat(np.arange(state.n_organisations), orgs.n_posts)
    )
    assert np.array_equal(
        orgs.staff, np.bincount(posts.organisation, posts.filled, state.n_organisations)
    )
    assert orgs.staff.min() >= 1
    assert (posts.hired < 0).all()
    assert (orgs.languages != 0).all()
    assert (orgs.fields != 0).all()
    assert (orgs.fields & orgs.related == 0).all()
    for share in (orgs.project_share, orgs.support, orgs.threshold):
        assert share.min() >= 0.0
        assert share.max() <= 1.0
    assert orgs.absorptive.min() >= 0.3
    assert orgs.absorptive.max() <= 2.0
    assert orgs.territory.max() < state.territories.country.shape[0]
    assert np.array_equal(orgs.country, state.territories.country[orgs.territory])


def assert_ties(state: State) -> None:
    orgs, posts, ties = state.organisations, state.posts, state.ties
    n = state.n_ties
    a, b = ties.a[:n], ties.b[:n]
    assert (a < b).all()
    assert a.min() >= 0
    assert b.max() < state.n_organisations
    assert np.unique(a * state.n_organisations + b).shape[0] == n
    assert np.array_equal(posts.organisation[ties.post_a[:n]], a)
    assert np.array_equal(posts.organisation[ties.post_b[:n]], b)
    assert (posts.filled[ties.post_a[:n]] == 1).all()
    assert (posts.filled[ties.post_b[:n]] == 1).all()
    assert ties.trust[:n].min() > 0.0
    assert ties.trust[:n].max() <= 1.0
    assert (ties.contact[:n] < 0).all()
    assert orgs.kind.shape[0] == state.n_organisations


def assert_knowledge(state: State) -> None:
    orgs, posts, uses = state.organisations, state.posts, state.uses
    running = orgs.adopted | orgs.institutional
    assert (orgs.adopted & orgs.institutional == 0).all()
    assert (running & orgs.lapsed == 0).all()
    assert (orgs.trial == 0).all()
    assert ((running | orgs.lapsed | orgs.knows) & ~orgs.aware == 0).all()
    assert (running & ~orgs.knows == 0).all(), "somebody knows what runs"
    assert (posts.knows[posts.filled == 0] == 0).all()
    union = np.bitwise_or.reduceat(posts.knows, orgs.first_post)
    assert np.array_equal(union, orgs.knows)
    assert (orgs.aware >> np.uint64(state.n_practices - 1) >> np.uint64(1) == 0).all()
    who, which = pairs(running, state.n_practices)
    assert (uses.since[who, which] < 0).all()
    assert (uses.fidelity[who, which] > 0.0).all()
    assert (uses.fit[who, which] > 0.0).all()
    champion = uses.champion[who, which]
    assert np.array_equal(posts.organisation[champion], who)
    assert ((posts.knows[champion] >> which.astype(np.uint64)) & np.uint64(1) == 1).all()
    grant = uses.grant[who, which]
    assert grant.min() >= -2
    assert np.array_equal(state.grants.organisation[grant[grant >= 0]], who[grant >= 0])


def assert_networks(state: State) -> None:
    networks, members = state.networks, state.members
    assert members.start[0] == 0
    assert members.start[-1] == members.organisation.shape[0]
    for k in range(state.n_networks):
        mine = members.organisation[members.start[k] : members.start[k + 1]]
        assert mine.shape[0] >= 2
        assert np.unique(mine).shape[0] == mine.shape[0]
        assert networks.coordinator[k] == -1 or networks.coordinator[k] in mine
    assert np.unique(networks.key).shape[0] == state.n_networks
    cops = np.isin(
        networks.type, [vocabulary.NETWORK_TYPES.index(name) for name in vocabulary.COP_TYPES]
    )
    assert np.array_equal(cops, networks.is_cop == 1)
    begun = networks.founded < 0
    assert np.array_equal(networks.active == 1, begun)
    assert ((networks.paid == 1) == (networks.paid_until > 0) & begun).all()
    assert (networks.paid[networks.coordinator < 0] == 0).all()
    assert (networks.languages != 0).all()


def assert_money(state: State) -> None:
    orgs, grants, posts = state.organisations, state.grants, state.posts
    assert np.array_equal(
        grants.organisation, np.repeat(np.arange(state.n_organisations), orgs.n_grants)
    )
    assert (grants.ends[grants.active == 1] > 0).all()
    fixed = posts.contract == vocabulary.CONTRACTS.index("fixed_term")
    assert np.array_equal(fixed, posts.grant >= 0)
    assert (grants.active[posts.grant[fixed]] == 1).all()
    assert np.array_equal(grants.organisation[posts.grant[fixed]], posts.organisation[fixed])
    funders = state.funders
    of_line = funders.territory[grants.funder]
    local = of_line >= 0
    assert np.array_equal(of_line[local], orgs.territory[grants.organisation[local]])
    gives = funders.kind < len(vocabulary.GRANT_MAKERS)
    assert funders.budget[gives].min() >= 1
    assert (funders.call_month[~gives] == -1).all()
    assert not np.isin(np.flatnonzero(~gives), grants.funder).any()
    assert_ledger(state)


def assert_ledger(state: State) -> None:
    """No EUR appears or is lost: in the books of funders, of organisations, and between them."""
    funders, accounts, grants = state.funders, state.accounts, state.grants
    left = funders.committed + funders.purse + funders.lapsed
    assert np.array_equal(funders.received, funders.granted + left)
    promised, held = np.zeros_like(funders.purse), accounts.purse.copy()
    np.add.at(promised, grants.funder, grants.award)
    np.add.at(held, grants.organisation, grants.purse)
    assert np.array_equal(funders.committed, promised)
    assert np.array_equal(accounts.received, accounts.spent + accounts.returned + held)
    assert funders.granted.sum() == accounts.received.sum()
    assert funders.returned.sum() == accounts.returned.sum()
    for amount in (funders.purse, promised, accounts.purse, grants.award, grants.purse):
        assert amount.min(initial=0) >= 0
    assert (grants.purse[grants.active == 0] == 0).all()


def pairs(masks: np.ndarray, n_practices: int) -> tuple[np.ndarray, np.ndarray]:
    bits = (masks[:, None] >> np.arange(n_practices, dtype=np.uint64)) & np.uint64(1)
    who, which = np.nonzero(bits)
    return who, which


def same(one: State, other: State) -> bool:
    """Whether two states agree in every bit."""
    return fingerprint(one) == fingerprint(other)
