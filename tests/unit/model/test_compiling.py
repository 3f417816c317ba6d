"""Compiling before the first run: every rule is a part of it, and it says so."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import joblib
import numba
import pytest
from joblib.externals.loky import ProcessPoolExecutor

from diffusion.base.compiled import config
from diffusion.config import load
from diffusion.model import compiling
from diffusion.model.model import Model
from diffusion.model.month import ORDER
from diffusion.model.simulation import Simulation
from tests.simulating import settings

typeof: Any = numba.typeof
needs_numba = pytest.mark.skipif(
    config.DISABLE_JIT, reason="nothing is compiled with NUMBA_DISABLE_JIT"
)
FIRST = """import diffusion
from diffusion.model import compiling, month

small = ["world=synthetic", "world.n=40", "timing={start: 0, stop: 1, months: 2}"]
model = diffusion.Model(diffusion.load(small))
assert compiling.is_compiled()
by_others = sum(bool(getattr(month, part).loop._cache_hits) for part in compiling.PARTS)
print(model.run().outcomes()["using_end"], by_others)
"""
WORKERS = """import multiprocessing
import sys
from diffusion.model.compiling import is_worker

def say():
    print(is_worker(), flush=True)

say()
if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=say)
    process.start()
    process.join()
"""
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


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing seems to be on disk, and no further process may be started."""
    monkeypatch.setattr(compiling, "is_compiled", lambda: False)
    monkeypatch.setattr(compiling, "PROCESSES", 1)


def built() -> Simulation:
    return Simulation(settings(months=1, start=0, stop=1))


@needs_numba
@pytest.mark.usefixtures("alone")
def test_it_says_so_if_there_is_something_to_compile(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    rules = built().settings.rules
    assert compiling.ready(rules, built, said.append).month == 0
    assert said == [compiling.COMPILING]
    assert capsys.readouterr().err == ""
    compiling.ready(rules, built)
    assert capsys.readouterr().err == f"{compiling.COMPILING}\n"


def test_it_says_nothing_if_there_is_nothing_to_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "is_compiled", lambda: True)
    said: list[str] = []
    compiling.ready(built().settings.rules, built, said.append)
    assert said == []


@needs_numba
@pytest.mark.usefixtures("alone")
def test_a_model_says_so_when_it_is_made_and_when_it_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Model(settings(months=2, start=0, stop=1))
    assert capsys.readouterr().err == f"{compiling.COMPILING}\n"
    model.save(tmp_path / "run.snapshot")
    assert Model.load(tmp_path / "run.snapshot").run().month == 2
    assert capsys.readouterr().err == f"{compiling.COMPILING}\n"


@pytest.mark.usefixtures("alone")
def test_workers_leave_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "is_worker", lambda: True)
    monkeypatch.setattr(compiling, "_others_compiling", None)
    assert Model(settings(months=1, start=0, stop=1)).run().month == 1
    assert capsys.readouterr().err == ""


def test_processes_of_joblib_are_workers() -> None:
    assert not compiling.is_worker()
    processes = ProcessPoolExecutor(1)
    try:
        assert processes.submit(compiling.is_worker).result()
    finally:
        processes.shutdown()


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_of_multiprocessing_are_workers_from_their_first_line(
    tmp_path: Path, method: str
) -> None:
    """Some import the script that is run once more, and what it does without a guard."""
    script = tmp_path / "own.py"
    script.write_text(WORKERS, encoding="utf-8")
    command = [sys.executable, str(script), method]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == "False"
    assert said[1:] == ["True"] * (1 if method == "fork" else 2)


@needs_numba
def test_where_no_process_can_be_started_this_one_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(number: int) -> None:
        raise OSError(f"no semaphores for {number} processes")

    monkeypatch.setattr(compiling, "is_compiled", lambda: False)
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    monkeypatch.setattr("joblib.externals.loky.ProcessPoolExecutor", refused)
    assert compiling.ready(built().settings.rules, built, lambda _: None).month == 0


def test_plain_python_counts_as_compiled() -> None:
    assert compiling.is_on_disk(lambda x: x)


@pytest.mark.slow
@needs_numba
def test_the_first_run_from_python_compiles_in_several_processes_and_says_so(
    tmp_path: Path,
) -> None:
    """From a script without a guard, which processes that import it would run again."""
    script = tmp_path / "first.py"
    script.write_text(FIRST, encoding="utf-8")
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, str(script)]
    done = [
        subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert [one.stderr for one in done] == [f"{compiling.COMPILING}\n", ""]
    first, second = (one.stdout.split() for one in done)
    assert first[0] == second[0]
    if joblib.cpu_count() > 1:
        assert int(first[1]) > 0


def loop_of(path: Path) -> Callable[[int], int]:
    """The loop of a file as a process that starts now would have it."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    loop: Callable[[int], int] = module.loop
    return loop


@needs_numba
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


@needs_numba
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
