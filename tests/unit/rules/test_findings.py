"""Networks write down what several members run, and policy makers hear a part of it."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import masks_of
from diffusion.base.draws import Decision, uniforms
from diffusion.world.state import State
from diffusion.world.vocabulary import KINDS, LEVELS
from tests.simulating import FIELD, Act, advance, group, number_with, quiet, within, world

NETWORKS = 2000
SIZE = 4
SILENT = {"p_outdated": 0.0, "consultations_per_year": 0.0, "months_remembered": 600.0}
WRITES = {"users_needed": 2, "p_written": 0.2, "rel_facilitated": 2.0, "rel_research": 1.5}


def networks(users: int = 0, **columns: Any) -> State:
    """Networks of four, each in a place of its own; the first `users` members run the practice."""
    inside = np.arange(SIZE * NETWORKS) % SIZE
    state = world(SIZE * NETWORKS, posts=1, territories=NETWORKS)
    state.organisations.adopted[inside < users] = 1
    state.organisations.aware[inside < users] = 1
    members = np.arange(SIZE * NETWORKS).reshape(-1, SIZE).tolist()
    group(state, members, **{"territory": np.arange(NETWORKS), **columns})
    return state


def written(state: State, act: Act | None = None, months: int = 1, **changes: Any) -> int:
    """Networks with the finding after some months in which all meet and all members attend."""
    rules = quiet(meetings={"attendance": 1.0}, findings={**SILENT, **WRITES, **changes})
    advance(state, rules, months=months, act=act)
    return number_with(state.networks.findings)


@pytest.mark.parametrize(("users", "needed"), [(0, 2), (1, 2), (2, 2), (4, 2), (2, 3), (1, 1)])
def test_it_takes_several_members_to_make_a_finding(users: int, needed: int) -> None:
    found = written(networks(users), users_needed=needed)
    assert within(found, NETWORKS, 0.2) if users >= needed else found == 0


def test_facilitation_and_research_make_findings_likelier() -> None:
    assert within(written(networks(2, facilitated=1)), NETWORKS, 0.4)
    studied = networks(2)
    studied.organisations.kind[SIZE - 1 :: SIZE] = KINDS.index("research")
    assert within(written(studied), NETWORKS, 0.3)


def test_evaluation_counts_where_the_practice_runs() -> None:
    def evaluate(who: int) -> Act:
        def act(state: State) -> None:
            state.modifiers.rel_findings[who::SIZE] = 3.0

        return act

    # one of the two members that run it evaluates: their mean is twice as much
    assert within(written(networks(2), evaluate(0)), NETWORKS, 0.4)
    assert within(written(networks(2), evaluate(SIZE - 1)), NETWORKS, 0.2)


@pytest.mark.parametrize(
    ("columns", "writes"),
    [
        ({"regular_money": 0, "months_unpaid": 50, "is_cop": 0}, False),
        ({"regular_money": 0, "months_unpaid": 50, "is_cop": 1}, True),
        ({"meetings_per_year": 0.0}, False),
    ],
)
def test_communities_and_coordinated_networks_write_when_they_meet(
    columns: dict[str, Any], writes: bool
) -> None:
    rules = {"self_governed_size": 0, "months_cop_life": 600.0, "rel_cop_life_unpaid": 1.0}
    state = networks(2, **columns)
    parameters = quiet(
        funding=rules,
        meetings={"attendance": 1.0, "rel_rhythm_uncoordinated": 1.0},
        findings={**SILENT, **WRITES, "p_written": 1.0},
    )
    advance(state, parameters)
    assert np.array_equal(state.networks.findings, state.networks.met * writes)
    assert (state.networks.met.sum() > 0.9 * NETWORKS) == (columns.get("meetings_per_year") is None)


@pytest.mark.parametrize(("users", "share"), [(0, 0.7**3), (1, 1.0)])
def test_findings_go_out_of_date_where_nobody_runs_the_practice(users: int, share: float) -> None:
    left = written(networks(users, findings=1), months=3, p_outdated=0.3)
    assert within(left, NETWORKS, share) if users == 0 else left == NETWORKS


@pytest.mark.parametrize("needed", [1, 2, 3])
@pytest.mark.parametrize(("p_written", "rel"), [(0.03, 1.0), (0.3, 20.0), (1.0, 0.5), (0.0, 1.0)])
def test_whatever_luck_leaves_out_before_members_are_counted_could_not_be_written(
    needed: int, p_written: float, rel: float
) -> None:
    size, n_practices = 7, 20
    who, practice = np.arange(300 * size).reshape(300, size), np.arange(n_practices)
    runs = uniforms(needed, Decision.WORLD_PRACTICE, -1, who[:, :, None], practice) < 0.2
    weight = np.array([0.0, 0.7, 1.0, 3.1, 100.0])[who % 5]
    state = world(300 * size, practices={"fields": np.full(n_practices, FIELD)})
    key = np.arange(300)[:, None]
    before = uniforms(needed, Decision.WORLD_POLICY, -1, key, practice) < 0.2
    group(state, who.tolist(), findings=masks_of(before), facilitated=1)
    state.organisations.adopted[:] = masks_of(runs.reshape(-1, n_practices))
    state.organisations.aware[:] = state.organisations.adopted

    def act(state: State) -> None:
        state.modifiers.rel_findings[:] = weight.ravel()

    written(
        state, act, users_needed=needed, p_written=p_written, rel_facilitated=rel, p_outdated=0.4
    )
    luck = uniforms(state.seed, Decision.FINDING, 0, key, practice)
    users, total = runs.sum(axis=1), np.zeros((300, n_practices))
    for x in range(size):
        total += np.where(runs[:, x], weight[:, x, None], 0.0)
    with np.errstate(invalid="ignore"):
        new = (users >= needed) & (luck < p_written * rel * total / users)
    gone = uniforms(state.seed, Decision.FINDING_OUTDATED, 0, key, practice) < 0.4
    after = np.where(before, (users > 0) | ~gone, new)
    assert (state.networks.met == 1).all()
    assert np.array_equal(state.networks.findings, masks_of(after))


def told(state: State, act: Act | None = None, months: int = 1, **changes: Any) -> int:
    """Places whose policy maker has heard of the practice."""
    rates = {"consultations_per_year": 12.0, "p_heard": 0.4, "months_remembered": 600.0}
    advance(state, quiet(findings={**SILENT, **rates, **changes}), months=months, act=act)
    return number_with(state.territories.heard[:NETWORKS])


def test_a_part_of_what_is_told_is_heard() -> None:
    assert within(told(networks(findings=1, policy_link=1)), NETWORKS, 0.4)
    rare = networks(findings=1, policy_link=1)
    assert within(told(rare, consultations_per_year=3.0), NETWORKS, 0.1)


@pytest.mark.parametrize(
    "columns",
    [
        {"findings": 0, "policy_link": 1},
        {"findings": 1, "policy_link": 0},
        {"findings": 1, "policy_link": 1, "regular_money": 0, "months_unpaid": 50},
    ],
)
def test_it_takes_findings_a_link_and_coordination(columns: dict[str, Any]) -> None:
    state = networks(**columns)
    advance(
        state,
        quiet(
            funding={"self_governed_size": 0},
            findings={**SILENT, "consultations_per_year": 12.0, "p_heard": 1.0},
        ),
    )
    assert not state.territories.heard.any()


def test_an_opened_channel_links_adds_rhythm_and_is_heard_better() -> None:
    def channel(state: State) -> None:
        state.networks.linked[:] = 1
        state.networks.add_consultations[:] = 6.0
        state.networks.add_heard[:] = 0.2

    state = networks(findings=1, policy_link=0)
    found = told(state, channel, consultations_per_year=0.0)
    assert within(found, NETWORKS, 0.5 * (0.4 + 0.2))
    assert told(state, consultations_per_year=12.0) <= found  # closed again


def test_members_who_know_how_policy_is_made_are_heard_better() -> None:
    def literate(state: State) -> None:
        state.modifiers.rel_heard[::SIZE] = 3.0  # one of four: 1.5 on average

    assert within(told(networks(findings=1, policy_link=1), literate), NETWORKS, 0.6)


def test_it_is_heard_at_the_seat_and_where_members_are() -> None:
    state = world(6, territories=3)
    group(state, [[0, 2]], territory=2, findings=1, policy_link=1)
    told(state, p_heard=1.0)
    assert state.territories.heard.tolist() == [1, 1, 1, 0]
    wide = world(6, territories=3)
    group(wide, [[0]], territory=0, findings=1, policy_link=1, level=LEVELS.index("national"))
    told(wide, p_heard=1.0)
    assert wide.territories.heard.tolist() == [1, 0, 0, 1]


def test_what_was_heard_is_forgotten() -> None:
    state = networks()
    state.territories.heard[:NETWORKS] = 1
    assert within(told(state, months=5, months_remembered=10.0), NETWORKS, 0.9**5)
