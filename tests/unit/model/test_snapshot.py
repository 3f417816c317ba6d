"""A saved run goes on as if it had never stopped, and a file that is none is refused."""

import json
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest

import diffusion
from diffusion.base.errors import DiffusionError, ExtensionError, SettingError
from diffusion.model import snapshot
from diffusion.model.code_digest import code_digest, in_words, library_versions, version_of
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


def put(path: Path, about: bytes, arrays: snapshot.Arrays) -> None:
    """Make a snapshot that need not be one that `save` writes."""
    with path.open("wb") as file:
        content = np.frombuffer(about, np.uint8)
        np.savez(file, allow_pickle=False, **{"about.json": content}, **arrays)


def foreign(folder: Path) -> list[Path]:
    """Files of other kinds, by the names that tell them."""
    (folder / "text").write_text("no archive")
    (folder / "empty").write_bytes(b"")
    (folder / "pickle").write_bytes(pickle.dumps({"a": 1}))
    pd.DataFrame({"a": [1.0]}).to_parquet(folder / "parquet")
    np.save(folder / "array.npy", np.zeros(3))
    np.savez(folder / "other.npz", a=np.zeros(3))
    np.savez(folder / "objects.npz", a=np.array([{}], object))
    with zipfile.ZipFile(folder / "zip", "w") as archive:
        archive.writestr("about.json", "{}")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("load", [Simulation.load, Model.load])
def test_a_file_of_another_kind_is_refused(load: Callable[[Path], Any], tmp_path: Path) -> None:
    for path in foreign(tmp_path):
        with pytest.raises(DiffusionError) as caught:
            load(path)
        assert re.fullmatch(
            rf"{re.escape(str(path))} is no snapshot of diffusion, or it is damaged "
            rf"\(it (is no archive of arrays|has no 'about\.json')\); "
            rf"give a file that `save` wrote, or save the run again",
            str(caught.value),
        )


def test_a_path_at_which_nothing_can_be_read_or_written_is_told(tmp_path: Path) -> None:
    run = Simulation(logged())
    with pytest.raises(DiffusionError, match="there is no snapshot"):
        Simulation.load(tmp_path / "absent")
    with pytest.raises(DiffusionError, match=r"can't be read \(Is a directory\); give a file that"):
        Simulation.load(tmp_path)
    with pytest.raises(DiffusionError, match=r"can't be written \(No such file or directory\)"):
        run.save(tmp_path / "nowhere" / "run")
    with pytest.raises(DiffusionError, match=r"can't be written \(Is a directory\); choose"):
        run.save(tmp_path)


def test_a_snapshot_is_a_file_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    (tmp_path / "link").symlink_to("run")
    Simulation(logged()).save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "run").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert Simulation.load(tmp_path / "run").month == 0


def test_a_damaged_file_is_refused_whichever_array_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "run"
    Simulation(logged()).save(path)
    whole = path.read_bytes()
    for array in re.finditer(rb"NUMPY.{4}{'descr", whole, re.DOTALL):
        damaged = bytearray(whole)
        damaged[array.end()] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(DiffusionError, match="or it is damaged"):
            snapshot.read(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DiffusionError, match="or it is damaged"):
        snapshot.read(path)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (b"{}", "it has no 'diffusion'"),
        (b"[1]", "its 'about.json' is no group of entries"),
        (b"\xff", "its 'about.json' can't be read"),
    ],
)
def test_a_snapshot_that_tells_nothing_of_itself_is_refused(
    about: bytes, said: str, tmp_path: Path
) -> None:
    put(tmp_path / "run", about, {})
    with pytest.raises(DiffusionError, match="run is no snapshot of diffusion, or") as caught:
        Simulation.load(tmp_path / "run")
    assert f"({said}); give a file that `save` wrote" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "state.posts",
        "state.exposure",
        "state.adjacency.start",
        "recorder.ledger",
        "reached.handover",
    ],
)
def test_a_missing_array_is_named(name: str, tmp_path: Path) -> None:
    run = Simulation(logged("intervention=[handover]"))
    run.run_to(10)
    run.save(tmp_path / "run")
    about, arrays = snapshot.read(tmp_path / "run")
    del arrays[name]
    snapshot.write(tmp_path / "run", about, arrays)
    with pytest.raises(DiffusionError, match=rf"damaged \(it has no '{re.escape(name)}'\)"):
        Simulation.load(tmp_path / "run")


@pytest.mark.parametrize("name", ["settings", "state", "recorder", "reached"])
def test_a_missing_entry_is_named(name: str, tmp_path: Path) -> None:
    Simulation(logged()).save(tmp_path / "run")
    about, arrays = snapshot.read(tmp_path / "run")
    del about[name]
    snapshot.write(tmp_path / "run", about, arrays)
    with pytest.raises(DiffusionError, match=rf"damaged \(it has no '{name}'\)"):
        Simulation.load(tmp_path / "run")


def test_settings_that_are_not_allowed_are_told_in_one_sentence(tmp_path: Path) -> None:
    Simulation(logged("intervention=[handover]")).save(tmp_path / "run")
    about, arrays = snapshot.read(tmp_path / "run")
    seed, lever = about["settings"]["seed"], about["settings"]["interventions"]["handover"]
    for change, said in (
        ({"seed": -1}, "ModelSettings.seed: Input should be greater than or equal to 0"),
        ({"seed": seed, "interventions": {"handover": {**lever, "coverage": 2.0}}}, "coverage: "),
    ):
        about["settings"] |= change
        snapshot.write(tmp_path / "run", about, arrays)
        with pytest.raises(SettingError, match=f"settings that are not allowed .*{said}") as caught:
            Simulation.load(tmp_path / "run")
        assert "\n" not in str(caught.value)
        assert "use the code that saved it" in str(caught.value)


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


@pytest.mark.parametrize(
    "changed",
    [{"code": None, "libraries": None}, {"libraries": None}, {"libraries": ["numpy"]}, {}],
)
def test_other_code_is_refused_though_its_version_is_the_same(
    changed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier snapshots did not say what code wrote them, or with which libraries."""
    Simulation(logged()).save(tmp_path / "run")
    with np.load(tmp_path / "run") as archive:
        arrays = dict(archive)
    about = json.loads(arrays.pop("about.json").tobytes())
    about = {key: value for key, value in (about | changed).items() if value is not None}
    put(tmp_path / "run", json.dumps(about).encode(), arrays)
    version, libraries = diffusion.__version__, library_versions()
    saved = in_words(version, code_digest(), libraries)
    if changed:
        saved = f"diffusion {version} with older code"
    monkeypatch.setattr(snapshot, "code_digest", lambda: "0" * 16)
    here = in_words(version, "0" * 16, libraries)
    with pytest.raises(
        DiffusionError,
        match=rf"saved by {re.escape(saved)}; this is {re.escape(here)}, which may compute other "
        rf"numbers: run it again from the start, or use the code and the libraries that saved it",
    ):
        Simulation.load(tmp_path / "run")


def test_other_libraries_are_refused_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(snapshot, "code_digest", lambda: "0" * 16)
        earlier.setattr(snapshot, "library_versions", lambda: {"numpy": "2.0.0", "numba": "0.67"})
        Simulation(logged()).save(tmp_path / "run")
    with pytest.raises(
        DiffusionError,
        match=rf"\(numpy 2\.0\.0, numba 0\.67; digest of these and the code 0{{16}}\); this is "
        rf"diffusion .* numba {re.escape(version_of('numba'))}, llvmlite ",
    ):
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
