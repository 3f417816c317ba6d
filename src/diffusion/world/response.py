"""How organisations respond to what their contacts run, and how strongly they can at most.

A luck is compared with these bounds first: nearly all are sorted out before a power is taken.
"""

from diffusion.base.compiled import inner

MARGIN = 1.0 + 1e-9  # outweighs any rounding of what is bounded


@inner
def response(exposure, contacts, threshold, kappa):  # type: ignore[no-untyped-def]
    """Hill response, 0..1, to the share of remembered contacts that were with users."""
    if contacts <= 0.0 or exposure <= 0.0:
        return 0.0
    share = min(1.0, exposure / contacts) ** kappa
    return share / (share + threshold**kappa)


@inner
def may_start(luck, most, exposure, half_way, kappa):  # type: ignore[no-untyped-def]
    """Whether a luck may be below `most` times the response; else it is not.

    The response falls with kappa below the threshold and rises with it above. So it is bounded by
    exposure / (exposure + half_way) or the same of their squares, exactly where kappa is 1 or 2.

    Args:
        luck: 0..1.
        most: what the response is multiplied with, times `MARGIN`.
        exposure: remembered contacts with users.
        half_way: the exposure that is met with half a response: threshold times contacts.
        kappa: steepness.
    """
    below = exposure < half_way
    # 0 or 1, chosen and multiplied with: on which side it is nobody foresees, so no branch may
    # hang on it
    square_below, square_above = 1.0 if kappa >= 2.0 else 0.0, 1.0 if kappa == 2.0 else 0.0
    known_below, known_above = 1.0 if kappa >= 1.0 else 0.0, 1.0 if kappa <= 1.0 else square_above
    square = square_below if below else square_above
    known = known_below if below else known_above
    low = exposure * (1.0 - square + square * exposure)
    high = half_way * (1.0 - square + square * half_way)
    return luck * (low + known * high) < most * low


@inner
def most_of_power(base, exponent):  # type: ignore[no-untyped-def]
    """Upper bound, but for rounding, of base ** exponent; base >= 0, exponent 0..2.

    A power up to the first lies below its tangent at 1; a higher one is such a power times the
    base.
    """
    steep = exponent > 1.0
    slope = exponent - 1.0 if steep else exponent
    return ((1.0 - slope) + slope * base) * (base if steep else 1.0)
