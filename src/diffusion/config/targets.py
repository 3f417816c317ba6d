"""Objects named by import path: interventions, executors, and those of a researcher's own."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from diffusion.base.errors import ExtensionError, SettingError, nearest
from diffusion.config.words import setting_error

T = TypeVar("T")


def build_target(data: Mapping[str, Any], key: str, base: type[T]) -> T:
    """The object that `_target_` names, with the other entries as its settings.

    Args:
        data: settings with the entry `_target_: package.module.Class`.
        key: where they stand in the configuration; named in errors.
        base: the class or protocol that it must fit.

    Raises:
        ExtensionError: the path leads nowhere, or to something that does not fit.
        SettingError: a setting of it that is unknown or out of its bounds.
    """
    settings = {name: value for name, value in data.items() if name != "_target_"}
    cls = imported(data.get("_target_"), key)
    if not (isinstance(cls, type) and issubclass(cls, base)):
        raise ExtensionError(
            f"{key}._target_ = '{data['_target_']}' is no {base.__name__}; "
            f"derive it from {base.__module__}.{base.__name__}"
        )
    try:
        return cls(**settings)
    except ValidationError as error:
        model = cls if issubclass(cls, BaseModel) else None
        raise setting_error(error, model, settings, key) from error
    except SettingError as error:
        raise SettingError(f"{key}: {error}") from error
    except TypeError as error:
        raise ExtensionError(f"{key} can't be built from its settings: {error}") from error


def imported(path: object, key: str) -> Any:
    """What an import path names.

    Raises:
        ExtensionError: the path leads nowhere.
    """
    if not isinstance(path, str) or "." not in path:
        raise ExtensionError(
            f"{key} needs a line such as '_target_: my_package.my_module.MyClass'; got {path!r}"
        )
    module_name, _, name = path.rpartition(".")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ExtensionError(
            f"{key}._target_ = '{path}' can't be imported ({error}); check the path, and that its "
            f"package is installed or on PYTHONPATH"
        ) from error
    if not hasattr(module, name):
        raise ExtensionError(
            f"{key}._target_ = '{path}': {module_name} has no '{name}'{nearest(name, dir(module))}"
        )
    found: object = getattr(module, name)
    return found
