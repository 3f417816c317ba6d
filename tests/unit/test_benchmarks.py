"""The benchmark's driver: its table, its fresh processes, what its groups count."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks import compiling
from benchmarks.__main__ import GROUPS
from benchmarks.lines import PLAIN, Counting, Place, count
from benchmarks.measuring import JobError, fresh, machine, spent
from benchmarks.parts import Parts, take_apart
from benchmarks.plot import curves
from benchmarks.table import Row, render
from benchmarks.targets import TARGETS, at_least, at_most
from benchmarks.touched import TOUCHED, least_bytes
from diffusion.model.month import ORDER
from diffusion.model.simulation import Simulation
from diffusion.world import vocabulary
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


def test_the_page_has_a_section_for_every_group() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)`$", page, re.MULTILINE) == list(GROUPS)
    for name, group in GROUPS.items():
        assert group.TITLE.startswith(f"{name}: ")


def test_lines_and_calls_are_counted_while_the_counter_is_entered() -> None:
    def counted(*words: str) -> Counting:
        with Counting() as counting:
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
