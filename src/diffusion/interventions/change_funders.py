"""Change the rules of funders: budgets, lengths, criteria, what their guidelines reward."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from diffusion.base import draws
from diffusion.base.arrays import IntArray, columns_of
from diffusion.base.draws import Decision
from diffusion.base.errors import SettingError, nearest
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, covered, salt_of
from diffusion.world.modifiers import FunderModifiers
from diffusion.world.state import State
from diffusion.world.vocabulary import FIELDS, FUNDER_KINDS, GRANT_MAKERS, SCALES, index, mask

TERMS = tuple(name for name in columns_of(FunderModifiers) if name not in ("add_eur", "rewards"))


class Rewards(BaseModel):
    """Practices that guidelines reward: of any of the scales or fields, or named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scales: tuple[str, ...] = Field((), description=", ".join(SCALES))
    fields: tuple[str, ...] = Field((), description="fields of practice")
    practices: tuple[str, ...] = Field((), description="ids of the catalogue")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for words, vocabulary in ((self.scales, SCALES), (self.fields, FIELDS)):
            for word in words:
                try:
                    index(vocabulary, word)
                except SettingError as error:
                    raise ValueError(str(error)) from error
        return self

    def mask(self, state: State, name: str) -> np.uint64:
        """The rewarded practices of a world.

        Raises:
            SettingError: a named practice that this world does not have.
        """
        known, practices = state.names.practices, state.practices
        for practice in self.practices:
            if practice not in known:
                raise SettingError(
                    f"intervention '{name}': rewards.practices names '{practice}', which is not "
                    f"among the {len(known)} practices of this world{nearest(practice, known)}"
                )
        scales = [SCALES.index(scale) for scale in self.scales]
        rewarded = np.isin(practices.scale, scales)
        rewarded |= (practices.fields & np.uint64(mask(FIELDS, self.fields))) != 0
        rewarded |= np.isin(known, self.practices)
        bits = sum(1 << int(p) for p in np.flatnonzero(rewarded))
        return np.uint64(bits)


class ChangeFunders(Intervention):
    """Changes terms of funders of some kinds, and may add to their budgets.

    Terms hold for decisions taken in the window: calls, follow-ups, evaluation. Grants that run
    keep their length. Added money is paid when a funder's budget year begins, in full, and is then
    part of the intervention's cost; what nobody gets lapses with the rest of the year's budget.

    Source: E004, E015, E041, E056, E065, E069, E070, E107, E131, E133, E141, E143, E152; B09-B16.
    """

    kinds: tuple[str, ...] = Field(min_length=1, description=", ".join(FUNDER_KINDS))
    terms: dict[str, float] = Field(description="term -> factor (rel_) or amount (add_)")
    rewards: Rewards = Field(Rewards(), description="what guidelines reward in addition")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    eur_added_per_year: int = Field(ge=0, le=10**10, description="added to budgets, in all")
    eur_per_year: float = Field(ge=0.0, le=1e8, description="price of running it")

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for kind in kinds:
            try:
                index(FUNDER_KINDS, kind)
            except SettingError as error:
                raise ValueError(str(error)) from error
        return kinds

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name, value in self.terms.items():
            if name not in TERMS:
                raise ValueError(
                    f"term '{name}' does not exist; allowed: {', '.join(TERMS)}"
                    f"{nearest(name, TERMS)}"
                )
            if name.startswith("rel_") and value < 0.0:
                raise ValueError(f"term '{name}' = {value} must be 0 or more")
        own = [kind for kind in self.kinds if kind not in GRANT_MAKERS]
        if own and (self.eur_added_per_year or set(self.terms) - {"rel_budget"}):
            raise ValueError(
                f"kinds names {', '.join(own)}, which have no calls: only the term rel_budget "
                f"means anything for them"
            )
        if self.target != "random":
            raise ValueError(
                f"target = '{self.target}' means organisations; funders are chosen by kinds and "
                f"coverage: set target to random"
            )
        return self

    def begin(self, state: State, name: str) -> IntArray:
        funders = state.funders
        of_kind = np.isin(funders.kind, [FUNDER_KINDS.index(kind) for kind in self.kinds])
        makes_grants = funders.kind < len(GRANT_MAKERS)
        # only funders that somebody can apply to
        rows = np.flatnonzero(
            of_kind & (~makes_grants | np.isin(np.arange(len(funders)), state.grants.funder))
        )
        if rows.size == 0:
            raise SettingError(
                f"intervention '{name}': nobody in this world has a grant line of a funder of the "
                f"kinds {', '.join(self.kinds)}; choose other kinds"
            )
        self.rewards.mask(state, name)
        luck = draws.uniforms(state.seed, Decision.TARGET_FUNDER, salt_of(name) % 2**31, rows)
        order: IntArray = rows[np.argsort(luck, kind="stable")]
        return order[: covered(self.coverage, rows.size, "funders", name)]

    def act(self, state: State, rows: IntArray) -> float:
        modifiers = state.funder_modifiers
        for name, value in self.terms.items():
            column = getattr(modifiers, name)
            if name.startswith("rel_"):
                column[rows] *= value
            else:
                column[rows] += value
        modifiers.rewards[rows] |= self.rewards.mask(state, self.summary)
        calling = rows[state.funders.call_month[rows] == state.month % MONTHS_A_YEAR]
        each = self.eur_added_per_year // max(1, rows.size)
        modifiers.add_eur[calling] += each
        return self.eur_per_year / MONTHS_A_YEAR + float(each * calling.size)

    def explain(self) -> str:
        changed = [f"{name} {value:g}" for name, value in self.terms.items()]
        rewarded = (*self.rewards.scales, *self.rewards.fields, *self.rewards.practices)
        if rewarded:
            changed.append(f"rewards {', '.join(rewarded)}")
        return (
            f"{self.summary}: {self.coverage:.0%} of funders ({', '.join(self.kinds)}), "
            f"{self.months()}; changes {'; '.join(changed) or 'nothing but the budget'}; adds "
            f"{self.eur_added_per_year:,.0f} EUR a year to their budgets and costs "
            f"{self.eur_per_year:,.0f} EUR a year to run."
        )
