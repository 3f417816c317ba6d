"""The examples of docs/extending.md do what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.checkout import ROOT

pytestmark = pytest.mark.slow  # half a minute of runs as plain Python

PAGE = ROOT / "docs" / "extending.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# file: (\S+)\n")


class Examples(NamedTuple):
    files: dict[str, str]
    code: str  # the Python blocks from top to bottom
    commands: list[str]


def examples() -> Examples:
    found = Examples({}, "", [])
    for language, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        named = _FILE.match(text)
        if named:
            found.files[named[1]] = text[named.end() :]
        elif language == "python":
            found = found._replace(code=found.code + text + "\n")
        elif language == "bash":
            found.commands.append(text)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in examples().files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Uncompiled: the entries that a list of one's own needs may not be compiled yet."""
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        words,
        cwd=folder,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PATH": commands},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_python_blocks_run_from_top_to_bottom(folder: Path) -> None:
    assert examples().code.count("assert ") >= 8
    (folder / "page.py").write_text(examples().code, encoding="utf-8")
    finished = run([sys.executable, "page.py"], folder)
    assert finished.returncode == 0, finished.stderr
    assert "share_using" in finished.stdout


def test_the_command_runs_the_intervention_of_ones_own(folder: Path) -> None:
    (command,) = examples().commands
    finished = run(["bash", "-c", command], folder)
    assert finished.returncode == 0, finished.stderr
    assert "16 hours of exchange a month" in " ".join(finished.stdout.split())
    assert "cost_exchange_time" in (folder / "out" / "months.csv").read_text(encoding="utf-8")
