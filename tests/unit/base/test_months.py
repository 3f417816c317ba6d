"""Yearly shares and monthly hazards."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.base.months import MONTHS_A_YEAR, constant_hazard, monthly_hazard


def test_known_monthly_hazard_of_ngo_staff() -> None:
    # A01: a fifth leaves within a year, 0.018 a month
    assert monthly_hazard(0.20) == pytest.approx(0.018, abs=0.0005)


@given(st.floats(0.0, 0.99))
def test_twelve_monthly_hazards_make_the_yearly_share(share: float) -> None:
    stay = (1 - monthly_hazard(share)) ** MONTHS_A_YEAR
    assert 1 - stay == pytest.approx(share, abs=1e-12)


def test_known_hazard_after_a_project_ends() -> None:
    # S-group: two thirds still run after a year, 0.033 a month
    assert constant_hazard(0.67, 12) == pytest.approx(0.033, abs=0.0005)


@given(st.floats(0.01, 1.0), st.floats(1.0, 600.0))
def test_constant_hazard_leaves_the_survival_it_was_made_from(
    survival: float, months: float
) -> None:
    hazard = constant_hazard(survival, months)
    assert hazard >= 0
    assert math.exp(-hazard * months) == pytest.approx(survival)
