"""Pages that commands write say what the code and the experiments have, and so does their prose."""

import re
from pathlib import Path

import pytest
import yaml

from diffusion.config import design
from diffusion.views import levers
from diffusion.views.page import pictures, split
from tests.architecture.checkout import ROOT

EXPERIMENTS = sorted(path.parent for path in (ROOT / "experiments").glob("*/experiment.yaml"))
WITH_FRACTION = re.compile(r"\d[\d,]*\.\d+")


def parts(page: Path) -> tuple[str, str]:
    """What stands between the marks, and around them."""
    before, block, after = split(page)
    return block, before + after


@pytest.mark.parametrize("folder", EXPERIMENTS, ids=lambda folder: folder.name)
def test_prose_repeats_no_number_that_the_tables_do_not_have(folder: Path) -> None:
    block, prose = parts(folder / "README.md")
    assert set(WITH_FRACTION.findall(prose)) <= set(WITH_FRACTION.findall(block))


@pytest.mark.parametrize("folder", EXPERIMENTS, ids=lambda folder: folder.name)
def test_a_page_is_of_the_experiment_as_its_file_has_it(folder: Path) -> None:
    experiment = design([f"experiment={folder.name}"])
    block, prose = parts(folder / "README.md")
    assert f"\n{experiment.replicates} replicates of each scenario" in block
    assert re.search(rf"\b{experiment.replicates}\s+replicates\b", prose)
    assert f"diffusion compare experiment={folder.name}\n" in prose
    points = 1 if experiment.layout is None else len(experiment.layout.points)
    runs = len(experiment.scenarios) * points * experiment.replicates
    line = rf"^\| \[{folder.name}\]\({folder.name}/README\.md\) .* \| {runs:,} \|$"
    assert re.search(line, (folder.parent / "README.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("folder", EXPERIMENTS, ids=lambda folder: folder.name)
def test_a_page_shows_the_pictures_of_its_folder(folder: Path) -> None:
    there = {path.name for path in folder.glob("*.png")}
    assert set(pictures(folder / "README.md")) == there


def test_the_page_of_levers_has_every_effect_that_a_preset_expects() -> None:
    block, _ = parts(ROOT / "docs" / "levers.md")
    assert levers.LEGEND in block
    assert levers.READ_WITH_CARE in block
    told = re.findall(
        r"^\| `(\w+)` \| [\d,]+ \| `(\w+)` \| (during|after) \| (up|down) ", block, re.MULTILINE
    )
    presets = [
        *(ROOT / "configs" / "intervention").glob("*.yaml"),
        *(ROOT / "configs" / "shock").glob("*.yaml"),
    ]
    wanted = {
        (path.stem, measure, when, direction)
        for path in presets
        for when, measures in yaml.safe_load(path.read_text("utf-8")).get("expected", {}).items()
        if when in ("during", "after")
        for measure, direction in measures.items()
    }
    assert set(told) == wanted


def test_the_page_of_patterns_counts_its_rows() -> None:
    block, _ = parts(ROOT / "docs" / "patterns.md")
    rows = re.findall(r"^\| P\d+ .*\| (met|\*\*missed\*\*) \|", block, re.MULTILINE)
    assert f"Of {len(rows)} rows {rows.count('met')} are met, with 10 replicates." in block
