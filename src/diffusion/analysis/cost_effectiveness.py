"""Which scenario is worth its money: incremental ratios, dominance, and how sure that choice is.

The usual definitions of health economics (Drummond et al. 2015, Methods for the Economic Evaluation
of Health Care Programmes, ch. 4 and 11), with costs in EUR and any outcome as effect, both as
paired differences to the baseline:

- An option is *dominated* if another costs no more and achieves no less.
- It is *extendedly dominated* if two others, mixed, would do better: its ratio to the next cheaper
  option is higher than that of the next dearer one.
- What remains is the *frontier*. Its incremental ratio (ICER) is the additional cost over the
  additional effect, against the next cheaper option of the frontier.
- At a willingness to pay w the best option has the largest net benefit, w * effect - cost.
- The *acceptability* of an option is the share of resampled replicates in which it is the best
  (van Hout et al. 1994, Health Econ 3:309); at each w the frontier option is the one with the
  largest mean net benefit, which need not be the most acceptable (Fenwick et al. 2001, Health Econ
  10:779).

Options are the baseline and what interventions add to it under the same shocks. Only replicates
that all of them have are used. Costs are those of interventions, as in the outcome `cost_total`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffusion.analysis.bootstrap import RESAMPLES, times_drawn
from diffusion.analysis.costs import EFFECTS
from diffusion.analysis.intervals import (
    FloatArray,
    Interval,
    difference_interval,
    fieller,
    mean_interval,
)
from diffusion.base.errors import ResultsError

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.analysis.comparison import Comparison

FRONTIER, DOMINATED, EXTENDED = "frontier", "dominated", "extendedly dominated"
DEFAULT_EFFECT = next(name for name in EFFECTS if name.startswith("retained"))
STEPS = 100  # of the default willingness to pay
BY_FACTORS = 20.0  # ratios that are further apart need steps of equal factors
_BEYOND = 2.0  # times the largest ratio of the frontier: how far the default reaches
_AT_ONCE = 500  # resamples


@dataclass(frozen=True)
class Plane:
    """Additional cost and effect of every option in every replicate.

    `options` are scenarios, the baseline first; `costs` (EUR) and `effects` (in units of the
    outcome `effect`) have one row a replicate and one column an option; the baseline's are 0.
    """

    effect: str
    options: tuple[str, ...]
    costs: FloatArray
    effects: FloatArray

    @property
    def n(self) -> int:
        """Replicates."""
        return len(self.costs)


@dataclass(frozen=True)
class Option:
    """What an option adds to the baseline, and how it stands among the others.

    `status` is frontier, dominated or extendedly dominated; `beside` names the next cheaper option
    of the frontier, or those that dominate it. `icer` is EUR per unit of effect against `beside`,
    NaN off the frontier and for its cheapest option; `low`, `high` are Fieller's 95 % interval, NaN
    where the additional effect can't be told apart from zero.
    """

    scenario: str
    cost: Interval
    effect: Interval
    status: str
    beside: tuple[str, ...]
    icer: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Acceptability:
    """How often each option is the best, by willingness to pay.

    `willingness` EUR per unit of effect, shape (steps,); `of_means` and `of_runs` shape (steps,
    options), each row adds up to 1: the share of resamples of all replicates in which the option's
    mean net benefit is the largest (how sure the choice is), and the share of single replicates in
    which its own is (how often it would turn out right); `best` the option with the largest mean
    net benefit at each step, shape (steps,).
    """

    options: tuple[str, ...]
    willingness: FloatArray
    of_means: FloatArray
    of_runs: FloatArray
    best: tuple[str, ...]

    def frame(self) -> "pd.DataFrame":
        """Columns willingness, scenario, of_means, of_runs, best (true for one a step)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "willingness": np.repeat(self.willingness, len(self.options)),
                "scenario": np.tile(self.options, len(self.willingness)),
                "of_means": self.of_means.ravel(),
                "of_runs": self.of_runs.ravel(),
                "best": [best == name for best in self.best for name in self.options],
            }
        )


def options_of(comparison: "Comparison") -> tuple[str, ...]:
    """The baseline, and the scenarios that add interventions and nothing else to it."""
    about, baseline = comparison.manifest["scenarios"], comparison.baseline
    return (
        baseline,
        *(
            name
            for name in comparison.others
            if about[name].get("interventions")
            and comparison.against(name) == baseline
            and about[name].get("shocks", []) == about[baseline].get("shocks", [])
        ),
    )


def plane(comparison: "Comparison", effect: str = DEFAULT_EFFECT) -> Plane:
    """Costs and effects of the options in the replicates that all of them have.

    Args:
        effect: any outcome of which more is better.

    Raises:
        ResultsError: there is no option beside the baseline, or no replicate that all have.
        SettingError: no such outcome.
    """
    import pandas as pd

    options = options_of(comparison)
    if len(options) == 1:
        raise ResultsError(
            "no scenario adds interventions to the baseline, so there are no costs and effects to "
            "weigh; compare scenarios that do"
        )
    apart = {
        (kind, name): np.subtract(*comparison.paired(name, outcome))
        for kind, outcome in (("cost", "cost_total"), ("effect", effect))
        for name in options
    }
    table = pd.DataFrame(apart).dropna()
    if not len(table):
        raise ResultsError(
            f"no replicate has '{effect}' in all of {', '.join(options)}; complete the runs, or "
            f"choose another outcome"
        )
    costs, effects = (
        table[[(kind, name) for name in options]].to_numpy(np.float64)
        for kind in ("cost", "effect")
    )
    return Plane(effect, options, costs, effects)


def weighed(comparison: "Comparison") -> Plane | None:
    """The plane of retained practice-years, or None where there is nothing to weigh."""
    if DEFAULT_EFFECT not in comparison.outcome_names() or len(options_of(comparison)) == 1:
        return None
    try:
        found = plane(comparison)
    except ResultsError:  # no replicate has all options
        return None
    return found if found.costs.any() else None


def ranked(plane: Plane) -> list[Option]:
    """Every option, the cheapest first."""
    costs, effects = (_means(values) for values in (plane.costs, plane.effects))
    by_cost = sorted(range(len(costs)), key=lambda k: (costs[k], -effects[k], k))
    dominated = {k: _dominating(k, costs, effects) for k in by_cost}
    candidates = [k for k in by_cost if not dominated[k]]
    frontier = _hull(candidates, costs, effects)
    found = []
    for k in by_cost:
        status, beside, ratio = FRONTIER, dominated[k], (math.nan, math.nan, math.nan)
        if beside:
            status = DOMINATED
        elif k not in frontier:
            status = EXTENDED
            dearer = next(j for j in frontier if costs[j] > costs[k])
            beside = [frontier[frontier.index(dearer) - 1], dearer]
        elif k != frontier[0]:
            beside = [frontier[frontier.index(k) - 1]]
            ratio = _ratio(plane, k, beside[0])
        found.append(
            Option(
                plane.options[k],
                difference_interval(plane.costs[:, k], plane.costs[:, 0]),
                difference_interval(plane.effects[:, k], plane.effects[:, 0]),
                status,
                tuple(plane.options[j] for j in beside),
                *ratio,
            )
        )
    return found


def frame(plane: Plane) -> "pd.DataFrame":
    """`ranked` as a table: scenario, outcome, cost and effect with intervals, status, icer ..."""
    import pandas as pd

    return pd.DataFrame(
        {
            "scenario": one.scenario,
            "outcome": plane.effect,
            "cost": one.cost.mean,
            "cost_low": one.cost.low,
            "cost_high": one.cost.high,
            "effect": one.effect.mean,
            "effect_low": one.effect.low,
            "effect_high": one.effect.high,
            "n": plane.n,
            "status": one.status,
            "beside": " and ".join(one.beside),
            "icer": one.icer,
            "icer_low": one.low,
            "icer_high": one.high,
        }
        for one in ranked(plane)
    )


def acceptability(
    plane: Plane, willingness: Sequence[float] | FloatArray | None = None
) -> Acceptability:
    """How often each option is the best.

    Options that are equally good share a resample or run.

    Args:
        willingness: EUR per unit of effect; None for `default_willingness`.
    """
    grid = np.asarray(default_willingness(plane) if willingness is None else willingness)
    grid = grid.astype(np.float64)
    counts = times_drawn(plane.n)
    of_means = np.zeros((len(grid), len(plane.options)))
    for first in range(0, RESAMPLES, _AT_ONCE):
        part = counts[first : first + _AT_ONCE] / plane.n
        of_means += _times_best(part @ plane.costs, part @ plane.effects, grid)
    costs, effects = (_means(values)[None, :] for values in (plane.costs, plane.effects))
    best = _net_benefit(costs, effects, grid)[:, 0].argmax(axis=1)
    return Acceptability(
        options=plane.options,
        willingness=grid,
        of_means=of_means / RESAMPLES,
        of_runs=_times_best(plane.costs, plane.effects, grid) / plane.n,
        best=tuple(plane.options[k] for k in best),
    )


def default_willingness(plane: Plane) -> FloatArray:
    """From 0 to twice the largest ratio of the frontier, in equal steps.

    Where ratios are far apart: from half the smallest on, by equal factors. Where the frontier has
    one option only, the ratios are all costs per unit of effect.
    """
    ratios = [one.icer for one in ranked(plane) if one.icer > 0.0]
    if not ratios:
        costs, effects = (np.abs(_means(values)) for values in (plane.costs, plane.effects))
        ratios = [c / e for c, e in zip(costs, effects, strict=True) if c > 0.0 and e > 0.0] or [
            1.0
        ]
    low, high = min(ratios) / _BEYOND, _BEYOND * max(ratios)
    if max(ratios) > BY_FACTORS * min(ratios):
        return np.geomspace(low, high, STEPS + 1)
    return np.linspace(0.0, high, STEPS + 1)


def _means(values: FloatArray) -> FloatArray:
    return np.array([mean_interval(column).mean for column in values.T])


def _dominating(k: int, costs: FloatArray, effects: FloatArray) -> list[int]:
    """The option that dominates k most plainly, or none; of equal options the first stays."""
    better = [
        j
        for j in range(len(costs))
        if costs[j] <= costs[k]
        and effects[j] >= effects[k]
        and (costs[j] < costs[k] or effects[j] > effects[k] or j < k)
    ]
    return [max(better, key=lambda j: (effects[j], -costs[j], -j))] if better else []


def _hull(candidates: Sequence[int], costs: FloatArray, effects: FloatArray) -> list[int]:
    """The candidates, by rising cost and effect, whose ratios rise too."""
    frontier: list[int] = []
    for k in candidates:
        while len(frontier) > 1:
            before, last = frontier[-2:]
            there = (costs[last] - costs[before]) * (effects[k] - effects[last])
            onward = (costs[k] - costs[last]) * (effects[last] - effects[before])
            if there <= onward:
                break
            frontier.pop()
        frontier.append(k)
    return frontier


def _ratio(plane: Plane, k: int, cheaper: int) -> tuple[float, float, float]:
    cost = plane.costs[:, k] - plane.costs[:, cheaper]
    effect = plane.effects[:, k] - plane.effects[:, cheaper]
    ratio = float(_means(plane.costs)[k] - _means(plane.costs)[cheaper]) / float(
        _means(plane.effects)[k] - _means(plane.effects)[cheaper]
    )
    if not mean_interval(effect).excludes_zero:
        return ratio, math.nan, math.nan
    _, low, high = fieller(cost, effect)
    return ratio, low, high


def _net_benefit(costs: FloatArray, effects: FloatArray, willingness: FloatArray) -> FloatArray:
    """Shape (steps, rows, options)."""
    return willingness[:, None, None] * effects - costs


def _times_best(costs: FloatArray, effects: FloatArray, willingness: FloatArray) -> FloatArray:
    """In how many rows each option is the best, shape (steps, options)."""
    times = np.empty((len(willingness), costs.shape[1]))
    for step, one in enumerate(willingness):
        net = _net_benefit(costs, effects, np.array([one]))[0]
        best = net == net.max(axis=1, keepdims=True)
        times[step] = (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
    return times
