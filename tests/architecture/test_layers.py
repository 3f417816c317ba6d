"""Imports point inwards, as the contracts in pyproject.toml say."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.checkout import PACKAGE, ROOT


def test_the_import_contracts_hold() -> None:
    finished = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_every_folder_and_module_of_the_package_stands_in_a_layer() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = " ".join(contracts["importlinter"]["contracts"][0]["layers"])
    named = {word.strip("()") for word in layers.split() if word != "|"}
    present = {
        path.stem
        for path in PACKAGE.iterdir()
        if (path / "__init__.py").is_file()
        or (path.suffix == ".py" and not path.stem.startswith("__"))
    }
    assert present <= named, f"in no layer: {sorted(present - named)}"
