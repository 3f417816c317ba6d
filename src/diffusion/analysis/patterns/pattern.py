"""What a pattern check hands back, and the three ways in which a target can be met."""

from dataclasses import dataclass

from diffusion.analysis.intervals import Interval


@dataclass(frozen=True)
class Pattern:
    """One pattern of the model: what reality shows and what the default world does.

    `value` with its 95 % interval `low`..`high` over replicates; `target` and `how` in words;
    `ok` whether the target is met.
    """

    id: str
    name: str
    target: str
    value: float
    low: float
    high: float
    ok: bool
    how: str


def within(
    id: str,
    name: str,
    band: tuple[float, float],
    found: Interval,
    how: str,
    target: float | None = None,
) -> Pattern:
    """Met if the mean lies in the band, which is as wide as the source is unsure."""
    words = f"{band[0]:g} to {band[1]:g}"
    words = words if target is None else f"{target:g} ({words})"
    ok = band[0] <= found.mean <= band[1]
    return Pattern(id, name, words, found.mean, found.low, found.high, ok, how)


def above(id: str, name: str, floor: float, found: Interval, how: str) -> Pattern:
    """Met if the whole interval lies above the floor."""
    ok = found.low > floor
    return Pattern(id, name, f"above {floor:g}", found.mean, found.low, found.high, ok, how)


def below(id: str, name: str, ceiling: float, found: Interval, how: str) -> Pattern:
    """Met if the whole interval lies below the ceiling."""
    ok = found.high < ceiling
    return Pattern(id, name, f"below {ceiling:g}", found.mean, found.low, found.high, ok, how)
