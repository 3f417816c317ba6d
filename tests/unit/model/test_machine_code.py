"""Which machine code on disk counts as what a run would enter."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from diffusion.base.compiled import config
from diffusion.model import compiling

needs_numba = pytest.mark.skipif(
    config.DISABLE_JIT, reason="nothing is compiled with NUMBA_DISABLE_JIT"
)
LOOP = """from diffusion.base.compiled import compiled

@compiled
def loop(x):
    return x + {step}
"""


def test_plain_python_counts_as_compiled() -> None:
    assert compiling.is_on_disk(lambda x: x)


def loop_of(path: Path) -> Callable[[int], int]:
    """The loop of a file as a process that starts now would have it."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    loop: Callable[[int], int] = module.loop
    return loop


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a loop, and an empty folder for its machine code."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "own.py"
    source.write_text(LOOP.format(step=1), encoding="utf-8")
    return source


@needs_numba
def test_machine_code_of_an_older_source_does_not_count(path: Path) -> None:
    assert not compiling.is_on_disk(loop_of(path))
    assert loop_of(path)(1) == 2
    assert compiling.is_on_disk(loop_of(path))
    path.write_text(LOOP.format(step=10), encoding="utf-8")
    assert not compiling.is_on_disk(loop_of(path))
    assert len(list(path.parent.rglob("own.loop-*.nbi"))) == 1
    assert loop_of(path)(1) == 11
    assert compiling.is_on_disk(loop_of(path))


@needs_numba
def test_machine_code_for_another_processor_does_not_count(path: Path) -> None:
    """Nodes of a cluster differ, and share a home."""
    loop: Any = loop_of(path)
    assert loop(1) == 2
    files = loop._cache._cache_file
    ((kinds, _, code), name), *_ = files._load_index().items()
    files._save_index({(kinds, ("another", "processor", ""), code): name})
    assert not compiling.is_on_disk(loop_of(path))
    assert loop_of(path)(1) == 2
    assert compiling.is_on_disk(loop_of(path))
    assert len(files._load_index()) == 2
