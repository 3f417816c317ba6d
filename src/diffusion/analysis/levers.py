"""What each lever and shock moves, against the same runs without it, beside what is expected.

A lever that does not move what it should is reported as missed; a sentence on why can stand in
`evidence/data/levers_missed.csv`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from diffusion.analysis.intervals import Interval, difference_interval
from diffusion.base.errors import DiffusionError, SettingError, nearest
from diffusion.config import compose, load
from diffusion.config.folders import Folders
from diffusion.config.overrides import listed
from diffusion.config.settings import plan_of
from diffusion.evidence import sources
from diffusion.interventions.base import Direction, Intervention
from diffusion.model.settings import ModelSettings, shared_months
from diffusion.model.simulation import Simulation
from diffusion.runner.compiling import Notice, compile_model
from diffusion.runner.mapping import in_order
from diffusion.runner.run import Progress, executor_of
from diffusion.shocks.base import Shock

# group of files -> field of the model's settings that holds what is switched on of it
GROUPS = {"intervention": "interventions", "shock": "shocks"}
WHEN = ("during", "after")
_ADVICE = "give the same command again with fewer executor.workers"

_Key = tuple[str, str]  # when, measure


@dataclass(frozen=True)
class Effect:
    """One measure that a lever should move.

    `without` is its mean in the runs without the lever, `effect` the paired difference, each of
    means over the months of the window (`during`) or after it; `cost` the mean cost of a run.
    """

    lever: str
    measure: str
    when: str
    expected: Direction
    without: float
    effect: Interval
    cost: float
    note: str

    @property
    def met(self) -> bool:
        """Whether the whole interval lies on the expected side of zero."""
        return self.effect.low > 0.0 if self.expected == "up" else self.effect.high < 0.0


@dataclass(frozen=True)
class Failed:
    """A lever that could not be run, and the sentence that says why."""

    lever: str
    sentence: str


@dataclass(frozen=True)
class _SetUp:
    """A lever and what it is compared with."""

    name: str
    lever: Intervention | Shock
    settings: ModelSettings
    baseline: ModelSettings

    @property
    def expected(self) -> dict[_Key, Direction]:
        """What should move, and where to."""
        return {
            (when, measure): direction
            for when in WHEN
            for measure, direction in getattr(self.lever.expected, when).items()
        }


@dataclass(frozen=True)
class _Means:
    """What is kept of a lever's run and of its twin without the lever."""

    with_it: dict[_Key, float]
    without: dict[_Key, float]
    cost: float


def check(
    overrides: Sequence[str] = (),
    replicates: int = 60,
    only: Sequence[str] | None = None,
    config_dir: Path | str | None = None,
    progress: Callable[[Progress], None] | None = None,
    notice: Notice | None = None,
) -> list[Effect | Failed]:
    """Run every lever against the default world, changed by overrides, and compare.

    Args:
        overrides: as on the command line; those of a lever hold for that lever only.
        replicates: runs of each lever, at least 2; each is paired by luck with one without it.
        only: names of levers; all if not given.
        config_dir: a folder of the user's own, whose presets are levers too.
        progress: told after each replicate, in runs.
        notice: told if the model must be compiled first.

    Returns:
        In alphabetical order of levers; a lever that failed in any replicate is `Failed`.

    Raises:
        SettingError: an unknown lever, too few replicates, or an override that does not fit.
    """
    if replicates < 2:
        raise SettingError(f"replicates = {replicates} gives no intervals; levers need at least 2")
    given, wanted = listed(overrides), _chosen(only, config_dir)
    _check_given(given, wanted)
    load(_shared(given), config_dir)  # a mistake in what holds for all is not the levers'
    executor = executor_of(plan_of(compose(_shared(given), config_dir)))
    set_ups: list[_SetUp] = []
    found: dict[str, list[Effect | Failed]] = {}
    for name, group in wanted.items():
        try:
            set_ups.append(_set_up(name, group, given, config_dir))
        except DiffusionError as error:
            found[name] = [Failed(name, str(error))]
    if set_ups:
        compile_model(set_ups[0].settings, notice)
        workers = getattr(executor, "workers", 1)
        done = list(_simulated(set_ups, replicates, workers, progress))
        found |= {one.name: _compared(one, [each[one.name] for each in done]) for one in set_ups}
    return [row for name in sorted(found) for row in found[name]]


def _chosen(only: Sequence[str] | None, config_dir: Path | str | None) -> dict[str, str]:
    """Name of each lever that is wanted -> its group."""
    folders = Folders.find(config_dir)
    known = {name: group for group in GROUPS for name in folders.options(group)}
    for name in only or ():
        if name not in known:
            raise SettingError(
                f"there is no lever '{name}'; choose from: {', '.join(known)}{nearest(name, known)}"
            )
    return known if only is None else {name: known[name] for name in only}


def _check_given(given: Sequence[str], wanted: Mapping[str, str]) -> None:
    """No override may switch levers on, or belong to one that is not run."""
    for line in given:
        group, *names = line.lstrip("+").partition("=")[0].split(".")
        if group in GROUPS and not names:
            raise SettingError(
                f"{line}: levers are run one by one; choose some of them with --only"
            )
        if group in GROUPS and wanted.get(names[0]) != group:
            raise SettingError(
                f"{line}: no lever '{names[0]}' is run here{nearest(names[0], wanted)}"
            )


def _shared(given: Sequence[str], name: str = "") -> list[str]:
    """The overrides that hold for everything, and those of one lever."""
    keys = {line: line.lstrip("+").partition("=")[0].split(".") for line in given}
    return [line for line in given if keys[line][0] not in GROUPS or keys[line][1] == name]


def _set_up(name: str, group: str, given: Sequence[str], config_dir: Path | str | None) -> _SetUp:
    common = [*_shared(given), "record.groups=[]"]
    own = [*_shared(given, name), "record.groups=[]", f"{group}=[{name}]"]
    lever = _lever(load(own, config_dir), group, name)
    under = lever.expected.under
    return _SetUp(
        name, lever, load([*own, *under], config_dir), load([*common, *under], config_dir)
    )


def _lever(settings: ModelSettings, group: str, name: str) -> Intervention | Shock:
    found: Intervention | Shock = getattr(settings, GROUPS[group])[name]
    return found


def _simulated(
    set_ups: Sequence[_SetUp],
    replicates: int,
    workers: int,
    progress: Callable[[Progress], None] | None,
) -> Iterator[dict[str, "_Means | str"]]:
    """What each replicate found, by lever."""
    total = replicates * len(set_ups)
    if progress is not None:
        progress(Progress(0, 0, 0, total))
    done = failed = 0
    for means in in_order(partial(_replicate, set_ups), range(replicates), workers, _ADVICE):
        broken = sum(isinstance(one, str) for one in means.values())
        done, failed = done + len(means) - broken, failed + broken
        if progress is not None:
            progress(Progress(done, failed, 0, total))
        yield means


def _replicate(set_ups: Sequence[_SetUp], replicate: int) -> dict[str, "_Means | str"]:
    """All levers in one replicate: each forks off the run without it when it begins to differ."""
    found: dict[str, _Means | str] = {}
    left = list(set_ups)
    while left:
        baseline = left[0].baseline
        family = [one for one in left if one.baseline == baseline]
        left = [one for one in left if one.baseline != baseline]
        stem = Simulation(baseline.with_seed(baseline.seed + replicate))
        runs: dict[str, tuple[dict[_Key, float], float]] = {}
        for one in sorted(family, key=lambda one: shared_months(baseline, one.settings)):
            while stem.month < shared_months(baseline, one.settings):
                stem.step()
            try:
                run = stem.fork(one.settings.with_seed(stem.settings.seed)).run()
                runs[one.name] = _means(run, one)
            except DiffusionError as error:
                found[one.name] = str(error)
            except Exception as error:  # noqa: BLE001 - one that breaks must not stop the others
                found[one.name] = f"{type(error).__name__}: {error}"
        stem.run()
        for one in family:
            if one.name in runs:
                means, cost = runs[one.name]
                found[one.name] = _Means(means, _means(stem, one)[0], cost)
    return found


def _means(run: Simulation, set_up: _SetUp) -> tuple[dict[_Key, float], float]:
    """Means of what the lever should move, in its window and after it; cost of the run."""
    columns = run.recorder.monthly_columns()
    lever, months = set_up.lever, columns["month"]
    inside = np.array([lever.lasts(int(month)) for month in months])
    rows = {"during": inside, "after": months >= lever.until}
    means = {}
    for when, measure in set_up.expected:
        if measure not in columns:
            raise SettingError(
                f"expected names '{measure}', which is no column of the monthly table"
                f"{nearest(measure, columns)}"
            )
        if not rows[when].any():
            raise SettingError(
                f"the run ends with the window in month {lever.until}, so '{measure}' has no "
                f"month after it; give more timing.months"
            )
        means[when, measure] = float(columns[measure][rows[when]].mean())
    return means, float(columns["cost"].sum())


def _compared(set_up: _SetUp, means: Sequence["_Means | str"]) -> list[Effect | Failed]:
    """The rows of a lever."""
    whole = [one for one in means if isinstance(one, _Means)]
    sentences = [one for one in means if isinstance(one, str)]
    if sentences:
        runs = f" (in {len(sentences)} of {len(means)} runs)" if whole else ""
        return [Failed(set_up.name, f"{sentences[0]}{runs}")]
    notes = _notes()
    return [
        Effect(
            lever=set_up.name,
            measure=measure,
            when=when,
            expected=expected,
            without=float(np.mean([one.without[when, measure] for one in whole])),
            effect=difference_interval(
                [one.with_it[when, measure] for one in whole],
                [one.without[when, measure] for one in whole],
            ),
            cost=float(np.mean([one.cost for one in whole])),
            note=notes.get((set_up.name, measure), ""),
        )
        for (when, measure), expected in set_up.expected.items()
    ]


def _notes() -> Mapping[_Key, str]:
    """Why a preset misses a measure, where that is known: (preset, measure) -> sentence."""
    rows: list[dict[str, Any]] = sources.table("levers_missed")
    return {(row["preset"], row["measure"]): row["sentence"] for row in rows}
