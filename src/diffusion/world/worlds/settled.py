"""The numbers that every generated world needs: staff, money, ties, first knowledge.

All of them are settings; those that no source gives are graded as assumptions in the register.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from diffusion.base.arrays import FloatArray
from diffusion.world import vocabulary


def _keyed(
    words: Sequence[str], low: float, high: float, values: dict[str, float]
) -> dict[str, float]:
    if set(values) != set(words):
        raise ValueError(f"needs exactly the keys {', '.join(words)}")
    for word, value in values.items():
        if not low <= value <= high:
            raise ValueError(f"{word} is {value:g}; every value must lie in {low:g}..{high:g}")
    return values


def keyed(words: Sequence[str], low: float, high: float) -> AfterValidator:
    """For a setting with one value for each word: exactly these keys, each value in its bounds."""
    return AfterValidator(partial(_keyed, words, low, high))


ShareByKind = Annotated[dict[str, float], keyed(vocabulary.KINDS, 0.0, 1.0)]
PostsByKind = Annotated[dict[str, float], keyed(vocabulary.KINDS, 1.0, 60.0)]
ShareByFunder = Annotated[dict[str, float], keyed(vocabulary.GRANT_MAKERS, 0.0, 1.0)]
LengthByFunder = Annotated[dict[str, float], keyed(vocabulary.GRANT_MAKERS, 1.0, 84.0)]
MonthsByFunder = Annotated[dict[str, float], keyed(vocabulary.GRANT_MAKERS, 0.0, 84.0)]
PostsByFunder = Annotated[dict[str, float], keyed(vocabulary.GRANT_MAKERS, 0.0, 60.0)]
DaysByFunder = Annotated[dict[str, float], keyed(vocabulary.GRANT_MAKERS, 0.0, 120.0)]
EuroByFunder = Annotated[dict[str, float], keyed(vocabulary.GRANT_MAKERS, 0.0, 1e7)]
EuroByKind = Annotated[dict[str, float], keyed(vocabulary.KINDS, 0.0, 1e5)]
MonthsByContract = Annotated[dict[str, float], keyed(vocabulary.CONTRACTS, 1.0, 480.0)]
FactorByScale = Annotated[dict[str, float], keyed(vocabulary.SCALES, 0.0, 20.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Factor = Annotated[float, Field(ge=0.0, le=20.0)]


def column(values: Mapping[str, float], words: Sequence[str]) -> FloatArray:
    """The values of a keyed setting in the order of its vocabulary; not to be written to."""
    return _array(tuple(map(values.__getitem__, words)))


@lru_cache(maxsize=256)
def _array(values: tuple[float, ...]) -> FloatArray:
    array = np.array(values, np.float64)
    array.setflags(write=False)
    return array


class Settled(BaseModel):
    """Settings shared by all generated worlds; `configs/world/base/settled.yaml` has the values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # organisations
    start_year: int = Field(ge=1990, le=2100, description="calendar year of month 0")
    founding_year_earliest: int = Field(ge=1900, le=2100)
    fields_each: float = Field(ge=1.0, le=8.0, description="mean number of fields")
    field_other_share: Share = Field(
        description="share naming a field the survey has no number for"
    )
    general_share: ShareByKind = Field(description="share that works across all fields")
    migrant_led_share: ShareByKind
    local_language_share: Share = Field(description="migrant-led ones that also use the country's")
    english_local_share: Share
    english_wide_share: Share = Field(description="the same at national and european level")
    migrant_languages: Annotated[dict[str, float], keyed(vocabulary.LANGUAGES, 0.0, 1.0)]
    absorptive_sd: float = Field(ge=0.0, le=1.0, description="sd of the log")
    support_mean: Share
    support_spread: Share = Field(description="half width of the range")
    threshold_mean: float = Field(gt=0.0, lt=1.0)
    threshold_sd: float = Field(gt=0.0, lt=0.5)
    handover_share: Share
    siloing: Annotated[float, Field(ge=0, le=10)]
    # staff
    posts_low: PostsByKind
    posts_high: PostsByKind
    volunteer_share: ShareByKind
    vacant_share: Share
    months_in_post: MonthsByContract = Field(description="mean months served so far")
    # money
    project_share: ShareByKind = Field(description="mean share of project money")
    project_share_spread: Share
    fixed_term_factor: Factor = Field(description="share of fixed-term posts / project share")
    grant_lines_max: int = Field(ge=0, le=10)
    grant_active_share: Share
    grant_funder: ShareByFunder = Field(description="weights")
    months_grant: LengthByFunder = Field(description="usual length")
    months_to_start: MonthsByFunder
    success_rate: ShareByFunder
    min_staff: PostsByFunder
    call_generosity: Factor = Field(
        description="yearly budget / grants of a year if money flowed on every line"
    )
    grant_eur: EuroByFunder = Field(description="EUR of a grant of the usual length, EU price")
    own_share: ShareByFunder = Field(description="share of a project's cost the applicant bears")
    application_days: DaysByFunder = Field(description="person-days that an application takes")
    quality: ShareByFunder = Field(description="0 = judges by hard targets .. 1 = by quality")
    set_aside: ShareByFunder = Field(description="kept for small and migrant-led applicants")
    guideline_cutoff: Share = Field(description="score from which EU and foundations reward")
    fees_eur: EuroByKind = Field(description="EUR a post and year, EU price")
    donations_eur: EuroByKind
    in_kind_eur: EuroByKind
    income_eur: EuroByKind
    # territories
    pressure_sd: float = Field(ge=0.0, le=2.0, description="sd of log demand")
    will_mean: Share
    will_spread: Share
    init_policy_share: Share
    # ties
    mean_degree: float = Field(
        ge=1.0,
        le=60.0,
        description="partners of an organisation; a warning tells where it is missed",
    )
    clustering: float = Field(ge=0.0, le=0.8)
    alike_share: Share = Field(description="places in a circle taken by field and kind")
    homophily_kind: float = Field(ge=1.0, le=20.0, description="odds ratio")
    homophily_field: float = Field(ge=1.0, le=20.0, description="odds ratio")
    homophily_language: float = Field(ge=1.0, le=20.0, description="odds ratio")
    hub_sd: float = Field(ge=0.0, le=2.0, description="sd of the log of an organisation's pull")
    coordinator_pull: Factor
    trust_low: float = Field(gt=0.0, le=1.0)
    trust_high: float = Field(gt=0.0, le=1.0)
    trust_chance: float = Field(gt=0.0, le=1.0, description="trust outside circles, relative")
    months_since_contact: int = Field(ge=1, le=60)
    # what is known and run at the start
    init_aware_own: Share
    init_aware_related: Share
    init_aware_other: Share
    init_known_own: Share
    init_known_related: Share
    init_known_other: Share
    init_running_own: Share
    init_running_related: Share
    init_running_other: Share
    init_scale: FactorByScale = Field(description="running share relative, by scale")
    init_near: Factor = Field(description="the same in the country of origin")
    init_cop: Factor = Field(description="knowing and running in CoP members, relative")
    init_institutional_share: Share
    init_lapsed_ratio: Share = Field(description="stopped it / runs it")
    init_months_running: int = Field(ge=1, le=600)
    init_fidelity_low: Share
    init_fit_low: Share
    written_share: Share

    @model_validator(mode="after")
    def _ranges(self) -> "Settled":
        for kind in vocabulary.KINDS:
            if self.posts_low[kind] > self.posts_high[kind]:
                raise ValueError(f"posts_low.{kind} must not exceed posts_high.{kind}")
        if self.trust_low > self.trust_high:
            raise ValueError("trust_low must not exceed trust_high")
        if self.founding_year_earliest > self.start_year:
            raise ValueError("founding_year_earliest must not exceed start_year")
        if self.threshold_sd**2 >= self.threshold_mean * (1.0 - self.threshold_mean):
            raise ValueError("threshold_sd is too large for a share with that mean")
        return self
