"""News and know-how pass on contacts."""

from typing import TYPE_CHECKING

from benchmarks.peers.mesa_base import ModelBase, OrganisationBase
from benchmarks.peers.mesa_entities import (
    Contact,
    Post,
)

if TYPE_CHECKING:
    from benchmarks.peers.mesa_organisation import Organisation


class ExchangeModel(ModelBase):
    """What the model does in the rule."""

    def exchange(self) -> None:
        """News and know-how pass on contacts; communities present; sources stand as they stood."""
        self.agents.shuffle_do("fade_and_forget")
        deep = self.rules.exchange.deep_contact
        lessons = []
        for contact in self.contacts:
            a, b, post_a, post_b, depth, _, _ = contact
            clear = depth
            if a.profile.languages.isdisjoint(b.profile.languages):
                clear *= self.clarity
            a.hear(b, depth, clear)
            b.hear(a, depth, clear)
            if depth >= deep:
                taught = (post_b.knows & a.told) - post_a.knows
                if taught:
                    lessons += self._lessons(taught, contact, a, post_a, b)
                taught = (post_a.knows & b.told) - post_b.knows
                if taught:
                    lessons += self._lessons(taught, contact, b, post_b, a)
        for pupil, post, number, source in lessons:
            if number not in post.knows:
                self._teach(pupil, post, number, source)
        for network, attending in self.attendance:
            if network.is_cop:
                self._present(attending)

    def _lessons(
        self,
        taught: set[int],
        contact: Contact,
        pupil: "Organisation",
        post: Post,
        source: "Organisation",
    ) -> "list[tuple[Organisation, Post, int, Organisation]]":
        """Which of the practices that a person of the source knows pass to the pupil's person."""
        p, random = self.rules.exchange, self.uniform
        chance = p.p_know_how * contact.depth * contact.trust
        if pupil.profile.languages.isdisjoint(source.profile.languages):
            chance *= self.clarity
        return [
            (pupil, post, number, source)
            for number in taught
            if random()
            < chance
            * pupil.profile.relevance[number]
            * (1.0 - p.complexity_brake * self.practices[number].complexity)
        ]

    def _teach(
        self, pupil: "Organisation", post: Post, number: int, source: "Organisation"
    ) -> None:
        post.knows.add(number)
        pupil.knows.add(number)
        pupil.aware |= {number}
        adaptability = self.practices[number].adaptability
        fit = adaptability + (1.0 - adaptability) * pupil.similarity(source)
        pupil.fit[number] = max(pupil.fit[number], fit)
        self.flows["transfers"] += 1
        if pupil.profile.own_fields.isdisjoint(source.profile.own_fields):
            self.flows["cross_transfers"] += 1

    def _present(self, attending: "list[Organisation]") -> None:
        """A member that runs something presents one of its practices to those present."""
        p, random = self.rules.exchange, self.uniform
        start = int(random() * len(attending))
        order = attending[start:] + attending[:start]
        speaker = next((organisation for organisation in order if organisation.using), None)
        if speaker is None:
            return
        number = self.random.choice(list(speaker.using))
        for listener in attending:
            if number in listener.aware:
                continue
            chance = p.p_aware_presented * listener.profile.relevance[number]
            if listener.profile.languages.isdisjoint(speaker.profile.languages):
                chance *= self.clarity
            if random() < chance:
                listener.become_aware(number)


class ExchangeOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

    def fade_and_forget(self) -> None:
        """Remembered contacts fade; what nobody needs or knows how to run may be forgotten."""
        model = self.model
        random, fade = model.uniform, model.fade
        p_forget = model.rules.exchange.p_forget
        self.contacts *= fade
        exposure = self.exposure
        for number in exposure:
            exposure[number] *= fade
        self.told = self.aware
        forgotten = [
            number
            for number in self.aware
            if random() < p_forget and not self.needs(number) and number not in self.knows
        ]
        if forgotten:
            self.aware = self.aware.difference(forgotten)

    def hear(self, source: "Organisation", depth: float, clear: float) -> None:
        """Remember a contact and take in its news.

        Args:
            source: the organisation met.
            depth: of the contact, 0..1.
            clear: depth times clarity of language, 0..1.
        """
        self.contacts += depth
        using = source.using
        if using:
            exposure = self.exposure
            for number in using:
                exposure[number] = exposure.get(number, 0.0) + depth
        news = source.told - self.aware
        if not news:
            return
        random = self.model.uniform
        ceiling = self.model.p_aware_at_most * clear
        for number in news:
            luck = random()
            if luck >= ceiling:
                continue
            p = self.model.rules.exchange
            chance = p.p_aware_from_user if number in using else p.p_aware_from_informed
            if luck < chance * clear * self.profile.relevance[number]:
                self.become_aware(number)

    def become_aware(self, number: int) -> None:
        self.aware |= {number}
        self.model.flows["awareness_gained"] += 1

    def similarity(self, other: "Organisation") -> float:
        """How alike the places of the two are, 0..1."""
        p = self.model.rules.exchange
        one, two = self.profile, other.profile
        alike = 0.0
        if one.country == two.country:
            alike += p.similarity_country
        if one.kind == two.kind:
            alike += p.similarity_kind
        if one.level == two.level:
            alike += p.similarity_level
        if not one.fields.isdisjoint(two.fields):
            alike += p.similarity_field
        return alike / (
            p.similarity_country + p.similarity_kind + p.similarity_level + p.similarity_field
        )
