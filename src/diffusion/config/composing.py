"""Hydra composition: once per distinct choice of files, then values are set on a copy.

Hydra takes half a second for a composition, and experiments have dozens of scenarios that differ
in what is switched on. So files of interventions and shocks are read without Hydra and put into
one composition of the rest, as long as that comes to the same: see `_preset`.
"""

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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

_one_at_a_time = threading.Lock()


def composed(overrides: Iterable[str] = (), config_dir: Path | str | None = None) -> Data:
    """The resolved configuration with the user's overrides; its values are not checked yet.

    Raises:
        SettingError: an override that can't be read, or names what does not exist.
    """
    folders = Folders.find(config_dir)
    given = parse(overrides)
    return Composer(folders).compose(choices(given, folders), values(given, folders))


@dataclass(frozen=True)
class _Stem:
    """A composition into which presets are put; both forms of it stay as they are otherwise."""

    config: DictConfig
    known: Data  # unresolved
    resolved: Data


class Composer:
    """Composes configurations from the packaged files and the user's own."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._stamp = folders.stamp()
        self._stems: dict[tuple[object, ...], _Stem | None] = {}

    def compose(self, chosen: Mapping[str, Any], settings: Sequence[Override]) -> Data:
        """The resolved configuration for chosen files and settings, as plain data.

        Parts that two calls have in common may be the same objects: nobody must change them.

        Args:
            chosen: group -> name of a file, or a list of names.
            settings: values, set in this order; a later one wins.

        Raises:
            SettingError: a value for a setting that does not exist, or one that can't be resolved.
        """
        presets = self._presets(chosen)
        stem = None
        if presets is not None:
            stem = self._stem(
                {group: choice for group, choice in chosen.items() if group not in MANY},
                [one for one in settings if not _of_preset(one)],
            )
        if presets is None or stem is None:
            config = copy.deepcopy(_files(self._folders, self._stamp, _lines(chosen)))
            self._set_all(config, settings, chosen)
            return _resolved(config)
        for group in MANY:
            stem.config[group] = presets[group]
        switched = [one for one in settings if _of_preset(one)]
        known = {**stem.known, **{group: _plain(stem.config[group]) for group in MANY}}
        self._set_all(stem.config, switched, chosen, known)
        return {**stem.resolved, **{group: _resolved(stem.config[group]) for group in MANY}}

    def _presets(self, chosen: Mapping[str, Any]) -> dict[str, dict[str, DictConfig]] | None:
        """The files of interventions and shocks that are chosen, or None if Hydra must read one."""
        found: dict[str, dict[str, DictConfig]] = {}
        for group in MANY:
            found[group] = {}
            for name in chosen.get(group, []):
                preset = _preset(self._folders, self._stamp, group, name)
                if preset is None:
                    return None
                found[group][name] = preset
        return found

    def _stem(self, chosen: Mapping[str, Any], settings: Sequence[Override]) -> _Stem | None:
        """What is the same whatever is switched on, or None if that is not so.

        Raises:
            SettingError: a value for a setting that does not exist.
        """
        lines = _lines(chosen)
        key = (lines, *(setting.line for setting in settings))
        if key not in self._stems:
            config = copy.deepcopy(_files(self._folders, self._stamp, lines))
            self._stems[key] = None
            # an experiment may say what a preset is, or point into one
            if not any(config[group] for group in MANY):
                self._set_all(config, settings, chosen)
                with suppress(SettingError):
                    self._stems[key] = _Stem(config, _plain(config), _resolved(config))
        return self._stems[key]

    def _set_all(
        self,
        config: DictConfig,
        settings: Sequence[Override],
        chosen: Mapping[str, Any],
        known: Data | None = None,
    ) -> None:
        known = _plain(config) if known is None else known
        for setting in settings:
            check_key(setting, known, self._folders, lambda key: self._homes(chosen, key))
            _set(config, setting)

    def _homes(self, chosen: Mapping[str, Any], key: str) -> list[str]:
        """The choices of the group of a key that have it, the others being as chosen."""
        group = key.split(".")[0]
        if group not in self._folders.groups() or group in (*MANY, "experiment"):
            return []
        found = []
        for name in self._folders.options(group):
            with suppress(SettingError):  # a broken file of the user's own that nobody chose
                config = _files(self._folders, self._stamp, _lines({**chosen, group: name}))
                if key in dotted(_plain(config)):
                    found.append(name)
        return found


def _lines(chosen: Mapping[str, Any]) -> tuple[str, ...]:
    """Choices as Hydra reads them."""
    return tuple(
        f"{group}={_written(choice)}"
        for group, choice in sorted(chosen.items())
        if choice is not None
    )


def _of_preset(setting: Override) -> bool:
    return setting.key.split(".")[0] in MANY


@lru_cache(maxsize=256)
def _preset(folders: Folders, stamp: object, group: str, name: str) -> DictConfig | None:
    """A file that Hydra would put under `<group>.<name>` as it is; None for any other.

    Other packages, defaults of its own and mistakes are left to Hydra.

    Args:
        stamp: of the files as they are now; a changed file is read again.
    """
    homes = (folders.configs, *([folders.own] if folders.own is not None else []))
    path = next((home for home in homes if (home / group / f"{name}.yaml").is_file()), None)
    if path is None:
        return None
    try:
        text = (path / group / f"{name}.yaml").read_text(encoding="utf-8")
        node = OmegaConf.create(text)
    except (YAMLError, UnicodeDecodeError, OmegaConfBaseException):
        return None
    header, _, body = text.partition("\n")
    alone = header.rstrip() == f"# @package {group}.{name}" and "# @package" not in body
    if not (alone and isinstance(node, DictConfig)) or "defaults" in node:
        return None
    return node


@lru_cache(maxsize=64)
def _files(folders: Folders, stamp: object, lines: tuple[str, ...]) -> DictConfig:
    """Chosen files as Hydra composes them, kept while they stay unchanged (Hydra is slow)."""
    path = []
    if folders.own is not None:
        own = str(folders.own).replace("\\", "\\\\").replace("'", "\\'")
        path = [f"hydra.searchpath=['file://{own}']"]
    try:
        with _one_at_a_time:  # Hydra keeps what it composes from in one place for all threads
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


def _plain(config: DictConfig) -> Data:
    return OmegaConf.to_container(config, resolve=False)  # type: ignore[return-value]


def _resolved(config: DictConfig) -> Data:
    try:
        data = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        key = getattr(error, "full_key", "") or "a setting"
        raise SettingError(f"{key} can't be resolved: {reason}") from error
    return data  # type: ignore[return-value]
