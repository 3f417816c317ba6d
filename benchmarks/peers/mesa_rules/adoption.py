"""Trials start, end well or badly, and what has proved itself settles."""

from benchmarks.peers.mesa_base import OrganisationBase
from benchmarks.peers.mesa_entities import (
    Grant,
    Practice,
    Use,
)
from diffusion.base.arrays import NEVER


class AdoptionOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

    def adopt(self) -> None:
        """What has proved itself settles, trials end, new ones start."""
        if self.using:
            self._institutionalise()
        if self.trials:
            self._finish_trials()
        if self.knows:
            self._start_trials()

    def _is_rewarded(self, number: int) -> bool:
        """Whether policy or the guidelines of one of its funders reward a practice."""
        return self.is_policy(number) or any(
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
                hazard *= 0.5 + (1.0 if self.is_policy(number) else self.territory.will)
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
                self.ever_used.add(number)
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
            number for number in self.knows if number in self.aware and not self.needs(number)
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
        if practice.needs_will and not self.is_policy(number):
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
