"""The disk cache of machine code never outlives the helpers that it was made from."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from diffusion.base import compiled as base_compiled
from diffusion.base.compiled import compiled
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
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what loops need, which keeps its machine code itself unless a test says where."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    copy = tmp_path / "diffusion"
    shutil.copytree(PACKAGE / "base", copy / "base", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE / "world", copy / "world", ignore=shutil.ignore_patterns("*"))
    (copy / "__init__.py").touch()
    (copy / "base" / "extra.py").write_text(CALLER, encoding="utf-8")
    return copy


def ran(package: Path, step: int, **environment: str) -> subprocess.CompletedProcess[str]:
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
    )


def printed(package: Path, step: int, **environment: str) -> str:
    return ran(package, step, **environment).stdout.strip()


@pytest.fixture
def unwritable(package: Path, tmp_path: Path) -> dict[str, str]:
    """An environment in which temporary files are all that can be written.

    Nobody writes below a file, not even root, whom no mode keeps from anything.
    """
    (package / "__pycache__").touch()
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    return {
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "chosen"),
        "XDG_CACHE_HOME": str(tmp_path / "file" / "caches"),
        "HOME": str(tmp_path / "file"),
        "TMPDIR": str(tmp_path / "temporary"),
    }


def test_a_changed_helper_renews_the_loops_that_call_it(package: Path) -> None:
    assert printed(package, step=1) == "5"
    assert printed(package, step=10) == "23"


def test_it_does_so_in_a_folder_of_ones_own_too(package: Path, tmp_path: Path) -> None:
    chosen = {"NUMBA_CACHE_DIR": str(tmp_path / "machine_code")}
    assert printed(package, step=1, **chosen) == "5"
    assert printed(package, step=10, **chosen) == "23"
    assert all("machine_code" in path.parts for path in tmp_path.rglob("*.nbi"))


def test_a_folder_of_ones_own_that_cannot_be_written_is_left_for_one_with_a_digest(
    package: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    chosen = {"NUMBA_CACHE_DIR": str(tmp_path / "file" / "machine_code")}
    assert printed(package, step=1, **chosen) == "5"
    assert printed(package, step=10, **chosen) == "23"
    kept = list(tmp_path.rglob("*.nbi"))
    assert kept
    for path in kept:
        assert path.parents[1].name.startswith("loops-")
        assert path.parents[2] == package / "__pycache__"


def test_where_nothing_else_can_be_written_temporary_files_keep_it(
    package: Path, tmp_path: Path, unwritable: dict[str, str]
) -> None:
    assert printed(package, step=1, **unwritable) == "5"
    assert printed(package, step=10, **unwritable) == "23"
    own = tmp_path / "temporary" / f"diffusion-{os.getuid()}"
    assert own.stat().st_mode & 0o777 == 0o700
    kept = list(tmp_path.rglob("*.nbi"))
    assert kept
    assert all(own in path.parents for path in kept)


def test_code_that_nothing_keeps_stays_in_memory_and_that_is_told_once(
    package: Path, tmp_path: Path, unwritable: dict[str, str]
) -> None:
    others = tmp_path / "temporary" / f"diffusion-{os.getuid()}"
    others.mkdir()
    others.chmod(0o777)  # what anybody may write is not run
    for step, result in ((1, "5"), (10, "23")):
        done = ran(package, step, **unwritable)
        assert done.stdout.strip() == result
        assert done.stderr.count("set NUMBA_CACHE_DIR to a folder that can") == 1
    assert not list(tmp_path.rglob("*.nbi"))


def test_a_temporary_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert base_compiled._temporary().parent == tmp_path
    myself = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: myself + 1)
    with pytest.raises(PermissionError):
        base_compiled._temporary()


def test_a_loop_that_no_file_holds_stays_in_memory() -> None:
    """Where it comes from a notebook, numba would keep it in a folder without a digest."""
    scope: dict[str, Any] = {"__name__": "typed_in"}
    exec("def loop(x):\n    return x + 1", scope)
    loop: Any = compiled(scope["loop"])
    assert loop(1) == 2
    assert getattr(getattr(loop, "_cache", None), "cache_path", None) is None


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


def test_scipy_is_imported_only_by_loops_that_multiply_matrices() -> None:
    """A worker of a sweep starts without it."""
    lines = (
        "import sys",
        "import numpy as np",
        "import diffusion.model.simulation",
        "from diffusion.base.compiled import compiled",
        "before = 'scipy.linalg' in sys.modules",
        "double = compiled(lambda a: np.dot(a, 2.0 * np.eye(2)))(np.ones((2, 2)))",
        "print(before, double.tolist(), 'scipy.linalg.cython_blas' in sys.modules)",
    )
    found = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False [[2.0, 2.0], [2.0, 2.0]] True"


def test_a_system_that_numbers_no_users_has_places_for_machine_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr("os.getuid", raising=False)
    assert next(iter(base_compiled._places(str(tmp_path)))) == tmp_path
    assert len(list(base_compiled._places(str(tmp_path)))) == 3
