"""The organisation as a Mesa agent: a view of its row."""

import numpy as np

from diffusion.base.arrays import NEVER, IntArray
from diffusion.base.errors import SettingError
from diffusion.world import vocabulary
from diffusion.world.cooperation import CooperationNetwork
from diffusion.world.holdings import Grant, StaffMember, Tie
from diffusion.world.view import (
    AgentView,
    derived,
    derived_number,
    flag,
    number,
    practice_ids,
    practice_index,
    practice_set,
    word,
    word_set,
)

_STAGES = ("trial", "adopted", "institutional", "lapsed")
_LOW = vocabulary.COSTS.index("low")


class Organisation(AgentView):
    """An organisation; attributes read and write its row, nothing is held here.

    What a researcher overrides in a subclass is `step`: the model calls it at the start of each
    month, in the order of rows, before the month's rules. The base class is never called, so the
    fast path stays free of Python loops.
    """

    table = "organisations"

    kind = word("what it is", vocabulary.KINDS, writable=True)
    country = word("country", vocabulary.COUNTRIES)
    level = word("local, regional, national or europe", vocabulary.LEVELS, writable=True)
    fields = word_set("fields it works in", vocabulary.FIELDS)
    related = word_set("fields related to its own, without its own", vocabulary.FIELDS)
    languages = word_set("working languages", vocabulary.LANGUAGES, writable=True)
    migrant_led = flag("led by migrants")
    founding_year = derived("year of foundation")
    handover = flag("leavers hand over in a structured way")
    project_share = number("share of its money that is project money", 0.0, 1.0)
    absorptive = number("absorptive capacity relative to the mean", 0.3, 2.0)
    support = number("management support", 0.0, 1.0)
    threshold = number("share of contacts using a practice that makes it try", 0.0, 1.0)
    siloing = number("pull towards its own field and kind; 1 = as surveyed, 0 = none")
    n_posts = derived("staff posts, filled or not")
    staff = derived_number("filled posts")
    overload = number("demand above capacity, relative to capacity")
    slack = number("time for exchange, relative to normal")
    contacts = derived_number("remembered contacts, fading over a year")
    aware = practice_set("practices it has heard of")
    trial = practice_set("practices on trial")
    adopted = practice_set("practices adopted and not yet institutionalised")
    lapsed = practice_set("practices it ran once and runs no more")
    written = practice_set("practices written down well enough to learn from")
    knows = practice_set("practices that someone on its staff knows how to run")

    def step(self) -> None:
        """What this organisation does at the start of a month, on top of the model's rules."""

    @property
    def name(self) -> str:
        return self.model.state.names.organisations[self.row]

    @property
    def territory(self) -> str:
        """Name of its territory."""
        return self.model.state.names.territories[int(self._cell("territory"))]

    # what it runs

    @property
    def institutionalised(self) -> tuple[str, ...]:
        """Practices that have become part of its regular work."""
        return practice_ids(self.model.state, self._cell("institutional"))

    @property
    def using(self) -> tuple[str, ...]:
        """Practices in use: adopted or institutionalised."""
        return practice_ids(self.model.state, self._in_use())

    def uses(self, practice: str) -> bool:
        """Whether a practice is adopted or institutionalised here."""
        return bool(self._in_use() >> practice_index(self.model.state, practice) & 1)

    def knows_of(self, practice: str) -> bool:
        """Whether it has heard of a practice."""
        return self._has("aware", practice)

    def knows_how(self, practice: str) -> bool:
        """Whether someone on its staff knows how to run a practice."""
        return self._has("knows", practice)

    def stage(self, practice: str) -> str:
        """The word of `vocabulary.STAGES` for where it is with a practice."""
        if self._has("institutional", practice):
            return "institutionalised"
        for stage in ("adopted", "trial", "lapsed", "aware"):
            if self._has(stage, practice):
                return stage
        return "unaware"

    def fidelity(self, practice: str) -> float:
        """How faithful to the original it runs a practice, 0..1."""
        return self._use("fidelity", practice)

    def fit(self, practice: str) -> float:
        """How well a practice fits here, 0..1."""
        return self._use("fit", practice)

    def since(self, practice: str) -> int:
        """Month in which the present stage of a practice began."""
        return int(self._use("since", practice))

    # writes that leave the masks consistent: exactly one stage, and aware of whatever it runs

    def hear_of(self, practice: str) -> None:
        """Become aware of a practice."""
        self._set("aware", practice, True)

    def learn(self, practice: str, fit: float = 1.0) -> None:
        """The person longest in post learns how to run a practice, as well as it fits here (0..1).

        Raises:
            ValueError: all posts are vacant.
        """
        staff = [member for member in self.staff_members if member.filled]
        if not staff:
            raise ValueError(f"{self!r} has no filled post: nobody is there to learn")
        min(staff, key=lambda member: member.hired).learn(practice, fit)

    def write_down(self, practice: str) -> None:
        """Document a practice well enough to learn it from."""
        self._set("written", practice, True)

    def try_out(self, practice: str) -> None:
        """Start a trial, unless the practice is in use already."""
        if not self.uses(practice):
            self._enter("trial", practice)

    def adopt(self, practice: str, fidelity: float = 1.0, fit: float = 1.0) -> None:
        """Run a practice from this month on, paid from regular money.

        Args:
            practice: its id.
            fidelity: how faithful to the original, 0..1.
            fit: how well it fits here, 0..1.
        """
        _check_shares(fidelity=fidelity, fit=fit)
        self._enter("adopted", practice)
        p, uses = practice_index(self.model.state, practice), self.model.state.uses
        uses.fidelity[self.row, p] = fidelity
        uses.fit[self.row, p] = fit
        champion = self._champion(practice)
        uses.champion[self.row, p] = champion
        self._set("led", practice, champion >= 0)
        uses.champion_left[self.row, p] = NEVER
        self._pay_regularly(p)

    def institutionalise(self, practice: str) -> None:
        """Make a practice part of the regular work; adopts it first if it is not in use."""
        if not self.uses(practice):
            self.adopt(practice)
        self._enter("institutional", practice)
        self._pay_regularly(practice_index(self.model.state, practice))

    def drop(self, practice: str) -> None:
        """Stop running a practice: what was in use has lapsed, a trial leaves no trace."""
        was_used = self.uses(practice)
        if was_used or self._has("trial", practice):
            self._enter("lapsed" if was_used else None, practice)

    def take_in(self, practice: str, fit: float) -> None:
        """Note that someone on the staff has learned a practice that fits here so well (0..1)."""
        _check_shares(fit=fit)
        self._set("knows", practice, True)
        self._set("aware", practice, True)
        p, best = practice_index(self.model.state, practice), self.model.state.uses.fit
        best[self.row, p] = max(best[self.row, p], fit)

    # whom it is linked to

    @property
    def ties(self) -> list[Tie]:
        """Its working ties, in the order of the tie table."""
        table, model = self.model.state.ties, self.model
        result = []
        for t in self._tie_rows():
            mine_first = table.a[t] == self.row
            other, posts = table.b[t], (table.post_a[t], table.post_b[t])
            if not mine_first:
                other, posts = table.a[t], (table.post_b[t], table.post_a[t])
            own, theirs = (StaffMember(model, int(post)) for post in posts)
            result.append(
                Tie(
                    other=model.organisations[int(other)],
                    trust=float(table.trust[t]),
                    contact=int(table.contact[t]),
                    own_person=own,
                    other_person=theirs,
                )
            )
        return result

    @property
    def n_ties(self) -> int:
        return len(self._tie_rows())

    @property
    def neighbours(self) -> "list[Organisation]":
        """The organisations it has a tie with, by row."""
        ties, rows = self.model.state.ties, self._tie_rows()
        others = np.where(ties.a[rows] == self.row, ties.b[rows], ties.a[rows])
        return [self.model.organisations[int(other)] for other in np.unique(others)]

    def trust_in(self, other: "Organisation") -> float:
        """Trust of the tie with another organisation; 0 if there is no tie."""
        return max((tie.trust for tie in self.ties if tie.other is other), default=0.0)

    @property
    def networks(self) -> list[CooperationNetwork]:
        """The cooperation networks and communities of practice it is a member of."""
        start, network = self.model.state.memberships
        rows = network[start[self.row] : start[self.row + 1]]
        return [self.model.networks[int(row)] for row in rows]

    @property
    def staff_members(self) -> list[StaffMember]:
        """Its posts, filled or vacant."""
        first = int(self._cell("first_post"))
        return [StaffMember(self.model, first + j) for j in range(self.n_posts)]

    @property
    def grants(self) -> list[Grant]:
        """Its grant lines, running or not."""
        first, n = int(self._cell("first_grant")), int(self._cell("n_grants"))
        return [Grant(self.model, first + j) for j in range(n)]

    def _tie_rows(self) -> IntArray:
        # the tie table itself: the adjacency lags behind it within a month
        ties, n = self.model.state.ties, self.model.state.n_ties
        return np.flatnonzero((ties.a[:n] == self.row) | (ties.b[:n] == self.row))

    def _in_use(self) -> int:
        return int(self._cell("adopted")) | int(self._cell("institutional"))

    def _champion(self, practice: str) -> int:
        knowing = [m for m in self.staff_members if m.filled and m.knows_of(practice)]
        return min(knowing, key=lambda member: member.hired).row if knowing else -1

    def _pay_regularly(self, p: int) -> None:
        # the codes of Uses.grant: low-cost practices need no money of their own
        state = self.model.state
        state.uses.grant[self.row, p] = -2 if state.practices.cost[p] == _LOW else -1
        state.uses.unfunded[self.row, p] = NEVER

    def _use(self, column: str, practice: str) -> float:
        table = getattr(self.model.state.uses, column)
        return float(table[self.row, practice_index(self.model.state, practice)])

    def _has(self, column: str, practice: str) -> bool:
        return bool(int(self._cell(column)) >> practice_index(self.model.state, practice) & 1)

    def _set(self, column: str, practice: str, value: bool) -> None:
        bit = 1 << practice_index(self.model.state, practice)
        mask = int(self._cell(column))
        self._write(column, mask | bit if value else mask & ~bit)

    def _enter(self, stage: str | None, practice: str) -> None:
        for column in _STAGES:
            self._set(column, practice, column == stage)
        self._set("aware", practice, True)
        p = practice_index(self.model.state, practice)
        self.model.state.uses.since[self.row, p] = self.model.state.month


def _check_shares(**values: float) -> None:
    for name, value in values.items():
        if not 0.0 <= value <= 1.0:
            raise SettingError(f"{name} = {value!r} is not allowed; give a number from 0 to 1")
