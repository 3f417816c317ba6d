"""How the challenges that a case reports change the settings of its world.

A challenge for which the model has a quantity multiplies that setting by a factor
(`case_challenges.csv`, all assumptions); the others are listed on the case card and change nothing.
"""

from functools import lru_cache
from typing import Any

from diffusion.evidence import sources
from diffusion.evidence.register import Register
from diffusion.evidence.sources import Row
from diffusion.world.worlds.cases import Case
from diffusion.world.worlds.ecosystem import Ecosystem


@lru_cache(maxsize=1)
def mapped() -> dict[str, Row]:
    """Challenge -> the setting that stands for it, its factor and the assumption behind it."""
    return sources.by_id("case_challenges")


def under_challenges(settings: Ecosystem, case: Case, weight: float) -> Ecosystem:
    """The settings of a case's world.

    Args:
        settings: of a world where nothing is said of challenges.
        case: whose challenges count.
        weight: exponent of each factor; 0 = challenges change nothing.

    Raises:
        ValueError: values that no longer fit together.

    Returns:
        Settings that lie in their ranges of the register, or where the user has put them.
    """
    values = {name: getattr(settings, name) for name in Ecosystem.model_fields}
    for challenge in case.challenges():
        row = mapped().get(challenge)
        if row is not None:
            name = row["setting"]
            values[name] = _scaled(values[name], float(row["factor"]) ** weight, _range(name))
    return Ecosystem.model_validate(values)


def _scaled(value: Any, factor: float, bounds: tuple[float, float]) -> Any:
    """A number, or all numbers of a keyed setting, times a factor, no further than the bounds."""
    if isinstance(value, dict):
        return {key: _scaled(one, factor, bounds) for key, one in value.items()}
    low, high = min(bounds[0], value), max(bounds[1], value)
    return min(high, max(low, value * factor))


@lru_cache(maxsize=64)
def _range(name: str) -> tuple[float, float]:
    register = Register.load()
    for group in ("world.base.settled", "world.erasmi"):
        if f"{group}.{name}" in register:
            entry = register[f"{group}.{name}"]
            return entry.low, entry.high
    raise KeyError(f"case_challenges.csv names '{name}', which is no setting of a world")
