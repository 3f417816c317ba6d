"""Ties strengthen, fade, lapse and form."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from benchmarks.peers.mesa_base import ModelBase, OrganisationBase
from benchmarks.peers.mesa_entities import (
    Tie,
)

if TYPE_CHECKING:
    from benchmarks.peers.mesa_organisation import Organisation

Thing = TypeVar("Thing")

_MOST_SHARED_PARTNERS = 5  # further ones no longer raise the chance of a tie


def any_of(things: Sequence[Thing], luck: float) -> Thing:
    """One of the things, chosen by a uniform number; quicker than `random.choice`."""
    return things[int(luck * len(things))]


class TiesModel(ModelBase):
    """What the model does in the rule."""

    def move_ties(self) -> None:
        """Ties strengthen, fade and lapse; new ones come from searches and last month's meetings.

        All decide on the ties that have lasted; new ones are formed at the end.
        """
        self._age_ties()
        self.agents.shuffle_do("seek_partner")
        self._befriend_after_meetings()
        for a, b in self.agreed:
            post_a, post_b = a.somebody() or a.posts[0], b.somebody() or b.posts[0]
            tie = Tie(a, b, post_a, post_b, self.rules.ties.trust_new, self.month)
            a.ties[b] = b.ties[a] = tie
            self.ties.append(tie)
        self.flows["ties_formed"] += len(self.agreed)
        self.agreed.clear()

    def _age_ties(self) -> None:
        p, random = self.rules.ties, self.uniform
        last_month, kept = self.month - 1, 1.0 - p.trust_loss
        ceiling = max(p.p_lapse_bridging, p.p_lapse_embedded) * max(1.0, p.rel_lapse_coordinated)
        lapsed = []
        for tie in self.ties:
            if tie.contact >= last_month:
                tie.trust += p.trust_gain * (1.0 - tie.trust)
                continue
            tie.trust *= kept
            luck = random()
            if luck >= ceiling:
                continue
            a, b = tie.a, tie.b
            apart = a.ties.keys().isdisjoint(b.ties)
            hazard = p.p_lapse_bridging if apart else p.p_lapse_embedded
            if a.shares_coordinated_network(b):
                hazard *= p.rel_lapse_coordinated
            if luck < hazard:
                lapsed.append(tie)
        self.drop(lapsed)

    def _befriend_after_meetings(self) -> None:
        p, random = self.rules.ties, self.uniform
        for a, b, _, _, depth, _, network in self.contacts:
            if network is None or b in a.ties:
                continue
            chance = p.p_from_meeting * depth * (a.wish() + b.wish())
            if network.coordinated:
                chance *= p.rel_formation_coordinated
            luck = random()
            if luck < chance and luck < chance * a.affinity(b):
                self.agree_on_tie(a, b)

    def agree_on_tie(self, a: "Organisation", b: "Organisation") -> None:
        """Two organisations will be partners; saying so twice changes nothing."""
        self.agreed[(a, b) if a.unique_id < b.unique_id else (b, a)] = None


class TiesOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

    def wish(self) -> float:
        """Wish for a further partner: 1 without any, a half at `degree_scale`."""
        scale = self.model.rules.ties.degree_scale
        return scale / (scale + len(self.ties))

    def affinity(self, other: "Organisation") -> float:
        """Chance factor, 0..1, that the two take to each other."""
        p = self.model.rules.ties
        one, two = self.profile, other.profile
        silo = 0.5 * (one.siloing + two.siloing)
        distance = 0.0
        if one.fields.isdisjoint(two.fields):
            distance += silo * p.homophily_field
        if one.kind != two.kind:
            distance += silo * p.homophily_kind
        if one.level != two.level:
            distance += p.homophily_level
        if self.territory is not other.territory:
            distance += p.homophily_territory
        if one.country != two.country:
            distance += p.homophily_country
        if one.languages.isdisjoint(two.languages):
            distance += p.homophily_language
        return math.exp(-distance)

    def shares_coordinated_network(self, other: "Organisation") -> bool:
        """Whether the two are in a network whose coordination works."""
        return any(network.coordinated and network in other.networks for network in self.networks)

    def seek_partner(self) -> None:
        """Perhaps look for a partner; whoever is won is a partner from the end of the rule on."""
        model = self.model
        p = model.rules.ties
        if model.uniform() >= p.p_search * self.wish() * min(1.0, self.slack):
            return
        other = self._think_of_somebody()
        if other is self or other in self.ties:
            return
        chance = self.affinity(other) * other.wish()
        shared = len(self.ties.keys() & other.ties.keys())
        chance *= p.transitivity ** min(shared, _MOST_SHARED_PARTNERS)
        if self.shares_coordinated_network(other):
            chance *= p.rel_formation_coordinated
        if model.uniform() < chance:
            model.agree_on_tie(self, other)

    def _think_of_somebody(self) -> "Organisation":
        """A partner's partner, a fellow member, or anybody."""
        model = self.model
        p, random = model.rules.ties, model.uniform
        way = random()
        if way < p.share_friends and self.ties:
            friend = any_of(list(self.ties), random())
            return any_of(list(friend.ties), random())
        if way < p.share_friends + p.share_neighbourhood and self.networks:
            return any_of(any_of(self.networks, random()).members, random())
        return any_of(model.organisations, random())
