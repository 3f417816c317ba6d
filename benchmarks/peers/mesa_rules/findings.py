"""Networks write down what works, and policy makers hear a part of it."""

from collections import Counter

from benchmarks.peers.mesa_base import ModelBase
from benchmarks.peers.mesa_entities import (
    CooperationNetwork,
)
from diffusion.base.months import MONTHS_A_YEAR


class FindingsModel(ModelBase):
    """What the model does in the rule."""

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
