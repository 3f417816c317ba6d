"""All figures of a comparison, or of one run, saved side by side as PNG and SVG."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from diffusion.analysis.again import run_again
from diffusion.analysis.comparison import Comparison, Tables
from diffusion.views import adoption, differences, network_map, style, survival

if TYPE_CHECKING:
    from diffusion.model.simulation import Simulation

OF_COMPARISON: dict[str, Callable[[Comparison], Figure]] = {
    "adoption": adoption.over_time,
    "adoption_difference": adoption.difference_over_time,
    "survival": survival.after_the_money,
    "differences": differences.forest,
    "cost_per_retained_year": differences.cost_per_retained_year,
}


def save_all(comparison: Comparison, results: Tables, folder: Path) -> list[Path]:
    """Draw and save every figure of a comparison; return the paths, PNG before SVG.

    The map shows the last scenario's first replicate in the month the money stops; tables hold no
    network, so that run is computed once more.
    """
    paths = []
    with style.styled():
        for name, draw in OF_COMPARISON.items():
            paths += style.save(draw(comparison), folder, name)
        shown = comparison.scenarios[-1]
        state = run_again(results.manifest, shown, comparison.stop).state
        when = f"when the money stops: {comparison.label(shown)}"
        paths += style.save(network_map.network_map(state, when=when), folder, "network_map")
    return paths


def save_run(simulation: "Simulation", folder: Path) -> list[Path]:
    """Draw and save the figures of one finished run; return the paths, PNG before SVG."""
    with style.styled():
        paths = style.save(adoption.of_run(simulation), folder, "adoption")
        state = simulation.state
        paths += style.save(network_map.network_map(state), folder, "network_map")
    return paths
