"""A saved run goes on as if it had never stopped, and a file that is none is refused."""

import json
from pathlib import Path

import mesa
import numpy as np
import pytest

import diffusion
from diffusion.base.errors import DiffusionError, ExtensionError
from diffusion.model import snapshot
from diffusion.model.model import Model
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.organisation import Organisation
from diffusion.world.rule import Rule
from diffusion.world.state import State
from tests.simulating import same_run, settings

LEVERS = "intervention=[cop_formation,coordinator_funding,language_mediation,handover]"
SHOCKS = "shock=[pandemic,programme_end,loss_of_hub]"
LOG = ("record.events=true", "record.history=true")


def logged(*overrides: str) -> ModelSettings:
    return settings(*overrides, *LOG, months=30, start=6, stop=15)


@pytest.mark.parametrize("month", [0, 6, 7, 15, 29, 30])
def test_going_on_gives_the_bits_of_never_having_stopped(month: int, tmp_path: Path) -> None:
    run = Simulation(logged(LEVERS, SHOCKS))
    while run.month < month:
        run.step()
    run.save(tmp_path / "run.snapshot")
    loaded = Simulation.load(tmp_path / "run.snapshot")
    assert loaded.settings == run.settings
    same_run(loaded.run(), run.run())
    same_run(loaded, Simulation(logged(LEVERS, SHOCKS)).run())


def test_several_policies_branch_from_one_file(tmp_path: Path) -> None:
    stem = Model(logged())
    while stem.month < 6:
        stem.step()
    stem.save(tmp_path / "stem")
    for levers in ("intervention=[]", "intervention=[handover]", LEVERS):
        branch = Model.load(tmp_path / "stem", settings=logged(levers)).run()
        same_run(branch.simulation, Simulation(logged(levers)).run())
    with pytest.raises(DiffusionError, match=r"stands at month 6.*in their world or seed"):
        Model.load(tmp_path / "stem", settings=logged("seed=9"))


class Gambler(Organisation):
    """Leans on Mesa's own generators, as a user's code may."""

    def step(self) -> None:
        luck = vars(self.model)["random"].uniform(0, 1) + vars(self.model)["rng"].uniform()
        self.support = luck / 2.0


def test_mesa_generators_and_steps_go_on_too(tmp_path: Path) -> None:
    whole = Model(logged(), organisation_class=Gambler).run()
    half = Model(logged(), organisation_class=Gambler)
    for _ in range(11):
        half.step()
    half.save(tmp_path / "half")
    loaded = Model.load(tmp_path / "half", organisation_class=Gambler)
    assert (loaded.steps, loaded.month, loaded.running) == (11, 11, True)
    same_run(loaded.run().simulation, whole.simulation)
    assert isinstance(loaded, mesa.Model)
    assert not loaded.running


def test_a_model_may_go_on_from_a_bare_simulation(tmp_path: Path) -> None:
    run = Simulation(logged())
    run.step()
    run.save(tmp_path / "bare")
    assert Model.load(tmp_path / "bare").month == 1


def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    run = Simulation(logged())
    run.save(tmp_path / "good")
    whole = (tmp_path / "good").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "empty").write_bytes(b"")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    for name in ("cut", "text", "empty", "other.npz"):
        with pytest.raises(DiffusionError, match=f"{name} is no snapshot of diffusion, or it is"):
            Simulation.load(tmp_path / name)
    with pytest.raises(DiffusionError, match="there is no snapshot"):
        Simulation.load(tmp_path / "absent")
    with pytest.raises(DiffusionError, match="can't be written"):
        run.save(tmp_path / "nowhere" / "run")


def test_a_snapshot_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Simulation(logged())
    run.save(tmp_path / "run")
    before = (tmp_path / "run").read_bytes()

    def full(file: object, **_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    run.step()
    with pytest.raises(DiffusionError, match="No space left on device"):
        run.save(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run").read_bytes() == before


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Simulation(logged()).save(tmp_path / "run")
    monkeypatch.setattr(diffusion, "__version__", "99.0")
    with pytest.raises(DiffusionError, match=r"was saved by diffusion .*; this is 99\.0"):
        Simulation.load(tmp_path / "run")


class Idle(Rule):
    name = "idle"
    summary = "Does nothing."

    def step(self, state: State) -> None:
        """Nothing."""


def test_rules_of_ones_own_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(DiffusionError, match="rules of its own can't be saved"):
        Simulation(logged(), rules=[Idle()]).save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [("gone.Lever", "can't be imported"), ("pathlib.Path", "is no intervention")],
)
def test_an_intervention_that_is_not_there_is_named(path: str, said: str, tmp_path: Path) -> None:
    Simulation(logged("intervention=[handover]")).save(tmp_path / "run")
    about, arrays = snapshot.read(tmp_path / "run")
    about["settings"]["interventions"]["handover"]["_target_"] = path
    snapshot.write(tmp_path / "run", json.loads(json.dumps(about)), arrays)
    with pytest.raises(ExtensionError, match=said):
        Simulation.load(tmp_path / "run")
