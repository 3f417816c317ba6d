"""What is measured each month: settings, and the columns that follow from the month's totals."""

from typing import Any

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import FloatArray, IntArray, columns_of, counts, table_of
from diffusion.model.totals import Ledger, Totals, enough
from diffusion.world.rule import RuleSettings, number, share
from diffusion.world.state import GENERAL, State, relevant_practices
from diffusion.world.traffic import Flow
from diffusion.world.vocabulary import CONTRACTS, SCALES

FLOW_COLUMNS = {
    "exits": Flow.EXITS,
    "knowledge_lost": Flow.KNOWLEDGE_LOST,
    "knowledge_saved": Flow.KNOWLEDGE_SAVED,
    "ties_formed": Flow.TIES_FORMED,
    "ties_lost": Flow.TIES_LOST,
    "meetings_held": Flow.MEETINGS,
    "attendances": Flow.ATTENDANCES,
    "contacts": Flow.CONTACTS,
    "awareness_gained": Flow.AWARENESS,
    "transfers": Flow.TRANSFERS,
    "trials_started": Flow.TRIALS,
    "adoptions": Flow.ADOPTIONS,
    "trials_failed": Flow.TRIALS_FAILED,
    "lapses": Flow.LAPSES,
    "restarts": Flow.RESTARTS,
    "grants_won": Flow.GRANTS_WON,
    "eur_granted": Flow.EUR_GRANTED,
    "eur_own": Flow.EUR_OWN,
    "eur_spent": Flow.EUR_SPENT,
    "eur_returned": Flow.EUR_RETURNED,
}

OUTCOMES = (  # of a run, as `Recorder.outcomes` gives them; known before anything is run
    "using_start",
    "using_stop",
    "using_end",
    "practice_years",
    "retained_practice_years",
    "retained_12",
    "retained_36",
    "retained_60",
    "unbroken_60",
    "restarted_60",
    "stopped_60",
    "n_ever_used",
    "months_to_10",
    "months_to_50",
    "cost_total",
    "gap_own_field",
    "gap_related_fields",
    "gap_other_actors",
)

_OUT_OF = {  # total: the size of the world that it is a share of
    "aware": "pairs",
    "trial": "pairs",
    "using": "pairs",
    "institutional": "pairs",
    "organisations_using": "n",
    "newly_using": "n",
    "using_migrant_led": "migrant_led",
    "using_small": "small",
    "lack_own": "asked_own",
    "lack_related": "asked_related",
    "lack_others": "n",
    "in_cop": "n",
    "overload": "n",
    "slack": "n",
    "posts_filled": "posts",
    "volunteers": "volunteers",
    "grants_active": "grants",
    "grants_active_weak": "grants_weak",
    "will": "territories",
}
_AMONG = {  # total: the total that it is a share of
    "trust": "ties",
    "ties_across": "ties",
    "ties_one_kind": "ties",
    "networks_active": "networks",
    "networks_coordinated": "networks_active",
    "memberships_migrant_led": "memberships",
}
_VOLUNTEER = CONTRACTS.index("volunteer")
Columns = dict[str, npt.NDArray[Any]]
_Numbers = npt.NDArray[np.floating[Any] | np.integer[Any]] | np.float64


class MeasureSettings(RuleSettings):
    """Cut-offs of the SPRING questions: below them an organisation would say it lacks knowledge."""

    gap_own_field: float = share("share of own-field practices known")
    gap_related_fields: float = share("share of related-field practices known")
    gap_other_actors: int = number("partners without a common field", "partners", 1, 100)
    small_posts: int = number("fewer posts make an organisation small", "posts", 1, 100)


def open_ledger(state: State, settings: MeasureSettings) -> Ledger:
    """What measuring remembers of each organisation, as the world stands now."""
    orgs = state.organisations
    fields = orgs.fields & ~GENERAL
    own = relevant_practices(fields, state.practices.fields)
    related = orgs.related_practices & ~own
    using = orgs.adopted | orgs.institutional
    return table_of(
        Ledger,
        state.n_organisations,
        fields=fields,
        own=own,
        related=related,
        need_own=enough(counts(own), settings.gap_own_field),
        need_related=enough(counts(related), settings.gap_related_fields),
        migrant_led=orgs.migrant_led,
        small=orgs.n_posts < settings.small_posts,
        first=using,
        ever=using,
    )


class Sizes:
    """What totals are divided by: fixed in a run, except the posts' and networks' own numbers."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        notes, scale = ledger, state.practices.scale
        self.n = state.n_organisations
        self.practices = state.n_practices
        self.pairs = float(self.n * self.practices)
        self.migrant_led = int(np.count_nonzero(notes.migrant_led))
        self.small = int(np.count_nonzero(notes.small))
        self.asked_own = int(np.count_nonzero(notes.own))
        self.asked_related = int(np.count_nonzero(notes.related))
        self.posts = len(state.posts)
        self.volunteers = int(np.count_nonzero(state.posts.contract == _VOLUNTEER))
        self.grants = len(state.grants)
        weak = notes.small | notes.migrant_led
        self.grants_weak = int(np.count_nonzero(weak[state.grants.organisation]))
        self.territories = len(state.territories)
        self.of_scale = (scale[:, None] == np.arange(len(SCALES))).astype(np.int64)
        territory = state.organisations.territory
        self.by_territory = np.bincount(territory, minlength=self.territories)


def monthly_columns(
    totals: Totals,
    by_practice: IntArray,
    by_territory: IntArray,
    slow: FloatArray,
    flows: IntArray,
    sizes: Sizes,
    rows: slice,
) -> Columns:
    """All columns of the monthly table except the month and the costs, one value a row of totals.

    Args:
        by_practice: uses by practice, shape (months, P).
        by_territory: uses by territory, shape (months, territories).
        slow: clustering, modularity, largest component, shape (months, 3); NaN where not measured.
        flows: counts of the month, shape (months, flows).
        rows: those that are wanted of all these.
    """
    names = columns_of(Totals)
    cells = np.array([getattr(totals, name)[rows] for name in names], np.float64)
    total = dict(zip(names, cells, strict=True))
    share = _shares(total, sizes)
    ratio = _ratios(total)
    flow = flows[rows].T.astype(np.float64, order="C")
    of_scale = _over(by_practice[rows] @ sizes.of_scale, sizes.n * sizes.of_scale.sum(axis=0))
    settled = sizes.by_territory > 0
    columns: Columns = {
        "share_aware": share["aware"],
        "share_trial": share["trial"],
        "share_using": share["using"],
        "share_institutionalised": share["institutional"],
        "n_using": total["using"],
        "share_organisations_using": share["organisations_using"],
    }
    columns |= {
        f"using_{name}": column for name, column in zip(SCALES, of_scale.T.copy(), strict=True)
    }
    columns |= {
        "using_migrant_led": share["using_migrant_led"] / sizes.practices,
        "using_small": share["using_small"] / sizes.practices,
        "gini_territories": _gini(by_territory[rows][:, settled] / sizes.by_territory[settled]),
        "cross_silo_transfers": _over(flow[Flow.CROSS_TRANSFERS], flow[Flow.TRANSFERS]),
        "gap_own_field": share["lack_own"],
        "gap_related_fields": share["lack_related"],
        "gap_other_actors": share["lack_others"],
        "persons_knowing": total["persons_knowing"],
        "n_ties": total["ties"],
        "density": _over(2.0 * total["ties"], np.float64(sizes.n * (sizes.n - 1.0))),
        "mean_trust": ratio["trust"],
        "cross_silo_ties": ratio["ties_across"],
        "ei_index": np.where(total["ties"] > 0, 1.0 - 2.0 * ratio["ties_one_kind"], 0.0),
        "clustering": slow[rows, 0],
        "modularity": slow[rows, 1],
        "largest_component": slow[rows, 2],
        "networks_active": ratio["networks_active"],
        "networks_coordinated": ratio["networks_coordinated"],
        "share_in_cop": share["in_cop"],
        "memberships": total["memberships"],
        "memberships_migrant_led": ratio["memberships_migrant_led"],
        "staff_filled": share["posts_filled"],
        "volunteers_filled": share["volunteers"],
        "mean_overload": share["overload"],
        "mean_slack": share["slack"],
        "grants_active": share["grants_active"],
        "grants_active_weak": share["grants_active_weak"],
        "eur_held": total["eur_held"],
        "political_will": share["will"],
        "n_policy": total["policies"],
        "n_findings": total["findings"],
        "n_heard": total["heard"],
        "n_drafts": total["drafts"],
    }
    columns |= {name: flow[number] for name, number in FLOW_COLUMNS.items()}
    columns["n_ever_used"] = total["ever_used"]
    columns["share_newly_using"] = share["newly_using"]
    return columns


def _shares(total: dict[str, FloatArray], sizes: Sizes) -> dict[str, FloatArray]:
    """Totals divided by what is fixed in a run."""
    whole = np.array([getattr(sizes, size) for size in _OUT_OF.values()], np.float64)
    shares = _over(np.array([total[name] for name in _OUT_OF]), whole[:, None])
    return dict(zip(_OUT_OF, shares, strict=True))


def _ratios(total: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Totals divided by other totals of the same month."""
    part = np.array([total[name] for name in _AMONG])
    shares = _over(part, np.array([total[name] for name in _AMONG.values()]))
    return dict(zip(_AMONG, shares, strict=True))


def _over(part: _Numbers, whole: _Numbers) -> FloatArray:
    """Part / whole; 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def _gini(values: FloatArray) -> FloatArray:
    """Gini coefficient of each row of values >= 0; 0 where all are equal or nothing is there."""
    n = values.shape[1]
    total = values.sum(axis=1)
    ranked = (np.sort(values, axis=1) * np.arange(1, n + 1)).sum(axis=1)
    return np.where(total > 0.0, 2.0 * _over(ranked, n * total) - (n + 1.0) / n, 0.0)
