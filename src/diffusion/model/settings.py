"""Everything that defines one run, validated and frozen."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator, model_validator

from diffusion.base.errors import nearest
from diffusion.interventions.base import Intervention
from diffusion.model.measures import MeasureSettings
from diffusion.rules import (
    adoption,
    demand,
    exchange,
    funding,
    meetings,
    persistence,
    policy,
    ties,
    turnover,
)
from diffusion.world.practices import PracticesSettings
from diffusion.world.worlds import WorldSettings

GROUP_DIMENSIONS = ("practice", "scale", "field", "kind", "territory", "network_type")


class Timing(BaseModel):
    """The clock of a run in months: burn-in until `start`, interventions until `stop`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: int = Field(ge=1, le=1200, description="length of the run")
    start: int = Field(ge=0, description="first month of the interventions")
    stop: int = Field(ge=0, description="month in which their money stops")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stop < self.start:
            raise ValueError(
                f"the window ends (stop = {self.stop}) before it starts (start = {self.start}): "
                f"stop must not be earlier than start"
            )
        if self.stop > self.months:
            raise ValueError(
                f"stop = {self.stop} lies beyond the run of months = {self.months}: "
                f"stop must be at most months"
            )
        return self


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
    policy: policy.Parameters


class Record(BaseModel):
    """What is written down besides the monthly table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[str, ...] = Field(description="dimensions of the table of groups")
    events: bool = Field(description="whether to keep the event log")

    @field_validator("groups")
    @classmethod
    def _known(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        for name in groups:
            if name not in GROUP_DIMENSIONS:
                raise ValueError(
                    f"group '{name}' is not known; allowed: {', '.join(GROUP_DIMENSIONS)}"
                    f"{nearest(name, GROUP_DIMENSIONS)}"
                )
            if groups.count(name) > 1:
                raise ValueError(f"'{name}' stands there twice; name it once")
        return groups


class ModelSettings(BaseModel):
    """One run: seed, clock, world, practices, rules, interventions, what to record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, lt=2**63, description="the replicate's seed")
    timing: Timing
    world: WorldSettings
    practices: PracticesSettings
    rules: RuleParameters
    interventions: dict[str, SerializeAsAny[Intervention]]
    measures: MeasureSettings
    record: Record

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        for name, intervention in self.interventions.items():
            if intervention.window.until > self.timing.months:
                raise ValueError(
                    f"intervention.{name}.window.until = {intervention.window.until}: the window "
                    f"ends after the run of timing.months = {self.timing.months}: "
                    f"allowed at most timing.months"
                )
        return self

    def with_seed(self, seed: int) -> "ModelSettings":
        """The same run with other luck."""
        return self.model_copy(update={"seed": seed})

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data, for manifests and hashes."""
        return self.model_dump(mode="json", by_alias=True)
