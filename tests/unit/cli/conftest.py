"""Commands are tried in an empty folder."""

from pathlib import Path

import pytest


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is an empty one, and the same again afterwards."""
    monkeypatch.chdir(tmp_path)
