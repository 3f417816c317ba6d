"""Those who seek a practice are brought together with those who run it."""

from typing import Any

import numpy as np
import pytest

from diffusion.interventions.connect_people import ConnectPeople
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.simulating import (
    ARABIC,
    FIELD,
    GERMAN,
    OTHER_FIELD,
    advance,
    know,
    number_with,
    quiet,
    use,
    within,
    world,
)

N = 1000
BASE: dict[str, Any] = {
    "window": {"from": 0, "until": 5},
    "coverage": 1.0,
    "target": "random",
    "evidence": (),
    "visits_per_year": 12,
    "elsewhere": False,
    "depth": 0.9,
    "trust": 1.0,
    "summary": "Arranges visits",
    "eur_per_visit": 100,
}


def arranged(state: State, **settings: Any) -> float:
    """Arrange this month's visits; returns what they cost."""
    lever = ConnectPeople.model_validate(BASE | settings)
    return lever.act(state, lever.begin(state, "visits"))


def test_everybody_is_sent_to_somebody_who_runs_what_is_sought() -> None:
    state = world(N)
    use(state, slice(10))
    assert arranged(state) == 100 * (N - 10), "those who run it seek nothing"
    assert state.arranged.guest.tolist() == list(range(10, N))
    assert set(state.arranged.host.tolist()) == set(range(10))
    champion = state.uses.champion[state.arranged.host, 0]
    assert np.array_equal(state.arranged.person, champion)


def test_visits_are_as_frequent_as_asked() -> None:
    state = world(N)
    use(state, 0)
    assert within(arranged(state, visits_per_year=3) / 100, N - 1, 0.25)


def test_what_nobody_runs_or_one_does_not_need_is_not_sought() -> None:
    nobody = world(N)
    assert arranged(nobody) == 0.0
    other = world(N, fields=FIELD, practices={"fields": OTHER_FIELD})
    use(other, 0)
    assert arranged(other) == 0.0
    settled = world(4)
    use(settled, 0)
    know(settled, 1)
    settled.organisations.lapsed[2] = 1
    settled.organisations.trial[3] = 1
    assert arranged(settled) == 0.0
    assert len(settled.arranged) == 0


def test_one_seeks_what_one_has_heard_of() -> None:
    state = world(N, practices={"complexity": [0.0] * 3})
    for practice in range(3):
        use(state, practice, practice)
    state.organisations.aware[3 : N // 2] |= 0b010
    arranged(state)
    heard = state.arranged.guest < N // 2
    assert (state.arranged.host[heard & (state.arranged.guest > 2)] == 1).all()
    assert set(state.arranged.host[~heard].tolist()) == {0, 1, 2}


@pytest.mark.parametrize("elsewhere", [True, False])
def test_study_visits_lead_to_another_place(elsewhere: bool) -> None:
    state = world(N, territories=2)
    use(state, [0, N // 2])  # type: ignore[arg-type]
    arranged(state, elsewhere=elsewhere)
    place = state.organisations.territory
    away = place[state.arranged.guest] != place[state.arranged.host]
    assert away.all() if elsewhere else 0.4 < away.mean() < 0.6


def test_hosts_with_a_common_language_come_first() -> None:
    state = world(N, languages=np.where(np.arange(N) % 3 == 0, ARABIC, GERMAN))
    use(state, 1)
    state.organisations.languages[4:] = np.where(np.arange(4, N) % 2 == 0, ARABIC, GERMAN)
    arranged(state)
    assert (state.arranged.host == 1).all(), "without such a host any will do"
    second = world(N, languages=np.where(np.arange(N) % 2 == 0, ARABIC, GERMAN))
    use(second, slice(0, 2))
    arranged(second)
    assert (second.arranged.host % 2 == second.arranged.guest % 2).all()


def test_a_visit_passes_know_how_that_a_talk_at_home_can_not() -> None:
    state = world(N)
    use(state, 0)
    state.organisations.aware[:] = 1
    lever = ConnectPeople.model_validate(BASE)
    rows = lever.begin(state, "visits")
    parameters = quiet(exchange={"p_know_how": 0.5})

    def act(state: State) -> None:
        lever.act(state, rows)

    advance(state, parameters, act=act)
    learned = number_with(state.organisations.knows) - 1
    assert within(learned, N - 1, 0.5 * 0.9)
    assert state.flows[Flow.TRANSFERS] == learned
    assert state.flows[Flow.TRANSFERS_BY_MEETING] == 0
    advance(state, parameters)
    assert len(state.arranged) == 0


def test_two_levers_arrange_visits_of_their_own() -> None:
    state = world(N)
    use(state, 0)
    arranged(state, visits_per_year=6)
    first = set(state.arranged.guest.tolist())
    arranged(state, visits_per_year=6, summary="Another lever")
    second = state.arranged.guest[len(first) :].tolist()
    assert within(len(first & set(second)), N - 1, 0.25)
