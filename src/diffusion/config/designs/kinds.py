"""The kinds of design as a configuration states them; `configs/design/` has a file for each."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Named(BaseModel):
    """A parameter by its dotted key; the key alone stands for the range of the register."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _key_alone(cls, data: Any) -> Any:
        return {"key": data} if isinstance(data, str) else data


class Ranged(_Named):
    """A parameter that is varied between two ends."""

    low: Finite | None = Field(None, description="None: the low end of the register")
    high: Finite | None = Field(None, description="None: the high end of the register")
    log: bool = Field(False, description="evenly on a logarithmic scale")


class Levelled(_Named):
    """A parameter that is set to a few values."""

    levels: tuple[Finite, ...] = Field((), description="none: both ends of the register")

    @field_validator("levels")
    @classmethod
    def _apart(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if levels and len(set(levels)) < max(2, len(levels)):
            raise ValueError("state two or more different levels, or none for both ends")
        return levels


class Scenarios(BaseModel):
    """Scenarios and replicates only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["scenarios"]


class Factorial(BaseModel):
    """Every combination of interventions on and off and of levels of parameters, or a fraction."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["factorial"]
    interventions: tuple[str, ...]
    parameters: tuple[Levelled, ...]
    resolution: int | None = Field(
        ge=3,
        le=5,
        description="the smallest fraction of at least this resolution; None: all combinations",
    )
    generators: tuple[str, ...] = Field(
        description="the fraction stated: E=ABCD, letters in the order of the factors, without I"
    )

    @model_validator(mode="after")
    def _one_fraction(self) -> Self:
        if self.resolution is not None and self.generators:
            raise ValueError("resolution and generators both choose a fraction; state one of them")
        return self


class _Sampled(BaseModel):
    """Points spread over the ranges of parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=2, le=1_000_000, description="points, or for saltelli rows of each matrix")
    seed: int = Field(ge=0, lt=2**63, description="of the sample; runs have seeds of their own")
    parameters: tuple[Ranged, ...]


class _OfSequence(_Sampled):
    @field_validator("size")
    @classmethod
    def _power_of_two(cls, size: int) -> int:
        if size & (size - 1):
            raise ValueError(
                f"no power of two, which a Sobol sequence needs to be balanced; "
                f"the next is {1 << size.bit_length()}"
            )
        return size


class LatinHypercube(_Sampled):
    """Each parameter takes each of `size` equal parts of its range once."""

    kind: Literal["latin_hypercube"]


class Sobol(_OfSequence):
    """The first points of a Sobol sequence: evenly spread in all parameters together."""

    kind: Literal["sobol"]


class Saltelli(_OfSequence):
    """Points for first-order and total Sobol indices: size x (parameters + 2) of them."""

    kind: Literal["saltelli"]


Design = Annotated[
    Scenarios | Factorial | LatinHypercube | Sobol | Saltelli, Field(discriminator="kind")
]


class Until(BaseModel):
    """Replicates are added until an outcome is known well enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_width: float | None = Field(
        gt=0.0,
        allow_inf_nan=False,
        description="of the 95 % interval of every paired difference; None: no replicates added",
    )
    of: str = Field(description="the outcome")
    at_most: int = Field(ge=1, le=1_000_000, description="replicates")
    step: int = Field(ge=1, le=1_000_000, description="replicates added at a time")
