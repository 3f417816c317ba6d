"""A run on disk, to go on from another day or to branch several policies from.

The file is a numpy archive of plain arrays and one piece of JSON; reading it runs no code that it
brings along. Shocks and interventions are restored by the import path of their class, which must
be there.
"""

import dataclasses
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

import diffusion
from diffusion.base.arrays import Table, from_records, records_of
from diffusion.base.errors import DiffusionError, ExtensionError
from diffusion.interventions.base import Intervention
from diffusion.model.settings import ModelSettings
from diffusion.shocks.base import Shock
from diffusion.world.state import Names, State

Arrays = dict[str, npt.NDArray[Any]]

_ABOUT = "about.json"


def write(path: Path | str, about: dict[str, Any], arrays: Arrays) -> None:
    """Write a snapshot whole or not at all.

    Raises:
        DiffusionError: the folder does not exist or can't be written.
    """
    target = Path(path)
    about = {"diffusion": diffusion.__version__, **about}
    content = np.frombuffer(json.dumps(about).encode(), np.uint8)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise DiffusionError(_unwritable(target, error)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **{_ABOUT: content}, **arrays)
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise DiffusionError(_unwritable(target, error)) from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Path | str) -> tuple[dict[str, Any], Arrays]:
    """What `write` wrote.

    Raises:
        DiffusionError: there is no such file, it is no snapshot, it is damaged, or another version
            of diffusion wrote it.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
    except FileNotFoundError as error:
        raise DiffusionError(f"there is no snapshot {path}; `save` writes one") from error
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DiffusionError(
            f"{path} is no snapshot of diffusion, or it is damaged ({error}); save the run again"
        ) from error
    if about["diffusion"] != diffusion.__version__:
        raise DiffusionError(
            f"{path} was saved by diffusion {about['diffusion']}; this is {diffusion.__version__}, "
            f"which may compute other numbers: run it again from the start, or use that version"
        )
    return about, arrays


def settings_from(data: dict[str, Any]) -> ModelSettings:
    """The settings whose `plain` data these are.

    Raises:
        ExtensionError: the class of a shock or an intervention can't be imported.
    """
    built: dict[str, Any] = {}
    for group, base in (("shocks", Shock), ("interventions", Intervention)):
        built[group] = {}
        for name, values in data[group].items():
            values = dict(values)
            cls = _class_at(values.pop("_target_"), base)
            built[group][name] = cls.model_validate(values)
    return ModelSettings.model_validate({**data, **built})


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
        elif f"state.{one}" in arrays:
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


def _unwritable(target: Path, error: OSError) -> str:
    return f"the snapshot {target} can't be written ({error.strerror}); choose another folder"
