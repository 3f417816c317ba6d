"""Practices that interventions put before organisations, for a month.

Like modifiers they are neutral again at the start of each month. Modifiers hold for whatever an
organisation does, pushes for some practices only. A promotion is what one intervention says of its
practices to all whom it reaches. Where several reach one organisation, each acts on its own
practices; on those that they share they act independently of each other: multipliers are
multiplied, and one hears from at least one of them. Of two trainings of an organisation in one
month, the surer chance to learn holds for both.
"""

from diffusion.base.arrays import (
    NOTHING,
    FloatArray,
    MaskArray,
    Table,
    has,
    lowest,
    set_all,
    table_of,
    without_lowest,
)
from diffusion.base.compiled import inner

MAX_PROMOTIONS = 64  # in a month: one bit each


class Pushes(Table):
    """One row an organisation."""

    promoted: MaskArray  # practices that any promotion puts before it
    promotions: MaskArray  # which rows of `Promotions` reach it
    most_eased: FloatArray  # product of their multipliers, a bound on that of any practice
    taught: MaskArray  # practices in which one of its people is trained
    p_taught: FloatArray  # chance, 0..1, that the person learns the simplest practice


class Promotions(Table):
    """One row a promotion of the month, in the order in which interventions act."""

    practices: MaskArray
    p_told: FloatArray  # chance, 0..1, that one hears; of practices of one's own fields
    rel_eased: FloatArray  # hazard of starting a trial, 1 or more


def neutral_pushes(n: int) -> Pushes:
    """Pushes that change nothing, for n organisations."""
    return table_of(Pushes, n, most_eased=1.0)


def reset(pushes: Pushes) -> None:
    """Take all pushes back, in place."""
    set_all(pushes, _NEUTRAL)


@inner
def p_told(push, promotions, p):  # type: ignore[no-untyped-def]
    """Chance that an organisation hears of a promoted practice of its own fields this month."""
    chance = 0.0
    left = push.promotions
    while left != NOTHING:
        one = promotions[lowest(left)]
        left = without_lowest(left)
        if has(one.practices, p):
            chance += one.p_told * (1.0 - chance)
    return chance


@inner
def rel_eased(push, promotions, p):  # type: ignore[no-untyped-def]
    """By what promotions multiply the hazard of starting a trial of a practice."""
    factor = 1.0
    left = push.promotions
    while left != NOTHING:
        one = promotions[lowest(left)]
        left = without_lowest(left)
        if has(one.practices, p):
            factor *= one.rel_eased
    return factor


_NEUTRAL = neutral_pushes(1)
