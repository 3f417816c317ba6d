"""Agents are views: what they say stands in the arrays, what is written to them ends up there."""

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pytest

from diffusion.base.arrays import NEVER, columns_of, copied, table_of
from diffusion.base.errors import ExtensionError, SettingError
from diffusion.world import vocabulary
from diffusion.world.adjacency import Ties
from diffusion.world.cooperation import CooperationNetwork, Funder, PolicyMaker
from diffusion.world.holdings import Grant, StaffMember
from diffusion.world.organisation import Organisation
from diffusion.world.state import Names, State
from diffusion.world.tables import (
    Funders,
    Grants,
    Members,
    Networks,
    Organisations,
    Posts,
    Practices,
    Territories,
    empty_uses,
)

PRACTICES = ["tandem", "buddies", "one_stop_shop"]
TANDEM, BUDDIES, SHOP = (1 << i for i in range(3))
KINDS = [vocabulary.index(vocabulary.KINDS, kind) for kind in ("ngo", "municipality", "company")]
STAGE_COLUMNS = ("trial", "adopted", "institutional", "lapsed")


def small_state() -> State:
    """Three organisations in a row (0-1-2), two posts each, two networks, one funder."""
    germany = vocabulary.index(vocabulary.COUNTRIES, "germany")
    malta = vocabulary.index(vocabulary.COUNTRIES, "malta")
    ties = table_of(
        Ties,
        3,
        a=[0, 1, 77],
        b=[1, 2, 77],
        post_a=[1, 3, 77],
        post_b=[2, 4, 77],
        trust=[0.5, 0.25, 0.9],
        contact=[-1, -7, 0],
    )
    tables: Any = {
        "practices": table_of(Practices, 3, trial_months=6, cost=[0, 1, 2]),
        "organisations": table_of(
            Organisations,
            3,
            kind=KINDS,
            territory=[0, 1, 1],
            country=[germany, malta, malta],
            fields=[0b110, 0b1, 0b1],
            languages=vocabulary.mask(vocabulary.LANGUAGES, ["en", "de"]),
            first_post=[0, 2, 4],
            n_posts=2,
            first_grant=[0, 2, 2],
            n_grants=[2, 0, 0],
            absorptive=[0.5, 1.0, 1.5],
            staff=[2.0, 2.0, 0.0],
            aware=[TANDEM | BUDDIES | SHOP, TANDEM, 0],
            trial=[SHOP, 0, 0],
            adopted=[TANDEM, 0, 0],
            lapsed=[BUDDIES, 0, 0],
            knows=[TANDEM, 0, 0],
        ),
        "posts": table_of(
            Posts,
            6,
            organisation=[0, 0, 1, 1, 2, 2],
            filled=[1, 1, 1, 1, 0, 0],
            hired=[-30, -4, -2, -50, 0, 0],
            grant=[-1, 1, -1, -1, -1, -1],
            contract=[0, 1, 0, 0, 0, 2],
            knows=[0, TANDEM, 0, 0, 0, 0],
        ),
        "networks": table_of(
            Networks, 2, type=[0, 7], is_cop=[0, 1], coordinator=[1, -1], meetings_per_year=4.0
        ),
        "members": Members(start=np.array([0, 3, 5]), organisation=np.array([0, 1, 2, 2, 0])),
        "grants": table_of(Grants, 2, active=[1, 0], ends=[9, -3], renewed=[-1, 0], starts=NEVER),
        "funders": table_of(
            Funders, 1, country=-1, territory=-1, success_rate=0.2, months_grant=24
        ),
        "territories": table_of(
            Territories,
            3,
            country=[germany, malta, malta],
            is_national=[0, 0, 1],
            log_pressure=[0.0, np.log(2.0), 0.0],
            will=[0.1, 0.2, 0.3],
        ),
    }
    names = Names(
        organisations=["A", "B", "C"],
        networks=["N", "M"],
        territories=["Augsburg", "Gozo", "Malta"],
        funders=["AMIF"],
        practices=PRACTICES,
        practice_titles=[practice.title() for practice in PRACTICES],
    )
    uses = empty_uses(3, 3)
    return State(seed=1, uses=uses, ties=ties, live_ties=2, names=names, month=5, **tables)


class SmallModel(mesa.Model):  # type: ignore[misc]
    """As little of a model as views need."""

    def __init__(self) -> None:
        super().__init__(rng=1)
        self.state = small_state()
        self.n_changes = 0
        self.organisations = [Organisation(self, row) for row in range(3)]
        self.networks = [CooperationNetwork(self, row) for row in range(2)]
        self.funders = [Funder(self, 0)]
        self.policy_makers = [PolicyMaker(self, row) for row in range(3)]

    def state_changed(self) -> None:
        self.n_changes += 1


@pytest.fixture
def model() -> SmallModel:
    return SmallModel()


def stage_bits(model: SmallModel, row: int, p: int) -> list[str]:
    table = model.state.organisations
    return [c for c in STAGE_COLUMNS if int(getattr(table, c)[row]) >> p & 1]


def test_attributes_read_the_row(model: SmallModel) -> None:
    a, b, c = model.organisations
    assert [o.name for o in (a, b, c)] == ["A", "B", "C"]
    assert [o.kind for o in (a, b, c)] == ["ngo", "municipality", "company"]
    assert [o.country for o in (a, b, c)] == ["germany", "malta", "malta"]
    assert (a.territory, b.territory) == ("Augsburg", "Gozo")
    assert a.fields == ("education_training", "labour_market")
    assert a.languages == ("de", "en")
    assert [o.absorptive for o in (a, b, c)] == [0.5, 1.0, 1.5]
    assert a.aware == tuple(sorted(PRACTICES))
    assert (a.trial, a.adopted, a.lapsed) == (("one_stop_shop",), ("tandem",), ("buddies",))
    assert (a.using, a.institutionalised, a.knows) == (("tandem",), (), ("tandem",))


def test_attributes_are_plain_python(model: SmallModel) -> None:
    a = model.organisations[0]
    assert type(a.absorptive) is float
    assert type(a.n_posts) is int
    assert type(a.migrant_led) is bool


@pytest.mark.parametrize(
    ("view", "table", "otherwise"),
    [
        (
            Organisation,
            Organisations,
            {
                "first_post",
                "n_grants",
                "first_grant",
                "institutional",
                "led",
                "own_practices",
                "related_practices",
            },
        ),
        (CooperationNetwork, Networks, {"key"}),
        (Funder, Funders, set()),
        (PolicyMaker, Territories, {"log_pressure", "log_felt"}),
        (StaffMember, Posts, {"learned"}),
        (Grant, Grants, set()),
    ],
)
def test_every_column_has_an_attribute(view: type, table: Any, otherwise: set[str]) -> None:
    assert {column for column in columns_of(table) if not hasattr(view, column)} == otherwise


def test_writes_end_up_in_the_row_and_nowhere_else(model: SmallModel) -> None:
    before = small_state().organisations
    b = model.organisations[1]
    b.support, b.overload, b.migrant_led = 0.75, 2.5, True
    b.kind, b.languages = "educational", ("fr", "mt")
    after = model.state.organisations
    assert after.support.tolist() == [0.0, 0.75, 0.0]
    assert after.overload.tolist() == [0.0, 2.5, 0.0]
    assert after.migrant_led.tolist() == [0, 1, 0]
    assert vocabulary.KINDS[after.kind[1]] == "educational"
    assert b.languages == ("fr", "mt")
    written = {"support", "overload", "migrant_led", "kind", "languages"}
    for column in set(columns_of(Organisations)) - written:
        np.testing.assert_array_equal(getattr(after, column), getattr(before, column))


def test_arrays_are_resolved_at_each_access(model: SmallModel) -> None:
    a = model.organisations[0]
    assert a.slack == 0.0
    model.state.organisations = copied(model.state.organisations)
    model.state.organisations.slack[:] = 0.4
    assert a.slack == 0.4
    a.slack = 0.1
    assert model.state.organisations.slack.tolist() == [0.1, 0.4, 0.4]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("support", 1.01),
        ("support", -0.1),
        ("support", float("nan")),
        ("support", "0.5"),
        ("overload", float("inf")),
        ("absorptive", 0.2),
        ("kind", "ngos"),
        ("languages", ["german"]),
    ],
)
def test_values_out_of_bounds_are_refused_and_change_nothing(
    model: SmallModel, attribute: str, value: object
) -> None:
    before = getattr(model.organisations[0], attribute)
    with pytest.raises(SettingError):
        setattr(model.organisations[0], attribute, value)
    assert getattr(model.organisations[0], attribute) == before


@pytest.mark.parametrize("attribute", ["staff", "knows", "n_posts", "country", "adopted"])
def test_what_follows_from_other_tables_can_only_be_read(model: SmallModel, attribute: str) -> None:
    with pytest.raises(AttributeError, match=attribute):
        setattr(model.organisations[0], attribute, 1)


def test_stage_of_each_practice(model: SmallModel) -> None:
    a, b, c = model.organisations
    assert [a.stage(p) for p in PRACTICES] == ["adopted", "lapsed", "trial"]
    assert [b.stage(p) for p in PRACTICES] == ["aware", "unaware", "unaware"]
    model.state.organisations.institutional[2] = BUDDIES
    assert c.stage("buddies") == "institutionalised"
    assert c.using == ("buddies",)


def test_unknown_practice_names_the_nearest(model: SmallModel) -> None:
    with pytest.raises(SettingError, match="did you mean 'tandem'"):
        model.organisations[0].uses("tandm")


def test_each_practice_stays_in_exactly_one_stage(model: SmallModel) -> None:
    b = model.organisations[1]
    steps: list[tuple[Callable[[], None], str, list[str]]] = [
        (lambda: b.try_out("buddies"), "trial", ["trial"]),
        (lambda: b.adopt("buddies", fidelity=0.8, fit=0.6), "adopted", ["adopted"]),
        (lambda: b.try_out("buddies"), "adopted", ["adopted"]),
        (lambda: b.institutionalise("buddies"), "institutionalised", ["institutional"]),
        (lambda: b.drop("buddies"), "lapsed", ["lapsed"]),
        (lambda: b.institutionalise("buddies"), "institutionalised", ["institutional"]),
    ]
    for write, stage, columns in steps:
        write()
        assert b.stage("buddies") == stage
        assert stage_bits(model, 1, 1) == columns
        assert b.knows_of("buddies")
        assert b.since("buddies") == 5
    assert b.aware == ("buddies", "tandem")
    assert model.organisations[0].stage("buddies") == "lapsed"


def test_adopting_sets_what_persistence_reads(model: SmallModel) -> None:
    a = model.organisations[0]
    a.adopt("tandem", fidelity=0.8, fit=0.6)
    assert (a.fidelity("tandem"), a.fit("tandem")) == (0.8, 0.6)
    uses = model.state.uses
    assert uses.champion[0, 0] == 1
    assert uses.champion_left[0, 0] == NEVER
    assert uses.grant[0, 0] == -2  # a low-cost practice needs no money of its own
    model.organisations[0].adopt("buddies")
    assert uses.grant[0, 1] == -1
    with pytest.raises(SettingError, match="fidelity"):
        a.adopt("tandem", fidelity=1.2)


def test_a_dropped_trial_has_not_lapsed(model: SmallModel) -> None:
    a = model.organisations[0]
    a.drop("one_stop_shop")
    assert a.stage("one_stop_shop") == "aware"
    model.organisations[2].drop("tandem")
    assert model.organisations[2].stage("tandem") == "unaware"


def test_learning_is_done_by_a_person(model: SmallModel) -> None:
    b, c = model.organisations[1:]
    b.learn("buddies", fit=0.7)
    b.learn("buddies", fit=0.4)
    assert b.fit("buddies") == 0.7
    assert model.state.posts.knows.tolist() == [0, TANDEM, 0, BUDDIES, 0, 0]
    assert b.knows == ("buddies",)
    assert b.stage("buddies") == "aware"
    with pytest.raises(SettingError, match="fit"):
        b.learn("buddies", fit=1.7)
    with pytest.raises(ValueError, match="no filled post"):
        c.learn("buddies")


def test_staff_and_grants(model: SmallModel) -> None:
    first, second = model.organisations[0].staff_members
    assert (first.contract, second.contract) == ("permanent", "fixed_term")
    assert (first.months_in_post, second.months_in_post) == (35, 9)
    assert second.knows == ("tandem",)
    assert first.grant is None
    running, ended = model.organisations[0].grants
    assert second.grant == ended != running
    assert (running.active, ended.active) == (True, False)
    assert (running.renewed, ended.renewed) == (None, False)
    assert running.funder is model.funders[0]
    assert model.funders[0].grants == [running, ended]
    assert second.organisation is model.organisations[0]
    vacant = model.organisations[2].staff_members[0]
    with pytest.raises(ValueError, match="vacant"):
        vacant.learn("tandem")


def test_ties_are_seen_from_both_sides(model: SmallModel) -> None:
    a, b, c = model.organisations
    assert a.neighbours == [b]
    assert b.neighbours == [a, c]
    assert [o.n_ties for o in (a, b, c)] == [1, 2, 1]
    (from_a,) = a.ties
    assert (from_a.other, from_a.trust, from_a.contact) == (b, 0.5, -1)
    assert (from_a.own_person.row, from_a.other_person.row) == (1, 2)
    from_b = b.ties[0]
    assert (from_b.other, from_b.own_person.row, from_b.other_person.row) == (a, 2, 1)
    assert b.trust_in(c) == 0.25 == c.trust_in(b)
    assert a.trust_in(c) == 0.0


def test_networks_and_members_agree(model: SmallModel) -> None:
    a, b, c = model.organisations
    surveyed, community = model.networks
    assert surveyed.members == [a, b, c]
    assert community.members == [c, a]
    assert (surveyed.n_members, community.n_members) == (3, 2)
    assert [o.networks for o in (a, b, c)] == [model.networks, [surveyed], model.networks]
    assert surveyed.coordinator is b
    assert community.coordinator is None
    assert (community.type, community.is_cop) == ("cop_local", True)


def test_networks_funders_and_policy_makers_write_their_rows(model: SmallModel) -> None:
    network, funder, policy_maker = model.networks[1], model.funders[0], model.policy_makers[1]
    network.meetings_per_year = 12
    funder.guidelines = ("tandem", "one_stop_shop")
    funder.budget = 7
    policy_maker.will = 0.9
    policy_maker.policy = ("buddies",)
    assert model.state.networks.meetings_per_year.tolist() == [4.0, 12.0]
    assert model.state.funders.guidelines.tolist() == [TANDEM | SHOP]
    assert model.state.funders.budget.tolist() == [7]
    assert model.state.territories.will.tolist() == [0.1, 0.9, 0.3]
    assert policy_maker.policy == ("buddies",)
    with pytest.raises(SettingError, match="whole number"):
        funder.budget = 2.5  # type: ignore[assignment]
    with pytest.raises(SettingError, match="0 to 1"):
        policy_maker.will = 1.1


def test_policy_makers_of_a_territory_and_of_a_country(model: SmallModel) -> None:
    a, b, c = model.organisations
    augsburg, gozo, malta = model.policy_makers
    assert augsburg.organisations == [a]
    assert gozo.organisations == malta.organisations == [b, c]
    assert [p.is_national for p in model.policy_makers] == [False, False, True]
    assert gozo.pressure == pytest.approx(2.0)
    assert gozo.felt_pressure == pytest.approx(1.0)
    assert (model.funders[0].country, model.funders[0].territory) == (None, None)


def test_writes_tell_the_model(model: SmallModel) -> None:
    model.organisations[0].support = 0.5
    assert model.n_changes == 1
    model.organisations[0].adopt("buddies")
    assert model.n_changes > 1


def test_a_row_is_not_removed(model: SmallModel) -> None:
    with pytest.raises(ExtensionError, match="row of the state"):
        model.organisations[0].remove()
    assert len(model.agents) == 9
