"""Change the rules of funders: budgets, lengths, criteria, what their guidelines reward."""

from typing import Annotated, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray, columns_of
from diffusion.base.draws import Decision
from diffusion.base.errors import SettingError, nearest
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, Purse, covered, salt_of
from diffusion.world.modifiers import FunderModifiers
from diffusion.world.state import State
from diffusion.world.vocabulary import FIELDS, FUNDER_KINDS, GRANT_MAKERS, SCALES, index, mask

TERMS = tuple(name for name in columns_of(FunderModifiers) if name not in ("add_eur", "rewards"))

_FILTER = "funder:"
_ORDERS = ("random", "largest", "smallest")


def _checked(target: str) -> str:
    """A target of funders: an order, kinds of funders, or both joined by @.

    Raises:
        ValueError: anything else.
    """
    parts = target.split("@")
    orders = [part for part in parts if part in _ORDERS]
    for part in parts:
        if part.startswith(_FILTER):
            for kind in part.removeprefix(_FILTER).split(";"):
                _known(FUNDER_KINDS, kind)
        elif part not in _ORDERS:
            raise ValueError(
                f"target '{part}' does not mean funders; allowed: {', '.join(_ORDERS)} (by "
                f"budget), {_FILTER}KIND;KIND with kinds among {', '.join(FUNDER_KINDS)}, or both "
                f"joined by @, as in {_FILTER}eu;foundation@largest{nearest(part, _ORDERS)}"
            )
    if len(orders) > 1 or len(parts) - len(orders) > 1:
        raise ValueError(f"target '{target}' names an order or kinds twice; name each once")
    return target


def _known(vocabulary: tuple[str, ...], word: str) -> None:
    try:
        index(vocabulary, word)
    except SettingError as error:
        raise ValueError(str(error)) from error


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
                _known(vocabulary, word)
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

    `target` narrows the kinds (`funder:national`) and says who comes first (`largest`, `smallest`
    by budget). Changing the rules of all funders meant costs `eur_per_year`, of a part of them an
    equal part. Under a budget, what that leaves is added to budgets if anything is; where nothing
    is, the money says whose rules are changed.

    Source: E004, E015, E041, E056, E065, E069, E070, E107, E131, E133, E141, E143, E152; B09-B16.
    """

    target: Annotated[str, AfterValidator(_checked)] = Field(
        description="which of the kinds it means, and who comes first"
    )
    kinds: tuple[str, ...] = Field(min_length=1, description=", ".join(FUNDER_KINDS))
    terms: dict[str, float] = Field(description="term -> factor (rel_) or amount (add_)")
    rewards: Rewards = Field(Rewards(), description="what guidelines reward in addition")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    eur_added_per_year: int = Field(ge=0, le=10**10, description="added to budgets, in all")
    eur_per_year: float = Field(ge=0.0, le=1e8, description="price of running it for all")

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for kind in kinds:
            _known(FUNDER_KINDS, kind)
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
        if not self._kinds_meant():
            raise ValueError(
                f"target = '{self.target}' means none of the kinds that it is about: "
                f"{', '.join(self.kinds)}"
            )
        return self

    def _kinds_meant(self) -> tuple[str, ...]:
        """Those of its kinds that the target leaves."""
        filters = [part for part in self.target.split("@") if part.startswith(_FILTER)]
        chosen = filters[0].removeprefix(_FILTER).split(";") if filters else self.kinds
        return tuple(kind for kind in self.kinds if kind in chosen)

    def _meant(self, state: State) -> IntArray:
        """Rows of the funders that it can mean: those that somebody can apply to."""
        funders = state.funders
        kinds = [FUNDER_KINDS.index(kind) for kind in self._kinds_meant()]
        makes_grants = funders.kind < len(GRANT_MAKERS)
        has_lines = np.isin(np.arange(len(funders)), state.grants.funder)
        rows: IntArray = np.flatnonzero(np.isin(funders.kind, kinds) & (~makes_grants | has_lines))
        return rows

    def begin(self, state: State, name: str) -> IntArray:
        rows = self._meant(state)
        if rows.size == 0:
            raise SettingError(
                f"intervention '{name}': nobody in this world has a grant line of a funder of the "
                f"kinds {', '.join(self._kinds_meant())}; choose other kinds"
            )
        self.rewards.mask(state, name)
        luck = draws.uniforms(state.seed, Decision.TARGET_FUNDER, salt_of(name) % 2**31, rows)
        order = next((part for part in self.target.split("@") if part in _ORDERS), "random")
        sign = {"random": 0, "largest": -1, "smallest": 1}[order]
        ordered: IntArray = rows[np.lexsort((luck, sign * state.funders.budget[rows]))]
        return ordered[: covered(self.coverage, rows.size, "funders", name)]

    def act(self, state: State, rows: IntArray) -> float:
        return self._change(state, rows, self.eur_added_per_year // max(1, rows.size))

    @property
    def spends_any_sum(self) -> bool:
        return self.eur_added_per_year > 0

    def mean_costs(self, state: State, rows: IntArray) -> FloatArray:
        return np.full(rows.size, self._running(state, rows) / max(1, rows.size))

    def act_within(self, state: State, rows: IntArray, purse: Purse) -> float:
        if not self.eur_added_per_year:
            return self._change(state, rows, 0)
        months = [month for month in range(state.month, self.until) if self.lasts(month)]
        running = self._running(state, rows) * len(months)
        calls = state.funders.call_month[rows]
        to_come = sum(np.count_nonzero(calls == month % MONTHS_A_YEAR) for month in months)
        return self._change(state, rows, max(0, int((purse.left - running) // max(1, to_come))))

    def _change(self, state: State, rows: IntArray, eur_each: int) -> float:
        """Change terms for the month; those whose call it is get `eur_each` on top of a budget."""
        modifiers = state.funder_modifiers
        for name, value in self.terms.items():
            column = getattr(modifiers, name)
            if name.startswith("rel_"):
                column[rows] *= value
            else:
                column[rows] += value
        modifiers.rewards[rows] |= self.rewards.mask(state, self.summary)
        calling = rows[state.funders.call_month[rows] == state.month % MONTHS_A_YEAR]
        modifiers.add_eur[calling] += eur_each
        return self._running(state, rows) + float(eur_each * calling.size)

    def _running(self, state: State, rows: IntArray) -> float:
        """EUR a month that it costs to change the rules of these funders."""
        return self.eur_per_year / MONTHS_A_YEAR * (rows.size / max(1, self._meant(state).size))

    def explain(self) -> str:
        changed = [f"{name} {value:g}" for name, value in self.terms.items()]
        rewarded = (*self.rewards.scales, *self.rewards.fields, *self.rewards.practices)
        if rewarded:
            changed.append(f"rewards {', '.join(rewarded)}")
        return (
            f"{self.summary}: {self.coverage:.0%} of funders "
            f"({', '.join(self._kinds_meant())}; target: {self.target}), "
            f"{self.months()}; changes {'; '.join(changed) or 'nothing but the budget'}; adds "
            f"{self.eur_added_per_year:,.0f} EUR a year to their budgets and costs "
            f"{self.eur_per_year:,.0f} EUR a year to run."
        )
