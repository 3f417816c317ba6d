"""Grants, calls and their budgets, and the money and life of networks."""

import math
import statistics

from benchmarks.peers.mesa_base import ModelBase, OrganisationBase
from benchmarks.peers.mesa_entities import (
    LAST_MONTHS,
    CooperationNetwork,
    Funder,
    Grant,
)
from diffusion.base.arrays import NEVER
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.world.vocabulary import SCALES


class FundingModel(ModelBase):
    """What the model does in the rule."""

    def fund(self) -> None:
        """Grants end, are followed up or won; networks are coordinated or not, active or not."""
        self._open_budget_years()
        self._live_on_own_money()
        for grant in self.grants:
            self._move_on(grant)
        for grant in self.grants:
            if grant.active:
                self._spend(grant)
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

    def _live_on_own_money(self) -> None:
        """Fees come once a year and are spent evenly over it, the rest comes and goes monthly."""
        so_far = self.month % MONTHS_A_YEAR
        left = MONTHS_A_YEAR - so_far
        came = went = 0
        for organisation in self.organisations:
            account = organisation.account
            got = account.monthly
            if so_far == 0:
                got += account.fees
                account.purse += account.fees
            of_fees = account.purse // left
            account.purse -= of_fees
            came += got
            went += account.monthly + of_fees
        self.flows["eur_own"] += came
        self.flows["eur_spent"] += went

    def _spend(self, grant: Grant) -> None:
        """What is left of a grant is spent evenly, as far as there is staff to do so."""
        organisation = grant.organisation
        left = (grant.ends - self.month) * len(organisation.posts)
        eur = grant.purse * organisation.staff // left
        grant.purse -= eur
        self.flows["eur_spent"] += eur

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
                    grant.promise()
            if self.month >= grant.ends:
                begins = bool(grant.renewed) and random() < p.p_no_gap
                self.flows["eur_returned"] += grant.purse
                grant.purse = 0
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
            self.flows["eur_granted"] += grant.promised
            grant.purse += grant.promised
            grant.promised = 0

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
                grant.promise()
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


class FundingOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

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
