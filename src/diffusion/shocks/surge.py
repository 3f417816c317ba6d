"""A surge of arrivals: demand rises and falls again, here more than there; money follows late."""

import math

import numpy as np
from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import salt_of
from diffusion.shocks.base import Shock, hit
from diffusion.world.state import State


class Surge(Shock):
    """Raises demand with the people who have come and are still looked after.

    Arrivals rise in a straight line to their peak and then fall off exponentially. Their sum over
    the first 12 months is `extra_arrivals`, whatever the shape. Who has come is looked after for
    `months_in_care` on average. How much a place gets is log-normal over countries and places,
    with a mean of 1 over the organisations that are hit.

    Source: H01-H03, H07, H08; E001, E002, E014, E146.
    """

    extra_arrivals: float = Field(
        ge=0.0, le=50.0, description="arrivals of 12 months beyond the usual, in usual years"
    )
    months_rise: int = Field(ge=1, le=60, description="months from the start to the peak")
    months_decay: float = Field(gt=0.0, le=120.0, description="time scale of the fall")
    months_in_care: float = Field(ge=1.0, le=120.0, description="how long one is looked after")
    newcomer_share: float = Field(ge=0.0, le=1.0, description="usual demand that newcomers make")
    country_sd: float = Field(ge=0.0, le=3.0, description="spread over countries, log points")
    place_sd: float = Field(ge=0.0, le=3.0, description="spread over places, log points")
    funding_ratio: float = Field(ge=0.0, le=10.0, description="success at calls when money follows")
    funding_lag: int = Field(ge=0, le=120, description="months from the peak to that money")

    def begin(self, state: State, name: str) -> IntArray:
        return hit(self, state, name)

    def act(self, state: State, rows: IntArray, name: str) -> None:
        if rows.size == 0:
            return
        month = self.month_of(state)
        rise = self.newcomer_share * self.looked_after(month + 1)[-1]
        state.modifiers.rel_demand[rows] *= 1.0 + rise * self.share_of(state, rows, name)
        if month >= self.months_rise - 1 + self.funding_lag:
            state.modifiers.rel_grant_success[rows] *= self.funding_ratio

    def explain(self) -> str:
        return (
            f"Arrivals beyond the usual of {self.extra_arrivals:g} usual years within 12 months, "
            f"with the peak after {self.months_rise} months and unevenly over countries and "
            f"places, raise demand {self.whom_and_when()}; {self.funding_lag} months after the "
            f"peak success at calls is {self.funding_ratio:g} times the usual."
        )

    def arrivals(self, months: int) -> FloatArray:
        """Arrivals beyond the usual, in units of a usual month, for so many months."""
        t = np.arange(max(months, MONTHS_A_YEAR)) + 1.0
        fallen = np.exp(-np.maximum(t - self.months_rise, 0.0) / self.months_decay)
        shape: FloatArray = np.minimum(t / self.months_rise, fallen)
        shape *= MONTHS_A_YEAR * self.extra_arrivals / shape[:MONTHS_A_YEAR].sum()
        return shape[:months]

    def looked_after(self, months: int) -> FloatArray:
        """People looked after beyond the usual, relative to the usual, for so many months."""
        stay = math.exp(-1.0 / self.months_in_care)
        there = np.zeros(months)
        before = 0.0
        for t, came in enumerate(self.arrivals(months)):
            before = there[t] = stay * before + (1.0 - stay) * came
        return there

    def share_of(self, state: State, rows: IntArray, name: str) -> FloatArray:
        """What each organisation gets of the surge, relative to the mean over all of `rows`."""
        salt = salt_of(name) % 2**31
        place = state.organisations.territory[rows]
        country = state.territories.country[place]
        luck = self.country_sd * self._luck(state, country, 2 * salt)
        luck += self.place_sd * self._luck(state, place, 2 * salt + 1)
        share: FloatArray = np.exp(luck)
        share /= share.mean()
        return share

    def _luck(self, state: State, who: IntArray, whom: int) -> FloatArray:
        return draws.normals(state.seed, Decision.SURGE_PLACE, self.window.start, who, whom)
