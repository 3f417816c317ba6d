"""What is measured each month, straight from the arrays."""

from typing import Any

import numpy as np

from diffusion.base.arrays import (
    NOTHING,
    FloatArray,
    IntArray,
    MaskArray,
    counts,
    lowest,
    without_lowest,
)
from diffusion.base.compiled import compiled
from diffusion.world import network
from diffusion.world.rule import RuleSettings, number, share
from diffusion.world.state import GENERAL, State, relevant_practices
from diffusion.world.traffic import Flow
from diffusion.world.vocabulary import SCALES

SLOW_EVERY = 12  # months between measurements of clustering and components

FLOW_COLUMNS = {
    "exits": Flow.EXITS,
    "knowledge_lost": Flow.KNOWLEDGE_LOST,
    "knowledge_saved": Flow.KNOWLEDGE_SAVED,
    "ties_formed": Flow.TIES_FORMED,
    "ties_lost": Flow.TIES_LOST,
    "meetings_held": Flow.MEETINGS,
    "contacts": Flow.CONTACTS,
    "awareness_gained": Flow.AWARENESS,
    "transfers": Flow.TRANSFERS,
    "trials_started": Flow.TRIALS,
    "adoptions": Flow.ADOPTIONS,
    "trials_failed": Flow.TRIALS_FAILED,
    "lapses": Flow.LAPSES,
    "restarts": Flow.RESTARTS,
    "grants_won": Flow.GRANTS_WON,
}


class MeasureSettings(RuleSettings):
    """Cut-offs of the SPRING questions: below them an organisation would say it lacks knowledge."""

    gap_own_field: float = share("share of own-field practices known")
    gap_related_fields: float = share("share of related-field practices known")
    gap_other_actors: int = number("partners without a common field", "partners", 1, 100)
    small_posts: int = number("fewer posts make an organisation small", "posts", 1, 100)


@compiled
def _use_by_practice(masks, total):  # type: ignore[no-untyped-def]
    total[:] = 0
    for i in range(masks.shape[0]):
        mask = masks[i]
        while mask != NOTHING:
            total[lowest(mask)] += 1
            mask = without_lowest(mask)


@compiled
def _survey_ties(ties, fields, kind, others, result):
    """Partners without a common field of each organisation; across, of one kind, trust."""
    others[:] = 0
    across, same_kind, trust = 0, 0, 0.0
    for t in range(ties.size[0]):
        a, b = ties.a[t], ties.b[t]
        trust += ties.trust[t]
        if kind[a] == kind[b]:
            same_kind += 1
        if fields[a] & fields[b] == NOTHING:
            across += 1
            others[a] += 1
            others[b] += 1
    result[0], result[1], result[2] = across, same_kind, trust


class Measurer:
    """Measures one state again and again; what stays fixed in a run is prepared once."""

    def __init__(self, state: State, settings: MeasureSettings) -> None:
        orgs, practices = state.organisations, state.practices
        n, p = state.n_organisations, state.n_practices
        self._settings = settings
        self._pairs = float(n * p)
        self._migrant_led = np.flatnonzero(orgs.migrant_led)
        self._small = np.flatnonzero(orgs.n_posts < settings.small_posts)
        self._scales = [np.flatnonzero(practices.scale == s) for s in range(len(SCALES))]
        self._own = relevant_practices(orgs.fields & ~GENERAL, practices.fields)
        self._related = orgs.related_practices & ~self._own
        self._territory_size = np.bincount(
            orgs.territory, minlength=state.territories.country.shape[0]
        )
        self._scratch = np.zeros(p, np.int64)
        self._fields = orgs.fields & ~GENERAL
        self._others = np.zeros(n, np.int64)
        self._tied = np.zeros(3)

    def measure(self, state: State) -> dict[str, float]:
        """All columns of the monthly table except the month and the costs."""
        row: dict[str, float] = {}
        row |= self._spread(state)
        row |= self._reach(state)
        row |= self._knowledge(state)
        row |= self._network(state)
        row |= self._organisations(state)
        row |= {name: float(state.flows[flow]) for name, flow in FLOW_COLUMNS.items()}
        return row

    def use_by_practice(self, masks: MaskArray) -> IntArray:
        """Organisations with each bit set, shape (P,)."""
        _use_by_practice(masks, self._scratch)
        return self._scratch.copy()

    def _spread(self, state: State) -> dict[str, float]:
        orgs = state.organisations
        using = using_mask(state)
        by_practice = self.use_by_practice(using)
        n = state.n_organisations
        row = {
            "share_aware": float(counts(orgs.aware).sum()) / self._pairs,
            "share_trial": float(counts(orgs.trial).sum()) / self._pairs,
            "share_using": float(by_practice.sum()) / self._pairs,
            "share_institutionalised": float(counts(orgs.institutional).sum()) / self._pairs,
            "n_using": float(by_practice.sum()),
            "share_organisations_using": _mean(using != 0),
        }
        for name, practices in zip(SCALES, self._scales, strict=True):
            used = by_practice[practices].sum()
            row[f"using_{name}"] = float(used / (n * practices.size)) if practices.size else 0.0
        return row

    def _reach(self, state: State) -> dict[str, float]:
        orgs = state.organisations
        used = counts(using_mask(state))
        p = state.n_practices
        by_territory = np.bincount(orgs.territory, used, minlength=self._territory_size.shape[0])
        settled = self._territory_size > 0
        transfers = float(state.flows[Flow.TRANSFERS])
        cross = float(state.flows[Flow.CROSS_TRANSFERS])
        return {
            "using_migrant_led": _mean(used[self._migrant_led]) / p,
            "using_small": _mean(used[self._small]) / p,
            "gini_territories": _gini(by_territory[settled] / self._territory_size[settled]),
            "cross_silo_transfers": cross / transfers if transfers else 0.0,
        }

    def _knowledge(self, state: State) -> dict[str, float]:
        orgs, settings = state.organisations, self._settings
        _survey_ties(state.ties, self._fields, orgs.kind, self._others, self._tied)
        return {
            "gap_own_field": _lacking(orgs.aware, self._own, settings.gap_own_field),
            "gap_related_fields": _lacking(orgs.aware, self._related, settings.gap_related_fields),
            "gap_other_actors": _mean(self._others < settings.gap_other_actors),
            "persons_knowing": float(counts(state.posts.knows).sum()),
        }

    def _network(self, state: State) -> dict[str, float]:
        n, size = state.n_ties, state.n_organisations
        across, same_kind, trust = self._tied / max(1, n)  # from `_knowledge`
        a, b = state.ties.a[:n], state.ties.b[:n]
        slow = dict.fromkeys(("clustering", "modularity", "largest_component"), np.nan)
        if state.month % SLOW_EVERY == 0:
            slow = {
                "clustering": network.clustering(size, a, b),
                "modularity": network.modularity(a, b, state.organisations.territory),
                "largest_component": network.largest_component(size, a, b),
            }
        return {
            "n_ties": float(n),
            "density": 2.0 * n / (size * (size - 1.0)) if size > 1 else 0.0,
            "mean_trust": float(trust),
            "cross_silo_ties": float(across),
            "ei_index": float(1.0 - 2.0 * same_kind) if n else 0.0,
            **slow,
        }

    def _organisations(self, state: State) -> dict[str, float]:
        orgs, networks = state.organisations, state.networks
        active = networks.active == 1
        return {
            "networks_active": _mean(networks.active),
            "networks_coordinated": _mean(networks.coordinated[active]),
            "share_in_cop": _mean(in_active_cop(state)),
            "staff_filled": _mean(state.posts.filled),
            "mean_overload": _mean(orgs.overload),
            "mean_slack": _mean(orgs.slack),
            "grants_active": _mean(state.grants.active),
            "political_will": _mean(state.territories.will),
            "n_policy": float(counts(state.territories.policy).sum()),
        }


def using_mask(state: State) -> MaskArray:
    """What each organisation uses: adopted or institutionalised."""
    return state.organisations.adopted | state.organisations.institutional


def in_active_cop(state: State) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each organisation is a member of an active community of practice."""
    sizes = np.diff(state.members.start)
    live = np.repeat((state.networks.is_cop == 1) & (state.networks.active == 1), sizes)
    inside = np.zeros(state.n_organisations, bool)
    inside[state.members.organisation[live]] = True
    return inside


def _lacking(aware: MaskArray, relevant: MaskArray, cutoff: float) -> float:
    """Share of organisations that know less than `cutoff` of the practices relevant to them."""
    total = counts(relevant)
    asked = total > 0
    if not asked.any():
        return 0.0
    known = counts(aware & relevant)[asked] / total[asked]
    return _mean(known < cutoff)


def _mean(values: Any) -> float:
    return float(values.sum()) / values.size if values.size else 0.0


def _gini(values: FloatArray) -> float:
    """Gini coefficient of values >= 0; 0 where all are equal or nothing is there."""
    total = float(values.sum())
    if total <= 0.0:
        return 0.0
    ordered = np.sort(values)
    n = ordered.size
    rank = np.arange(1, n + 1)
    return float(2.0 * (rank * ordered).sum() / (n * total) - (n + 1.0) / n)
