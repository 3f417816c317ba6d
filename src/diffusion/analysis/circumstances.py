"""What the same interventions change under different circumstances, and where they change more."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffusion.analysis.comparison import matched
from diffusion.analysis.intervals import Interval, difference_interval

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison


@dataclass(frozen=True)
class Cell:
    """Interventions under the circumstances of a scenario that has none.

    `difference` is what they change there, `change` how much more that is than under the
    circumstances of the baseline: a difference of paired differences, None where it is the same.
    """

    levers: tuple[str, ...]
    reference: str
    difference: Interval
    change: Interval | None


def are_several(comparison: "Comparison") -> bool:
    """Whether scenarios are compared with more than one other."""
    return len({comparison.against(name) for name in comparison.others}) > 1


def cells(comparison: "Comparison", outcome: str) -> list[Cell]:
    """Every scenario with interventions whose reference has none, in the order of scenarios.

    Raises:
        SettingError: no such outcome.
    """
    about = comparison.manifest["scenarios"]
    found = {}
    for name in comparison.others:
        levers = tuple(about[name]["interventions"])
        if levers and about[comparison.against(name)]["interventions"] == []:
            found[levers, comparison.against(name)] = name
    return [
        Cell(
            levers,
            reference,
            comparison.difference(name, outcome),
            _change(comparison, outcome, name, found.get((levers, comparison.baseline))),
        )
        for (levers, reference), name in found.items()
    ]


def _change(
    comparison: "Comparison", outcome: str, name: str, without: str | None
) -> Interval | None:
    if without is None or without == name:
        return None
    a, b = (one - other for one, other in map(comparison.paired, (name, without), [outcome] * 2))
    return difference_interval(*matched(a, b), method=comparison.interval)
