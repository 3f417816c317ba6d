"""Hydra composition: once per distinct choice of files, then values are set on a copy."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from diffusion.base.errors import SettingError
from diffusion.config.folders import Folders
from diffusion.config.overrides import MANY, Override, check_key, choices, dotted, parse, values

Data = dict[str, Any]
# what a packaged experiment sets for each of its scenarios, without the list of them: composing
# dozens of scenarios, each with the list of all, takes Hydra a minute
WITHIN = "-within"


def composed(overrides: Iterable[str] = (), config_dir: Path | str | None = None) -> Data:
    """The resolved configuration with the user's overrides; its values are not checked yet.

    Raises:
        SettingError: an override that can't be read, or names what does not exist.
    """
    folders = Folders.find(config_dir)
    given = parse(overrides)
    return Composer(folders).compose(choices(given, folders), values(given, folders))


class Composer:
    """Composes configurations from the packaged files and the user's own."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._stamp = folders.stamp()

    def compose(self, chosen: Mapping[str, Any], settings: Sequence[Override]) -> Data:
        """The resolved configuration for chosen files and settings, as plain data.

        Args:
            chosen: group -> name of a file, or a list of names.
            settings: values, set in this order; a later one wins.

        Raises:
            SettingError: a value for a setting that does not exist, or one that can't be resolved.
        """
        config = copy.deepcopy(self._chosen(chosen))
        known = _unresolved(config)
        for setting in settings:
            check_key(setting, known, self._folders, lambda key: self._homes(chosen, key))
            _set(config, setting)
        return _resolved(config)

    def _chosen(self, chosen: Mapping[str, Any]) -> DictConfig:
        lines = tuple(
            f"{group}={_written(choice)}"
            for group, choice in sorted(chosen.items())
            if choice is not None
        )
        return _files(self._folders, self._stamp, lines)

    def _homes(self, chosen: Mapping[str, Any], key: str) -> list[str]:
        """The choices of the group of a key that have it, the others being as chosen."""
        group = key.split(".")[0]
        if group not in self._folders.groups() or group in (*MANY, "experiment"):
            return []
        found = []
        for name in self._folders.options(group):
            with suppress(SettingError):  # a broken file of the user's own that nobody chose
                if key in dotted(_unresolved(self._chosen({**chosen, group: name}))):
                    found.append(name)
        return found


@lru_cache(maxsize=64)
def _files(folders: Folders, stamp: object, lines: tuple[str, ...]) -> DictConfig:
    """Chosen files as Hydra composes them, kept while they stay unchanged (Hydra is slow)."""
    path = []
    if folders.own is not None:
        own = str(folders.own).replace("\\", "\\\\").replace("'", "\\'")
        path = [f"hydra.searchpath=['file://{own}']"]
    try:
        for line in lines:
            group, _, name = line.partition("=")
            if group == "experiment":
                _register_experiment(folders, stamp, name)
        with hydra_in(folders):
            return hydra_compose("config", overrides=[*lines, *path])
    except (HydraException, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise SettingError(
            f"the configuration files don't fit together ({reason}); look into the file that "
            f"it names"
        ) from error
    except YAMLError as error:
        raise not_yaml(error) from error
    except UnicodeDecodeError as error:
        raise SettingError(
            f"a configuration file is no UTF-8 text ({error.reason}); save it anew as UTF-8: "
            f"{', '.join(_not_utf8(folders))}"
        ) from error


def _not_utf8(folders: Folders) -> Iterator[str]:
    for name, _ in folders.stamp():
        try:
            Path(name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            yield name


def not_yaml(error: YAMLError) -> SettingError:
    """A file that breaks the rules of YAML: its name, the line, and what was expected."""
    mark = getattr(error, "problem_mark", None)
    where = f"{mark.name}, line {mark.line + 1}" if mark is not None else "a configuration file"
    return SettingError(
        f"{where} is no valid YAML ({getattr(error, 'problem', None) or error}); values that hold "
        f"${{...}}, : or # need quotes inside braces"
    )


@lru_cache(maxsize=64)
def _register_experiment(folders: Folders, stamp: object, name: str) -> None:
    """Let Hydra find `experiments/<name>/experiment.yaml` under `experiment=<name>`.

    Args:
        stamp: of the files as they are now; a changed file is read again.
    """
    path = folders.packaged_experiments().get(name.removesuffix(WITHIN))
    if path is not None:
        node = OmegaConf.load(path)
        if name.endswith(WITHIN) and isinstance(node, DictConfig):
            node = OmegaConf.masked_copy(node, [str(key) for key in node if key != "scenarios"])
        ConfigStore.instance().store(name, node, group="experiment", package="_global_")


@contextmanager
def hydra_in(folders: Folders) -> Iterator[None]:
    """A Hydra of our own; that of an enclosing `@hydra.main` is put back afterwards."""
    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(version_base="1.3", config_dir=str(folders.configs)):
            yield
    finally:
        GlobalHydra.instance().hydra = outer


def _written(choice: Any) -> str:
    return f"[{','.join(choice)}]" if isinstance(choice, list) else str(choice)


def _set(config: DictConfig, override: Override) -> None:
    try:
        # a group keeps what is not named; anything else, a list of windows too, is replaced
        merge = isinstance(override.value, Mapping)
        OmegaConf.update(config, override.key, override.value, merge=merge)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise SettingError(f"{override.line} can't be set: {reason}") from error


def _unresolved(config: DictConfig) -> Data:
    return OmegaConf.to_container(config, resolve=False)  # type: ignore[return-value]


def _resolved(config: DictConfig) -> Data:
    try:
        data = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        key = getattr(error, "full_key", "") or "a setting"
        raise SettingError(f"{key} can't be resolved: {reason}") from error
    return data  # type: ignore[return-value]
