"""The clock of a run, and what is written down of it."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from diffusion.base.errors import nearest

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


class Record(BaseModel):
    """What is written down besides the monthly table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[str, ...] = Field(description="dimensions of the table of groups")
    events: bool = Field(description="whether to keep the event log")
    history: bool = Field(description="whether to keep who used what in each month")

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
