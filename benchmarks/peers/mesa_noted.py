"""What measuring remembers of a run of the Mesa model, and what is left of what was in use."""

from collections import Counter
from collections.abc import Collection
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from benchmarks.peers.mesa_base import ModelBase
from benchmarks.peers.mesa_entities import Account, Grant, Post, Territory, Tie
from diffusion.model.settings import ModelSettings

if TYPE_CHECKING:
    from benchmarks.peers.mesa_organisation import Organisation

SURVIVAL = ("since_stop", "at_risk", "unbroken", "in_use")


def fewest(practices: Collection[int], cutoff: float) -> int:
    """The fewest of so many practices that make a share of at least the cut-off."""
    return next(known for known in range(len(practices) + 1) if known / len(practices) >= cutoff)


class MeasuredModel(ModelBase):
    """Notes taken once, and each month what several columns need."""

    migrant_led: "list[Organisation]"
    small: "list[Organisation]"
    residents: "dict[Territory, list[Organisation]]"
    accounts: list[Account]
    volunteers: list[Post]
    weak_grants: list[Grant]
    # who has practices of its own or of related fields: which, and how many it must know
    asked_own: "list[tuple[Organisation, frozenset[int], int]]"
    asked_related: "list[tuple[Organisation, frozenset[int], int]]"
    few_others: int  # fewer partners without a common field than these are too few
    n_used_first: list[int]  # practices that each organisation used at the start
    uses: Counter[int]  # organisations that use a practice
    ties_across: list[Tie]  # between organisations without a common field
    stop: int  # month after which the money stops
    cohort: "dict[Organisation, set[int]]"  # what was in use then; empty before
    unbroken: "dict[Organisation, set[int]]"  # of these, never interrupted since

    def begin_notes(self, settings: ModelSettings) -> None:
        """Note what stays the same, once the world is there."""
        measures, organisations = settings.measures, self.organisations
        self.migrant_led = [one for one in organisations if one.profile.migrant_led]
        self.small = [one for one in organisations if len(one.posts) < measures.small_posts]
        weak = {*self.migrant_led, *self.small}
        self.weak_grants = [grant for grant in self.grants if grant.organisation in weak]
        self.accounts = [organisation.account for organisation in organisations]
        self.volunteers = [post for post in self.posts if post.volunteer]
        self.residents = {}
        self.asked_own, self.asked_related = [], []
        for organisation in organisations:
            profile = organisation.profile
            self.residents.setdefault(organisation.territory, []).append(organisation)
            own = frozenset(
                practice.number
                for practice in self.practices
                if not practice.fields.isdisjoint(profile.own_fields)
            )
            if own:
                need = fewest(own, measures.gap_own_field)
                self.asked_own.append((organisation, own, need))
            related = profile.related - own
            if related:
                need = fewest(related, measures.gap_related_fields)
                self.asked_related.append((organisation, related, need))
        self.few_others = measures.gap_other_actors
        self.n_used_first = [len(organisation.ever_used) for organisation in organisations]
        self.stop = settings.timing.stop
        self.cohort, self.unbroken = {}, {}
        self.take_notes()

    def take_notes(self) -> None:
        """Note what several columns of this month need, and what was interrupted."""
        self.uses = Counter(chain.from_iterable(map(attrgetter("using"), self.organisations)))
        self.ties_across = [tie for tie in self.ties if tie.across]
        if self.steps == self.stop:
            self.cohort = {one: set(one.using) for one in self.organisations if one.using}
            self.unbroken = {one: set(used) for one, used in self.cohort.items()}
        for organisation, used in self.unbroken.items():
            used.intersection_update(organisation.using)

    def remaining(self) -> dict[str, int]:
        """This month's row of the table of survival."""
        in_use = sum(len(used & one.using.keys()) for one, used in self.cohort.items())
        numbers = (
            self.steps - self.stop,
            sum(map(len, self.cohort.values())),
            sum(map(len, self.unbroken.values())),
            in_use,
        )
        return dict(zip(SURVIVAL, numbers, strict=True))
