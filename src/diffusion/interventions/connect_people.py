"""Bring people who seek a practice together with people who run it."""

import numpy as np
from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, FloatArray, IntArray, MaskArray, table_of
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, Purse, reach, salt_of, whole_units
from diffusion.world.state import State
from diffusion.world.traffic import Arranged

_Found = tuple[int, int]  # practice, host


class ConnectPeople(Intervention):
    """Arranges contacts between an organisation that seeks a practice and one that runs it.

    What is sought is a practice of one's own fields that one neither runs nor ran and that nobody
    on the staff knows, one of which one has heard if there is any. The host runs it, in another
    territory if `elsewhere`, with a common language if such a host exists, and sends whoever
    knows it best. The contact passes on what any contact of its depth and trust does, and
    strangers who met may become partners. A visit that finds no host costs nothing.

    Luck decides who goes in a month, and how many. Under a budget only the first: as many visits
    are paid as are due, and where one finds no host another organisation goes.

    Source: E008, E023, E024, E051; I04.
    """

    visits_per_year: float = Field(gt=0.0, le=12.0, description="visits an organisation makes")
    elsewhere: bool = Field(description="whether hosts are in other territories only")
    depth: float = Field(ge=0.0, le=1.0, description="depth of the contact")
    trust: float = Field(ge=0.0, le=1.0, description="trust in it, unless the two trust more")
    summary: str = Field(min_length=1, description="what it is; keys its luck")
    eur_per_visit: float = Field(ge=0.0, le=50_000.0, description="price of one contact")

    def begin(self, state: State, name: str) -> IntArray:
        return reach(state, self.target, self.coverage, name)

    def act(self, state: State, rows: IntArray) -> float:
        going = self._going(state, rows)
        return self._arrange(state, rows[going < self.visits_per_year / MONTHS_A_YEAR], rows.size)

    def mean_costs(self, state: State, rows: IntArray) -> FloatArray:
        return np.full(rows.size, self.visits_per_year / MONTHS_A_YEAR * self.eur_per_visit)

    def act_within(self, state: State, rows: IntArray, purse: Purse) -> float:
        first = rows[np.argsort(self._going(state, rows), kind="stable")]
        return self._arrange(state, first, whole_units(purse.due, self.eur_per_visit))

    def _going(self, state: State, rows: IntArray) -> FloatArray:
        """A uniform number for each organisation: the lowest go first."""
        salt = salt_of(self.summary) % 2**31
        return draws.uniforms(state.seed, Decision.VISIT, state.month, rows, salt)

    def _arrange(self, state: State, guests: IntArray, most: int) -> float:
        """Arrange visits of the first guests who find a host; returns what they cost."""
        salt = salt_of(self.summary) % 2**31
        luck = [
            draws.uniforms(state.seed, Decision.VISIT_HOST, state.month, guests, 2 * salt + half)
            for half in range(2)
        ]
        hosts = _Hosts(state, self.elsewhere)
        plans: list[tuple[int, int, int]] = []
        for i, one, two in zip(guests, *luck, strict=True):
            if len(plans) == most:
                break
            found = hosts.find(int(i), one, two)
            if found is not None:
                plans.append((int(i), *found))
        if plans:
            guest, practice, host = np.array(sorted(plans)).T
            state.arrange(
                table_of(
                    Arranged,
                    len(plans),
                    guest=guest,
                    host=host,
                    person=state.uses.champion[host, practice],
                    depth=self.depth,
                    trust=self.trust,
                )
            )
        return self.eur_per_visit * len(plans)

    def explain(self) -> str:
        where = "in another place" if self.elsewhere else "anywhere"
        return (
            f"{self.summary}: {self.visits_per_year:g} a year for {self.coverage:.0%} of "
            f"organisations (target: {self.target}), each with one {where} that runs what is "
            f"sought, {self.months()}, at {self.eur_per_visit:,.0f} EUR each."
        )


class _Hosts:
    """Looks for hosts in the world as it stands this month."""

    def __init__(self, state: State, elsewhere: bool) -> None:
        orgs = state.organisations
        self._orgs, self._elsewhere = orgs, elsewhere
        self._using: MaskArray = orgs.adopted | orgs.institutional
        seen = self._using | orgs.trial | orgs.lapsed | orgs.knows
        self._open: MaskArray = orgs.own_practices & ~seen & np.bitwise_or.reduce(self._using)
        self._users: dict[int, IntArray] = {}

    def find(self, guest: int, first: float, luck: float) -> _Found | None:
        """What a guest looks at, and where; None if nobody runs anything that it seeks.

        Args:
            first, luck: which practice it looks for first, and which of the hosts it is sent to,
                as uniform numbers.
        """
        heard = self._open[guest] & self._orgs.aware[guest]
        sought = _positions(heard if heard != NOTHING else self._open[guest])
        turn = int(first * len(sought))
        for p in sought[turn:] + sought[:turn]:
            hosts = self._suitable(guest, p)
            if hosts.size:
                return p, int(hosts[int(luck * hosts.size)])
        return None

    def _suitable(self, guest: int, p: int) -> IntArray:
        orgs = self._orgs
        if p not in self._users:
            self._users[p] = np.flatnonzero((self._using >> np.uint64(p)) & np.uint64(1))
        hosts = self._users[p]
        if self._elsewhere:
            hosts = hosts[orgs.territory[hosts] != orgs.territory[guest]]
        understood = hosts[(orgs.languages[hosts] & orgs.languages[guest]) != 0]
        return understood if understood.size else hosts


def _positions(mask: np.uint64) -> list[int]:
    """The practices of a mask."""
    return [p for p in range(int(mask).bit_length()) if int(mask) >> p & 1]
