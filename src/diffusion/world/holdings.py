"""What an organisation holds: the persons in its posts, its grants, its ties."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffusion.world import vocabulary
from diffusion.world.view import (
    LightView,
    derived,
    derived_flag,
    practice_index,
    practice_set,
    word,
)

if TYPE_CHECKING:
    from diffusion.world.cooperation import Funder
    from diffusion.world.organisation import Organisation


class StaffMember(LightView):
    """A post and whoever fills it."""

    table = "posts"

    contract = word("permanent, fixed_term or volunteer", vocabulary.CONTRACTS)
    filled = derived_flag("False while the post is vacant")
    hired = derived("month in which this person started; negative: before the run")
    person = derived("how many persons held the post before this one")
    left = derived("month in which the person before left; far in the past if nobody has")
    knows = practice_set("ids of the practices this person knows how to run, sorted")

    @property
    def organisation(self) -> "Organisation":
        return self.model.organisations[int(self._cell("organisation"))]

    @property
    def months_in_post(self) -> int:
        return self.model.state.month - self.hired

    @property
    def grant(self) -> "Grant | None":
        """The grant that pays the post, None for regular money."""
        row = int(self._cell("grant"))
        return None if row < 0 else Grant(self.model, row)

    def knows_of(self, practice: str) -> bool:
        """Whether this person knows how to run a practice."""
        return practice in self.knows

    def learn(self, practice: str, fit: float = 1.0) -> None:
        """This person now knows how to run a practice, hence the organisation does.

        Args:
            practice: its id.
            fit: how well it fits the organisation, 0..1; the best so far counts.

        Raises:
            SettingError: unknown practice, or fit outside 0..1.
            ValueError: the post is vacant.
        """
        if not self.filled:
            raise ValueError(f"post {self.row} is vacant: nobody is there to learn")
        self.organisation.take_in(practice, fit)
        bit = 1 << practice_index(self.model.state, practice)
        self._write("knows", int(self._cell("knows")) | bit)


class Grant(LightView):
    """A line of project money."""

    table = "grants"

    active = derived_flag("True while money flows")
    ends = derived("month in which the present grant ends")
    starts = derived("month in which a promised grant starts; far in the past if none is promised")
    months = derived("length of the grant that runs or is promised")
    award = derived("EUR of a promised grant, 0 otherwise")
    purse = derived("EUR of the running grant that are not spent yet")
    shut = derived_flag("a shock closes its programme to applications this month")

    @property
    def organisation(self) -> "Organisation":
        return self.model.organisations[int(self._cell("organisation"))]

    @property
    def funder(self) -> "Funder":
        return self.model.funders[int(self._cell("funder"))]

    @property
    def renewed(self) -> bool | None:
        """The decision on the follow-up; None while it is not taken."""
        code = int(self._cell("renewed"))
        return None if code < 0 else bool(code)

    @property
    def idea(self) -> str | None:
        """The practice that the application proposed; None without one."""
        row = int(self._cell("idea"))
        return None if row < 0 else self.model.state.names.practices[row]


@dataclass(frozen=True)
class Tie:
    """A working tie as one of its two organisations sees it, as it was when it was asked for."""

    other: "Organisation"
    trust: float  # (0, 1]
    contact: int  # month of the last contact
    own_person: StaffMember
    other_person: StaffMember
