"""The page of what was measured: written between two marks, from the rows, with every target."""

import re
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import stored
from benchmarks.measuring import JobError, machine
from benchmarks.page import measured
from benchmarks.reduced import OPPONENTS
from benchmarks.stored import Measured
from benchmarks.table import Row
from benchmarks.targets import TARGETS
from diffusion.views.page import put
from tests.architecture.checkout import ROOT

ABOUT = {"processor": "made up", "cores": "3"}
START = [
    Row.of("diffusion --help", [0.05, 0.04, 0.2], "s", TARGETS["help"]),
    Row.of("diffusion run", [4.0], "s", TARGETS["run"]),
    Row("a bare | process", 0.5, "s", remarks="median of 3", n=1000),
    Row("failed", None, remarks="no such program"),
]
SHARING = [Row("one / together", 1.5, "times", TARGETS["sharing"]), Row("equal", True)]
ROWS = {
    "sharing: made up": Measured(SHARING[:1], "2030-01-02T03:04+00:00", "0.1", 7.0),
    "start: made up": Measured(START[:3], "2030-01-02T03:05+00:00", "2.5", 61.2),
}


def lines(block: str) -> list[list[str]]:
    rows = [line for line in block.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_every_target_has_a_line_with_what_was_measured_and_a_verdict() -> None:
    found = lines(measured(ROWS, ABOUT))
    told = {line[0]: line for line in found if len(line) == 4}
    assert [line for line in told if line in {one.aim for one in TARGETS.values()}] == [
        target.aim for target in TARGETS.values()
    ]
    assert told[TARGETS["help"].aim][1:] == [
        "diffusion --help: 0.05 (0.04 to 0.2) s",
        "<= 0.1",
        "met",
    ]
    assert told[TARGETS["run"].aim][1:] == ["diffusion run: 4 s", "<= 3", "**missed**"]
    assert told[TARGETS["sharing"].aim][3] == "met"
    assert told[TARGETS["leaks"].aim][1:] == ["", "<= 20", "not measured"]


def test_other_rows_stand_under_the_title_of_their_group() -> None:
    block = measured(ROWS, ABOUT)
    assert "processor: made up; cores: 3" in block
    assert "**Start: made up.** 2030-01-02T03:05+00:00, 61 s, load 2.5." in block
    assert "**Sharing: made up.** 2030-01-02T03:04+00:00, 7 s, load 0.1." in block
    assert lines(block)[-1] == ["a bare \\| process", "0.5 s", "median of 3"]


def test_the_page_of_the_package_has_its_marks(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text((bench.DOCS / bench.PAGE).read_text(encoding="utf-8"), encoding="utf-8")
    put("new", copy, "unused")
    assert "\nnew\n" in copy.read_text(encoding="utf-8")


def test_every_target_is_measured_by_a_group() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*.py"))
    used = set(re.findall(r"TARGETS\[\"(\w+)\"\]", code))
    used |= {f"{peer}_{process}" for peer, process, _ in OPPONENTS} & set(TARGETS)
    assert used == set(TARGETS)
    assert all(target.aim for target in TARGETS.values())


def test_what_was_measured_is_read_as_it_was_written_by_the_same_machine_only(
    tmp_path: Path,
) -> None:
    facts = {**ABOUT, "date": "2030-01-02", "load before": "0.1"}
    groups = {
        "start": Measured(START, "2030-01-02", "0.1", 3.25),
        "sharing": ROWS["sharing: made up"],
    }
    path = tmp_path / "docs" / "benchmark.json"
    assert stored.read(path, facts) == {}
    stored.write(groups, facts, path)
    assert stored.read(path, {**facts, "date": "2031-01-01", "load before": "5.0"}) == groups
    assert stored.read(path, {**facts, "processor": "another"}) == {}


def test_a_run_renews_its_groups_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "DOCS", tmp_path)
    monkeypatch.setattr(bench, "fresh", lambda *_: None)
    (tmp_path / bench.PAGE).write_text("above\n<!-- measured -->\n<!-- /measured -->\nbelow\n")
    monkeypatch.setattr(bench.GROUPS["start"], "rows", lambda _: START[:3])
    monkeypatch.setattr(bench.GROUPS["sharing"], "rows", lambda _: SHARING)
    assert bench.main(["--only", "start"]) == 0
    assert bench.main(["--only", "sharing"]) == 0
    kept = stored.read(tmp_path / bench.STORED, machine())
    assert {name: group.rows for name, group in kept.items()} == {
        "sharing": SHARING,
        "start": START[:3],
    }
    page = (tmp_path / bench.PAGE).read_text(encoding="utf-8")
    assert "diffusion --help: 0.05" in page
    assert "one / together" in page

    def fail(_: bool) -> list[Row]:
        raise JobError("no such program")

    monkeypatch.setattr(bench.GROUPS["start"], "rows", fail)
    assert bench.main(["--only", "start"]) == 1
    assert "no such program" in capsys.readouterr().out
    assert stored.read(tmp_path / bench.STORED, machine()) == kept
