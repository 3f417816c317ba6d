"""The end of a programme: all grants of one kind of funder end together, and none follow."""

import numpy as np
from pydantic import Field, field_validator

from diffusion.base.arrays import NEVER, IntArray
from diffusion.base.errors import SettingError
from diffusion.shocks.base import Shock, hit
from diffusion.world.state import State
from diffusion.world.vocabulary import FUNDER_KINDS, index


class EndGrants(Shock):
    """Ends the grants of a kind of funder in one month, and closes its calls while it lasts.

    The end is announced `notice` months before, so that fixed-term staff can leave in time (B12).
    Follow-ups and grants that were promised and have not begun are withdrawn.

    Source: E056, E108, S07; B12.
    """

    funder: str = Field(description="whose grants end: " + ", ".join(FUNDER_KINDS))
    notice: int = Field(ge=0, le=24, description="months from the announcement to the end")

    @field_validator("funder")
    @classmethod
    def _known_funder(cls, funder: str) -> str:
        try:
            index(FUNDER_KINDS, funder)
        except SettingError as error:
            raise ValueError(str(error)) from error
        return funder

    def begin(self, state: State, name: str) -> IntArray:
        grants = state.grants
        kind = state.funders.kind[grants.funder] == index(FUNDER_KINDS, self.funder)
        if not kind.any():
            raise SettingError(
                f"shock '{name}': no organisation of this world lives on a funder of the kind "
                f"'{self.funder}'; choose another of: {', '.join(FUNDER_KINDS)}"
            )
        rows: IntArray = np.flatnonzero(kind & np.isin(grants.organisation, hit(self, state, name)))
        flows = rows[grants.active[rows] == 1]
        grants.ends[flows] = np.minimum(grants.ends[flows], state.month + self.notice)
        grants.renewed[rows] = 0
        grants.starts[rows] = NEVER
        return rows

    def act(self, state: State, rows: IntArray, name: str) -> None:
        state.grants.shut[rows] = 1

    def explain(self) -> str:
        return (
            f"Ends the grants of funders of the kind '{self.funder}' in month "
            f"{self.window.start + self.notice}, announced {self.notice} months before, and opens "
            f"no call, {self.whom_and_when()}."
        )
