"""Every case against the row of its source: facts are read from the tables, not the builder."""

import numpy as np
import pytest
from pydantic import ValidationError

from diffusion.base.errors import SettingError
from diffusion.evidence import sources
from diffusion.evidence.register import Register
from diffusion.evidence.sources import cells
from diffusion.world import vocabulary
from diffusion.world.practices import field_mask
from diffusion.world.state import State
from diffusion.world.worlds.case_conditions import mapped, under_challenges
from diffusion.world.worlds.cases import cases, find_case
from diffusion.world.worlds.ecosystem import Ecosystem
from tests.unit.world.defaults import case, practices
from tests.unit.world.invariants import assert_valid, same

TABLES = ("erasmi_networks", "spring_cops", "case_networks")
ROWS = {row["id"]: row for table in TABLES for row in sources.table(table)}
SHEETS = [row["id"] for table in TABLES[::2] for row in sources.table(table)]
WAVES = "municipal_learning_cops"
SEEDS = (1, 5)
WORDS = {
    "association": "migrant_network",
    "global": "europe",
    "local_regional_national": "cop_local",
    "embedded_in_network": "cop_embedded",
    "specialised": "cop_specialised",
    "migrant_organisation": "ngo",
    "individual_volunteer": "single_person",
}
KINDS = {
    "ngo": "ngo",
    "welfare": "ngo",
    "migrant_org": "migrant_organisation",
    "migrant_individual": "migrant_organisation",
    "state": "state_agency",
    "municipality": "municipality",
    "educational": "educational",
    "company": "company",
    "chamber": "company",
    "funder": "company",
    "volunteer": "volunteer_group",
    "research": "research",
}
COUNTED_WITH_COORDINATOR = ("cas_perugia", "magnet_network", "eminent_network", "tuzla_acem")
MIX = {
    *("moderated_discussion", "discussion_round", "training_workshop", "small_group_workshop"),
    *("open_space", "world_cafe", "brainstorming", "fishbowl", "round_table"),
    *("network_cafe", "story_exchange", "circle_practice", "non_formal_education", "dyad_work"),
    *("mind_maps", "needs_analysis", "scrum"),
}
IN_PERSON = {"meeting", "event", "working_group"}
FACTS = {(row["case"], row["fact"]): row["value"] for row in sources.table("case_facts")}


def built(name: str, seed: int = 1) -> State:
    return case(name).build(practices(), seed)


def network(state: State, name: str) -> int:
    """The row of the case's own network; of communities in waves the first."""
    found = [k for k, one in enumerate(state.names.networks) if one.startswith(name)]
    return found[0]


def named(state: State, start: str) -> list[int]:
    return [k for k, one in enumerate(state.names.networks) if one.startswith(start)]


def members_of(state: State, k: int) -> np.ndarray:
    return state.members.organisation[state.members.start[k] : state.members.start[k + 1]]


def labels(state: State, rows: np.ndarray) -> list[str]:
    return [state.names.organisations[int(i)] for i in rows]


def offices(name: str) -> int:
    """Named members that the source's number of members leaves out."""
    return sum(
        int(row["count"])
        for row in sources.table("case_members")
        if row["case"] == name and row["counted"] == "false"
    )


def test_every_described_network_is_a_case() -> None:
    assert list(cases()) == list(ROWS)
    assert len(ROWS) == 31


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ROWS)
def test_a_case_is_a_valid_small_world(name: str, seed: int) -> None:
    state = built(name, seed)
    assert_valid(state)
    assert 60 <= state.n_organisations <= 450


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ROWS)
def test_the_network_is_as_its_source_has_it(name: str, seed: int) -> None:
    row, state = ROWS[name], built(name, seed)
    networks, k = state.networks, network(state, ROWS[name]["name"])
    kind = row.get("network_type") or row["cop_kind"]
    assert vocabulary.NETWORK_TYPES[networks.type[k]] == WORDS.get(kind, kind)
    assert vocabulary.LEVELS[networks.level[k]] == WORDS.get(row["level"], row["level"])
    assert vocabulary.FORMALISATIONS[networks.formalisation[k]] == row["formalisation"]
    coordinator = WORDS.get(row["coordinator_kind"], row["coordinator_kind"])
    assert vocabulary.COORDINATORS[networks.coordinator_kind[k]] == coordinator
    if row["coordinator_name"]:
        own = int(networks.coordinator[k])
        assert state.names.organisations[own] == row["coordinator_name"]
        assert state.organisations.fields[own] == field_mask(row["fields"])
    else:
        assert networks.coordinator[k] == -1
    meetings = FACTS.get((name, "meetings_per_year")) or row.get("meetings_per_year")
    if meetings:
        assert networks.meetings_per_year[k] == float(meetings)
    if "bridging" in row:
        assert (networks.bridging[k] == 1) == (row["bridging"] == "true")
    if "policy_link" in row:
        assert (networks.policy_link[k] == 1) == (row["policy_link"] == "true")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ROWS)
def test_members_are_as_many_and_of_such_kinds_as_its_source_says(name: str, seed: int) -> None:
    row, state = ROWS[name], built(name, seed)
    around = {"solidar": "SOLIDAR network", "uclg": "United Cities"}.get(name, row["name"])
    k = network(state, around)
    mine = members_of(state, k)
    mine = mine[mine != state.networks.coordinator[k]]
    count = FACTS.get((name, "member_count")) or row["member_count"]
    if name == "newcomers_network_harz":
        assert mine.shape[0] == int(count) / case(name).persons_each
    elif count:
        counted = name in COUNTED_WITH_COORDINATOR
        assert mine.shape[0] == int(count) - counted + offices(name)
    listed = [one for one in sources.table("case_members") if one["case"] == name]
    texts = "\n".join(labels(state, mine))
    for one in listed:
        assert texts.count(one["name"]) >= int(one["count"]), one["name"]
    allowed = {KINDS[tag] for tag in cells(row["member_kinds"])} | {one["kind"] for one in listed}
    assert {vocabulary.KINDS[code] for code in state.organisations.kind[mine]} <= allowed


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SHEETS)
def test_money_facilitation_and_channels_follow_the_sheet(name: str, seed: int) -> None:
    row, state = ROWS[name], built(name, seed)
    networks, k = state.networks, network(state, ROWS[name]["name"])
    resources = set(cells(row["resources"]))
    public = resources & {"state_funding", "municipal_funding"}
    regular = bool(public) and "project_funding" not in resources
    regular |= "administrative_embedding" in cells(row["sustainability"])
    coordinated = bool(row["coordinator_name"])
    assert (networks.regular_money[k] == 1) == (regular and coordinated)
    for_a_time = bool(resources & {"project_funding", "personnel"})
    for_a_time &= FACTS.get((name, "months_funded")) != "0"
    assert (networks.paid[k] == 1) == (coordinated and (regular or for_a_time))
    assert (networks.facilitated[k] == 1) == bool(MIX & set(cells(row["facilitation"])))
    channels = set(cells(row["internal_channels"]))
    online = channels & {"video", "messaging", "cloud", "social_media"}
    assert (networks.online[k] == 1) == bool(online and not channels & IN_PERSON)


@pytest.mark.parametrize("name", ROWS)
def test_the_seed_draws_the_surrounding_and_nothing_else(name: str) -> None:
    one, again, other = built(name), built(name), built(name, 5)
    assert same(one, again)
    assert not np.array_equal(one.ties.a[: one.n_ties], other.ties.a[: other.n_ties])


def test_erfurt_has_eight_working_groups_beside_its_plenary() -> None:
    state = built("integration_erfurt")
    plenary, groups = network(state, "Netzwerk für Integration"), named(state, "Working group")
    assert len(groups) == 8
    meetings = state.networks.meetings_per_year[groups]
    assert meetings.min() >= 2
    assert meetings.max() <= 6
    assert np.unique(meetings).shape[0] > 1
    inside = np.unique(np.concatenate([members_of(state, k) for k in groups]))
    assert np.array_equal(inside, np.sort(members_of(state, plenary)))
    assert (state.networks.coordinator[groups] == state.networks.coordinator[plenary]).all()


def test_dortmund_has_six_offices_of_two_posts_each_with_a_table() -> None:
    state = built("lokal_willkommen_dortmund")
    mine = members_of(state, network(state, "Integrationsnetzwerk Dortmund"))
    found = [i for i, text in zip(mine, labels(state, mine), strict=True) if "office 1" in text]
    six = [i for i, text in zip(mine, labels(state, mine), strict=True) if "Welcome" in text]
    assert len(six) == 6
    assert len(found) == 1
    assert (state.organisations.n_posts[six] == 2).all()
    tables = named(state, "District round table")
    assert [np.isin(six, members_of(state, k)).sum() for k in tables] == [1] * 6


def test_bavaria_has_a_group_in_each_of_thirty_places() -> None:
    state = built("migrantinnen_netzwerk_bayern")
    mine = members_of(state, network(state, "Migrantinnen"))
    places = state.organisations.territory[mine[mine != state.networks.coordinator[0]]]
    assert np.unique(places).shape[0] == places.shape[0] == 30


def test_ncp_has_its_offices_in_dublin_and_cork() -> None:
    state = built("new_communities_partnership")
    mine = members_of(state, network(state, "New Communities"))
    where = {
        text: state.names.territories[state.organisations.territory[i]]
        for i, text in zip(mine, labels(state, mine), strict=True)
    }
    assert where["New Communities Partnership"] == where["Second office in Dublin"] == "Dublin"
    assert where["Office in Cork"] == "Cork"


@pytest.mark.parametrize(
    ("name", "places"), [("enmw", 20), ("polish_consortium", 4), ("magnet_network", 4)]
)
def test_members_sit_in_as_many_places_as_the_source_counts(name: str, places: int) -> None:
    state = built(name)
    mine = members_of(state, network(state, ROWS[name]["name"]))
    if name == "enmw":  # the coordinator sits above countries
        mine = mine[1:]
    assert np.unique(state.organisations.territory[mine]).shape[0] == places


def test_embedded_communities_are_inside_their_large_network() -> None:
    for name, around, size in (("solidar", "SOLIDAR network", 51), ("uclg", "United Cities", 61)):
        state = built(name)
        outer, inner = network(state, around), network(state, ROWS[name]["name"])
        assert members_of(state, outer).shape[0] == size
        assert members_of(state, inner).shape[0] < size
        assert np.isin(members_of(state, inner), members_of(state, outer)).all()
        assert state.networks.is_cop[inner] == 1
        assert state.networks.is_cop[outer] == 0


def test_the_wider_circle_of_the_polish_consortium_has_its_ten_members() -> None:
    state = built("polish_consortium")
    inner, outer = network(state, "Consortium of"), network(state, "Wider circle")
    assert np.isin(members_of(state, inner), members_of(state, outer)).all()
    further = np.setdiff1d(members_of(state, outer), members_of(state, inner))
    kinds = {vocabulary.KINDS[code] for code in state.organisations.kind[further]}
    assert kinds == {"research", "company", "migrant_organisation"}


def test_skane_has_three_platforms_of_other_kinds() -> None:
    state = built("partnership_skane")
    k = network(state, "Support platform for migration")
    kinds = {vocabulary.KINDS[code] for code in state.organisations.kind[members_of(state, k)[1:]]}
    assert "municipality" not in kinds
    assert len(named(state, "Civic orientation")) == len(named(state, "Cooperation network")) == 1


def test_warsaw_is_willing_in_a_country_that_is_not() -> None:
    state, settings = built("warsaw_journey"), case("warsaw_journey")
    place = state.names.territories.index("Warsaw")
    nation = state.names.territories.index("Poland (national)")
    assert state.territories.will[place] == settings.will_by_framework["supportive"]
    assert state.territories.will[nation] == settings.will_by_framework["restrictive"]
    assert FACTS["warsaw_journey", "shock"] == "arrivals_2022"


def test_twelve_dutch_communities_begin_in_two_waves() -> None:
    state = built(WAVES)
    local = named(state, "Dutch civic-integration")
    assert len(local) == 12
    assert np.unique(state.networks.territory[local]).shape[0] == 12
    assert state.networks.founded[local].tolist() == [-12] * 6 + [12] * 6
    assert state.networks.active[local].tolist() == [1] * 6 + [0] * 6
    table = members_of(state, network(state, "Coordinators' table"))
    assert table.shape[0] == 13  # DIVOSA and one of each
    assert all(np.isin(table, members_of(state, k)).sum() == 2 for k in local)
    assert len(named(state, "Thematic group in Amsterdam")) == 4


def test_what_is_yet_to_begin_has_brought_nobody_together() -> None:
    """Ties inside communities of the second wave are as rare as chance has them."""
    inside = np.zeros(2)
    for seed in range(6):
        state = built(WAVES, seed)
        m = state.n_ties
        for j, k in enumerate(named(state, "Dutch civic-integration")):
            mine = members_of(state, k)[1:]
            both = np.isin(state.ties.a[:m], mine) & np.isin(state.ties.b[:m], mine)
            inside[j // 6] += both.sum() / mine.shape[0]
    assert inside[1] < inside[0]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("erfurt", "integration_erfurt"),
        ("Integration_Erfurt", "integration_erfurt"),
        ("Halberstadt", "caritas_diakonie_zora"),
        ("warsaw", "warsaw_journey"),
        ("lublin", "polish_consortium"),
        ("Skåne", "partnership_skane"),
        ("Sanliurfa", "mahir_eller"),
    ],
)
def test_a_case_is_found_by_a_part_that_only_it_has(typed: str, found: str) -> None:
    assert find_case(typed).key == found
    assert case(typed).case == found


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sligo", "may be sligo_global_kitchen, sligo_intercultural_project"),
        ("erfrut", "did you mean 'erfurt'"),
        ("halberstatd", "did you mean 'halberstadt'"),
        ("", "lists all 31"),
    ],
)
def test_an_unclear_name_is_refused(typed: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        find_case(typed)
    with pytest.raises(ValidationError, match=said):
        case(typed)


def test_challenges_move_the_settings_that_stand_for_them() -> None:
    settings = case("integration_erfurt")
    moved = under_challenges(settings, find_case("erfurt"), 1.0)
    assert moved.handover_share == pytest.approx(0.7 * settings.handover_share)
    served = 0.75 * 0.85 * settings.months_in_post["permanent"]
    assert moved.months_in_post["permanent"] == pytest.approx(served)
    ignored = under_challenges(settings, find_case("erfurt"), 0.0)
    assert ignored == Ecosystem(
        **{name: getattr(settings, name) for name in Ecosystem.model_fields}
    )


def test_challenges_keep_settings_in_their_range() -> None:
    low = Register.load()["world.base.settled.trust_high"].low
    assert case("erfurt").trust_high * 0.9**3 < low
    assert under_challenges(case("erfurt"), find_case("erfurt"), 3.0).trust_high == low
    chosen = case("erfurt", trust_high=low - 0.1)
    assert under_challenges(chosen, find_case("erfurt"), 3.0).trust_high == low - 0.1


def test_every_mapped_challenge_is_reported_and_names_a_setting() -> None:
    reported = {tag for one in cases().values() for tag in one.challenges()}
    assert set(mapped()) <= reported
    assert {row["setting"] for row in mapped().values()} <= set(Ecosystem.model_fields)
    assert all(row["note"] for row in mapped().values())


def test_a_challenge_changes_the_world_that_is_built() -> None:
    with_it, without = built("erfurt"), case("erfurt", challenge_weight=0).build(practices(), 1)
    assert with_it.posts.hired.mean() > without.posts.hired.mean()
    assert with_it.organisations.handover.sum() < without.organisations.handover.sum()


def test_tables_of_cases_name_cases_and_known_words() -> None:
    documents = sources.by_id("documents")
    for table in ("case_places", "case_members", "case_groups", "case_facts"):
        for row in sources.table(table):
            assert row["case"] in ROWS
            assert row["basis"] in ("sheet", "assumed")
            assert (row["source"] in documents) == (row["basis"] == "sheet")
            assert row["note"]
