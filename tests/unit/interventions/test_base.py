"""Windows, targets, reach: what every intervention shares."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from diffusion.base.errors import SettingError
from diffusion.config import load
from diffusion.interventions import base
from diffusion.interventions.base import (
    Window,
    Windows,
    eligible,
    native_languages,
    ranked,
    reach,
)
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


def test_prices_are_rounded_once_under_every_version_of_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "relative_labour_cost", lambda _: 0.1)
    assert base.monthly_cost(12.0, np.arange(10)) == 1.0


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
        ("coverage=0", "coverage = 0: allowed more than 0, up to 1"),
        ("window.until=1", "until must be later than from"),
        ("window.until=99", "window.until = 99: the window ends after the run"),
        ("window=[]", "a list of windows needs at least one"),
        ("window=[{from: 2, until: 6},{from: 5, until: 8}]", "one starts in month 5, but that be"),
        ("window=[{from: 5, until: 8},{from: 2, until: 4}]", "must follow one another"),
        ("window=[{from: 2, until: 4},{from: 6, until: 99}]", "window.until = 99"),
        ("window=[{from: 2, until: 1}]", "window.0: the window ends"),
        ("target=everybody", "target 'everybody' is not known"),
        ("target=kind:ngos", "did you mean 'ngo'"),
        ("target=field:houses", "'houses' is not known"),
        ("target=hubs@brokers", "gives 2 orders"),
        ("target=size:middling", "allowed: small, large"),
        ("target='named:'", "names nothing"),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, setting: str, said: str) -> None:
    timing = "timing={start: 2, stop: 8, months: 12}"
    with pytest.raises(SettingError, match=said):
        load([*SMALL, timing, f"intervention={name}", f"intervention.{name}.{setting}"])


def test_several_windows_are_read_like_one() -> None:
    one = Windows.model_validate([{"from": 3, "until": 5}, {"from": 5, "until": 6}])
    apart = Windows.model_validate([{"from": 3, "until": 5}, {"from": 8, "until": 9}])
    assert (apart.start, apart.until, apart.months) == (3, 9, 3)
    assert [month for month in range(12) if month in apart] == [3, 4, 8]
    assert [apart.before(month) for month in (2, 3, 5, 8, 9, 20)] == [0, 0, 2, 2, 3, 3]
    assert [month for month in range(12) if month in one] == [3, 4, 5]
    assert apart.words() == "from month 3 to month 5 and from month 8 to month 9"


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


@pytest.mark.parametrize("coverage", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("target", ["random", "hubs", "small", "kind:ngo", "language_minority"])
def test_coverage_is_the_share_of_those_meant(state: State, target: str, coverage: float) -> None:
    meant = rows(state, target)
    if round(coverage * len(meant)) == 0:
        with pytest.raises(SettingError, match="comes to none of them"):
            reach(state, target, coverage, "x")
        return
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


def test_a_coverage_that_comes_to_nobody_is_refused() -> None:
    with pytest.raises(SettingError, match=r"comes to none of them; one is a coverage of 0.2"):
        reach(world(5), "random", 0.05, "lever")


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("size:small", [1, 3]),
        ("large", [0, 2, 4, 5]),
        ("size:large@kind:ngo", [2]),
        ("territory:Territory 1", [3, 4, 5]),
        ("territory:0", [0, 1, 2]),
        ("territory:2", [0, 1, 2, 3, 4, 5]),  # the country
        ("named:Organisation 4; Organisation 1", [1, 4]),
        ("hubs@territory:1@small", [3]),
    ],
)
def test_filters_join(target: str, meant: list[int]) -> None:
    places = world(6, kind=[0, 1, 2, 2, 3, 4], n_posts=[5, 3, 4, 1, 5, 5], territories=2)
    assert rows(places, target) == meant


def test_an_order_holds_among_those_that_pass() -> None:
    state = star()
    state.organisations.kind[[1, 6, 10]] = 3
    chosen = reach(state, "hubs@kind:migrant_organisation", 1.0, "lever").tolist()
    assert chosen[0] == 6
    assert sorted(chosen) == [1, 6, 10]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("territory:Teritory 1", "no such territory.*did you mean 'Territory 1'"),
        ("territory:9", "a row from 0 to 2"),
        ("named:Organisation 99", "no organisation 'Organisation 99'; did you mean"),
    ],
)
def test_names_that_the_world_does_not_have_are_refused(target: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        eligible(world(6, territories=2), target)


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
