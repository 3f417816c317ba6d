"""Partners talk and networks meet: who has contact with whom in a month."""

import math
from typing import TYPE_CHECKING

from benchmarks.peers.mesa_base import ModelBase
from benchmarks.peers.mesa_entities import (
    Contact,
    CooperationNetwork,
    Post,
)
from diffusion.base.months import MONTHS_A_YEAR

if TYPE_CHECKING:
    from benchmarks.peers.mesa_organisation import Organisation

_MOST_SLACK_THAT_COUNTS = 1.5  # in the decision to attend a meeting


class MeetingsModel(ModelBase):
    """What the model does in the rule."""

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
        self.flows["attendances"] += len(delegates)
        self.attendance.append((network, [organisation for organisation, _ in delegates]))
        self._seat(network, delegates)

    def _delegates(self, network: CooperationNetwork) -> "list[tuple[Organisation, Post]]":
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
        self, network: CooperationNetwork, delegates: "list[tuple[Organisation, Post]]"
    ) -> None:
        """Tables are filled by lot or by likeness; everyone at a table meets everyone else."""
        p, random = self.rules.meetings, self.uniform

        def place(delegate: "tuple[Organisation, Post]") -> float:
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
