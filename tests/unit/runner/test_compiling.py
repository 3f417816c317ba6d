"""Compiling before the first run: every rule is a part of it, and it says so."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numba
import pytest
from numba.core import config

from diffusion.config import load
from diffusion.model.month import ORDER
from diffusion.model.simulation import Simulation
from diffusion.runner import compiling
from tests.simulating import settings

typeof: Any = numba.typeof
LOOP = """from diffusion.base.compiled import compiled

@compiled
def loop(x):
    return x + {step}
"""


def test_every_rule_is_a_part() -> None:
    assert sorted(compiling.PARTS) == sorted(rule.name for rule in ORDER)


@pytest.mark.parametrize("world", [(), ("world=erasmi",), ("world=case", "world.case=erfurt")])
def test_an_empty_world_has_the_types_of_every_world(world: tuple[str, ...]) -> None:
    built = load([*world, "practices.limit=3"])
    state = Simulation(built).state
    nobody = compiling.empty_world()
    assert typeof(state.tables()) == typeof(nobody.tables())
    assert typeof(state.seed) == typeof(nobody.seed)
    assert typeof(state.month) == typeof(nobody.month)


@pytest.mark.parametrize("compiled", [False, True])
def test_it_says_so_if_there_is_something_to_compile(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(compiling, "is_compiled", lambda: compiled)
    monkeypatch.setattr(compiling, "PROCESSES", 1)
    compiling.compile_model(settings(months=1, start=0, stop=1), said.append)
    assert said == [] if compiled else [compiling.COMPILING]


def loop_of(path: Path) -> Callable[[int], int]:
    """The loop of a file as a process that starts now would have it."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    loop: Callable[[int], int] = module.loop
    return loop


def test_machine_code_of_an_older_source_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "own.py"
    path.write_text(LOOP.format(step=1), encoding="utf-8")
    assert not compiling.is_on_disk(loop_of(path))
    assert loop_of(path)(1) == 2
    assert compiling.is_on_disk(loop_of(path))
    path.write_text(LOOP.format(step=10), encoding="utf-8")
    assert not compiling.is_on_disk(loop_of(path))
    assert len(list(tmp_path.rglob("own.loop-*.nbi"))) == 1
    assert loop_of(path)(1) == 11
    assert compiling.is_on_disk(loop_of(path))


def test_machine_code_for_another_processor_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes of a cluster differ, and share a home."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "own.py"
    path.write_text(LOOP.format(step=1), encoding="utf-8")
    loop: Any = loop_of(path)
    assert loop(1) == 2
    files = loop._cache._cache_file
    ((kinds, _, code), name), *_ = files._load_index().items()
    files._save_index({(kinds, ("another", "processor", ""), code): name})
    assert not compiling.is_on_disk(loop_of(path))
    assert loop_of(path)(1) == 2
    assert compiling.is_on_disk(loop_of(path))
    assert len(files._load_index()) == 2
