"""A file that grows past the cap holds more than one idea."""

from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, python_files

LINES = 400


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in python_files("src", "tests", "benchmarks")
        if ".peers-venv" not in path.parts
    ],
    ids=str,
)
def test_no_file_is_too_long(path: Path) -> None:
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= LINES, f"{path} has {lines} lines; split it by idea"
