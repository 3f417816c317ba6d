"""Train people in practices, and as multipliers who pass on what they know."""

import numpy as np
from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray, MaskArray, counts
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, Purse, reach, salt_of, whole_units
from diffusion.world.practice_choice import PracticeChoice
from diffusion.world.state import State


class TrainPeople(Intervention):
    """Sends people to courses, each on one practice that their organisation lacks.

    Courses teach chosen practices of the organisation's own fields. Whoever was there learns with
    `p_learn`, less for complex practices, and brings the fit of a practice without a place
    (its adaptability). Beyond that, people of the organisations reached teach better in contacts.

    Luck decides who is sent in a month, and how many. Under a budget only the first: as many
    places are paid as are due, to organisations that lack a practice.

    Source: E112, E134, E151; G05, G07.
    """

    practices: PracticeChoice = Field(description="what courses are about")
    courses_per_year: float = Field(ge=0.0, le=12.0, description="course places an organisation")
    p_learn: float = Field(ge=0.0, le=1.0, description="chance to learn the simplest practice")
    rel_teaching: float = Field(ge=0.0, le=5.0, description="know-how its people pass on")
    summary: str = Field(min_length=1, description="what it is; keys its luck")
    eur_per_course: float = Field(ge=0.0, le=50_000.0, description="price of a course place")

    def begin(self, state: State, name: str) -> IntArray:
        self.practices.mask(state, f"intervention '{name}'")
        return reach(state, self.target, self.coverage, name)

    def act(self, state: State, rows: IntArray) -> float:
        going, lacking = self._going(state, rows), self._lacking(state, rows)
        sent = (going < self.courses_per_year / MONTHS_A_YEAR) & (lacking != 0)
        return self._teach(state, rows, np.flatnonzero(sent))

    def mean_costs(self, state: State, rows: IntArray) -> FloatArray:
        return np.full(rows.size, self.courses_per_year / MONTHS_A_YEAR * self.eur_per_course)

    def act_within(self, state: State, rows: IntArray, purse: Purse) -> float:
        first = np.argsort(self._going(state, rows), kind="stable")
        first = first[self._lacking(state, rows)[first] != 0]
        return self._teach(state, rows, first[: whole_units(purse.due, self.eur_per_course)])

    def _going(self, state: State, rows: IntArray, half: int = 0) -> FloatArray:
        """A uniform number for each organisation, the lowest go first; each half has its own."""
        salt = 2 * (salt_of(self.summary) % 2**31) + half
        return draws.uniforms(state.seed, Decision.COURSE_PLACE, state.month, rows, salt)

    def _lacking(self, state: State, rows: IntArray) -> MaskArray:
        """What courses could teach each organisation."""
        orgs = state.organisations
        lacking: MaskArray = orgs.own_practices[rows] & ~orgs.knows[rows]
        return lacking & self.practices.mask(state, "training")

    def _teach(self, state: State, rows: IntArray, sent: IntArray) -> float:
        """Send some of the organisations reached, by position; returns what that costs."""
        state.modifiers.rel_teaching[rows] *= self.rel_teaching
        pushes, places = state.pushes, rows[sent]
        taught = _one_of(self._lacking(state, places), self._going(state, places, half=1))
        pushes.taught[places] |= taught
        pushes.p_taught[places] = np.maximum(pushes.p_taught[places], self.p_learn)
        return float(places.size * self.eur_per_course)

    def explain(self) -> str:
        return (
            f"{self.summary}: {self.courses_per_year:g} course places a year for "
            f"{self.coverage:.0%} of organisations (target: {self.target}), on "
            f"{self.practices.words()}, {self.months()}, at {self.eur_per_course:,.0f} EUR each; "
            f"know-how passes from those trained with {self.rel_teaching:g} times the chance."
        )


def _one_of(masks: MaskArray, luck: FloatArray) -> MaskArray:
    """One practice of each mask, by a uniform number each."""
    chosen = masks.copy()
    skip = (luck * counts(masks)).astype(np.int64)
    while (skip > 0).any():
        chosen[skip > 0] &= chosen[skip > 0] - np.uint64(1)
        skip -= 1
    lowest: MaskArray = chosen & (~chosen + np.uint64(1))
    return lowest
