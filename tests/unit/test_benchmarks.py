"""The benchmark's driver: its table, its fresh processes, what its groups count."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks import compiling, scale, sharing, start, still, workload
from benchmarks.__main__ import GROUPS
from benchmarks.lines import PLAIN, Counting, Place, count, count_mesa
from benchmarks.measuring import Job, JobError, fresh, machine, spent
from benchmarks.parts import Parts, take_apart
from benchmarks.plot import curves
from benchmarks.table import Row, render
from benchmarks.targets import TARGETS, at_least, at_most
from benchmarks.touched import TOUCHED, least_bytes
from diffusion.model.month import ORDER
from diffusion.model.sharing import simulate_together
from diffusion.model.simulation import Simulation
from diffusion.world import vocabulary
from diffusion.world.traffic import Live
from tests.architecture.checkout import ROOT
from tests.simulating import settings

MADE_UP = {
    "speed: made up": [
        Row("a ratio", 312.4, "times", at_least(300), n=1_000),
        Row("a start", 3.06, "s", at_most(3), "median of 3", n=100),
        Row.of("memory", [1234.5, 1500.0, 1.0], "MB"),
    ],
    "truth: made up": [
        Row("all tables equal", False),
        Row("a peer", None, remarks="not there"),
    ],
}


def cells(line: str) -> list[str]:
    return re.split(r" {2,}", line.strip())


def test_a_single_value_has_no_spread() -> None:
    assert Row.of("a start", [3.06]) == Row("a start", 3.06)


def test_the_table_shows_every_row_under_the_title_of_its_group() -> None:
    lines = [line for line in render(MADE_UP).splitlines() if line]
    assert cells(lines[0]) == ["what", "measured", "unit", "target", "met", "remarks"]
    assert lines[1] == "speed: made up"
    assert cells(lines[2]) == ["a ratio", "312", "times", ">= 300", "yes"]
    assert cells(lines[3]) == ["a start", "3.06", "s", "<= 3", "no", "median of 3"]
    assert cells(lines[4]) == ["memory", "1,234 (1 to 1,500)", "MB"]
    assert lines[5] == "truth: made up"
    assert cells(lines[6]) == ["all tables equal", "no", "yes", "no"]
    assert cells(lines[7]) == ["a peer", "not measured", "not there"]
    assert len(lines) == 8


def test_a_target_holds_at_its_bound_and_never_for_nan() -> None:
    for target in (at_least(2), at_most(2)):
        assert target.met(2)
        assert not target.met(math.nan)
    assert [at_least(2).met(value) for value in (1, 3)] == [False, True]
    assert [at_most(2).met(value) for value in (1, 3)] == [True, False]


def test_a_row_as_plain_data_says_whether_its_target_is_met() -> None:
    plain = Row("a start", 3.06, "s", TARGETS["run"]).plain()
    assert (plain["measured"], plain["target"], plain["met"]) == (3.06, "run", False)
    assert MADE_UP["speed: made up"][2].plain()["met"] is None


def test_curves_take_the_measured_rows_with_a_size_in_ascending_order() -> None:
    rows = [*MADE_UP["speed: made up"], Row("late", None, n=10)]
    assert curves({"scale": rows, "leaks": rows, "mesa": []}) == {
        "this package": [(100, 3.06), (1_000, 312.4)]
    }


def test_a_fresh_process_answers_and_says_what_it_took() -> None:
    job = fresh(machine)
    assert job.result["python"] == machine()["python"]
    assert job.cpu_seconds > 0.0
    assert job.peak_mb > 0.0


def test_a_job_that_fails_is_an_error() -> None:
    with pytest.raises(JobError, match="spent"):
        fresh(spent)


def test_the_bytes_of_every_rule_are_counted_from_columns_that_exist() -> None:
    state = Simulation(settings()).run().state
    found = least_bytes(state)
    assert list(found) == list(TOUCHED) == [rule.name for rule in ORDER]
    assert min(found.values()) > 0
    # an organisation's exposure to each practice fades every month: 8 bytes a cell
    assert found["exchange"] > 8 * state.n_organisations * state.n_practices


def test_the_bytes_of_tables_are_those_of_their_live_rows() -> None:
    state = Simulation(settings()).run().state
    found, ties = scale.tables_bytes(state), len(state.ties)
    a_use = state.uses.layout.width + state.exposure.itemsize
    assert found > state.n_organisations * state.n_practices * a_use
    state.reserve_ties(len(state.ties) + 1)
    state.reserve_contacts(len(state.contacts) + 1)
    state.reserve_attendance(len(state.attendance) + 1)
    assert len(state.ties) > ties
    assert scale.tables_bytes(state) == found
    # a tie stands in the adjacency of both its ends, as a partner and as a row
    a_tie = state.ties.layout.width + 2 * 2 * state.adjacency.tie.itemsize
    state.sizes[Live.TIES] -= 1
    assert scale.tables_bytes(state) == found - a_tie
    state.sizes[Live.CONTACTS] = state.sizes[Live.ATTENDANCE] = 0
    assert scale.tables_bytes(state) < found - a_tie


def test_scale_says_how_large_the_tables_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "fresh", lambda job, **given: Job(job(**given), 1.0, 1.0, 100.0))
    monkeypatch.setitem(scale._WORLDS, 200, 2)
    rows = {row.what: row for row in scale._rows_of(200, months=4)}
    tables = rows["200 organisations, tables of the world"]
    state = Simulation(workload.settings(200, 4)).run().state
    assert tables.unit == "MB"
    assert tables.measured == pytest.approx(scale.tables_bytes(state) / 1e6, rel=0.2)


def test_the_page_has_a_section_for_every_group() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)`$", page, re.MULTILINE) == list(GROUPS)
    for name, group in GROUPS.items():
        assert group.TITLE.startswith(f"{name}: ")


def test_lines_and_calls_are_counted_while_the_counter_is_entered() -> None:
    folders = [Path(vocabulary.__file__).parent]

    def counted(*words: str) -> Counting:
        with Counting(folders, folders) as counting:
            vocabulary.mask(vocabulary.LANGUAGES, words)
        vocabulary.mask(vocabulary.LANGUAGES, words)
        return counting

    one, three = counted("en"), counted("en", "de", "ar")
    function = vocabulary.mask.__code__
    place = Place(function.co_filename, function.co_firstlineno, "mask")
    assert one.calls[place] == three.calls[place] == 1
    assert 0 < one.total() < three.total()
    assert {Path(line.file).name for line in one.lines} == {"vocabulary.py"}
    (most, often), *_ = three.lines.most_common(1)
    assert often >= 3
    assert str(most).startswith(f"world/vocabulary.py:{most.line}  ")


@pytest.mark.slow
def test_every_rule_shows_its_lines_where_loops_run_as_plain_python() -> None:
    found = fresh(count, PLAIN, n=40, months=2).result
    assert list(found["rules"]) == [rule.name for rule in ORDER]
    assert min(one["lines"] for one in found["rules"].values()) > 0
    assert found["whole"] >= sum(one["lines"] for one in found["rules"].values())
    assert any("_mix" in what for what, _ in found["calls"])
    with pytest.raises(JobError):
        fresh(count, n=40, months=2)  # compiled loops show no line


def test_lines_of_the_mesa_model_are_those_of_its_files() -> None:
    found = count_mesa(n=40, months=2)
    assert found["lines"] > 100
    assert all(what.startswith(("mesa_rules/", "peers/")) for what, _ in found["hottest"])


def test_a_part_inside_another_counts_for_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Work:
        def outer(self) -> None:
            clock.append(clock[-1] + 1.0)
            self.inner()
            clock.append(clock[-1] + 10.0)

        def inner(self) -> None:
            clock.append(clock[-1] + 100.0)

    clock = [0.0]
    monkeypatch.setattr("benchmarks.parts.time.process_time", lambda: clock[-1])
    parts = Parts()
    parts.watch(Work, "outer", "outside")
    parts.watch(Work, "inner", "inside")
    Work().outer()
    Work().inner()
    assert parts.seconds == {"outside": 11.0, "inside": 200.0}


@pytest.mark.slow
def test_a_run_of_a_sweep_is_taken_apart_whole() -> None:
    found = fresh(take_apart, n=60, runs=180, measured=2).result  # chunks of three runs
    assert len(found["parts"]) == len(found["wall"]) == 2
    for parts, wall in zip(found["parts"], found["wall"], strict=True):
        assert min(parts.values()) > 0.0
        assert len(parts) == 6
        assert wall > 0.0


def test_a_loop_is_not_charged_for_those_that_it_had_to_compile() -> None:
    class Event(NamedTuple):
        data: str
        is_start: bool

    events = [
        (0.0, Event("month", True)),
        (1.0, Event("ties", True)),
        (4.0, Event("ties", False)),
        (5.0, Event("exchange", True)),
        (9.0, Event("exchange", False)),
        (10.0, Event("month", False)),
    ]
    assert compiling.own_seconds(events, str) == [("ties", 3.0), ("exchange", 4.0), ("month", 3.0)]


def test_compiling_is_what_a_first_run_takes_more_than_the_one_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = iter([15.0, 1.0, 20.0, 2.0, 17.0, 1.5])
    folders = []

    def run(environment: Mapping[str, str]) -> float:
        folders.append(environment.get("NUMBA_CACHE_DIR"))
        return next(taken)

    monkeypatch.setattr(start, "_run", run)
    cold, more = start._compiling_rows(3, {})
    assert (cold.measured, cold.spread) == (17.0, (15.0, 20.0))
    assert (more.measured, more.spread) == (15.5, (14.0, 18.0))
    assert more.target == TARGETS["compiling"]
    assert folders[1::2] == [None, None, None]
    assert len(set(folders[::2]) - {None}) == 3


def test_sweeps_with_and_without_sharing_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = iter([[12.0, 6.0], [10.0, 5.0], [15.0, 6.0], [10.0, 5.0]])
    asked = []

    def fresh(_job: object, replicates: int, shared: bool) -> Job:
        asked.append((replicates, shared))
        return Job(next(taken), seconds=1.0, cpu_seconds=1.0, peak_mb=1.0)

    monkeypatch.setattr(sharing, "fresh", fresh)
    alone, together, ratio = sharing._sweep_rows(30, turns=2)
    assert asked == [(30, False), (30, True)] * 2
    assert (alone.measured, together.measured) == (13.5, 10.0)
    assert (ratio.measured, ratio.spread) == (1.35, (1.2, 1.5))
    assert ratio.remarks == "by processor time 1.2"


def test_runs_that_share_nothing_have_the_same_outcomes() -> None:
    every = [settings(), settings().with_seed(5)]
    together = {k: run.outcomes() for k, run in simulate_together(every)}
    assert {k: run.outcomes() for k, run in sharing._each_alone(every)} == together


@pytest.mark.slow
def test_the_five_scenarios_run_as_a_sweep_with_and_without_sharing() -> None:
    for shared in (False, True):
        assert len(fresh(sharing.run_sweep, replicates=1, shared=shared).result) == 2


@pytest.mark.slow
def test_a_networkx_graph_takes_memory_and_has_every_tie() -> None:
    copied = fresh(scale.copy_graph, n=2_000).result
    assert copied["mb"] > 0.0
    assert 9.0 < copied["degree"] < 11.0


def test_in_a_still_month_nothing_happens() -> None:
    found = still.both(n=60, worlds=1)
    assert set(found["happened still"].values()) == {0.0}
    assert min(found["happened"].values()) > 0.0
    assert sorted(found["happened"]) == sorted(still.HAPPENS)


def test_a_part_may_cost_what_the_target_leaves() -> None:
    """Turns of 1,000 organisation-months at 2 us of the package, half of it for what happens."""
    took = still.Took([0.2, 0.3], [2e-4, 2e-4], [8e-4, 8e-4], [1e-3, 1e-3])
    happening, asking, around = still.bound_rows("rows", took, at_least(200), 1_000)
    assert happening.what == "rows, if what happens cost nothing"
    assert happening.measured == pytest.approx(250.0)
    assert happening.spread == pytest.approx((200.0, 300.0))
    assert happening.remarks == (
        "125 as it is; it is 1000 of 2000 ns an organisation-month, "
        "and would have to be 250 ns for 200"
    )
    assert asking.measured == pytest.approx(2.5e-1 / 1.2e-3)
    assert "800 of 2000 ns" in asking.remarks
    assert around.measured == pytest.approx(2.5e-1 / 1.8e-3)
    assert "would have to be less than nothing for 200" in around.remarks
    only_months = took._replace(around=[0.0, 0.0])
    assert len(still.bound_rows("rows", only_months, at_least(200), 1_000)) == 2
