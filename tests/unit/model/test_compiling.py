"""Compiling before the first run: every rule is a part of it, and it says so."""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numba
import pytest
from joblib.externals.loky import ProcessPoolExecutor

from diffusion.base.compiled import config
from diffusion.base.errors import WorldError
from diffusion.base.processes import is_worker
from diffusion.config import load
from diffusion.model import compiling
from diffusion.model.model import Model
from diffusion.model.month import ORDER, Month
from diffusion.model.simulation import Simulation
from diffusion.world.rule import Rule
from diffusion.world.state import State
from tests.simulating import defaults, settings

typeof: Any = numba.typeof
needs_numba = pytest.mark.skipif(
    config.DISABLE_JIT, reason="nothing is compiled with NUMBA_DISABLE_JIT"
)
FIRST = """import diffusion
from diffusion.model import compiling, month
from diffusion.model.simulation import Simulation
from diffusion.world.rule import Rule

class Idle(Rule):
    name = "idle"
    def step(self, state): pass

def by_others(loop):
    return sum(bool(getattr(getattr(month, part), loop)._cache_hits) for part in compiling.PARTS)

settings = diffusion.load(
    ["world=synthetic", "world.n=40", "timing={start: 0, stop: 1, months: 2}"]
)
run = Simulation(settings)
assert compiling.is_compiled()
print(run.run().outcomes()["using_end"], by_others("loop"))
rules = [*month.Month.standard(settings.rules).rules, Idle()]
run = Simulation(settings, rules=rules)
assert compiling.is_compiled(run.rules)
print(run.run().outcomes()["using_end"], by_others("enter"))
"""
WORKERS = """import multiprocessing
import sys
from diffusion.base.processes import is_worker

def say():
    print(is_worker(), flush=True)

say()
if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=say)
    process.start()
    process.join()
"""


class Idle(Rule):
    name = "idle"
    summary = "A rule of one's own, which does nothing."

    def step(self, state: State) -> None: ...


STANDARD = Month.standard(defaults())


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
    """Nothing seems to be on disk, nobody looked, and no further process may be started."""
    monkeypatch.setattr(compiling, "is_compiled", lambda _: False)
    monkeypatch.setattr(compiling, "_seen_to", set())
    monkeypatch.setattr(compiling, "PROCESSES", 1)


def built(rules: list[Rule] | None = None) -> Simulation:
    return Simulation(settings(months=1, start=0, stop=1), rules=rules)


@needs_numba
@pytest.mark.usefixtures("alone")
def test_it_says_so_if_there_is_something_to_compile(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    assert compiling.ready(STANDARD, built, said.append).month == 0
    assert said == [compiling.COMPILING]
    assert capsys.readouterr().err == ""


def test_it_says_nothing_if_there_is_nothing_to_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_seen_to", set())
    monkeypatch.setattr(compiling, "is_compiled", lambda _: True)
    said: list[str] = []
    compiling.ready(STANDARD, built, said.append)
    assert said == []


@needs_numba
@pytest.mark.usefixtures("alone")
def test_a_simulation_and_a_model_say_so_when_they_are_made_and_when_they_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.snapshot"
    makes: list[Callable[[], Any]] = [
        built,
        lambda: Model(settings(months=2, start=0, stop=1)).save(path),
        lambda: Model.load(path),
        lambda: Simulation.load(path).run(),
    ]
    for make in makes:
        monkeypatch.setattr(compiling, "_seen_to", set())  # as a process that starts now
        make()
        assert capsys.readouterr().err == f"{compiling.COMPILING}\n"


@needs_numba
@pytest.mark.usefixtures("alone")
def test_a_list_of_rules_of_ones_own_needs_their_entries_from_python(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled: list[tuple[str, str]] = []
    monkeypatch.setattr(compiling, "compile_part", lambda *part: compiled.append(part[:2]))
    monkeypatch.setattr(compiling, "_compile_month", None)  # such a list never runs as one
    rules = [rule for rule in STANDARD.rules if rule.name in ("demand", "ties")]
    built(rules=[*rules, Idle()])
    expected = [(f"diffusion.rules.{name}", "enter") for name in ("ties", "demand")]
    assert compiled == expected
    assert capsys.readouterr().err == f"{compiling.COMPILING}\n"


@pytest.mark.parametrize("rules", [None, [Idle(), *STANDARD.rules]])
def test_a_process_looks_on_disk_once_however_many_simulations_it_makes(
    rules: list[Rule] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Any] = []

    def is_on_disk(loop: Any) -> bool:
        looked.append(loop)
        return True

    monkeypatch.setattr(compiling, "_seen_to", set())
    monkeypatch.setattr(compiling, "is_on_disk", is_on_disk)
    built(rules=rules)
    assert len(looked) == (2 if rules is None else len(ORDER) + 2)
    for _ in range(3):
        built(rules=rules)
    assert len(looked) == len(set(looked))


@needs_numba
@pytest.mark.usefixtures("alone")
def test_what_was_interrupted_is_done_the_next_time(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> Simulation:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compiling.ready(STANDARD, interrupted)
    built()
    assert capsys.readouterr().err == 2 * f"{compiling.COMPILING}\n"


class Stuck:
    """Processes that are at something that takes forever, until they are killed."""

    def __init__(self) -> None:
        self.killed = threading.Event()

    def submit(self, *_: Any) -> Any:
        return self

    def result(self) -> None:
        self.killed.wait()
        raise RuntimeError("killed")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self.killed.set()


@needs_numba
@pytest.mark.usefixtures("alone")
def test_a_mistake_does_not_wait_for_what_other_processes_compile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck = Stuck()
    monkeypatch.setattr(compiling, "PROCESSES", 2)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    monkeypatch.setattr(compiling, "_processes", lambda _: stuck)

    def mistaken() -> Simulation:
        raise WorldError("no such world")

    thrown = []

    def make() -> None:
        try:
            compiling.ready(STANDARD, mistaken)
        except WorldError as error:
            thrown.append(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    thread.join(60.0)
    assert len(thrown) == 1
    assert stuck.killed.is_set()


@needs_numba
@pytest.mark.usefixtures("alone")
def test_threads_wait_for_the_one_that_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, overtaken = threading.Event(), threading.Event()
    said: list[str] = []
    found: list[bool] = []

    def slow() -> Simulation:
        under_way.set()
        found.append(overtaken.wait(0.5))
        return built()  # asks again, and must not wait for itself

    def quick() -> Simulation:
        overtaken.set()
        return built()

    first = threading.Thread(target=compiling.ready, args=(STANDARD, slow, said.append))
    first.start()
    assert under_way.wait(60.0)
    assert compiling.ready(STANDARD, quick, said.append).month == 0
    first.join()
    assert found == [False]
    assert said == [compiling.COMPILING]


@needs_numba
@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("closed", [True, False])
def test_nobody_need_listen(closed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stream: Any = None
    if closed:
        stream = (tmp_path / "gone").open("w")
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert built().month == 0


@pytest.mark.usefixtures("alone")
def test_workers_leave_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "is_worker", lambda: True)
    monkeypatch.setattr(compiling, "_others_compiling", None)
    assert built().run().month == 1
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("alone")
def test_who_is_handed_runs_of_the_standard_list_does_not_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "_others_compiling", None)
    compiling.assume_ready()
    assert built().run().month == 1
    assert capsys.readouterr().err == ""


def test_processes_of_joblib_are_workers() -> None:
    assert not is_worker()
    processes = ProcessPoolExecutor(1)
    try:
        assert processes.submit(is_worker).result()
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
@pytest.mark.usefixtures("alone")
def test_where_no_process_can_be_started_this_one_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(number: int, **_: Any) -> None:
        raise OSError(f"no semaphores for {number} processes")

    monkeypatch.setattr(compiling, "PROCESSES", 4)
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    monkeypatch.setattr("diffusion.base.processes.may_copy", lambda: False)
    monkeypatch.setattr("joblib.externals.loky.ProcessPoolExecutor", refused)
    assert compiling.ready(STANDARD, built, lambda _: None).month == 0


@needs_numba
@pytest.mark.usefixtures("alone")
def test_where_there_is_no_room_for_others_this_process_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiling, "PROCESSES", 4)
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    monkeypatch.setattr(compiling, "has_room", lambda *_, **__: False)
    monkeypatch.setattr(compiling, "copies", None)
    assert compiling.ready(STANDARD, built, lambda _: None).month == 0


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
    # the second time for the entries of rules, which the standard month does not need
    assert [one.stderr for one in done] == [2 * f"{compiling.COMPILING}\n", ""]
    first, second = (one.stdout.split() for one in done)
    assert first[0] == first[2] == second[0] == second[2]
    if joblib.cpu_count() > 1:
        assert int(first[1]) > 0
        assert int(first[3]) > 0
