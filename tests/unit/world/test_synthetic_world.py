import warnings

import numpy as np
import pytest

from diffusion.base.arrays import BITS
from diffusion.base.draws import Decision
from diffusion.base.errors import DiffusionWarning, SettingError, WorldError
from diffusion.world import vocabulary
from diffusion.world.network import clustering, modularity
from diffusion.world.state import GENERAL, State
from diffusion.world.worlds.luck import Use, luck
from tests.unit.world.defaults import practices, synthetic
from tests.unit.world.invariants import assert_valid, same


@pytest.mark.parametrize(
    ("degree", "closure", "division"),
    [(6.4, 0.45, 0.5), (4.0, 0.2, 0.3), (10.0, 0.6, 0.6), (12.0, 0.1, 0.1), (3.3, 0.6, 0.7)],
)
def test_structure_is_as_asked(degree: float, closure: float, division: float) -> None:
    settings = synthetic(n=500, mean_degree=degree, clustering=closure, modularity=division)
    state = settings.build(practices(), 3)
    m = state.n_ties
    a, b = state.ties.a[:m], state.ties.b[:m]
    assert 2 * m / 500 == pytest.approx(degree, abs=0.05)
    assert clustering(500, a, b) == pytest.approx(closure, abs=0.04)
    assert modularity(a, b, state.organisations.territory) == pytest.approx(division, abs=0.06)


def test_kinds_come_in_the_mix_asked_for() -> None:
    settings = synthetic(n=5000)
    state = settings.build(practices(limit=3), 1)
    weights = np.array([settings.kind_mix[kind] for kind in vocabulary.KINDS])
    shares = np.bincount(state.organisations.kind, minlength=weights.shape[0]) / 5000
    assert shares == pytest.approx(weights / weights.sum(), abs=0.03)


def test_shares_in_networks_and_communities_are_as_asked() -> None:
    state = synthetic(n=5000).build(practices(limit=3), 1)
    of_cop = np.repeat(state.networks.is_cop, np.diff(state.members.start))
    for is_cop, share in ((0, 0.6), (1, 0.4)):
        inside = np.unique(state.members.organisation[of_cop == is_cop]).shape[0] / 5000
        assert inside == pytest.approx(share, abs=0.03)


def test_same_seed_same_bits() -> None:
    settings = synthetic(n=200)
    one, other = settings.build(practices(), 9), settings.build(practices(), 9)
    assert same(one, other)
    assert not same(one, settings.build(practices(), 10))


def test_a_world_can_be_changed_without_changing_the_next() -> None:
    settings = synthetic(n=60, n_territories=3)
    state = settings.build(practices(limit=4), 9)
    fresh = state.copy()
    state.organisations.territory[:] = 0
    state.organisations.own_practices[:] = 0
    state.territories.country[:] = 0
    state.practices.fields[:] = 0
    state.funders.guidelines[:] = 0
    state.names.territories.clear()
    again = settings.build(practices(limit=4), 9)
    assert same(fresh, again)
    assert len(again.names.territories) == again.territories.shape[0]


def test_own_and_related_practices_share_a_field_with_the_organisation() -> None:
    state = synthetic(n=200).build(practices(), 2)
    orgs, fields = state.organisations, state.practices.fields
    for mask, of_fields in (
        (orgs.own_practices, orgs.fields | GENERAL),
        (orgs.related_practices, orgs.related),
    ):
        touches = (of_fields[:, None] & fields) != 0
        for p in range(state.n_practices):
            assert np.array_equal((mask >> np.uint64(p)) & np.uint64(1) == 1, touches[:, p])


def running(share: float) -> State:
    names = ("own", "related", "other")
    shares = {f"init_running_{name}": share for name in names}
    everywhere = dict.fromkeys(vocabulary.SCALES, 1.0)
    settings = synthetic(n=60, n_territories=3, init_scale=everywhere, init_near=1.0, init_cop=1.0)
    return settings.model_copy(update=shares).build(practices(limit=9), 4)


def test_a_practice_runs_for_good_where_it_comes_from() -> None:
    nowhere_else, everywhere = running(0.0), running(1.0)
    who, which = (nowhere_else.uses.champion >= 0).nonzero()
    assert sorted(which) == list(range(9))
    since = nowhere_else.uses.since[who, which]
    for state in (nowhere_else, everywhere):
        assert_valid(state)
        use = state.uses[who, which]
        assert (state.organisations.institutional[who] & BITS[which] > 0).all()
        assert np.array_equal(use["since"], since)
        assert (use["fidelity"] == 1.0).all()
        assert (use["fit"] == 1.0).all()


def test_what_runs_began_by_luck() -> None:
    state, origins = running(1.0), running(0.0)
    months = synthetic().init_months_running
    who, which = (origins.uses.champion < 0).nonzero()
    assert who.size == 60 * 9 - 9
    u = luck(4, Decision.WORLD_KNOWLEDGE, Use.SINCE, who, which)
    assert np.array_equal(state.uses.since[who, which], -1 - (u * months).astype(np.int64))
    post = state.uses.champion[who, which]
    assert (state.posts.filled[post] == 1).all()
    assert (state.posts.knows[post] & BITS[which] > 0).all()


def test_a_world_without_networks_is_valid() -> None:
    assert_valid(synthetic(n=100, network_share=0.0, cop_share=0.0).build(practices(), 1))


def test_more_territories_than_organisations_are_refused() -> None:
    with pytest.raises(WorldError, match="n_territories is 60"):
        synthetic(n=50, n_territories=60).build(practices(), 1)


def test_a_modularity_that_cannot_be_is_refused() -> None:
    with pytest.raises(WorldError, match=r"at most 0\.50"):
        synthetic(n=100, n_territories=2, modularity=0.8).build(practices(), 1)


def test_a_mean_degree_that_cannot_be_is_refused() -> None:
    with pytest.raises(WorldError, match=r"mean_degree is 49\.5; .* most 49"):
        synthetic(n=50, mean_degree=49.5).build(practices(), 1)
    settings = synthetic(n=61, n_territories=1, modularity=0.0, mean_degree=60.0)
    with pytest.warns(DiffusionWarning, match="misses by more than 3%"):
        state = settings.build(practices(limit=3), 1)
    assert state.n_ties > 0, "the highest that can be is allowed"


@pytest.mark.parametrize(
    ("n", "territories", "division", "degree", "misses"),
    [
        (12, 1, 0.0, 8.0, False),
        (10, 3, 0.3, 9.0, True),
        (20, 3, 0.3, 12.0, False),
        (20, 3, 0.3, 18.0, True),
        (300, 20, 0.5, 20.0, False),
        (300, 60, 0.95, 6.4, True),  # five in a territory, which are to stay among themselves
    ],
)
def test_a_mean_degree_that_is_missed_is_told(
    n: int, territories: int, division: float, degree: float, misses: bool
) -> None:
    settings = synthetic(n=n, n_territories=territories, modularity=division, mean_degree=degree)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        state = settings.build(practices(limit=3), 1)
    assert (2 * state.n_ties / n < 0.97 * degree) == misses
    assert [str(one.message).split(",")[0] for one in told] == (
        [f"world.mean_degree is {degree:g}"] if misses else []
    )


def test_an_unknown_country_names_the_nearest() -> None:
    with pytest.raises(SettingError, match="did you mean 'germany'"):
        synthetic(countries=["germny"])
