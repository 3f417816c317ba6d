"""The examples of docs/analysis.md run as they stand there, on a small folder of that name."""

import re
from pathlib import Path
from typing import Any

import pytest

from diffusion.cli import main
from tests.architecture.checkout import ROOT

BLOCKS = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SMALL = [
    "world=synthetic",
    "world.n=40",
    "world.n_territories=2",
    "practices.limit=8",
    "timing={start: 2, stop: 6, months: 12}",
    "replicates=4",
    "executor=serial",
    "--no-figures",
]


def test_the_python_blocks_run_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "experiment=after_the_project", *SMALL]) == 0
    blocks = BLOCKS.findall((ROOT / "docs" / "analysis.md").read_text(encoding="utf-8"))
    assert len(blocks[0].strip().splitlines()) <= 12
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    frame = names["factorial"].frame(names["comparison"], "retained_practice_years")
    assert len(frame) == 6
