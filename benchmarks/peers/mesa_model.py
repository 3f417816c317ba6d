"""The month of the package as a plain Mesa model: agents, dicts, sets, and Mesa's own luck.

The ten rules are those of `diffusion.rules`, with their parameters, in their order, and with the
same chances; `benchmarks/peers/agreement.py` compares the outcomes. It is the opponent of the speed
comparison and a second, independent reading of docs/odd.md. There are no interventions.

    from benchmarks.peers.mesa_model import DiffusionModel
    model = DiffusionModel(n=200, months=60, seed=1)
    model.run_model()
    model.datacollector.get_model_vars_dataframe()

What a careful Mesa user would do for speed is done. Each agent has its ties in a dict by partner: a
tie has trust and holders of its own, a connection of `mesa.discrete_space` has not. A list of
organisations stands beside the AgentSet for random access. Draws that can't succeed end early. No
rule needs a shuffled order; `shuffle_do` stands there because Mesa users write it.
"""

import math
from collections import Counter

import mesa

from benchmarks.peers.mesa_entities import (
    LAST_MONTHS,
    Contact,
    CooperationNetwork,
    Funder,
    Grant,
    Post,
    Practice,
    Territory,
    Tie,
)
from benchmarks.peers.mesa_measures import REPORTERS
from benchmarks.peers.mesa_organisation import Organisation
from benchmarks.peers.mesa_parameters import Rules
from benchmarks.peers.mesa_world import populate
from diffusion.base.arrays import NEVER
from diffusion.base.months import MONTHS_A_YEAR, monthly_hazard
from diffusion.config import load
from diffusion.model.settings import ModelSettings
from diffusion.world.state import State
from diffusion.world.vocabulary import KINDS

_MONTHS_OF_LEARNING = 60  # in post, after which a person is fully productive
_MOST_SLACK_THAT_COUNTS = 1.5  # in the decision to attend a meeting


def synthetic(n: int, n_territories: int, n_practices: int, months: int) -> ModelSettings:
    """The packaged settings of a synthetic world without interventions.

    Raises:
        SettingError: a number out of its bounds.
    """
    return load(
        [
            "world=synthetic",
            f"world.n={n}",
            f"world.n_territories={n_territories}",
            f"practices.limit={n_practices}",
            f"timing={{start: 0, stop: 0, months: {months}}}",
        ]
    )


class DiffusionModel(mesa.Model):  # type: ignore[misc]
    """Good practices on a network of organisations; one step is one month.

    Args:
        n: organisations of the synthetic world.
        n_territories: its territories.
        n_practices: practices, the first of the catalogue.
        months: length of a run.
        seed: of the world and of the run; None keeps that of the settings.
        rng: the same under Mesa's newer name, so that Mesa's batch runner can pass it.
        settings: replaces the four numbers.
        state: the world at month 0, instead of the one that the settings build. It is only read.

    Raises:
        TypeError: seed and rng both given.
        ValueError: the state is not at month 0, or the settings ask for shocks or interventions.
        SettingError: a number out of its bounds.
    """

    def __init__(
        self,
        n: int = 1000,
        n_territories: int = 20,
        n_practices: int = 20,
        months: int = 60,
        seed: int | None = None,
        rng: int | None = None,
        settings: ModelSettings | None = None,
        state: State | None = None,
    ) -> None:
        if seed is not None and rng is not None:
            raise TypeError("seed and rng mean the same here; give one of them")
        if settings is None:
            settings = synthetic(n, n_territories, n_practices, months)
        names = ", ".join(name for _, name, _ in settings.acting())
        if names:
            raise ValueError(f"this model has no shocks and no interventions; leave out {names}")
        given = rng if seed is None else seed
        if given is not None:
            settings = settings.with_seed(int(given))
        if state is None:
            state = settings.world.build(settings.practices, settings.seed)
        if state.month != 0:
            raise ValueError(f"the state is at month {state.month}; give one at month 0")
        super().__init__(rng=settings.seed)
        self.rules = Rules(settings.rules)
        self.uniform = self.random.random  # bound once
        self.months = settings.timing.months
        self.month = 0
        self.practices: list[Practice]
        self.territories: list[Territory]
        self.organisations: list[Organisation]
        self.funders: list[Funder]
        self.grants: list[Grant]
        self.posts: list[Post]
        self.networks: list[CooperationNetwork]
        self.ties: list[Tie]
        populate(self, state)
        self._derive_chances()
        self.flows: Counter[str] = Counter()
        self.contacts: list[Contact] = []
        self.attendance: list[tuple[CooperationNetwork, list[Organisation]]] = []
        self.agreed: dict[tuple[Organisation, Organisation], None] = {}
        self.datacollector = mesa.DataCollector(model_reporters=REPORTERS)

    def _derive_chances(self) -> None:
        """Numbers that follow from the parameters and stay fixed in a run."""
        demand, turnover = self.rules.demand, self.rules.turnover
        self.productivity = [
            1.0 - demand.newcomer_gap * math.exp(-tenure / demand.onboarding_months)
            for tenure in range(_MONTHS_OF_LEARNING)
        ]
        self.exit_hazard = {
            group: monthly_hazard(getattr(turnover, f"share_{group}")) * turnover.rel_turnover
            for group in (*KINDS, "volunteer")
        }
        stay = 1.0 - turnover.share_leaving_at_grant_end
        self.exit_hazard_at_grant_end = 1.0 - stay ** (1.0 / LAST_MONTHS)
        exchange, adoption = self.rules.exchange, self.rules.adoption
        self.fade = math.exp(-1.0 / exchange.months_memory)
        self.clarity = 1.0 / exchange.language_multiplier
        self.p_aware_at_most = max(exchange.p_aware_from_user, exchange.p_aware_from_informed)
        self.p_institutionalise_at_most = (
            adoption.institutionalise_rate
            * max(1.0, adoption.rel_institutionalise_formal)
            * max(1.0, adoption.rel_institutionalise_grant)
            * (0.5 + 1.0) ** 2  # full support, full will
        )
        self.without_money = {
            "low": 1.0,
            "medium": adoption.money_medium,
            "high": adoption.money_high,
        }
        self.p_grant = {
            "low": adoption.p_grant_low,
            "medium": adoption.p_grant_medium,
            "high": adoption.p_grant_high,
        }

    def step(self) -> None:
        """One month."""
        self.month = self.steps - 1
        self.flows.clear()
        self.press()
        self.fund()
        self.turn_staff_over()
        self.move_ties()
        self.meet()
        self.exchange()
        self.agents.shuffle_do("adopt")
        self.agents.shuffle_do("persist")
        self.find_out()
        self.make_policy()
        self.datacollector.collect(self)
        self.running = self.steps < self.months

    # demand

    def press(self) -> None:
        """Pressure wanders around normal, and organisations feel it."""
        p = self.rules.demand
        sd = p.pressure_sd * math.sqrt(1.0 - p.pressure_persistence**2)
        for territory in self.territories:
            shock = self.random.gauss(0.0, sd)
            territory.log_pressure = p.pressure_persistence * territory.log_pressure + shock
            territory.demand = p.base_load * math.exp(territory.log_pressure)
        self.agents.shuffle_do("feel_demand")

    # funding

    def fund(self) -> None:
        """Grants end, are followed up or won; networks are coordinated or not, active or not."""
        self._open_budget_years()
        for grant in self.grants:
            self._move_on(grant)
        if self.grants:
            first = int(self.uniform() * len(self.grants))
            for funder in self.funders:
                if self.month % MONTHS_A_YEAR == funder.call_month:
                    self._call(funder, first)
        for network in self.networks:
            self._coordinate(network)

    def _open_budget_years(self) -> None:
        """Yearly budgets follow felt demand; what is left of the last one lapses."""
        p = self.rules.funding
        for territory in self.territories:
            territory.log_felt += (territory.log_pressure - territory.log_felt) / p.budget_lag
        for funder in self.funders:
            if self.month % MONTHS_A_YEAR == funder.call_month:
                felt = [territory.log_felt for territory in funder.felt_in]
                mean = sum(felt) / len(felt) if felt else 0.0
                funder.level = math.exp(p.budget_response * mean)
                funder.purse = int(funder.budget * funder.level)

    def _move_on(self, grant: Grant) -> None:
        p, random = self.rules.funding, self.uniform
        begins = False
        if grant.active:
            if grant.renewed is None and self.month >= grant.ends - LAST_MONTHS:
                settled = any(use.institutional for use in grant.organisation.using.values())
                chance = p.p_renewal_institutionalised if settled else p.p_renewal
                chance *= grant.organisation.standing(grant.funder)
                grant.renewed = random() < chance and grant.funder.purse >= grant.funder.grant_eur
                if grant.renewed:
                    grant.funder.purse -= grant.funder.grant_eur
            if self.month >= grant.ends:
                begins = bool(grant.renewed) and random() < p.p_no_gap
                if not begins:
                    grant.active = False
                    grant.organisation.note_money(grant, self.month)
        else:
            begins = grant.starts == self.month
            if grant.renewed and random() * p.months_gap < 1.0:
                begins = True
        if begins:
            grant.active, grant.renewed, grant.starts = True, None, NEVER
            grant.ends = self.month + max(1, grant.funder.months_grant)
            grant.organisation.note_money(grant, NEVER)
            self.flows["grants_won"] += 1

    def _call(self, funder: Funder, first: int) -> None:
        """A funder's yearly call; whoever comes first takes the budget.

        Args:
            funder: whose call it is.
            first: number of the grant line that comes first this month.
        """
        for grant in sorted(funder.lines, key=lambda grant: (grant.number < first, grant.number)):
            if grant.active or grant.renewed or grant.starts > self.month:
                continue
            organisation = grant.organisation
            if not organisation.may_apply(grant):
                continue
            organisation.apply(funder)
            won = self.uniform() < organisation.success(grant)
            if won and funder.purse >= funder.grant_eur:
                funder.purse -= funder.grant_eur
                grant.starts = self.month + max(1, funder.months_to_start)
                grant.idea = organisation.idea(funder)

    def _coordinate(self, network: CooperationNetwork) -> None:
        p, random, month = self.rules.funding, self.uniform, self.month
        paid = network.regular_money
        if not paid and network.has_coordinator:
            chance = 0.0
            if month == network.paid_until:
                chance = p.p_coordinator_renewal
            elif month > network.paid_until:
                chance = p.p_coordinator_refund
            if random() < chance:
                network.paid_until = month + p.coordinator_months
            paid = month < network.paid_until
        network.months_unpaid = 0 if paid else network.months_unpaid + 1
        small = len(network.members) <= p.self_governed_size
        holds = small or network.months_unpaid <= p.coordinator_lag
        if network.active:
            hazard = 0.0
            if network.is_cop:
                life = p.months_cop_life
                hazard = 1.0 / (life if paid else life * max(0.01, p.rel_cop_life_unpaid))
            elif not holds:
                hazard = p.p_network_dormant
            network.active = random() >= hazard
        else:
            network.active = (paid and not network.is_cop) or random() < p.p_network_revival
        network.coordinated = network.active and holds

    # turnover

    def turn_staff_over(self) -> None:
        """People come, go, learn and forget; ties of those who went lapse or are taken over."""
        self.agents.shuffle_do("turn_staff_over")
        broken = [
            tie
            for tie in self.ties
            if not (tie.post_a.filled and tie.post_b.filled) and self._breaks(tie)
        ]
        self._drop(broken)

    def _breaks(self, tie: Tie) -> bool:
        """Whether a tie lapses with a leaver; otherwise colleagues take it over."""
        if self._lapses_with(tie.post_a, tie.a) or self._lapses_with(tie.post_b, tie.b):
            return True
        if not tie.post_a.filled:
            tie.post_a = tie.a.somebody() or tie.post_a
        if not tie.post_b.filled:
            tie.post_b = tie.b.somebody() or tie.post_b
        return False

    def _lapses_with(self, post: Post, organisation: Organisation) -> bool:
        if post.left != self.month:
            return False
        p = self.rules.turnover
        saved = p.handover_effect if organisation.profile.hands_over else 0.0
        return bool(self.uniform() < p.p_tie_loss * (1.0 - saved))

    def _drop(self, lost: list[Tie]) -> None:
        for tie in lost:
            del tie.a.ties[tie.b], tie.b.ties[tie.a]
        gone = set(lost)
        self.ties = [tie for tie in self.ties if tie not in gone]
        self.flows["ties_lost"] += len(lost)

    # ties

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
        self._drop(lapsed)

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

    def agree_on_tie(self, a: Organisation, b: Organisation) -> None:
        """Two organisations will be partners; saying so twice changes nothing."""
        self.agreed[(a, b) if a.unique_id < b.unique_id else (b, a)] = None

    # meetings

    def meet(self) -> None:
        """Partners talk and networks meet: who had contact with whom this month, and how deep."""
        self.contacts = []
        self._talk()
        self.attendance = []
        for network in self.networks:
            self._gather(network)
        self.flows["contacts"] += len(self.contacts)

    def _talk(self) -> None:
        p, random, month = self.rules.meetings, self.uniform, self.month
        exp, sqrt = math.exp, math.sqrt
        rate, depth, contacts = p.contacts_per_month, p.depth_bilateral, self.contacts
        for tie in self.ties:
            post_a, post_b = tie.post_a, tie.post_b
            if not (post_a.filled and post_b.filled):
                continue
            a, b, trust = tie.a, tie.b, tie.trust
            if random() < 1.0 - exp(-rate * trust * sqrt(a.slack * b.slack)):
                tie.contact = month
                deep = depth + (1.0 - depth) * trust
                contacts.append(Contact(a, b, post_a, post_b, deep, trust, None))

    def _gather(self, network: CooperationNetwork) -> None:
        """A meeting, if the network holds one this month."""
        p = self.rules.meetings
        network.met = False
        rhythm = network.meetings_per_year / MONTHS_A_YEAR
        if not network.coordinated:
            rhythm *= p.rel_rhythm_uncoordinated
        if not network.active or self.uniform() >= rhythm:
            return
        delegates = self._delegates(network)
        if len(delegates) < 2:
            return
        network.met = True
        self.flows["meetings_held"] += 1
        self.attendance.append((network, [organisation for organisation, _ in delegates]))
        self._seat(network, delegates)

    def _delegates(self, network: CooperationNetwork) -> list[tuple[Organisation, Post]]:
        """Who attends, and whom they send."""
        p, random = self.rules.meetings, self.uniform
        delegates = []
        for member in network.members:
            chance = p.attendance * min(_MOST_SLACK_THAT_COUNTS, member.slack)
            if not network.online and member.territory is not network.territory:
                chance *= p.rel_attendance_distance
            if member.profile.languages.isdisjoint(network.languages):
                chance *= p.rel_attendance_language
            if random() < chance:
                post = member.somebody()
                if post is not None:
                    delegates.append((member, post))
        return delegates

    def _seat(
        self, network: CooperationNetwork, delegates: list[tuple[Organisation, Post]]
    ) -> None:
        """Tables are filled by lot or by likeness; everyone at a table meets everyone else."""
        p, random = self.rules.meetings, self.uniform

        def place(delegate: tuple[Organisation, Post]) -> float:
            profile = delegate[0].profile
            silo = min(1.0, profile.siloing * (1.0 - p.seating_noise))
            return float(silo * profile.likeness + (1.0 - silo) * random())

        if network.facilitated:
            self.random.shuffle(delegates)
        else:
            delegates.sort(key=place)
        depth = p.depth_facilitated if network.facilitated else p.depth_plain
        if network.online:
            depth *= p.rel_depth_online
        for start in range(0, len(delegates), p.table_size):
            table = delegates[start : start + p.table_size]
            for x, (a, post_a) in enumerate(table):
                for b, post_b in table[x + 1 :]:
                    trust = p.trust_stranger
                    tie = a.ties.get(b)
                    if tie is not None:
                        trust = max(trust, tie.trust)
                        tie.contact = self.month
                    self.contacts.append(Contact(a, b, post_a, post_b, depth, trust, network))

    # exchange

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
        pupil: Organisation,
        post: Post,
        source: Organisation,
    ) -> list[tuple[Organisation, Post, int, Organisation]]:
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

    def _teach(self, pupil: Organisation, post: Post, number: int, source: Organisation) -> None:
        post.knows.add(number)
        pupil.knows.add(number)
        pupil.aware |= {number}
        adaptability = self.practices[number].adaptability
        fit = adaptability + (1.0 - adaptability) * pupil.similarity(source)
        pupil.fit[number] = max(pupil.fit[number], fit)
        self.flows["transfers"] += 1

    def _present(self, attending: list[Organisation]) -> None:
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

    # findings

    def find_out(self) -> None:
        """Networks write down what works; policy makers hear a part of it and forget."""
        p, random = self.rules.findings, self.uniform
        for network in self.networks:
            self._write(network)
        for territory in self.territories:
            kept = {number for number in territory.heard if random() * p.months_remembered >= 1.0}
            territory.heard = kept
        rhythm = p.consultations_per_year / MONTHS_A_YEAR
        for network in self.networks:
            if network.coordinated and network.policy_link and random() < rhythm:
                self._tell(network)

    def _write(self, network: CooperationNetwork) -> None:
        p, random = self.rules.findings, self.uniform
        users = Counter(number for member in network.members for number in member.using)
        network.findings = {
            number for number in network.findings if users[number] or random() >= p.p_outdated
        }
        if not (network.met and (network.is_cop or network.coordinated)):
            return
        chance = p.p_written
        if network.facilitated:
            chance *= p.rel_facilitated
        if any(member.profile.kind == "research" for member in network.members):
            chance *= p.rel_research
        for number, count in users.items():
            if count >= p.users_needed and random() < chance:
                network.findings.add(number)

    def _tell(self, network: CooperationNetwork) -> None:
        """A consultation: what comes across is heard wherever the network works."""
        p, random = self.rules.findings, self.uniform
        across = {number for number in network.findings if random() < p.p_heard}
        network.territory.heard |= across
        for member in network.members:
            member.territory.heard |= across
            country = member.territory.national
            if network.wide and country is not None:
                country.heard |= across

    # policy

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


def from_state(state: State, settings: ModelSettings) -> DiffusionModel:
    """The model on the world of a state at month 0, with the luck of `settings.seed`.

    Raises:
        ValueError: the state is not at month 0, or the settings ask for shocks or interventions.
    """
    return DiffusionModel(settings=settings, state=state)
