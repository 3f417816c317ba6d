import os
import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.network import clustering, largest_component
from diffusion.world.state import State
from diffusion.world.worlds.erasmi_origins import CARRIERS
from diffusion.world.worlds.erasmi_sheets import sheets
from tests.unit.world.defaults import erasmi, practices
from tests.unit.world.invariants import assert_valid, pairs, same


@pytest.fixture(scope="module")
def world() -> State:
    return erasmi().build(practices(), 1)


def members_of(state: State, k: int) -> np.ndarray:
    return state.members.organisation[state.members.start[k] : state.members.start[k + 1]]


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 11, 112, 2**40])
def test_every_seed_gives_a_valid_world_of_the_size_asked_for(seed: int) -> None:
    state = erasmi().build(practices(), seed)
    assert_valid(state)
    assert 700 <= state.n_organisations <= 1500
    assert (np.bincount(state.organisations.kind, minlength=len(vocabulary.KINDS)) > 0).all()


def test_same_seed_same_bits_other_seed_other_world(world: State) -> None:
    assert same(world, erasmi().build(practices(), 1))
    assert not same(world, erasmi().build(practices(), 2))


def test_a_world_does_not_depend_on_python_hashing() -> None:
    code = (
        "from tests.simulating import fingerprint\n"
        "from tests.unit.world.defaults import erasmi, practices\n"
        "print(fingerprint(erasmi().build(practices(), 5)))"
    )
    seen = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        seen.add(done.stdout)
    assert len(seen) == 1


def test_the_case_sheets_are_there_as_themselves(world: State) -> None:
    for k, sheet in enumerate(sheets()):
        networks = world.networks
        assert world.names.networks[k] == sheet.name
        assert vocabulary.NETWORK_TYPES[networks.type[k]] == sheet.type
        assert vocabulary.COUNTRIES[networks.country[k]] == sheet.country
        assert vocabulary.LEVELS[networks.level[k]] == sheet.level
        assert vocabulary.COORDINATORS[networks.coordinator_kind[k]] == sheet.coordinator
        assert bool(networks.bridging[k]) == sheet.bridging
        if sheet.meetings_per_year is not None:
            assert networks.meetings_per_year[k] == sheet.meetings_per_year
        if sheet.coordinator_name:
            name = world.names.organisations[networks.coordinator[k]]
            assert name == sheet.coordinator_name
        else:
            assert networks.coordinator[k] == -1
        if sheet.member_count is not None and sheet.key != "newcomers_network_harz":
            coordinator_extra = members_of(world, k).shape[0] - sheet.member_count
            assert coordinator_extra in (0, 1), sheet.key


def test_a_network_of_persons_has_the_groups_that_they_form(world: State) -> None:
    k = [sheet.key for sheet in sheets()].index("newcomers_network_harz")
    mine = members_of(world, k)
    assert mine.shape[0] == 10  # over 100 persons, 10 a group
    kinds = {vocabulary.KINDS[code] for code in world.organisations.kind[mine]}
    assert kinds == {"migrant_organisation"}


def test_local_networks_have_local_members(world: State) -> None:
    for k, sheet in enumerate(sheets()):
        if sheet.level == "local":
            mine = members_of(world, k)
            here = world.organisations.territory[mine] == world.networks.territory[k]
            assert here.all(), sheet.key


def test_spring_communities_are_there_as_themselves(world: State) -> None:
    names = world.names.networks
    dutch = [k for k, name in enumerate(names) if name.startswith("Dutch civic-integration")]
    assert len(dutch) == 6  # of twelve; the second wave was still planned
    assert any(name.endswith("Amsterdam") for name in names)
    k = names.index("Consortium of social organisations working for refugees and migrants")
    places = {
        world.names.territories[t] for t in world.organisations.territory[members_of(world, k)]
    }
    assert places == {"Warsaw", "Poznań", "Lublin", "Wrocław"}
    assert members_of(world, k).shape[0] == 10
    k = names.index("European Network of Migrant Women")
    assert members_of(world, k).shape[0] == 54  # 53 members and the coordinator
    assert np.unique(world.organisations.country[members_of(world, k)]).shape[0] >= 8


def test_several_memberships_per_organisation(world: State) -> None:
    counts = np.bincount(world.members.organisation, minlength=world.n_organisations)
    assert (counts >= 2).mean() > 0.15
    assert (counts == 0).any(), "some organisations are in no network"


def test_practices_run_where_the_sources_say_they_come_from(world: State) -> None:
    rows = sources.by_id("practices")
    places = {sheet.key: sheet for sheet in sheets()}
    institutional = world.organisations.institutional
    for p, name in enumerate(world.names.practices):
        hosts = np.flatnonzero((institutional >> np.uint64(p)) & np.uint64(1))
        where = {world.names.territories[t] for t in world.organisations.territory[hosts]}
        if rows[name]["source"] == "connection_guide":
            assert rows[name]["place"].rsplit(", ", 1)[0] in where, name
        else:
            carrier = CARRIERS[name]
            if carrier in places and places[carrier].coordinator_name:
                names = {world.names.organisations[int(i)] for i in hosts}
                assert places[carrier].coordinator_name in names, name


def test_origins_began_in_the_year_that_the_source_gives(world: State) -> None:
    p = world.names.practices.index("recycling_house")
    year = int(sources.by_id("practices")["recycling_house"]["founding_year"])
    since = world.uses.since[:, p]
    assert int(since.min()) == (year - erasmi().start_year) * 12 - 1


def test_ties_have_the_degree_and_closure_asked_for(world: State) -> None:
    n, m = world.n_organisations, world.n_ties
    a, b = world.ties.a[:m], world.ties.b[:m]
    assert 2 * m / n == pytest.approx(6.4, abs=0.05)
    assert clustering(n, a, b) == pytest.approx(0.45, abs=0.03)
    assert largest_component(n, a, b) > 0.85


def test_ties_join_like_with_like(world: State) -> None:
    orgs, m = world.organisations, world.n_ties
    a, b = world.ties.a[:m], world.ties.b[:m]
    for attribute in (orgs.kind, orgs.territory, orgs.country):
        shares = np.bincount(attribute) / attribute.shape[0]
        by_chance = float((shares**2).sum())
        assert float((attribute[a] == attribute[b]).mean()) > 1.15 * by_chance
    everyone = np.arange(world.n_organisations)
    for masks in (orgs.fields, orgs.languages):
        share = float((masks[a] & masks[b] != 0).mean())
        by_chance = float((masks[everyone[:, None]] & masks != 0).mean())
        assert share > by_chance


def test_members_of_communities_know_more_and_are_better_connected() -> None:
    degree, aware = [], []
    for seed in range(4):
        state = erasmi().build(practices(), seed)
        inside = np.zeros(state.n_organisations, np.bool_)
        for k in np.flatnonzero(state.networks.is_cop).tolist():
            inside[members_of(state, k)] = True
        m = state.n_ties
        ends = np.bincount(
            np.concatenate((state.ties.a[:m], state.ties.b[:m])), minlength=inside.shape[0]
        )
        known = np.bitwise_count(state.organisations.aware)
        degree.append(ends[inside].mean() - ends[~inside].mean())
        aware.append(known[inside].mean() - known[~inside].mean())
    assert min(degree) > 0.0
    assert min(aware) > 0.0


def test_own_fields_are_known_better_and_little_practices_run_more_widely(world: State) -> None:
    orgs, catalogue = world.organisations, world.practices
    own = np.zeros((world.n_organisations, world.n_practices), np.bool_)
    own[pairs(orgs.own_practices, world.n_practices)] = True
    aware = np.zeros_like(own)
    aware[pairs(orgs.aware, world.n_practices)] = True
    assert aware[own].mean() > 2 * aware[~own].mean()
    running = np.zeros_like(own)
    running[pairs(orgs.adopted | orgs.institutional, world.n_practices)] = True
    assert running[:, catalogue.scale == 0].mean() > 2 * running[:, catalogue.scale == 2].mean()


def test_migrant_led_organisations_share_the_local_language_only_partly(world: State) -> None:
    orgs = world.organisations
    local = np.array(
        [
            vocabulary.mask(vocabulary.LANGUAGES, [vocabulary.COUNTRY_LANGUAGE[name]])
            for name in vocabulary.COUNTRIES
        ],
        np.uint64,
    )[orgs.country]
    speaks = orgs.languages & local != 0
    assert speaks[orgs.migrant_led == 0].all()
    assert 0.5 < speaks[orgs.migrant_led == 1].mean() < 0.9


def test_thresholds_follow_the_register(world: State) -> None:
    threshold = world.organisations.threshold
    assert float(threshold.mean()) == pytest.approx(0.40, abs=0.03)
    assert float(threshold.std()) == pytest.approx(0.25, abs=0.02)


def test_fewer_practices_give_the_same_organisations(world: State) -> None:
    few = erasmi().build(practices(include=["language_cafes", "mother_tutors"]), 1)
    assert few.n_practices == 2
    assert_valid(few)
    assert np.array_equal(few.organisations.kind, world.organisations.kind)
    assert np.array_equal(few.ties.a, world.ties.a)


@pytest.mark.parametrize(
    "change",
    [
        {"n_organisations": 10},
        {"clustering": 1.5},
        {"posts_low": {"ngo": 3}},
        {"trust_low": 0.9, "trust_high": 0.2},
        {"threshold_mean": 0.05, "threshold_sd": 0.4},
        {"network_size": 4},
        {"cop_type_weights": {"cop_local": 1.0}},
    ],
)
def test_settings_out_of_bounds_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        erasmi(**change)
