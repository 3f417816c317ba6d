"""People are sent to courses, and teach better what they know."""

from typing import Any

import numpy as np
import pytest

from diffusion.interventions.train_people import TrainPeople
from diffusion.world.state import State
from tests.simulating import FIELD, OTHER_FIELD, advance, know, number_with, quiet, within, world

N = 2000
BASE: dict[str, Any] = {
    "window": {"from": 0, "until": 5},
    "coverage": 1.0,
    "target": "random",
    "evidence": (),
    "practices": {},
    "courses_per_year": 12,
    "p_learn": 0.6,
    "rel_teaching": 1.3,
    "summary": "Trains",
    "eur_per_course": 1500,
}
CATALOGUE: dict[str, Any] = {"fields": [FIELD, FIELD, OTHER_FIELD, FIELD], "scale": [0, 1, 0, 0]}


def month(state: State, **settings: Any) -> float:
    """One month in which only training happens; returns its cost."""
    lever = TrainPeople.model_validate(BASE | settings)
    rows, costs = lever.begin(state, "training"), []
    advance(state, quiet(), act=lambda state: costs.append(lever.act(state, rows)))
    return costs[0]


def test_each_course_is_about_one_practice_of_those_meant_that_is_lacking() -> None:
    state = world(N, practices=CATALOGUE, fields=FIELD)
    know(state, slice(0, N // 2), 3)
    cost = month(state, practices={"scales": ["little"]})
    assert cost == 1500 * N
    taught = state.pushes.taught
    assert (taught[: N // 2] == 0b0001).all(), "the third is of another field, the fourth is known"
    assert within(number_with(taught[N // 2 :], 0), N // 2, 0.5)
    assert (np.bitwise_count(taught) == 1).all()
    learned = [number_with(state.organisations.knows, p) for p in (0, 1, 2)]
    assert within(learned[0], number_with(taught, 0), 0.6)
    assert learned[1:] == [0, 0]


@pytest.mark.parametrize("a_year", [0, 3])
def test_courses_are_as_frequent_as_asked_and_paid_by_place(a_year: float) -> None:
    state = world(N)
    cost = month(state, courses_per_year=a_year)
    assert within(cost / 1500, N, a_year / 12) if a_year else cost == 0.0


def test_those_trained_pass_on_more_while_it_lasts() -> None:
    state = world(10)
    month(state, coverage=0.5)
    assert sorted(state.modifiers.rel_teaching) == [1.0] * 5 + [1.3] * 5
    advance(state, quiet())
    assert (state.modifiers.rel_teaching == 1.0).all()
    assert (state.pushes.taught == 0).all()


def test_what_was_learned_stays_when_training_ends() -> None:
    state = world(N)
    month(state)
    knowing = number_with(state.organisations.knows)
    advance(state, quiet(), months=3)
    assert number_with(state.organisations.knows) == knowing > 0
