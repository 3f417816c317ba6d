"""Conversions between yearly and monthly quantities; one step of the model is one month."""

import math

MONTHS_A_YEAR = 12


def monthly_hazard(share_per_year: float) -> float:
    """Monthly probability that gives the yearly share: h = 1 - (1 - r)^(1/12).

    Args:
        share_per_year: share leaving within a year, in [0, 1).

    Source: A01 (note on the conversion).
    """
    return float(1.0 - (1.0 - share_per_year) ** (1.0 / MONTHS_A_YEAR))


def constant_hazard(survival: float, months: float) -> float:
    """Constant monthly hazard that leaves the share `survival` after `months`: h = -ln(S) / m."""
    return -math.log(survival) / months
