"""Replicates are added until differences are known well enough (`until`).

What is looked at is the 95 % interval of the paired difference of one outcome, in every scenario
against its reference. It is looked at after whole replicates only, at numbers that the experiment
states: so the sweep ends at the same number on any number of workers, and a resumed one where an
uninterrupted one does. Runs that failed are left out of the interval.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from diffusion.analysis.comparison import Comparison
from diffusion.base.errors import SettingError
from diffusion.config import Experiment
from diffusion.runner.compiling import Notice
from diffusion.runner.lock import held
from diffusion.runner.run import Progress, run_experiment
from diffusion.runner.store import Results, Store, check_place

Tell = Callable[[Progress], None]


@dataclass(frozen=True)
class _Outcomes:
    """The outcomes of the first replicates and nothing else; months of a large sweep are many."""

    results: Results
    replicates: int

    @property
    def manifest(self) -> Mapping[str, Any]:
        return self.results.manifest

    def table(self, name: str) -> pd.DataFrame:
        if name != "outcomes":
            return pd.DataFrame()
        rows = self.results.table(name)
        return rows[rows["replicate"] < self.replicates]


def computed(
    experiment: Experiment,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Tell | None = None,
    notice: Notice | None = None,
) -> Results:
    """Compute an experiment; with `until`, as many replicates as it takes.

    Other commands are kept out of the folder from the first round to the last, so that none begins
    another design between two of them. Args and errors are those of `runner.run.run_experiment`.
    The manifest says under `reached` where a sweep that grows has ended.
    """
    folder = experiment.results if folder is None else folder
    check_place(folder)  # a lock is put only where results may be
    with held(folder):
        return _grown(experiment, folder, fresh, progress, notice)


def _grown(
    experiment: Experiment,
    folder: Path,
    fresh: bool,
    progress: Tell | None,
    notice: Notice | None,
) -> Results:
    """Round after round, in a folder that is held."""
    until, wanted = experiment.until, experiment.replicates
    asked = None if until is None else until.half_width
    latest, done = Progress(0, 0, 0, 0), 0

    def tell(now: Progress) -> None:
        """Runs of earlier rounds are done, not skipped."""
        nonlocal latest
        latest = replace(now, done=now.done + done, skipped=now.skipped - done)
        if progress is not None:
            progress(latest)

    while True:
        results = run_experiment(experiment, folder, fresh, tell, notice, wanted)
        stopped = latest.done + latest.failed + latest.skipped < latest.total
        if until is None or asked is None or not results.finished():
            return results
        if stopped:
            return _noted(results, None)
        fresh, done = False, latest.done
        widths = half_widths(results, until.of, wanted)
        widest = max(widths.values())
        if widest <= asked or wanted >= until.at_most:
            break
        more = min(until.step, until.at_most - wanted)
        if notice is not None:
            notice(
                f"{until.of} is known to {_known(widest)} after {wanted} replicates: {more} more"
            )
        wanted += more
    known = {name: width if math.isfinite(width) else None for name, width in widths.items()}
    return _noted(results, {"replicates": wanted, "half_widths": known})


def _noted(results: Results, reached: Mapping[str, Any] | None) -> Results:
    """The results, with a manifest that says where a sweep has ended; None while it has not."""
    Store(results.path).note({"reached": reached})
    return Results(results.path)


def half_widths(results: Results, outcome: str, replicates: int) -> dict[str, float]:
    """Half the width of the interval of each scenario's difference; infinite while unknown.

    Args:
        replicates: how many are looked at; an interrupted sweep may hold some of the next round.

    Raises:
        SettingError: the outcome has no value in any run.
        ResultsError: no run of the baseline has finished.
    """
    comparison = Comparison.of(_Outcomes(results, replicates))
    found, pairs = {}, 0
    for scenario in comparison.others:
        interval = comparison.difference(scenario, outcome)
        half = (interval.high - interval.low) / 2
        found[scenario] = math.inf if math.isnan(half) else half
        pairs += interval.n
    if not pairs:
        raise SettingError(
            f"until.of = '{outcome}' has no value in these runs, probably because they end too "
            f"early for it; choose another outcome, or a later timing.months"
        )
    return found


def reached_in_words(comparison: Comparison) -> list[str]:
    """How well the outcome of a sweep that grew is known, as a sentence; none for other sweeps.

    A folder that an earlier call let grow further holds more replicates than this took, and its
    tables are of all of them.
    """
    until, reached = comparison.manifest.get("until"), comparison.manifest.get("reached")
    if until is None or reached is None:
        return []
    widths = [
        math.inf if width is None else float(width) for width in reached["half_widths"].values()
    ]
    asked = _known(until["half_width"])
    enough = max(widths) <= until["half_width"]
    compared = comparison.outcomes["replicate"].nunique()
    return [
        f"{until['of']} is known to {_known(max(widths))} or better in every scenario after "
        f"{reached['replicates']} replicates; {asked} was asked for"
        + ("." if enough else " and takes more than until.at_most.")
        + (f" Compared are all {compared} that are here." * (compared > reached["replicates"]))
    ]


def _known(half_width: float) -> str:
    return f"+/- {half_width:.3g}"
