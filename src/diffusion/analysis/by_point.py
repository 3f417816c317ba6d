"""Whether a difference holds wherever a design has its points: one interval a point."""

from typing import TYPE_CHECKING

from diffusion.analysis.comparison import matched
from diffusion.analysis.intervals import Interval, difference_interval

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison


def differences(comparison: "Comparison", scenario: str, outcome: str) -> dict[int, Interval]:
    """Paired difference to the reference at each point, over replicates; {} without points.

    Raises:
        SettingError: no such outcome.
    """
    a, b = matched(
        comparison.by_unit(scenario, outcome),
        comparison.by_unit(comparison.against(scenario), outcome),
    )
    if "point" not in a.index.names:
        return {}
    return {
        int(point): difference_interval(
            a.xs(point, level="point"), b.xs(point, level="point"), method=comparison.interval
        )
        for point in a.index.unique("point")
    }
