"""The page of what was measured: written between two marks, from the rows, with every target."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from benchmarks import __main__ as bench
from benchmarks import measuring, stored
from benchmarks.measuring import JobError, machine
from benchmarks.page import measured
from benchmarks.plot import days
from benchmarks.reduced import OPPONENTS
from benchmarks.stored import Measured
from benchmarks.table import Row
from benchmarks.targets import TARGETS
from diffusion.views.page import put
from tests.architecture.checkout import ROOT

COMMAND = "make bench"
ABOUT = {"processor": "made up", "cores": "3"}
START = [
    Row.of("diffusion --help", [0.05, 0.04, 0.2], "s", TARGETS["help"]),
    Row.of("diffusion run", [4.0], "s", TARGETS["run"], "2.5 times without figures"),
    Row("a bare | process", 0.5, "s", remarks="median of 3", n=1000),
    Row("failed", None, remarks="no such program"),
]
SHARING = [Row("one / together", 1.5, "times", TARGETS["sharing"]), Row("equal", True)]
ROWS = {
    "sharing: made up": Measured(SHARING[:1], "2030-01-02T03:04+00:00", "0.1", 7.0, "c0ffee1"),
    "start: made up": Measured(START[:3], "2030-01-02T03:05+00:00", "2.5", 61.2, "c0ffee2"),
}


def lines(block: str) -> list[list[str]]:
    rows = [line for line in block.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_every_target_has_a_line_with_what_was_measured_and_a_verdict() -> None:
    found = lines(measured(ROWS, ABOUT, COMMAND))
    told = {line[0]: line for line in found if len(line) == 5}
    assert [line for line in told if line in {one.aim for one in TARGETS.values()}] == [
        target.aim for target in TARGETS.values()
    ]
    assert told[TARGETS["help"].aim][1:] == [
        "diffusion --help: 0.05 (0.04 to 0.2) s",
        "<= 0.1",
        "met",
        "",
    ]
    assert told[TARGETS["run"].aim][1:] == [
        "diffusion run: 4 s",
        "<= 3",
        "**missed**",
        "2.5 times without figures",
    ]
    assert told[TARGETS["sharing"].aim][3] == "met"
    assert told[TARGETS["leaks"].aim][1:] == ["", "<= 20", "not measured", ""]


def test_a_row_without_a_value_has_no_unit_and_no_verdict() -> None:
    late = Row("a peer / package", None, "times", TARGETS["ndlib_sir"], "did not finish")
    groups = {"reduced: made up": Measured([late], "2030-01-02", "0.1", 7.0, "c0")}
    block = measured(groups, ABOUT, COMMAND)
    told = {line[0]: line[1:] for line in lines(block)}
    assert told[TARGETS["ndlib_sir"].aim] == [
        "a peer / package: not measured",
        ">= 50",
        "not measured",
        "did not finish",
    ]


def test_other_rows_stand_under_the_title_of_their_group() -> None:
    block = measured(ROWS, ABOUT, COMMAND)
    assert "processor: made up; cores: 3" in block
    assert "**Start: made up.** 2030-01-02T03:05+00:00, commit c0ffee2, 61 s, load 2.5." in block
    assert "**Sharing: made up.** 2030-01-02T03:04+00:00, commit c0ffee1, 7 s, load 0.1." in block
    assert lines(block)[-1] == ["a bare \\| process", "0.5 s", "median of 3"]


def test_the_page_of_the_package_has_its_marks(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text((bench.DOCS / bench.PAGE).read_text(encoding="utf-8"), encoding="utf-8")
    put("new", copy, "unused")
    assert "\nnew\n" in copy.read_text(encoding="utf-8")


def test_every_target_is_measured_by_a_group() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*.py"))
    used = set(re.findall(r"TARGETS\[\"(\w+)\"\]", code))
    used |= {f"{peer}_{process}" for peer, process, *_ in OPPONENTS} & set(TARGETS)
    assert used == set(TARGETS)
    assert all(target.aim for target in TARGETS.values())


def test_what_was_measured_is_read_as_it_was_written_by_the_same_machine_only(
    tmp_path: Path,
) -> None:
    facts = {**ABOUT, "date": "2030-01-02", "load before": "0.1"}
    groups = {
        "start": Measured(START, "2030-01-02", "0.1", 3.25, "c0ffee"),
        "sharing": ROWS["sharing: made up"],
    }
    path = tmp_path / "docs" / "benchmark.json"
    assert stored.read(path, facts) == {}
    stored.write(groups, facts, path)
    assert stored.read(path, {**facts, "date": "2031-01-01", "load before": "5.0"}) == groups
    assert stored.read(path, {**facts, "processor": "another"}) == {}
    path.write_text(path.read_text("utf-8").replace('"commit"', '"other"'), "utf-8")
    assert stored.read(path, facts)["start"].commit == measuring.UNKNOWN


def test_the_commit_is_that_of_the_code_and_unknown_outside_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"rev-parse": "c0ffee\n", "status": ""}

    def run(command: Sequence[str], **_: object) -> CompletedProcess[str]:
        return CompletedProcess(command, 0, said[command[1]], "")

    monkeypatch.setattr(measuring, "ROOT", tmp_path)
    monkeypatch.setattr("benchmarks.measuring.subprocess.run", run)
    assert measuring.commit() == measuring.UNKNOWN
    (tmp_path / ".git").mkdir()
    assert measuring.commit() == "c0ffee"
    said["status"] = " M src/diffusion/__init__.py\n"
    assert measuring.commit() == "c0ffee-dirty"


def test_a_clone_without_git_has_an_unknown_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(measuring, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert measuring.commit() == measuring.UNKNOWN


def test_the_figure_has_the_days_of_the_groups_that_it_shows() -> None:
    def on(date: str) -> Measured:
        return Measured([], date, "0.1", 7.0, "c0ffee")

    groups = {"scale": on("2030-01-02T23:59+00:00"), "leaks": on("2031-01-01T00:00+00:00")}
    assert days(groups) == "2030-01-02"
    assert days({**groups, "mesa": on("2030-01-02T03:04+00:00")}) == "2030-01-02"
    assert days({**groups, "mesa": on("2029-12-31T03:04+00:00")}) == "2029-12-31 and 2030-01-02"


def test_the_page_is_what_the_stored_rows_give() -> None:
    path = bench.DOCS / bench.STORED
    about = json.loads(path.read_text(encoding="utf-8"))["machine"]
    groups = stored.read(path, about)
    titled = {bench.GROUPS[name].TITLE: group for name, group in groups.items()}
    text = (bench.DOCS / bench.PAGE).read_text(encoding="utf-8")
    between = text.split("<!-- measured -->")[1].split("<!-- /measured -->")[0]
    assert between.strip() == measured(titled, about, COMMAND).strip()


@pytest.mark.parametrize(
    ("words", "command"), [([], "make bench"), (["--quick"], "make bench-quick")]
)
def test_a_page_says_what_wrote_it(
    words: list[str], command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "RESULTS" if words else "DOCS", tmp_path)
    monkeypatch.setattr(bench, "fresh", lambda *_: None)
    monkeypatch.setattr(bench.GROUPS["start"], "rows", lambda _: START[:3])
    assert bench.main([*words, "--only", "start"]) == 0
    page = (tmp_path / bench.PAGE).read_text(encoding="utf-8")
    assert f"\nWritten by `{command}`. processor: " in page


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
