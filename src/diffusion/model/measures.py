"""What is measured each month: settings, and the columns that follow from the month's totals."""

from typing import Any

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import FloatArray, IntArray, bare, counts, table_of
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

_VOLUNTEER = CONTRACTS.index("volunteer")
Columns = dict[str, npt.NDArray[Any]]
_Numbers = npt.NDArray[np.floating[Any] | np.integer[Any]]


class MeasureSettings(RuleSettings):
    """Cut-offs of the SPRING questions: below them an organisation would say it lacks knowledge."""

    gap_own_field: float = share("share of own-field practices known")
    gap_related_fields: float = share("share of related-field practices known")
    gap_other_actors: int = number("partners without a common field", "partners", 1, 100)
    small_posts: int = number("fewer posts make an organisation small", "posts", 1, 100)


def open_ledger(state: State, settings: MeasureSettings) -> Ledger:
    """What measuring remembers of each organisation, as the world stands now."""
    orgs = bare(state.organisations)
    fields = orgs["fields"] & ~GENERAL
    own = relevant_practices(fields, bare(state.practices)["fields"])
    related = orgs["related_practices"] & ~own
    using = orgs["adopted"] | orgs["institutional"]
    return table_of(
        Ledger,
        state.n_organisations,
        fields=fields,
        own=own,
        related=related,
        need_own=enough(counts(own), settings.gap_own_field),
        need_related=enough(counts(related), settings.gap_related_fields),
        migrant_led=orgs["migrant_led"],
        small=orgs["n_posts"] < settings.small_posts,
        first=using,
        ever=using,
    )


class Sizes:
    """What totals are divided by: fixed in a run, except the posts' and networks' own numbers."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        notes, scale = bare(ledger), bare(state.practices)["scale"]
        self.n = state.n_organisations
        self.practices = state.n_practices
        self.pairs = float(self.n * self.practices)
        self.migrant_led = int(np.count_nonzero(notes["migrant_led"]))
        self.small = int(np.count_nonzero(notes["small"]))
        self.asked_own = int(np.count_nonzero(notes["own"]))
        self.asked_related = int(np.count_nonzero(notes["related"]))
        self.posts = len(state.posts)
        self.volunteers = int(np.count_nonzero(bare(state.posts)["contract"] == _VOLUNTEER))
        self.grants = len(state.grants)
        weak = notes["small"] | notes["migrant_led"]
        self.grants_weak = int(np.count_nonzero(weak[bare(state.grants)["organisation"]]))
        self.territories = len(state.territories)
        self.scales = [(scale == s).nonzero()[0] for s in range(len(SCALES))]
        territory = bare(state.organisations)["territory"]
        self.by_territory = np.bincount(territory, minlength=self.territories)


def monthly_columns(
    totals: Totals,
    by_practice: IntArray,
    by_territory: IntArray,
    slow: FloatArray,
    flows: IntArray,
    sizes: Sizes,
) -> Columns:
    """All columns of the monthly table except the month and the costs, one value a row of totals.

    Args:
        by_practice: uses by practice, shape (rows, P).
        by_territory: uses by territory, shape (rows, territories).
        slow: clustering, modularity, largest component, shape (rows, 3); NaN where not measured.
        flows: counts of the month, shape (rows, flows).
    """
    total = bare(totals)
    settled = sizes.by_territory > 0
    columns: Columns = {
        "share_aware": total["aware"] / sizes.pairs,
        "share_trial": total["trial"] / sizes.pairs,
        "share_using": total["using"] / sizes.pairs,
        "share_institutionalised": total["institutional"] / sizes.pairs,
        "n_using": total["using"].astype(np.float64),
        "share_organisations_using": total["organisations_using"] / sizes.n,
    }
    for name, rows in zip(SCALES, sizes.scales, strict=True):
        columns[f"using_{name}"] = _over(by_practice[:, rows].sum(axis=1), sizes.n * rows.size)
    columns |= {
        "using_migrant_led": _over(total["using_migrant_led"], sizes.migrant_led) / sizes.practices,
        "using_small": _over(total["using_small"], sizes.small) / sizes.practices,
        "gini_territories": _gini(by_territory[:, settled] / sizes.by_territory[settled]),
        "cross_silo_transfers": _over(flows[:, Flow.CROSS_TRANSFERS], flows[:, Flow.TRANSFERS]),
        "gap_own_field": _over(total["lack_own"], sizes.asked_own),
        "gap_related_fields": _over(total["lack_related"], sizes.asked_related),
        "gap_other_actors": total["lack_others"] / sizes.n,
        "persons_knowing": total["persons_knowing"].astype(np.float64),
        "n_ties": total["ties"].astype(np.float64),
        "density": _over(2.0 * total["ties"], sizes.n * (sizes.n - 1.0)),
        "mean_trust": _over(total["trust"], total["ties"]),
        "cross_silo_ties": _over(total["ties_across"], total["ties"]),
        "ei_index": np.where(
            total["ties"] > 0, 1.0 - 2.0 * _over(total["ties_one_kind"], total["ties"]), 0.0
        ),
        "clustering": slow[:, 0],
        "modularity": slow[:, 1],
        "largest_component": slow[:, 2],
        "networks_active": _over(total["networks_active"], total["networks"]),
        "networks_coordinated": _over(total["networks_coordinated"], total["networks_active"]),
        "share_in_cop": total["in_cop"] / sizes.n,
        "memberships": total["memberships"].astype(np.float64),
        "memberships_migrant_led": _over(total["memberships_migrant_led"], total["memberships"]),
        "staff_filled": _over(total["posts_filled"], sizes.posts),
        "volunteers_filled": _over(total["volunteers"], sizes.volunteers),
        "mean_overload": total["overload"] / sizes.n,
        "mean_slack": total["slack"] / sizes.n,
        "grants_active": _over(total["grants_active"], sizes.grants),
        "grants_active_weak": _over(total["grants_active_weak"], sizes.grants_weak),
        "eur_held": total["eur_held"].astype(np.float64),
        "political_will": _over(total["will"], sizes.territories),
        "n_policy": total["policies"].astype(np.float64),
        "n_findings": total["findings"].astype(np.float64),
        "n_heard": total["heard"].astype(np.float64),
        "n_drafts": total["drafts"].astype(np.float64),
    }
    columns |= {name: flows[:, flow].astype(np.float64) for name, flow in FLOW_COLUMNS.items()}
    columns["n_ever_used"] = total["ever_used"].astype(np.float64)
    columns["share_newly_using"] = total["newly_using"] / sizes.n
    return columns


def _over(part: _Numbers, whole: _Numbers | float) -> FloatArray:
    """Part / whole; 0 where there is no whole."""
    shares: FloatArray = np.zeros(part.shape)
    if isinstance(whole, np.ndarray):
        np.divide(part, whole, out=shares, where=whole > 0)
    elif whole > 0:
        np.divide(part, float(whole), out=shares)
    return shares


def _gini(values: FloatArray) -> FloatArray:
    """Gini coefficient of each row of values >= 0; 0 where all are equal or nothing is there."""
    n = values.shape[1]
    total = values.sum(axis=1)
    ranked = (np.sort(values, axis=1) * np.arange(1, n + 1)).sum(axis=1)
    return np.where(total > 0.0, 2.0 * _over(ranked, n * total) - (n + 1.0) / n, 0.0)
