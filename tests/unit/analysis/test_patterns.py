"""The measuring sticks of the patterns, on histories whose answer is known by hand."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from diffusion.analysis import patterns
from diffusion.analysis.intervals import Interval
from diffusion.analysis.patterns import communities, knowing, lasting, people, runs, spread
from diffusion.analysis.patterns.membership import looked_at
from diffusion.analysis.patterns.pattern import above, below, within
from diffusion.analysis.patterns.runs import SET_UPS, Run, Runs, settings_of
from diffusion.base.errors import SettingError
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation

SMALL = ("world=synthetic", "world.n=80", "world.n_territories=3", "timing.start=2",
         "timing.stop=4", "timing.months=6")  # fmt: skip


def run(using: Sequence[Sequence[int]], unfunded: Sequence[Sequence[int]] | None = None) -> Run:
    """A run from masks, one row a month; two practices a pair of bits."""
    used = np.array(using, np.uint64)
    lost = np.zeros_like(used) if unfunded is None else np.array(unfunded, np.uint64)
    return Run({}, {}, used, lost, used.shape[1] * 2)


def test_a_cohort_is_followed_from_the_month_its_grant_is_gone() -> None:
    # three organisations lose the grant of practice 0 in month 1; one stops at once after a
    # month, one pauses, one goes on; practice 1 never had a grant to lose
    using = [[1, 1, 3], [1, 1, 3], [0, 1, 3], [0, 0, 3], [0, 1, 3]]
    unfunded = [[0, 0, 0], [1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 1, 1]]
    cohort = lasting.follow(run(using, unfunded), 3)
    assert cohort.n == 3
    assert cohort.unbroken == pytest.approx([1.0, 2 / 3, 1 / 3, 1 / 3])
    assert cohort.in_use == pytest.approx(2 / 3)


def test_a_cohort_too_late_to_be_followed_is_left_out() -> None:
    using = [[1, 1], [1, 1], [1, 1], [1, 1]]
    unfunded = [[0, 0], [1, 0], [1, 0], [1, 1]]
    cohort = lasting.follow(run(using, unfunded), 2)
    assert cohort.n == 1


def test_what_was_unfunded_at_first_is_left_out() -> None:
    cohort = lasting.follow(run([[1], [1], [1]], [[1], [1], [1]]), 1)
    assert cohort.n == 0
    assert math.isnan(cohort.in_use)


def test_cumulative_adopters_never_fall_and_count_rare_practices_only() -> None:
    organisations = 40
    using = np.zeros((4, organisations), np.uint64)
    using[:, :20] = 2  # practice 1 is common from the first month
    using[1, 25] |= np.uint64(1)
    using[2, 26] |= np.uint64(1)
    curve = spread.cumulative_adopters(Run({}, {}, using, np.zeros_like(using), 80))
    assert curve == pytest.approx([0.0, 1 / 80, 2 / 80, 2 / 80])


def test_logistic_growth_is_told_from_saturation() -> None:
    t = np.linspace(0, 1, 121)
    logistic = 0.4 / (1 + np.exp(-9 * (t - 0.45)))
    saturating = 0.4 * (1 - np.exp(-3 * t))
    assert spread.aic_logistic(logistic) < spread.aic_exponential(logistic) - 100
    assert spread.aic_exponential(saturating) < spread.aic_logistic(saturating) - 100


def test_peak_is_the_middle_of_the_fastest_year() -> None:
    t = np.arange(241)
    assert spread.peak_month(1 / (1 + np.exp(-0.08 * (t - 100)))) == pytest.approx(100, abs=0.6)


def test_early_share_of_a_loss() -> None:
    steady = -np.ones((3, 40)) * np.array([[1.0], [1.1], [0.9]])
    assert people.early_share(steady).mean == pytest.approx(1.0)
    slow = steady * np.minimum(np.arange(40) / 24, 1.0)
    assert people.early_share(slow).mean == pytest.approx(2.5 / 24)
    assert math.isnan(people.early_share(np.zeros((3, 40))).mean)


@pytest.mark.parametrize(
    ("pattern", "ok"),
    [
        (within("P4", "gap", (0.4, 0.6), Interval(0.5, 0.3, 0.7, 9), "", 0.5), True),
        (within("P4", "gap", (0.4, 0.6), Interval(0.61, 0.5, 0.7, 9), ""), False),
        (within("P4", "gap", (0.4, 0.6), Interval(math.nan, math.nan, math.nan, 0), ""), False),
        (above("P6", "more", 0.0, Interval(0.5, 0.1, 0.9, 9), ""), True),
        (above("P6", "more", 0.0, Interval(0.5, -0.1, 1.1, 9), ""), False),
        (above("P6", "more", 0.0, Interval(0.0, 0.0, 0.0, 9, identical=True), ""), False),
        (below("P8", "less", 0.0, Interval(-0.5, -0.9, -0.1, 9), ""), True),
        (below("P8", "less", 0.0, Interval(-0.5, math.nan, math.nan, 1), ""), False),
    ],
)
def test_a_target_is_met_only_where_the_interval_says_so(
    pattern: patterns.Pattern, ok: bool
) -> None:
    assert pattern.ok is ok


def test_members_of_active_communities_are_told_from_others() -> None:
    state = Simulation(settings_of(SET_UPS["default"], SMALL)).state
    orgs, networks = state.organisations, state.networks
    orgs.own_practices[:] = 3
    orgs.aware[:] = 1
    networks.active[:] = 0
    k = int(np.flatnonzero(networks.is_cop == 1)[0])
    networks.active[k] = 1
    mine = state.members.organisation[state.members.start[k] : state.members.start[k + 1]]
    orgs.aware[mine] = 3
    found = looked_at(state)
    assert found["informed"] == pytest.approx(0.5)
    assert found["organisation_in_a_cop"] == mine.shape[0] / state.n_organisations
    networks.active[k] = 0
    assert math.isnan(looked_at(state)["connected"])


def test_communities_are_held_against_the_survey() -> None:
    one = {"organisation_in_a_cop": 0.4, "ngos": 0.7, "public_bodies": 0.2, "informed": 0.1}
    one |= {"grassroots_volunteer_based": 0.2, "diaspora_organisations": 0.2, "connected": -1.0}
    other = {name: value + 0.01 for name, value in one.items()}
    told = Told({})
    told.of = lambda _: [run_with(one), run_with(other)]  # type: ignore[attr-defined]
    found = communities.in_communities(told)  # type: ignore[arg-type]
    assert [pattern.ok for pattern in found] == [True, True, False, True, True, True, False]
    assert found[5].value == pytest.approx(10.5)


def run_with(found: dict[str, float]) -> Run:
    nothing = np.zeros((1, 1), np.uint64)
    return Run({}, {}, nothing, nothing, 1, found)


class Told:
    """Stands in for runs: columns by set-up."""

    timing: Any = type("Timing", (), {"start": 1, "stop": 2, "months": 3})

    def __init__(self, columns: dict[tuple[str, str], list[list[float]]]) -> None:
        self._columns = columns

    def column(self, name: str, column: str) -> Any:
        return np.array(self._columns[name, column])


def test_gaps_are_read_before_any_intervention() -> None:
    columns = {("default", gap): [[0.5, 0.0, 0.0], [0.5, 0.0, 0.0]] for gap in knowing.GAPS}
    found = knowing.gaps(Told(columns))  # type: ignore[arg-type]
    assert [pattern.value for pattern in found] == [0.5, 0.5, 0.5]
    assert [pattern.ok for pattern in found] == [True, False, True]


def test_silos_empty_related_fields() -> None:
    columns = {
        ("default", "gap_own_field"): [[0, 0.50, 0], [0, 0.52, 0], [0, 0.51, 0]],
        ("siloing", "gap_own_field"): [[0, 0.51, 0], [0, 0.52, 0], [0, 0.53, 0]],
        ("default", "gap_related_fields"): [[0, 0.70, 0], [0, 0.71, 0], [0, 0.70, 0]],
        ("siloing", "gap_related_fields"): [[0, 0.90, 0], [0, 0.92, 0], [0, 0.90, 0]],
    }
    found = knowing.silos(Told(columns))  # type: ignore[arg-type]
    assert [round(pattern.value, 6) for pattern in found[:2]] == [1.0, pytest.approx(20.333333)]
    assert all(pattern.ok for pattern in found)


@pytest.mark.parametrize("name", list(SET_UPS))
def test_every_set_up_composes(name: str) -> None:
    settings = settings_of(SET_UPS[name], ("world=synthetic",))
    assert bool(settings.interventions) == (
        bool(SET_UPS[name].moves) or name in ("repository", "contact")
    )


def test_check_names_an_unknown_pattern() -> None:
    with pytest.raises(SettingError, match="pattern 'P11' can't be checked"):
        patterns.check(only=["P11"])


def test_check_needs_replicates_for_intervals() -> None:
    with pytest.raises(SettingError, match="at least 2"):
        patterns.check(replicates=1)


def test_replicates_share_their_luck_and_workers_change_nothing() -> None:
    one = patterns.check(SMALL, 3, only=["P4"], workers=1)
    two = patterns.check(SMALL, 3, only=["P4"], workers=2)
    assert one == two
    assert len({pattern.name for pattern in one}) == 3


def test_the_model_is_compiled_before_processes_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them would compile all of it otherwise, on a machine where nothing is."""

    def compile_model(settings: ModelSettings) -> None:
        raise RuntimeError(f"compiling for {settings.timing.months} months")

    monkeypatch.setattr(runs, "compile_model", compile_model)
    with pytest.raises(RuntimeError, match="for 6 months"):
        Runs(SMALL, 2, workers=2).of("default")


def test_where_there_is_no_room_for_workers_one_process_simulates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "has_room", lambda _: False)
    monkeypatch.setattr("joblib.externals.loky.get_reusable_executor", None)
    assert len(Runs(SMALL, 2, workers=2).of("default")) == 2


def test_set_ups_agree_until_they_differ() -> None:
    small = Runs(SMALL, 2)
    for name in ("turnover", "coordination cut", "will"):
        first = 4 if name == "turnover" else 2
        same = (
            small.column("default", "n_ties")[:, :first] == small.column(name, "n_ties")[:, :first]
        )
        assert same.all()
    assert (small.column("turnover", "exits")[:, 4:] > 0).any()
    assert not np.array_equal(small.column("turnover", "exits"), small.column("default", "exits"))
