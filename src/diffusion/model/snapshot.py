"""A run on disk, to go on from another day or to branch several policies from.

The file is a numpy archive of plain arrays and one piece of JSON; reading it runs no code that it
brings along. It carries a digest of the code and the libraries that decide the numbers
(`code_digest`), and others refuse it, also where the change was one of a docstring. Shocks and
interventions are restored by the import path of their class, which must be there. The digest does
not cover those defined outside the package: that they are what they were is for their author to see
to.
"""

import dataclasses
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Never, get_type_hints

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ValidationError

import diffusion
from diffusion.base.arrays import Table, from_records, records_of
from diffusion.base.errors import DiffusionError, ExtensionError, SettingError
from diffusion.base.writing import reason, write_whole
from diffusion.interventions.base import Intervention
from diffusion.model.code_digest import code_digest, in_words, library_versions
from diffusion.model.settings import ModelSettings
from diffusion.shocks.base import Shock
from diffusion.world.state import Names, State

Arrays = dict[str, npt.NDArray[Any]]

_ABOUT = "about.json"
_UNREADABLE = (  # what zipfile and numpy raise where an archive is damaged, or holds something else
    EOFError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


class _Held(dict[str, Any]):
    """What a snapshot holds, by name; asking for what it lacks is told in one sentence."""

    def __init__(self, path: Path | str, held: Mapping[str, Any]) -> None:
        super().__init__(held)
        self._path = path

    def __missing__(self, name: str) -> Never:
        raise _no_snapshot(self._path, f"it has no '{name}'")


def write(path: Path | str, about: dict[str, Any], arrays: Arrays) -> None:
    """Write a snapshot whole or not at all.

    Raises:
        DiffusionError: the folder does not exist or can't be written.
    """
    about = {**about, "diffusion": diffusion.__version__, "code": code_digest()}
    about["libraries"] = library_versions()  # the digest covers them; a refusal names them
    content = np.frombuffer(json.dumps(about).encode(), np.uint8)

    def save(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **{_ABOUT: content}, **arrays)

    try:
        write_whole(Path(path), save)
    except OSError as error:
        raise DiffusionError(
            f"the snapshot {path} can't be written ({reason(error)}); choose another file"
        ) from error


def read(path: Path | str) -> tuple[dict[str, Any], Arrays]:
    """What `write` wrote.

    Raises:
        DiffusionError: there is no such file, it can't be read, it is no snapshot, it is damaged,
            or other code or other versions of libraries wrote it.
    """
    arrays = _Held(path, _arrays_in(path))
    about = _Held(path, _about_in(path, arrays.pop(_ABOUT, None)))
    version, digest = about["diffusion"], about.get("code")
    if digest != code_digest():
        libraries = about.get("libraries")
        saved_by = f"diffusion {version} with older code"  # that did not say which libraries it had
        if isinstance(digest, str) and isinstance(libraries, dict) and libraries:
            saved_by = in_words(version, digest, libraries)
        here = in_words(diffusion.__version__, code_digest(), library_versions())
        raise DiffusionError(
            f"{path} was saved by {saved_by}; this is {here}, which may compute other numbers: run "
            f"it again from the start, or use the code and the libraries that saved it"
        )
    return about, arrays


def _arrays_in(path: Path | str) -> Arrays:
    try:
        with Path(path).open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise _no_snapshot(path, "it is no archive of arrays")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                if archive.zip.testzip():  # before numpy makes sense of what is damaged
                    raise _no_snapshot(path, "what it holds has changed since it was written")
                return {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise DiffusionError(f"there is no snapshot {path}; `save` writes one") from error
    except OSError as error:
        raise DiffusionError(
            f"the snapshot {path} can't be read ({reason(error)}); give a file that `save` wrote"
        ) from error
    except _UNREADABLE as error:
        raise _no_snapshot(path, "it is no archive of arrays") from error


def _about_in(path: Path | str, content: Any) -> dict[str, Any]:
    """What the JSON of a snapshot says; groups within it tell what they lack, too."""
    if not isinstance(content, np.ndarray):
        raise _no_snapshot(path, f"it has no '{_ABOUT}'")
    try:
        about = json.loads(content.tobytes())
    except ValueError as error:
        raise _no_snapshot(path, f"its '{_ABOUT}' can't be read") from error
    if not isinstance(about, dict):
        raise _no_snapshot(path, f"its '{_ABOUT}' is no group of entries")
    return {
        name: _Held(path, part) if isinstance(part, dict) else part for name, part in about.items()
    }


def _no_snapshot(path: Path | str, why: str) -> DiffusionError:
    return DiffusionError(
        f"{path} is no snapshot of diffusion, or it is damaged ({why}); give a file that `save` "
        f"wrote, or save the run again"
    )


def settings_from(data: dict[str, Any]) -> ModelSettings:
    """The settings whose `plain` data these are.

    Raises:
        ExtensionError: the class of a shock or an intervention can't be imported.
        SettingError: the classes of today don't allow these settings.
    """
    built: dict[str, Any] = {}
    try:
        for group, base in (("shocks", Shock), ("interventions", Intervention)):
            built[group] = {}
            for name, values in data[group].items():
                values = dict(values)
                cls = _class_at(values.pop("_target_"), base)
                built[group][name] = cls.model_validate(values)
        return ModelSettings.model_validate({**data, **built})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, (error.title, *first["loc"])))
        raise SettingError(
            f"the snapshot has settings that are not allowed ({key}: {first['msg']}); use the code "
            f"that saved it, or run it again from the start"
        ) from error


def _class_at(path: str, base: type[BaseModel]) -> type[BaseModel]:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ExtensionError(
            f"the snapshot has {_a(base)} of the class {path}, which can't be imported "
            f"({error}); put its folder on PYTHONPATH"
        ) from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ExtensionError(f"{path}, named in the snapshot, is no {base.__name__.lower()}")
    return found


def _a(base: type[BaseModel]) -> str:
    return "an intervention" if base is Intervention else "a shock"


def pack_state(state: State) -> tuple[dict[str, Any], Arrays]:
    """A state as JSON-ready data and arrays."""
    about = {
        "seed": state.seed,
        "month": state.month,
        "names": {name: list(labels) for name, labels in vars(state.names).items()},
    }
    arrays: Arrays = {}
    for one, kind in _kinds(State):
        value = getattr(state, one)
        if hasattr(kind, "_fields"):
            arrays |= {f"state.{one}.{name}": array for name, array in value._asdict().items()}
        elif isinstance(value, np.ndarray | Table):
            arrays[f"state.{one}"] = as_array(value)
    return about, arrays


def unpack_state(about: dict[str, Any], arrays: Arrays) -> State:
    """The state that `pack_state` packed."""
    state = object.__new__(State)
    state.seed, state.month = about["seed"], about["month"]
    state.names = Names(**about["names"])
    for one, kind in _kinds(State):
        if hasattr(kind, "_fields"):
            parts = [arrays[f"state.{one}.{column}"] for column in kind._fields]
            setattr(state, one, kind(*parts))
        elif one not in about:
            setattr(state, one, as_table(kind, arrays[f"state.{one}"]))
    return state


def as_array(value: Any) -> npt.NDArray[Any]:
    """A table, or an array, as an array that a file can hold."""
    return records_of(value) if isinstance(value, Table) else value


def as_table(kind: Any, array: npt.NDArray[Any]) -> Any:
    """An array that was read as the table that it was when it was written."""
    if isinstance(kind, type) and issubclass(kind, Table):
        return from_records(kind, array)
    return array


def _kinds(cls: Any) -> Iterator[tuple[str, Any]]:
    """Name and class of every field."""
    kinds = get_type_hints(cls)
    return ((one.name, kinds[one.name]) for one in dataclasses.fields(cls))
