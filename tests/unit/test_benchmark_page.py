"""The page of what was measured: written between two marks, from the rows, with every target."""

import re
from pathlib import Path

from benchmarks.__main__ import PAGE
from benchmarks.page import measured
from benchmarks.reduced import OPPONENTS
from benchmarks.table import Row
from benchmarks.targets import TARGETS
from diffusion.views.page import put
from tests.architecture.checkout import ROOT

ABOUT = {"date": "2030-01-02", "processor": "made up", "load before": "0.1"}
ROWS = {
    "start: made up": [
        Row.of("diffusion --help", [0.05, 0.04, 0.2], "s", TARGETS["help"]),
        Row.of("diffusion run", [4.0], "s", TARGETS["run"]),
        Row("a bare | process", 0.5, "s", remarks="median of 3"),
    ],
    "sharing: made up": [Row("one / together", 1.5, "times", TARGETS["sharing"])],
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
    assert "date: 2030-01-02; processor: made up; load before: 0.1" in block
    assert "**Start: made up.**" in block
    assert "**Sharing: made up.**" not in block  # all of its rows have targets
    assert lines(block)[-1] == ["a bare \\| process", "0.5 s", "median of 3"]


def test_the_page_of_the_package_has_its_marks(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    put("new", copy, "unused")
    assert "\nnew\n" in copy.read_text(encoding="utf-8")


def test_every_target_is_measured_by_a_group() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*.py"))
    used = set(re.findall(r"TARGETS\[\"(\w+)\"\]", code))
    used |= {f"{peer}_{process}" for peer, process, _ in OPPONENTS} & set(TARGETS)
    assert used == set(TARGETS)
    assert all(target.aim for target in TARGETS.values())
