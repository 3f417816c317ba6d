"""Policy makers draft and pass what works; will moves; regular money takes over."""

import math

from benchmarks.peers.mesa_base import ModelBase, OrganisationBase
from benchmarks.peers.mesa_entities import (
    Funder,
    Territory,
)
from diffusion.base.months import monthly_hazard


class PolicyModel(ModelBase):
    """What the model does in the rule."""

    def make_policy(self) -> None:
        """Policy makers draft what works and pass it, it is followed, and will moves."""
        self._count_users()
        for territory in self.territories:
            self._decide(territory)
        for territory in self.territories:
            if territory.size:
                self._draft(territory)
        for funder in self.funders:
            if funder.follows is not None:
                self._follow(funder, funder.follows)
        self.agents.shuffle_do("move_to_regular_money")
        self._move_will()

    def _count_users(self) -> None:
        for territory in self.territories:
            territory.users.clear()
            territory.little_users = 0
        little = {practice.number for practice in self.practices if practice.scale == "little"}
        for organisation in self.organisations:
            using = organisation.using
            if using:
                territory = organisation.territory
                for number in using:
                    territory.users[number] += 1
                if not little.isdisjoint(using):
                    territory.little_users += 1
        for territory in self.territories:
            country = territory.national
            if country is not None and country is not territory:
                country.users.update(territory.users)
                country.little_users += territory.little_users

    def _decide(self, territory: Territory) -> None:
        """Drafts pass; some are dropped where will has fallen."""
        p = self.rules.policy
        passing = 1.0 / p.months_draft
        dropped = p.loss_of_drafts * max(0.0, territory.shown - territory.will)
        territory.shown = territory.will
        for number in list(territory.drafts):
            luck = self.uniform()
            if luck < passing:
                territory.policy.add(number)
            elif luck < passing + dropped:
                territory.heard.discard(number)
            else:
                continue
            territory.drafts.remove(number)

    def _draft(self, territory: Territory) -> None:
        p, random = self.rules.policy, self.uniform
        country = territory.national
        uptake = monthly_hazard(p.uptake_per_year)
        uptake *= max(0.0, 1.0 + p.will_slope * (territory.shown - p.will_mean))
        neighbours: list[Territory] = []
        if country is not None:
            neighbours = [place for place in country.places if place is not territory]
        for number, users in territory.users.items():
            if number in territory.policy or number in territory.drafts:
                continue
            chance = uptake * users / territory.size
            chance *= 1.0 + p.evidence_slope * (self.practices[number].strength - 0.5)
            if neighbours:
                having = sum(number in place.policy for place in neighbours)
                chance *= p.neighbour_odds ** (2.0 * having / len(neighbours))
            if number in territory.heard:
                chance *= p.rel_policy_link
            if random() < chance:
                territory.drafts.add(number)

    def _follow(self, funder: Funder, territory: Territory) -> None:
        """Guidelines take in policy after some time."""
        for number in territory.policy - funder.guidelines:
            if self.uniform() * self.rules.policy.months_guidelines < 1.0:
                funder.guidelines.add(number)

    def _move_will(self) -> None:
        p = self.rules.policy
        sd = p.will_sd * math.sqrt(1.0 - p.will_persistence**2)
        for territory in self.territories:
            share = territory.little_users / territory.size if territory.size else 0.0
            aim = min(1.0, p.will_mean + p.inspiration * share)
            will = aim + p.will_persistence * (territory.will - aim) + self.random.gauss(0.0, sd)
            territory.will = min(1.0, max(0.0, will))


class PolicyOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

    def move_to_regular_money(self) -> None:
        """Regular money takes over what is policy here and hangs on a grant."""
        chance = self.model.rules.policy.p_regular_money
        for number, use in self.using.items():
            may = use.grant is not None and self.is_policy(number)
            if may and self.model.uniform() < chance:
                use.settle_on_regular_money()
