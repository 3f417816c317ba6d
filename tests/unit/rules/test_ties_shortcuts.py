"""The rule of ties decides in passes over all; here the same month is decided one by one."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from diffusion.base.arrays import table_of
from diffusion.base.draws import Decision, uniform, uniforms
from diffusion.rules.ties import Parameters, TieDynamics
from diffusion.world.state import State
from diffusion.world.traffic import ARRANGED, BILATERAL, Contacts, Flow, Live
from tests.simulating import FIELD, OTHER_FIELD, changed, defaults, group, link, world

N = 150
MONTH = 7
LAPSED = 5  # ties that another rule has marked


def restless(seed: int, alike: bool) -> State:
    """Organisations that differ in everything, some with many ties, some with none."""

    def luck(place: int, n: int = N) -> npt.NDArray[np.float64]:
        return uniforms(seed, Decision.RESAMPLE, place, np.arange(n))

    state = world(
        N,
        territories=5,
        fields=np.where(luck(0) < 0.5, FIELD, OTHER_FIELD),
        kind=luck(1) * 3,
        siloing=luck(2) * 2.0,
        slack=luck(3) * 1.5,
    )
    group(state, [list(range(k, k + 12)) for k in range(0, 96, 8)], coordinated=[0, 1] * 6)
    ends = np.column_stack([luck(4, 420), luck(5, 420)]) * (N - 20)
    pairs = {(int(i), int(j)) for i, j in ends if int(i) < int(j)}
    pairs |= {(3, j) for j in range(40, 80)}
    link(state, sorted(pairs), trust=0.4)
    live = state.n_ties
    state.ties.contact[:live] = MONTH - 3 + (luck(6, live) * 3).astype(np.int64)
    state.ties.trust[np.argsort(luck(7, live))[:LAPSED]] = -1.0
    state.sizes[Live.LAPSED] = LAPSED
    if not alike:
        for place, name in enumerate(("rel_trust_gain", "rel_tie_decay", "rel_tie_formation")):
            getattr(state.modifiers, name)[:] = luck(8 + place) * 3.0
    a, b = (luck(11, 200) * N).astype(np.int64), (luck(12, 200) * (N - 1)).astype(np.int64)
    networks = ARRANGED + (luck(13, 200) * 14).astype(np.int64)
    state.contacts = table_of(Contacts, 200, a=a, b=b + (b >= a), depth=0.5, network=networks)
    state.sizes[Live.CONTACTS] = 200
    state.month = MONTH
    return state


class OneByOne:
    """What the rule says of each tie, search and contact, without any shortcut."""

    def __init__(self, state: State, p: Parameters) -> None:
        self.state, self.p = state, p
        self.rows = [
            [int(t.a), int(t.b), float(t.trust), int(t.contact)]
            for t in state.ties[: state.n_ties]
            if t.trust >= 0.0
        ]
        self.lapsed = self.formed = 0

    def month(self) -> list[list[Any]]:
        self.partners = self.listed()
        kept = [row for row in self.rows if not self.lapses(row)]
        self.lapsed, self.rows = len(self.rows) - len(kept), kept
        self.partners = self.listed()
        wanted = {pair for i in range(N) for pair in self.search(i)}
        wanted |= {pair for x in range(self.state.n_contacts) for pair in self.meeting(x)}
        self.formed = len(wanted)
        return self.rows + [[a, b, self.p.trust_new, MONTH] for a, b in sorted(wanted)]

    def luck(self, decision: Decision, who: int, whom: int = 0) -> float:
        return uniform(self.state.seed, decision, MONTH, int(who), int(whom))

    def listed(self) -> list[list[int]]:
        partners: list[list[int]] = [[] for _ in range(N)]
        for a, b in ((int(row[0]), int(row[1])) for row in self.rows):
            partners[a].append(b)
            partners[b].append(a)
        return partners

    def shared(self, a: int, b: int) -> int:
        return len(set(self.partners[a]) & set(self.partners[b]))

    def coordinated(self, a: int, b: int) -> bool:
        start, member = self.state.members
        return any(
            {a, b} <= set(member[start[k] : start[k + 1]].tolist())
            for k in range(self.state.n_networks)
            if self.state.networks.coordinated[k]
        )

    def half_of_both(self, name: str, a: int, b: int) -> float:
        column = getattr(self.state.modifiers, name)
        return float(0.5 * (column[a] + column[b]))

    def lapses(self, row: list[Any]) -> bool:
        a, b, _, contact = row
        if contact >= MONTH - 1:
            gain = self.p.trust_gain * self.half_of_both("rel_trust_gain", a, b)
            row[2] += min(1.0, gain) * (1.0 - row[2])
            return False
        row[2] *= 1.0 - self.p.trust_loss
        hazard = self.p.p_lapse_embedded if self.shared(a, b) else self.p.p_lapse_bridging
        hazard *= self.half_of_both("rel_tie_decay", a, b)
        hazard *= self.p.rel_lapse_coordinated if self.coordinated(a, b) else 1.0
        return self.luck(Decision.TIE_DECAY, a, b) < hazard

    def wish(self, i: int) -> float:
        return self.p.degree_scale / (self.p.degree_scale + len(self.partners[i]))

    def affinity(self, a: int, b: int) -> float:
        one, other = self.state.organisations[a], self.state.organisations[b]
        silo = 0.5 * (one.siloing + other.siloing)
        far = silo * self.p.homophily_field if one.fields & other.fields == 0 else 0.0
        far += silo * self.p.homophily_kind if one.kind != other.kind else 0.0
        far += self.p.homophily_territory if one.territory != other.territory else 0.0
        return math.exp(-far)

    def candidate(self, i: int) -> int:
        def below(place: int, n: int) -> int:
            return int(self.luck(Decision.TIE_CANDIDATE, i, place) * int(n))

        own, way = self.partners[i], self.luck(Decision.TIE_CANDIDATE, i, 0)
        start, member = self.state.members
        joined = self.state.memberships
        groups = joined.network[joined.start[i] : joined.start[i + 1]]
        if way < self.p.share_friends and own:
            theirs = self.partners[own[below(1, len(own))]]
            return theirs[below(2, len(theirs))]
        if way < self.p.share_friends + self.p.share_neighbourhood and len(groups):
            k = groups[below(3, len(groups))]
            return int(member[start[k] + below(4, start[k + 1] - start[k])])
        return below(5, N)

    def search(self, i: int) -> list[tuple[int, int]]:
        eager = self.p.p_search * self.wish(i) * min(1.0, self.state.organisations.slack[i])
        eager *= self.state.modifiers.rel_tie_formation[i]
        c = self.candidate(i)
        if self.luck(Decision.TIE_SEARCH, i) >= eager or c == i or c in self.partners[i]:
            return []
        chance = (
            self.affinity(i, c) * self.wish(c) * self.p.transitivity ** min(self.shared(i, c), 5)
        )
        chance *= self.p.rel_formation_coordinated if self.coordinated(i, c) else 1.0
        return [(min(i, c), max(i, c))] if self.luck(Decision.TIE_ACCEPT, i, c) < chance else []

    def meeting(self, x: int) -> list[tuple[int, int]]:
        met = self.state.contacts[x]
        a, b = sorted((int(met.a), int(met.b)))
        if met.network == BILATERAL or b in self.partners[a]:
            return []
        networks = self.state.networks
        key = 1 << 21 if met.network == ARRANGED else networks.key[met.network]
        chance = self.p.p_from_meeting * met.depth * self.affinity(a, b)
        chance *= self.half_of_both("rel_tie_formation", a, b) * (self.wish(a) + self.wish(b))
        if met.network >= 0 and networks.coordinated[met.network]:
            chance *= self.p.rel_formation_coordinated
        return [(a, b)] if self.luck(Decision.TIE_FROM_MEETING, a * N + b, key) < chance else []


EXTREMES: dict[str, dict[str, float]] = {
    "as_packaged": {},
    "often": {"p_lapse_embedded": 0.4, "p_lapse_bridging": 0.9, "p_search": 1.0},
    "bridges_last": {"p_lapse_embedded": 0.9, "p_lapse_bridging": 0.2},
    "coordination_harms": {
        "p_lapse_embedded": 0.3,
        "p_lapse_bridging": 0.5,
        "rel_lapse_coordinated": 2.0,
        "rel_formation_coordinated": 0.0,
        "p_from_meeting": 1.0,
    },
    "coordination_is_all": {
        "p_lapse_embedded": 0.3,
        "p_lapse_bridging": 0.5,
        "rel_lapse_coordinated": 0.0,
        "rel_formation_coordinated": 10.0,
        "p_from_meeting": 1.0,
    },
    "friends": {"transitivity": 5.0, "share_friends": 1.0, "homophily_field": 5.0},
    "no_friends": {"transitivity": 0.2, "share_friends": 1.0, "p_search": 1.0},
    "unlike": {"homophily_field": 5.0, "homophily_kind": 5.0, "homophily_territory": 5.0},
    "few_partners": {"degree_scale": 1.0, "trust_gain": 1.0, "trust_loss": 1.0},
}


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("name", EXTREMES)
def test_passes_decide_as_one_by_one(name: str, alike: bool) -> None:
    parameters = changed(defaults(), ties=EXTREMES[name]).ties
    for seed in (1, 2):
        state = restless(seed, alike)
        slowly = OneByOne(state, parameters)
        expected = slowly.month()
        with np.errstate(over="ignore"):
            TieDynamics(parameters).step(state)
        ties = state.ties[: state.n_ties]
        columns = (ties[column].tolist() for column in ("a", "b", "trust", "contact"))
        found = [list(row) for row in zip(*columns, strict=True)]
        assert found == expected
        assert state.flows[Flow.TIES_LOST] == slowly.lapsed
        assert state.flows[Flow.TIES_FORMED] == slowly.formed > 0
