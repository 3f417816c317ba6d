"""The agent of the Mesa model: an organisation and what it does in a month.

Methods that rules call on every organisation touch that organisation only, or leave for the model
what happens between two. So the order of agents has no meaning, and shuffling it changes nothing.
"""

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import mesa

from benchmarks.peers.mesa_entities import (
    Funder,
    Grant,
    Post,
    Practice,
    Profile,
    Territory,
    Tie,
    Use,
)
from diffusion.base.arrays import NEVER
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.world.vocabulary import SCALES

if TYPE_CHECKING:
    from benchmarks.peers.mesa_entities import CooperationNetwork
    from benchmarks.peers.mesa_model import DiffusionModel

Thing = TypeVar("Thing")

_CAPACITY_AT_LEAST = 0.25  # posts, so that an empty organisation has a finite overload
_MOST_SLACK = 2.0
_MOST_SHARED_PARTNERS = 5  # further ones no longer raise the chance of a tie


def any_of(things: Sequence[Thing], luck: float) -> Thing:
    """One of the things, chosen by a uniform number; quicker than `random.choice`."""
    return things[int(luck * len(things))]


class Organisation(mesa.Agent):  # type: ignore[misc]
    """An organisation with its posts, grants, ties and practices.

    Args:
        model: the model.
        territory: where it is.
        profile: what stays the same about it.
    """

    model: "DiffusionModel"

    def __init__(self, model: "DiffusionModel", territory: Territory, profile: Profile) -> None:
        super().__init__(model)
        self.territory = territory
        self.profile = profile
        self.posts: list[Post] = []
        self.grants: list[Grant] = []
        self.networks: list[CooperationNetwork] = []
        self.ties: dict[Organisation, Tie] = {}
        self.own_money = 0.0  # EUR a month
        self.staff = 0
        self.overload = 0.0
        self.slack = 0.0
        self.contacts = 0.0  # remembered contacts
        self.exposure: dict[int, float] = {}  # of these, with users of a practice
        self.fit = [0.0] * len(profile.relevance)  # 0..1, best so far, of each practice
        # Never changed in place: `told` is what it knew of when this month's exchange began.
        self.aware: frozenset[int] = frozenset()
        self.told = self.aware
        self.written: set[int] = set()
        self.knows: set[int] = set()  # what anybody on the staff knows how to run
        # Each practice it has a history with is in `uses`, and in one of the stages or in none.
        self.uses: dict[int, Use] = {}
        self.trials: dict[int, Use] = {}
        self.using: dict[int, Use] = {}
        self.lapsed: dict[int, Use] = {}

    # demand

    def feel_demand(self) -> None:
        """Overload and slack from the month's demand, the staff, and what it runs."""
        model = self.model
        month, productivity = model.month, model.productivity
        experienced = len(productivity)
        filled = vacant_but_paid = 0
        capacity = 0.0
        for post in self.posts:
            if post.filled:
                filled += 1
                tenure = month - post.hired
                capacity += productivity[tenure] if tenure < experienced else 1.0
            elif post.grant is None or post.grant.active:
                vacant_but_paid += 1
        load = 0.0
        for use in self.trials.values():
            load += use.practice.load
        for use in self.using.values():
            load += use.practice.load
        p = model.rules.demand
        demand = self.territory.demand * (filled + vacant_but_paid)
        strain = max(0.0, demand / max(capacity, _CAPACITY_AT_LEAST) - 1.0)
        self.staff = filled
        self.overload = min(p.max_overload, strain)
        free = math.exp(-p.overload_exponent * self.overload)
        bound = p.load_weight * load / len(self.posts)
        self.slack = min(_MOST_SLACK, max(0.0, free - bound))

    # funding

    def may_apply(self, grant: Grant) -> bool:
        """Whether it meets the conditions of a call and has the time to apply."""
        return (
            self.staff >= grant.funder.min_staff
            and self.slack >= self.model.rules.funding.application_slack
            and self._shares_costs(grant)
        )

    def _shares_costs(self, wanted: Grant) -> bool:
        """Whether own money bears the own share of a line beside those it has or was promised."""
        needed = 0.0
        for grant in self.grants:
            promised = grant.renewed or grant.starts > self.model.month
            if grant is wanted or grant.active or promised:
                funder = grant.funder
                a_month = funder.grant_eur / funder.months_grant
                needed += a_month * funder.own_share / (1.0 - funder.own_share)
        return needed <= self.own_money

    def apply(self, funder: Funder) -> None:
        """Writing an application takes time, whether it wins or not."""
        share = funder.application_days / (self.model.rules.funding.working_days * len(self.posts))
        self.slack = max(0.0, self.slack - share)

    def standing(self, funder: Funder) -> float:
        """How the funder's evaluation changes its chances."""
        if not self.using:
            return 1.0
        score = statistics.fmean(
            (1.0 - funder.quality) * SCALES.index(use.practice.scale) / (len(SCALES) - 1)
            + funder.quality * use.fidelity
            for use in self.using.values()
        )
        tilt = self.model.rules.funding.evaluation_tilt
        return 1.0 + tilt * (2.0 * score - 1.0)

    def idea(self, funder: Funder) -> int | None:
        """The practice that an application proposes: one that guidelines reward, if it can."""
        ideas = [
            number
            for number in sorted(self.aware)
            if number in self.profile.near
            and number not in self.trials
            and number not in self.using
        ]
        rewarded = [number for number in ideas if number in funder.guidelines]
        ideas = rewarded or ideas
        return self.model.random.choice(ideas) if ideas else None

    def success(self, grant: Grant) -> float:
        """Chance that its application is granted."""
        p = self.model.rules.funding
        chance = grant.funder.success_rate * grant.funder.level * self.standing(grant.funder)
        if len(self.posts) < p.small_staff:
            chance *= p.rel_success_small
        if self.profile.migrant_led:
            chance *= p.rel_success_migrant_led
        if not grant.funder.guidelines.isdisjoint(self.using):
            chance *= p.rel_success_guideline
        return chance

    def note_money(self, grant: Grant, unfunded: int) -> None:
        """Note on what runs on a grant since when its money is gone (NEVER: it flows)."""
        for stage in (self.trials, self.using):
            for use in stage.values():
                if use.grant is grant:
                    use.unfunded = unfunded

    # turnover

    def turn_staff_over(self) -> None:
        """People leave, vacancies are filled, those who are there learn and forget."""
        self._let_people_go()
        if self.trials or self.using:
            self._learn_from_colleagues()
        self._forget_skills()
        if self.trials or self.using:
            self._name_champions()

    def _let_people_go(self) -> None:
        model = self.model
        month, random = model.month, model.uniform
        p = model.rules.turnover
        strain = 1.0 + p.overload_slope * self.overload
        of_staff = model.exit_hazard[self.profile.kind] * strain
        of_volunteers = model.exit_hazard["volunteer"] * strain
        for post in self.posts:
            grant = post.grant
            if post.filled:
                hazard = of_volunteers if post.volunteer else of_staff
                if month - post.hired < MONTHS_A_YEAR:
                    hazard *= p.rel_first_year
                if grant is not None and grant.ends_soon(month):
                    hazard = max(hazard, model.exit_hazard_at_grant_end)
                if random() < hazard:
                    self._lose(post)
            elif (
                grant is None or (grant.active and not grant.ends_soon(month))
            ) and random() * p.months_vacancy < 1.0:
                post.filled = True
                post.hired = month

    def _lose(self, post: Post) -> None:
        """The person leaves with all they know, except what handover saves."""
        model = self.model
        handed_over = model.rules.turnover.handover_effect if self.profile.hands_over else 0.0
        model.flows["exits"] += 1
        for practice in post.knows:
            model.flows["knowledge_lost"] += 1
            if model.uniform() < handed_over:
                self.written.add(practice)
                model.flows["knowledge_saved"] += 1
            use = self.uses.get(practice)
            if use is not None and use.champion is post:
                use.champion = None
                use.champion_left = model.month
        post.knows.clear()
        post.filled = False
        post.left = model.month

    def _learn_from_colleagues(self) -> None:
        random = self.model.uniform
        p = self.model.rules.turnover
        for stage in (self.trials, self.using):
            for number, use in stage.items():
                knowers = [post for post in self.posts if number in post.knows]
                if knowers:
                    chance = p.p_learn_colleague
                elif number in self.written:
                    chance = p.p_learn_written
                else:
                    continue
                chance *= 1.0 - p.complexity_brake * use.practice.complexity
                for post in self.posts:
                    if post.filled and number not in post.knows and random() < chance:
                        post.knows.add(number)

    def _forget_skills(self) -> None:
        """Persons and files forget what the organisation does not run."""
        random = self.model.uniform
        p = self.model.rules.turnover
        p_decay, trials, using = p.p_skill_decay, self.trials, self.using
        knows: set[int] = set()
        for post in self.posts:
            if not post.knows:
                continue
            forgotten = [
                number
                for number in post.knows
                if random() < p_decay and number not in using and number not in trials
            ]
            for number in forgotten:
                post.knows.remove(number)
                use = self.uses.get(number)
                if use is not None and use.champion is post:
                    use.champion = None
            knows |= post.knows
        self.knows = knows
        if self.written:
            self.written = {
                number
                for number in self.written
                if number in using or number in trials or random() >= p.p_memory_loss
            }

    def _name_champions(self) -> None:
        for stage in (self.trials, self.using):
            for number, use in stage.items():
                if use.champion is None and number in self.knows:
                    knowers = [post for post in self.posts if number in post.knows]
                    use.champion = min(knowers, key=lambda post: post.hired)

    def somebody(self) -> Post | None:
        """A filled post: the first from a random one on, None if nobody is there."""
        posts = self.posts
        start = int(self.model.uniform() * len(posts))
        if posts[start].filled:
            return posts[start]
        for post in posts[start + 1 :] + posts[:start]:
            if post.filled:
                return post
        return None

    # ties

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

    # exchange

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
            if random() < p_forget and not self._needs(number) and number not in self.knows
        ]
        if forgotten:
            self.aware = self.aware.difference(forgotten)

    def _needs(self, number: int) -> bool:
        """Whether it tries or runs a practice, or once ran it."""
        return number in self.using or number in self.trials or number in self.lapsed

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

    # adoption

    def adopt(self) -> None:
        """What has proved itself settles, trials end, new ones start."""
        if self.using:
            self._institutionalise()
        if self.trials:
            self._finish_trials()
        if self.knows:
            self._start_trials()

    def _is_policy(self, number: int) -> bool:
        territory = self.territory
        country = territory.national
        return number in territory.policy or (country is not None and number in country.policy)

    def _is_rewarded(self, number: int) -> bool:
        """Whether policy or the guidelines of one of its funders reward a practice."""
        return self._is_policy(number) or any(
            number in grant.funder.guidelines for grant in self.grants
        )

    def _institutionalise(self) -> None:
        random = self.model.uniform
        p = self.model.rules.adoption
        ceiling = self.model.p_institutionalise_at_most
        for number, use in self.using.items():
            if use.institutional:
                continue
            luck = random()
            if luck >= ceiling:
                continue
            hazard = p.institutionalise_rate * (0.5 + self.profile.support)
            if any(network.active and network.formal for network in self.networks):
                hazard *= p.rel_institutionalise_formal
            if use.grant is not None:
                hazard *= p.rel_institutionalise_grant
            if use.practice.needs_will:
                hazard *= 0.5 + (1.0 if self._is_policy(number) else self.territory.will)
            if luck < hazard:
                use.institutional = True
                use.since = self.model.month
                use.settle_on_regular_money()

    def _finish_trials(self) -> None:
        model = self.model
        month, random = model.month, model.uniform
        p = model.rules.adoption
        for number, use in list(self.trials.items()):
            if month - use.since < use.practice.trial_months:
                continue
            del self.trials[number]
            use.since = month
            span = max(1e-9, p.fidelity_full - p.fidelity_zero)
            effect = min(1.0, max(0.0, (use.fidelity - p.fidelity_zero) / span))
            if number in self.knows and random() < self.fit[number] * effect:
                self.using[number] = use
                model.flows["adoptions"] += 1
                if random() < p.p_written:
                    self.written.add(number)
            else:
                use.settle_on_regular_money()
                model.flows["trials_failed"] += 1

    def _start_trials(self) -> None:
        model = self.model
        month, random = model.month, model.uniform
        p = model.rules.adoption
        open_to = [
            number for number in self.knows if number in self.aware and not self._needs(number)
        ]
        if not open_to:
            return
        able = p.start_rate * self.profile.absorptive**p.capacity_elasticity * min(1.0, self.slack)
        ceiling = able * p.rel_guideline * p.rel_proposal
        lucky = [(number, luck) for number in open_to if (luck := random()) < ceiling]
        if not lucky:
            return
        money = next((grant for grant in self.grants if grant.active), None)
        # who can try few at a time starts at a practice drawn anew each month
        turn = int(random() * len(model.practices))
        for number, luck in sorted(lucky, key=lambda pair: (pair[0] < turn, pair[0])):
            if len(self.trials) >= p.max_parallel:
                break
            tried = self.uses.get(number)
            if tried is not None and month - tried.since < p.months_cooldown:
                continue
            practice = model.practices[number]
            if luck < able * self._readiness(practice, money):
                self._start_trial(practice, self._proposer(number) or money)

    def _readiness(self, practice: Practice, money: Grant | None) -> float:
        """Factor on the hazard of a trial: peers, fit, will, money and guidelines."""
        number = practice.number
        exposure = self.exposure.get(number, 0.0)
        if self.contacts <= 0.0 or exposure <= 0.0:
            return 0.0
        p = self.model.rules.adoption
        share: float = min(1.0, exposure / self.contacts) ** p.kappa
        factor: float = share / (share + self.profile.threshold**p.kappa)
        factor *= self.fit[number] ** p.fit_exponent
        if practice.needs_will and not self._is_policy(number):
            factor *= p.will_floor + (1.0 - p.will_floor) * self.territory.will
        if money is None:
            factor *= self.model.without_money[practice.cost]
        if self._is_rewarded(number):
            factor *= p.rel_guideline
        if self._proposer(number) is not None:
            factor *= p.rel_proposal
        return factor

    def _proposer(self, number: int) -> Grant | None:
        """The running grant whose application proposed a practice."""
        return next((grant for grant in self.grants if grant.active and grant.idea == number), None)

    def _start_trial(self, practice: Practice, money: Grant | None) -> None:
        model, number = self.model, practice.number
        random = model.uniform
        p = model.rules.adoption
        use = self.uses.setdefault(number, Use(practice, model.month))
        use.since = model.month
        use.institutional = False
        use.grant = money if random() < model.p_grant[practice.cost] else None
        use.unfunded = NEVER
        use.fidelity = p.fidelity_start + (1.0 - p.fidelity_start) * random()
        if random() < p.p_adapted:
            self.fit[number] += p.fit_gain * (1.0 - self.fit[number])
            use.fidelity = max(0.0, use.fidelity - p.fidelity_cost)
        self.trials[number] = use
        model.flows["trials_started"] += 1

    def move_to_regular_money(self) -> None:
        """Regular money takes over what is policy here and hangs on a grant."""
        chance = self.model.rules.policy.p_regular_money
        for number, use in self.using.items():
            may = use.grant is not None and self._is_policy(number)
            if may and self.model.uniform() < chance:
                use.settle_on_regular_money()

    # persistence

    def persist(self) -> None:
        """Practices come back, and others end by one of several risks."""
        if self.lapsed:
            self._restart()
        if self.using:
            self._lapse()

    def _restart(self) -> None:
        model = self.model
        month, random = model.month, model.uniform
        p = model.rules.persistence
        time = min(1.0, self.slack)
        for number, use in list(self.lapsed.items()):
            if month - use.since < p.months_before_restart:
                continue
            memory = number in self.knows or number in self.written
            if random() < (p.p_restart_memory if memory else p.p_restart) * time:
                del self.lapsed[number]
                self.using[number] = use
                use.since = month
                use.settle_on_regular_money()
                use.fidelity = max(use.fidelity, p.fidelity_floor)
                model.flows["restarts"] += 1

    def _lapse(self) -> None:
        model = self.model
        month, random = model.month, model.uniform
        p = model.rules.persistence
        ended = []
        for number, use in self.using.items():
            if self.exposure.get(number, 0.0) < p.exposure_enough:
                use.fidelity = max(0.0, use.fidelity - p.fidelity_erosion)
            else:
                use.fidelity += p.fidelity_support * (1.0 - use.fidelity)
            practice = use.practice
            hazard = p.hazard_base + p.overload_slope * self.overload * min(1.0, practice.load)
            if month - use.champion_left < p.months_champion:
                hazard += p.hazard_base * (p.rel_champion_left - 1.0)
            if number not in self.knows:
                written = number in self.written
                hazard += p.hazard_nobody_knows * (p.rel_written if written else 1.0)
            if use.unfunded > NEVER:
                early = month - use.unfunded < p.months_unfunded_first
                of_money = p.hazard_unfunded_first if early else p.hazard_unfunded_later
                hazard += of_money * (p.rel_unfunded_low_cost if practice.cost == "low" else 1.0)
            if use.fidelity < p.fidelity_floor:
                hazard += p.hazard_low_fidelity
            if use.institutional:
                hazard *= p.rel_institutionalised
            if random() < hazard:
                ended.append(number)
        for number in ended:
            use = self.lapsed[number] = self.using.pop(number)
            use.since = month
            use.institutional = False
            model.flows["lapses"] += 1
