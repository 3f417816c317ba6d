"""The disk cache of machine code never outlives the helpers that it was made from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import PACKAGE

PRINT = "from diffusion.base.extra import twice; print(twice(3))"
HELPER = """from diffusion.base.compiled import inner

@inner
def step(x):
    return x + {step}
"""
CALLER = """from diffusion.base.compiled import compiled
from diffusion.base.helper import step

@compiled
def twice(x):
    return step(step(x))
"""
MASKS = """from diffusion.base.arrays import count, lowest
from diffusion.base.compiled import inner

@inner
def first_of(mask):
    return lowest(mask)

@inner
def number_of(mask):
    return count(mask)
"""
RULE = """import numpy as np
from diffusion.base.compiled import compiled
from diffusion.base.masks import first_of, number_of

@compiled
def result(mask):
    return {expression}

print(result(np.uint64(0b11100)))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    copy = tmp_path / "diffusion"
    shutil.copytree(PACKAGE / "base", copy / "base", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE / "world", copy / "world", ignore=shutil.ignore_patterns("*"))
    (copy / "__init__.py").touch()
    (copy / "base" / "extra.py").write_text(CALLER, encoding="utf-8")
    return copy


def printed(package: Path, step: int, **environment: str) -> str:
    (package / "base" / "helper.py").write_text(HELPER.format(step=step), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", PRINT],
        env=os.environ
        | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        | environment,
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_a_changed_helper_renews_the_loops_that_call_it(package: Path) -> None:
    assert printed(package, step=1) == "5"
    assert printed(package, step=10) == "23"


def test_it_does_so_in_a_folder_of_ones_own_too(package: Path, tmp_path: Path) -> None:
    chosen = {"NUMBA_CACHE_DIR": str(tmp_path / "machine_code")}
    assert printed(package, step=1, **chosen) == "5"
    assert printed(package, step=10, **chosen) == "23"
    assert all("machine_code" in path.parts for path in tmp_path.rglob("*.nbi"))


def test_unchanged_code_is_not_compiled_again(package: Path) -> None:
    printed(package, step=1)
    made = {path: path.stat().st_mtime_ns for path in package.rglob("*.nbi")}
    assert made
    assert printed(package, step=1) == "5"
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*.nbi")} == made


def test_helpers_left_on_disk_stay_what_they_are_in_loops_that_other_processes_compile(
    package: Path,
) -> None:
    (package / "base" / "masks.py").write_text(MASKS, encoding="utf-8")
    (package / "rules").mkdir()
    told = []
    # the first compiles what is imported: the others count the functions that they make alike
    for expression in ("mask", "first_of(mask)", "10 * number_of(mask) + first_of(mask)"):
        rule = package / "rules" / "rule.py"
        rule.write_text(RULE.format(expression=expression), encoding="utf-8")
        command = [sys.executable, "-c", "import diffusion.rules.rule"]
        environment = os.environ | {"PYTHONPATH": str(package.parent)}
        told.append(
            subprocess.run(
                command, env=environment, cwd=package, capture_output=True, text=True, check=True
            ).stdout.strip()
        )
    assert told == ["28", "2", "32"]
