"""All figures of a comparison, or of one run, saved side by side as PNG and SVG.

An experiment says in `shows` which it has beyond those of every comparison. Lines of more than a
few scenarios can't be told apart: of many, those with the largest differences are drawn.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from diffusion.analysis.again import run_again
from diffusion.analysis.circumstances import are_several
from diffusion.analysis.comparison import Comparison, Tables
from diffusion.analysis.cost_effectiveness import weighed
from diffusion.analysis.factorial import is_factorial
from diffusion.analysis.ranking import ranked
from diffusion.views import (
    adoption,
    cost_effectiveness,
    differences,
    factorial,
    grid,
    network_map,
    ranking,
    style,
    survival,
)
from diffusion.views.tables import RANKED_BY, shows

if TYPE_CHECKING:
    from diffusion.model.simulation import Simulation

MOST_LINES = 8  # scenarios that lines and colours can tell apart
OF_COMPARISON: dict[str, Callable[[Comparison], Figure]] = {
    "adoption": adoption.over_time,
    "adoption_difference": adoption.difference_over_time,
    "survival": survival.after_the_money,
    "differences": differences.forest,
    "cost_per_retained_year": differences.cost_per_retained_year,
}
OF_ONE_SCENARIO = ("adoption", "survival")  # the others show differences


def save_all(comparison: Comparison, results: Tables | None, folder: Path) -> list[Path]:
    """Draw and save every figure of a comparison; return the paths, PNG before SVG.

    The map shows the last scenario's first replicate in the month the money stops; tables hold no
    network, so that run is computed once more. Without `results` nothing is computed, and there is
    no map.

    Raises:
        SettingError: the experiment wants to show something that its runs did not record.
    """
    paths = []
    few = _few(comparison)
    with style.styled():
        for name in OF_COMPARISON if comparison.others else OF_ONE_SCENARIO:
            paths += style.save(OF_COMPARISON[name](few), folder, name)
        for name, show in _further(comparison).items():
            paths += style.save(show(), folder, name)
        if results is None:
            return paths
        shown = comparison.scenarios[-1]
        state = run_again(results.manifest, shown, comparison.stop).state
        when = f"when the money stops: {comparison.label(shown)}"
        paths += style.save(network_map.network_map(state, when=when), folder, "network_map")
    return paths


def _few(comparison: Comparison) -> Comparison:
    """The comparison itself, or with the scenarios that stand out if there are many."""
    if len(comparison.others) <= MOST_LINES:
        return comparison
    best = ranked(comparison, shows(comparison).rank_by or RANKED_BY)[:MOST_LINES]
    return comparison.only([row.scenario for row in best])


def _further(comparison: Comparison) -> dict[str, Callable[[], Figure]]:
    """The figures that only some experiments have, by the name of their file."""
    wanted = shows(comparison)
    outcome = wanted.rank_by or RANKED_BY
    found: dict[str, Callable[[], Figure]] = {}
    if wanted.rank_by or len(comparison.others) > MOST_LINES:
        found["ranking"] = partial(ranking.ranking, comparison, outcome)
    for dimension in wanted.by_group:
        found[f"by_{dimension}"] = partial(grid.by_group, comparison, dimension)
    if wanted.pairs:
        found["pairs"] = partial(grid.together, comparison, outcome)
    if are_several(comparison):
        found["by_circumstance"] = partial(grid.by_reference, comparison, outcome)
    options = weighed(comparison)
    if options is not None:
        found["cost_effectiveness"] = partial(
            cost_effectiveness.plane, comparison, options, MOST_LINES
        )
        found["acceptability"] = partial(
            cost_effectiveness.acceptability, comparison, options, MOST_LINES
        )
    if is_factorial(comparison):
        found["effects"] = partial(factorial.largest_effects, comparison, outcome)
    return found


def save_run(simulation: "Simulation", folder: Path) -> list[Path]:
    """Draw and save the figures of one finished run; return the paths, PNG before SVG."""
    with style.styled():
        paths = style.save(adoption.of_run(simulation), folder, "adoption")
        state = simulation.state
        paths += style.save(network_map.network_map(state), folder, "network_map")
    return paths
