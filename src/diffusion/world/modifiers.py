"""Named multipliers that rules read and interventions and shocks move.

They are set back to neutral at the start of each month; whatever is in its window then moves
them again. So an intervention undoes itself, and a scenario with nothing switched on reads the
same numbers as the baseline. `rel_*` multiply (neutral 1), `add_*` are added (neutral 0).
"""

from collections.abc import Mapping

from diffusion.base.arrays import (
    AnyTable,
    FloatArray,
    IntArray,
    MaskArray,
    Table,
    columns_of,
    set_all,
    table_of,
)
from diffusion.base.errors import nearest


class Modifiers(Table):
    """One row an organisation."""

    rel_demand: FloatArray  # demand of newcomers
    rel_capacity: FloatArray  # what its staff can do, reserve staff included
    rel_slack: FloatArray  # time for exchange
    add_slack: FloatArray  # paid exchange time, in units of normal slack
    rel_turnover: FloatArray  # exit hazard of staff
    rel_volunteer_turnover: FloatArray  # exit hazard of volunteers, on top of rel_turnover
    add_exit: FloatArray  # exit hazard of everybody, whatever else moves it
    rel_refill: FloatArray  # chance that a vacancy is filled again
    add_handover: FloatArray  # share of leavers who hand over, on top of its own habit
    rel_language_gap: FloatArray  # what is left of the disadvantage without a common language
    rel_siloing: FloatArray  # pull towards one's own field and kind
    rel_tie_formation: FloatArray
    rel_tie_decay: FloatArray
    rel_trust_gain: FloatArray  # trust that a contact adds to a tie
    rel_attendance: FloatArray  # at meetings
    rel_distance_gap: FloatArray  # what is left of the disadvantage of meetings elsewhere
    add_remote: FloatArray  # share of bilateral contacts that can't be made in person
    add_digital_gap: FloatArray  # share of contacts at a distance that it can't take part in
    rel_digital_gap: FloatArray  # what is left of all that is lost at a distance
    rel_know_how: FloatArray  # chance that a deep contact passes know-how
    rel_teaching: FloatArray  # the same, for what its own people pass on
    add_notices: FloatArray  # reach of a repository or platform, 0..1
    rel_grant_success: FloatArray
    rel_grant_length: FloatArray
    rel_renewal: FloatArray  # chance of a follow-up grant
    rel_application_effort: FloatArray  # time that an application takes
    rel_adoption: FloatArray  # hazard of starting a trial
    add_fit_gain: FloatArray  # share of the missing fit that adaptation adds, on top
    rel_fidelity_cost: FloatArray  # fidelity that adaptation costs
    rel_institutionalising: FloatArray
    rel_lapse: FloatArray  # hazard of giving up
    add_will: FloatArray  # political will
    rel_findings: FloatArray  # what it adds to the written findings of its networks
    rel_heard: FloatArray  # chance that findings of its networks are heard
    rel_inspiration: FloatArray  # will that its little practices inspire


class FunderModifiers(Table):
    """One row a funder: what is changed about its rules this month."""

    rel_budget: FloatArray  # yearly budget; of own sources: what they give
    add_eur: FloatArray  # EUR on top of a yearly budget, when the year begins
    rel_success: FloatArray  # chance of an application
    rel_renewal: FloatArray  # chance of a follow-up grant
    rel_length: FloatArray  # length of grants, and with it their size
    rel_effort: FloatArray  # time that an application takes
    rel_own_share: FloatArray  # co-financing
    rel_min_staff: FloatArray  # smallest applicant
    rel_barrier: FloatArray  # what is left of the disadvantage of small and migrant-led applicants
    add_set_aside: FloatArray  # share of a call's money kept for small and migrant-led applicants
    add_quality: FloatArray  # evaluation by quality instead of hard targets
    rewards: MaskArray  # practices that guidelines reward on top of its own


def neutral_modifiers(n: int) -> Modifiers:
    """Modifiers that change nothing, for n organisations."""
    modifiers = table_of(Modifiers, n)
    reset(modifiers)
    return modifiers


def neutral_value(name: str) -> float:
    """1 for a multiplier, 0 for what is added."""
    return 1.0 if name.startswith("rel_") else 0.0


def neutral_funder_modifiers(n: int) -> FunderModifiers:
    """Modifiers that change nothing, for n funders."""
    modifiers = table_of(FunderModifiers, n)
    reset_funders(modifiers)
    return modifiers


def reset(modifiers: Modifiers) -> None:
    """Set every modifier back to neutral, in place."""
    set_all(modifiers, _NEUTRAL)


def reset_funders(modifiers: FunderModifiers) -> None:
    """The same for those of funders."""
    set_all(modifiers, _NEUTRAL_FUNDER)


def move(modifiers: Modifiers, rows: IntArray, moves: Mapping[str, float]) -> None:
    """Multiply `rel_*` modifiers and add to `add_*` modifiers of some organisations, in place."""
    for name, value in moves.items():
        column = getattr(modifiers, name)
        if name.startswith("rel_"):
            column[rows] *= value
        else:
            column[rows] += value


def check_moves(moves: Mapping[str, float]) -> None:
    """Raise a `ValueError` for a modifier that does not exist or a multiplier below 0."""
    for name, value in moves.items():
        if name not in columns_of(Modifiers):
            raise ValueError(
                f"modifier '{name}' does not exist{nearest(name, columns_of(Modifiers))}"
            )
        if name.startswith("rel_") and value < 0.0:
            raise ValueError(f"multiplier '{name}' = {value} must be 0 or more")


def _neutral(cls: type[AnyTable]) -> AnyTable:
    return table_of(cls, 1, **{name: neutral_value(name) for name in columns_of(cls)})


_NEUTRAL = _neutral(Modifiers)
_NEUTRAL_FUNDER = _neutral(FunderModifiers)
