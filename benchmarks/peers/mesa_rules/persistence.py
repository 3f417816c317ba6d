"""Practices come back, and end by one of several risks."""

from benchmarks.peers.mesa_base import OrganisationBase
from diffusion.base.arrays import NEVER


class PersistenceOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

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
                self.ever_used.add(number)
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
