"""Everything that defines one run, validated and frozen."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from diffusion.interventions.base import Intervention
from diffusion.model.clock import Record, Timing
from diffusion.model.measures import MeasureSettings
from diffusion.rules import (
    adoption,
    demand,
    exchange,
    findings,
    funding,
    meetings,
    persistence,
    policy,
    ties,
    turnover,
)
from diffusion.shocks.base import Shock
from diffusion.world.practices import PracticesSettings
from diffusion.world.worlds import WorldSettings


class RuleParameters(BaseModel):
    """The parameters of every rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    demand: demand.Parameters
    funding: funding.Parameters
    turnover: turnover.Parameters
    ties: ties.Parameters
    meetings: meetings.Parameters
    exchange: exchange.Parameters
    adoption: adoption.Parameters
    persistence: persistence.Parameters
    findings: findings.Parameters
    policy: policy.Parameters


class ModelSettings(BaseModel):
    """One run: seed, clock, world, practices, rules, shocks, interventions, what to record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, lt=2**63, description="the replicate's seed")
    timing: Timing
    world: WorldSettings
    practices: PracticesSettings
    rules: RuleParameters
    shocks: dict[str, SerializeAsAny[Shock]] = {}
    interventions: dict[str, SerializeAsAny[Intervention]]
    budget: float | None = Field(
        gt=0.0, le=1e12, description="EUR that all interventions of the run may cost together"
    )
    measures: MeasureSettings
    record: Record

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        for group, name, one in self.acting():
            if one.window.until > self.timing.months:
                raise ValueError(
                    f"{group}.{name}.window.until = {one.window.until}: the window "
                    f"ends after the run of timing.months = {self.timing.months}: "
                    f"allowed at most timing.months"
                )
        return self

    @property
    def share(self) -> float | None:
        """What each intervention may cost in the run, in EUR; None without a budget."""
        if self.budget is None or not self.interventions:
            return None
        return self.budget / len(self.interventions)

    def acting(self) -> Iterator[tuple[str, str, Shock | Intervention]]:
        """(group of the configuration, name, itself) of each shock and intervention, in order."""
        yield from (("shock", name, shock) for name, shock in self.shocks.items())
        yield from (("intervention", name, lever) for name, lever in self.interventions.items())

    def with_seed(self, seed: int) -> "ModelSettings":
        """The same run with other luck."""
        return self.model_copy(update={"seed": seed})

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data that name the class of what acts; for manifests and hashes."""
        data = self.model_dump(mode="json", by_alias=True)
        for group, name, one in self.acting():
            cls = type(one)
            data[f"{group}s"][name]["_target_"] = f"{cls.__module__}.{cls.__qualname__}"
        return data


def shared_months(one: ModelSettings, other: ModelSettings) -> int:
    """How many months of two runs are the same in every bit, whatever happens in them.

    Runs of one world and seed agree until the first shock or intervention begins that only one
    of them has. 0 stands for nothing but the starting world, -1 for not even that.
    """
    if (one.seed, one.world, one.practices) != (other.seed, other.world, other.practices):
        return -1
    if (one.rules, one.measures, one.record) != (other.rules, other.measures, other.record):
        return 0
    months = [one.timing.months, other.timing.months]
    if one.timing.months != other.timing.months:
        months = [min(months) - 1]  # in the last month groups are written down
    if one.timing.stop != other.timing.stop:
        # what is in use then is followed from there on
        months.append(min(one.timing.stop, other.timing.stop) - 1)
    months += [each.window.start for each in _apart(one.shocks, other.shocks)]
    levers = _apart(one.interventions, other.interventions)
    if one.share != other.share:  # of the budget: each reaches others
        levers = [*one.interventions.values(), *other.interventions.values()]
    months += [each.window.start for each in levers]
    return max(0, min(months))


def _apart(
    mine: Mapping[str, Shock | Intervention], yours: Mapping[str, Shock | Intervention]
) -> list[Shock | Intervention]:
    """The shocks or interventions that two runs don't have in common."""
    common = {name for name in mine if name in yours and mine[name] == yours[name]}
    if [name for name in mine if name in common] != [name for name in yours if name in common]:
        common = set()  # those of a month act in their order
    return [one for side in (mine, yours) for name, one in side.items() if name not in common]
