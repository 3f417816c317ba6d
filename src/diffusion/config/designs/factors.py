"""What a design varies: parameters and interventions, with their ranges, set in a configuration.

Points change values of composed configurations, which are then checked by the classes of the
model: Hydra composes once a scenario, whatever the number of points. A setting that refers to a
varied one (`${...}`) keeps what it was composed with.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diffusion.base.errors import SettingError
from diffusion.config.composing import Data
from diffusion.config.designs.kinds import Levelled, Ranged
from diffusion.config.folders import Folders
from diffusion.config.overrides import Override, check_key
from diffusion.config.registered import registered
from diffusion.config.settings import settings_of
from diffusion.evidence.register import Register
from diffusion.model.settings import ModelSettings, RuleParameters

_OF_THE_MODEL = (
    *RuleParameters.model_fields,
    "world",
    "practices",
    "measures",
    "budget",
    "intervention",
    "shock",
)
_OFF_AND_ON = (0.0, 1.0)

Value = int | float


@dataclass(frozen=True)
class Factor:
    """What a design varies: a parameter, or an intervention (`intervention.<name>`, 0 or 1).

    `levels` are the values of a factorial; a sample has none and lies between `low` and `high`.
    `origin` says where range or levels come from: register, stated, or off and on.
    """

    key: str
    low: float
    high: float
    whole: bool
    origin: str
    log: bool = False
    levels: tuple[float, ...] = ()

    def value(self, number: float) -> Value:
        """As it is set: whole numbers without a fraction, if they have none."""
        return int(number) if self.whole and float(number).is_integer() else float(number)

    def scaled(self, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Coordinates in [0, 1) as values; whole numbers between the ends are equally likely."""
        low, high = self.low, self.high
        if self.whole:
            low, high = math.ceil(low), math.floor(high) + 1
        values = low * (high / low) ** u if self.log else low + u * (high - low)
        return np.floor(values) if self.whole else np.asarray(values)

    def ends(self) -> tuple[float, ...]:
        """The values at which bounds are checked."""
        if self.levels:
            return self.levels
        return (math.ceil(self.low), math.floor(self.high)) if self.whole else (self.low, self.high)

    def about(self) -> dict[str, Any]:
        """For the manifest."""
        found: dict[str, Any] = {"low": self.value(self.low), "high": self.value(self.high)}
        if self.levels:
            found["levels"] = [self.value(level) for level in self.levels]
        return found | {"whole": self.whole, "log": self.log, "origin": self.origin}


def switch(name: str) -> Factor:
    """An intervention that is off (0) or on (1)."""
    return Factor(f"intervention.{name}", *_OFF_AND_ON, True, "off and on", levels=_OFF_AND_ON)


def factor_of(one: Ranged | Levelled, configs: Mapping[str, Data], folders: Folders) -> Factor:
    """A parameter with its range, checked against the bounds of its class in every scenario.

    Raises:
        SettingError: it does not exist or is no number, or its range is missing or no range.
    """
    parts = one.key.split(".")
    having = _having(one.key, configs, folders)
    settings = settings_of(having[0])
    now = _validated(settings, parts)
    if isinstance(now, bool) or not isinstance(now, int | float | None):
        raise SettingError(
            f"design.parameters holds '{one.key}', which is no number; name one of its values"
        )
    low, high, origin = _range(one, having[0])
    if not low < high:
        raise SettingError(
            f"design.parameters holds '{one.key}' from {low:g} to {high:g}: the low end must be "
            f"below the high end"
        )
    levels: tuple[float, ...] = ()
    if isinstance(one, Levelled):
        levels = one.levels or (low, high)
    log = isinstance(one, Ranged) and one.log
    if log and low <= 0.0:
        raise SettingError(
            f"design.parameters holds '{one.key}' from {low:g} on a logarithmic scale, which needs "
            f"a low end above 0; state one: {{key: {one.key}, low: ..., log: true}}"
        )
    factor = Factor(one.key, low, high, isinstance(now, int), origin, log, levels)
    for config in having:
        for end in factor.ends():
            try:
                settings_of(_with(config, parts, factor.value(end)))
            except SettingError as error:
                raise SettingError(f"design.parameters: {error}") from error
    return factor


def changed(config: Data, values: Mapping[str, Value]) -> Data:
    """A configuration with the values of a point; what a scenario does not have stays away."""
    levers = dict(config["intervention"])
    for key, value in values.items():
        group, _, name = key.partition(".")
        if group == "intervention" and "." not in name and not value:
            del levers[name]
    data: Data = {**config, "intervention": levers}
    for key, value in values.items():
        parts = key.split(".")
        if not _is_switch(parts) and _has(data, parts):
            data = _with(data, parts, value)
    return data


def without(config: Data, interventions: Sequence[str]) -> Data:
    """A configuration in which these interventions are off."""
    return changed(config, {f"intervention.{name}": 0 for name in interventions})


def _having(key: str, configs: Mapping[str, Data], folders: Folders) -> list[Data]:
    """The configurations that have a key: interventions and shocks stand where they are on.

    Raises:
        SettingError: none has it, or it is no parameter of the model.
    """
    typed = Override(key, 0, f"design.parameters holds '{key}'")
    refused: list[SettingError] = []
    found = []
    for config in configs.values():
        try:
            check_key(typed, config, folders)
        except SettingError as error:
            refused.append(error)
        else:
            found.append(config)
    if not found:
        raise refused[0]
    if key.split(".")[0] not in _OF_THE_MODEL:
        raise SettingError(
            f"{typed.line}, which is the same in all runs of an experiment; "
            f"name parameters of the world, of rules, interventions or shocks"
        )
    return found


def _range(one: Ranged | Levelled, config: Data) -> tuple[float, float, str]:
    """Low end, high end, and where they come from.

    Raises:
        SettingError: neither is stated nor in the register.
    """
    if isinstance(one, Levelled) and one.levels:
        return min(one.levels), max(one.levels), "stated"
    low = one.low if isinstance(one, Ranged) else None
    high = one.high if isinstance(one, Ranged) else None
    if low is not None and high is not None:
        return low, high, "stated"
    key: str | None = one.key
    while key and registered(key, config) is None:  # a range may hold for all values of a field
        key = key.rpartition(".")[0]
    known = registered(key, config) if key else None
    if known is None:
        example = "levels: [..., ...]" if isinstance(one, Levelled) else "low: ..., high: ..."
        raise SettingError(
            f"design.parameters holds '{one.key}', for which the register has no range; state it: "
            f"{{key: {one.key}, {example}}}"
        )
    entry = Register.load()[known]
    origin = "register" if low is None and high is None else "register and stated"
    return entry.low if low is None else low, entry.high if high is None else high, origin


def _validated(settings: ModelSettings, parts: Sequence[str]) -> Any:
    """The value of a key in checked settings, where whole numbers are told from others."""
    value: Any = settings.rules if parts[0] in RuleParameters.model_fields else settings
    for name in parts:
        renamed = f"{name}s" if value is settings and name in ("intervention", "shock") else name
        value = value[renamed] if isinstance(value, Mapping) else getattr(value, renamed, None)
    return value


def _is_switch(parts: Sequence[str]) -> bool:
    return parts[0] == "intervention" and len(parts) == 2


def _has(data: Any, parts: Sequence[str]) -> bool:
    for part in parts:
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True


def _with(data: Data, parts: Sequence[str], value: Value) -> Data:
    """A copy with one value replaced; what is not on the way to it is shared."""
    head, *rest = parts
    return {**data, head: _with(data[head], rest, value) if rest else value}
