"""Windows, targets, reach: what every intervention shares."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from diffusion.base.errors import SettingError
from diffusion.config import load
from diffusion.interventions.base import Window, eligible, native_languages, ranked, reach
from diffusion.model.settings import ModelSettings
from diffusion.world import vocabulary
from diffusion.world.state import State
from tests.simulating import (
    ARABIC,
    FIELD,
    GERMAN,
    OTHER_FIELD,
    SMALL,
    link,
    settings,
    world,
)

NAMES = ("cop_formation", "coordinator_funding", "language_mediation")


@pytest.fixture(scope="module")
def state() -> State:
    return settings().world.build(settings().practices, 7)


def test_a_window_ends_before_its_last_month() -> None:
    window = Window.model_validate({"from": 3, "until": 5})
    assert [month in window for month in (2, 3, 4, 5)] == [False, True, True, False]


@pytest.mark.parametrize(("first", "until"), [(5, 5), (6, 5)])
def test_a_window_that_ends_before_it_starts_is_refused(first: int, until: int) -> None:
    with pytest.raises(ValidationError, match="until must be later than from"):
        Window.model_validate({"from": first, "until": until})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("coverage=1.5", "coverage"),
        ("coverage=-0.1", "coverage"),
        ("window.until=1", "until must be later than from"),
        ("window.until=99", "window.until = 99: the window ends after the run"),
        ("target=everybody", "target 'everybody' is not known"),
        ("target=kind:ngos", "did you mean 'ngo'"),
        ("target=field:houses", "'houses' is not known"),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, setting: str, said: str) -> None:
    timing = "timing={start: 2, stop: 8, months: 12}"
    with pytest.raises(SettingError, match=said):
        load([*SMALL, timing, f"intervention={name}", f"intervention.{name}.{setting}"])


def rows(state: State, target: str) -> list[int]:
    chosen: list[int] = eligible(state, target).tolist()
    return chosen


def test_targets_by_what_an_organisation_is() -> None:
    everybody = world(
        6,
        posts=5,
        kind=[0, 1, 2, 2, 3, 4],
        fields=[FIELD, OTHER_FIELD, FIELD | OTHER_FIELD, FIELD, FIELD, OTHER_FIELD],
        migrant_led=[0, 0, 0, 1, 1, 0],
        languages=[GERMAN, GERMAN, ARABIC, GERMAN | ARABIC, ARABIC, GERMAN],
        n_posts=[5, 3, 4, 1, 5, 5],
    )
    assert rows(everybody, "kind:ngo") == [2, 3]
    assert rows(everybody, "field:housing") == [1, 2, 5]
    assert rows(everybody, "migrant_led") == [3, 4]
    assert rows(everybody, "language_minority") == [2, 4]
    assert rows(everybody, "small") == [1, 3]
    for target in ("random", "hubs", "brokers", "periphery"):
        assert rows(everybody, target) == list(range(6))


def test_each_country_has_its_language() -> None:
    native = native_languages()
    assert native[vocabulary.COUNTRIES.index("germany")] == GERMAN
    assert (np.bitwise_count(native) == 1).all()


def star() -> State:
    """0 has five partners of its own field, 6 has three of another, 10 has one, 11 none."""
    state = world(12, fields=np.where(np.arange(12) > 6, OTHER_FIELD, FIELD))
    pairs = [(0, i) for i in range(1, 6)] + [(6, i) for i in (7, 8, 9)] + [(10, 9)]
    link(state, pairs)
    return state


def test_hubs_brokers_and_periphery_come_first() -> None:
    state = star()
    everybody = np.arange(12)
    hubs = ranked(state, everybody, "hubs", 3)
    assert hubs[:2].tolist() == [0, 6]
    assert ranked(state, everybody, "brokers", 3)[0] == 6
    assert ranked(state, everybody, "periphery", 3)[0] == 11
    degree = np.diff(state.adjacency.start)
    assert (np.diff(degree[hubs]) <= 0).all()
    assert (np.diff(degree[ranked(state, everybody, "periphery", 3)]) >= 0).all()


def test_random_means_other_people_for_other_names_and_seeds(state: State) -> None:
    everybody = np.arange(state.n_organisations)
    one, other = (ranked(state, everybody, "random", salt).tolist() for salt in (1, 2))
    assert one != other
    assert sorted(one) == sorted(other) == everybody.tolist()
    assert ranked(state, everybody, "random", 1).tolist() == one
    again = settings().world.build(settings().practices, 8)
    assert ranked(again, everybody, "random", 1).tolist() != one


@pytest.mark.parametrize("coverage", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("target", ["random", "hubs", "small", "kind:ngo", "language_minority"])
def test_coverage_is_the_share_of_those_meant(state: State, target: str, coverage: float) -> None:
    meant = rows(state, target)
    reached = reach(state, target, coverage, "x")
    assert reached.size == round(coverage * len(meant))
    assert set(reached.tolist()) <= set(meant)


def test_more_coverage_adds_to_those_reached(state: State) -> None:
    few = reach(state, "random", 0.3, "x").tolist()
    assert reach(state, "random", 0.6, "x").tolist()[: len(few)] == few


def test_a_target_that_means_nobody_is_refused() -> None:
    state = world(5)
    with pytest.raises(SettingError, match="target 'migrant_led' means no organisation"):
        reach(state, "migrant_led", 0.5, "lever")


@pytest.mark.parametrize("name", NAMES)
def test_explanations_say_when_how_far_and_at_what_price(name: str) -> None:
    composed: ModelSettings = settings(f"intervention={name}", f"intervention.{name}.coverage=0.3")
    lever: Any = composed.interventions[name]
    sentence = lever.explain()
    price = lever.eur_per_hour if name == "language_mediation" else lever.eur_per_year
    assert "from month 2 to month 8" in sentence
    assert "30%" in sentence
    assert f"{price:,.0f} EUR" in sentence
    assert sentence.endswith(".")
