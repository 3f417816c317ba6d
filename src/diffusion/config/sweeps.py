"""A sweep as Hydra users write it, `seed=1,2,3 world.n=200,400`: its jobs and where each stands.

Hydra's parser and its basic sweeper read and multiply `a=1,2`, `range(1,5)`, `choice(a,b)` and
`glob(cop_*)`. In the results, swept interventions are scenarios, swept seeds replicates, and all
other swept settings points, each with a column of its key. So runs are paired as in an experiment.
Values of a swept intervention hold only in the jobs that have it, as in an experiment too.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override as Parsed
from hydra.core.override_parser.types import ValueType
from hydra.errors import HydraException

from diffusion.base.errors import SettingError
from diffusion.config.folders import Folders
from diffusion.config.launching import is_of_hydra
from diffusion.config.overrides import listed, parse, read
from diffusion.config.settings import Plan

LARGEST = 10_000  # jobs; each is composed on its own and has files of its own
ONE = "run"  # the scenario where interventions are not swept
NOTHING = "baseline"  # the scenario without interventions
# what stands for settings that only experiments read
_INSTEAD = dict.fromkeys(Plan.model_fields, "leave it out") | {
    "executor": (
        "launchers of Hydra start the runs, four at a time with hydra/launcher=joblib "
        "hydra.launcher.n_jobs=4"
    ),
    "replicates": "sweep seeds instead, seed='range(1,6)' for five",
    "results": "name the folder with --results",
}

_PARSER = OverridesParser.create()
_NO_POINT = ("intervention", "seed")

Value = Any  # as YAML has it


@dataclass(frozen=True)
class _Axis:
    """The values of a swept setting: as Hydra writes them for a job, as read, as cells."""

    texts: tuple[str, ...]
    values: tuple[Value, ...]
    cells: tuple[Value, ...]


@dataclass(frozen=True)
class Job:
    """One run of a sweep: what was typed for it, and where it stands among the others.

    `point` is None and `varied` empty where nothing but seeds and interventions is swept.
    """

    lines: tuple[str, ...]
    scenario: str
    point: int | None
    varied: Mapping[str, Value]


@dataclass(frozen=True)
class Sweep:
    """All jobs in Hydra's order: the last axis changes fastest.

    `typed` are the overrides of the model as they were given, `launcher` those for Hydra;
    `lowest_seed` is that of replicate 0, None if no seeds are swept.
    """

    jobs: tuple[Job, ...]
    scenarios: Mapping[str, tuple[str, ...]]  # name -> interventions
    varied: tuple[str, ...]  # columns
    lowest_seed: int | None
    n_seeds: int
    typed: tuple[str, ...]
    launcher: tuple[str, ...]


def sweep_of(overrides: Iterable[str], config_dir: Path | str | None = None) -> Sweep:
    """Read a sweep; settings and choices are checked when a job is composed.

    Raises:
        SettingError: an override that can't be read, that can't be swept, that gives a value twice
            or none, or too many jobs.
    """
    folders = Folders.find(config_dir)
    lines = listed(overrides)
    launcher = tuple(line for line in lines if is_of_hydra(line))
    given = [_parsed(line, folders) for line in lines if not is_of_hydra(line)]
    last = {one.key_or_group: one for one in given}
    axes = {key: _axis(one) for key, one in last.items() if one.is_sweep_override()}
    jobs = prod(len(axis.texts) for axis in axes.values())
    if jobs > LARGEST:
        raise SettingError(
            f"the sweep has {jobs:,} jobs, allowed up to {LARGEST:,}; sweep fewer values, or "
            f"use an experiment, which packs many runs into a file: diffusion compare"
        )
    (batch,) = BasicSweeper.split_arguments(given, None)
    chosen = axes["intervention"].values if "intervention" in axes else ()
    seeds = axes["seed"].values if "seed" in axes else ()
    return Sweep(
        jobs=tuple(_job(tuple(job), axes) for job in batch),
        scenarios={_name(value): _names(value) for value in chosen} or {ONE: ()},
        varied=tuple(key for key in axes if key not in _NO_POINT),
        lowest_seed=min((one for one in seeds if isinstance(one, int)), default=None),
        n_seeds=len(seeds) or 1,
        typed=tuple(line for line in lines if not is_of_hydra(line)),
        launcher=launcher,
    )


def _parsed(line: str, folders: Folders) -> Parsed:
    parsed = read(line, _PARSER)
    if parsed.value_type is ValueType.GLOB_CHOICE_SWEEP:
        if parsed.key_or_group not in folders.groups():
            raise SettingError(
                f"{line}: glob(...) chooses files of a group, and '{parsed.key_or_group}' is none; "
                f"groups: {', '.join(folders.groups())}"
            )
        parsed.config_loader = _Options(folders)  # type: ignore[assignment]
    if parsed.is_interval_sweep():
        raise SettingError(
            f"{line}: interval(...) leaves the values to a sweeper that searches; give them with "
            f"range(...) or choice(...), or sample them with a design of `diffusion compare`"
        )
    group = parsed.key_or_group.split(".")[0]
    if group in _INSTEAD:
        raise SettingError(
            f"'{line}' changes nothing with `diffusion run -m`, only experiments read it; "
            f"{_INSTEAD[group]}, or use `diffusion compare`"
        )
    if parsed.is_sweep_override() and group == "timing":
        raise SettingError(
            f"{line}: '{parsed.key_or_group}' is the same in all runs of a results folder; give "
            f"the command once for each value, each with another --results"
        )
    return parsed


@dataclass(frozen=True)
class _Options:
    """Answers what Hydra asks about the files of a group, with the user's own and experiments."""

    folders: Folders

    def get_group_options(self, group_name: str, **_: object) -> list[str]:
        return list(self.folders.options(group_name))


def _axis(parsed: Parsed) -> _Axis:
    line, key = parsed.input_line, parsed.key_or_group
    if getattr(parsed.value(), "shuffle", False):
        raise SettingError(
            f"{line}: shuffle(...) gives another order in each call, and the order of runs changes "
            f"no number here; leave it out"
        )
    try:
        texts = tuple(islice(parsed.sweep_string_iterator(), LARGEST + 1))
    except (HydraException, ValueError) as error:
        raise SettingError(f"{line} can't be read: {str(error).splitlines()[0]}") from error
    if not texts:
        raise SettingError(f"{line} gives no value at all; correct its bounds or its pattern")
    values = tuple(one.value for one in parse(f"{key}={text}" for text in texts))
    names = [_name(one) if key == "intervention" else _text(one) for one in values]
    several = [name for name, times in Counter(names).items() if times > 1]
    if several:
        raise SettingError(f"{line}: {several[0]} stands there twice; name it once")
    return _Axis(texts, values, _cells(values))


def _job(lines: tuple[str, ...], axes: Mapping[str, _Axis]) -> Job:
    """Where a job of Hydra's sweeper stands."""
    typed = dict(line.split("=", 1) for line in lines)
    place = {key: axis.texts.index(typed[key]) for key, axis in axes.items()}
    point, varied = 0, {}
    for key, axis in axes.items():
        if key not in _NO_POINT:
            point = point * len(axis.texts) + place[key]
            varied[key] = axis.cells[place[key]]
    scenario = ONE
    if "intervention" in axes:
        chosen = axes["intervention"].values
        value = chosen[place["intervention"]]
        scenario = _name(value)
        off = {name for one in chosen for name in _names(one)} - set(_names(value))
        lines = tuple(line for line in lines if not _is_of(line, off))
    return Job(lines, scenario, point if varied else None, varied)


def _is_of(line: str, interventions: Set[str]) -> bool:
    """Whether an override sets a value of one of these interventions."""
    group, *rest = line.partition("=")[0].split(".")
    return group == "intervention" and bool(rest) and rest[0] in interventions


def _names(value: Value) -> tuple[str, ...]:
    """The interventions of a choice: one, several, or none."""
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()


def _name(value: Value) -> str:
    return "+".join(_names(value)) or NOTHING


def _cells(values: Sequence[Value]) -> tuple[Value, ...]:
    """Values as cells of one column: all of a type, lists and groups as text."""
    types = {type(one) for one in values}
    if types <= {int, float}:
        return tuple(map(float if float in types else int, values))
    if types == {bool}:
        return tuple(values)
    return tuple(map(_text, values))


def _text(value: Value) -> str:
    if isinstance(value, list):
        return "+".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)
