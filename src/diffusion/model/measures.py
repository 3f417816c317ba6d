"""What is measured each month: settings, and the columns that follow from the month's totals."""

from typing import Any

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import FloatArray, IntArray, counts, table_of
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

Columns = dict[str, npt.NDArray[Any]]


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
        orgs = state.organisations
        self.n = state.n_organisations
        self.practices = state.n_practices
        self.pairs = float(self.n * self.practices)
        self.migrant_led = int(ledger.migrant_led.sum())
        self.small = int(ledger.small.sum())
        self.asked_own = int((ledger.own != 0).sum())
        self.asked_related = int((ledger.related != 0).sum())
        self.posts = len(state.posts)
        self.volunteers = int((state.posts.contract == CONTRACTS.index("volunteer")).sum())
        self.grants = len(state.grants)
        weak = (ledger.small == 1) | (ledger.migrant_led == 1)
        self.grants_weak = int(weak[state.grants.organisation].sum())
        self.territories = len(state.territories)
        self.scales = [np.flatnonzero(state.practices.scale == s) for s in range(len(SCALES))]
        self.by_territory = np.bincount(orgs.territory, minlength=self.territories)


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
    settled = sizes.by_territory > 0
    columns: Columns = {
        "share_aware": totals.aware / sizes.pairs,
        "share_trial": totals.trial / sizes.pairs,
        "share_using": totals.using / sizes.pairs,
        "share_institutionalised": totals.institutional / sizes.pairs,
        "n_using": totals.using.astype(np.float64),
        "share_organisations_using": totals.organisations_using / sizes.n,
    }
    for name, rows in zip(SCALES, sizes.scales, strict=True):
        columns[f"using_{name}"] = _over(by_practice[:, rows].sum(axis=1), sizes.n * rows.size)
    columns |= {
        "using_migrant_led": _over(totals.using_migrant_led, sizes.migrant_led) / sizes.practices,
        "using_small": _over(totals.using_small, sizes.small) / sizes.practices,
        "gini_territories": _gini(by_territory[:, settled] / sizes.by_territory[settled]),
        "cross_silo_transfers": _over(flows[:, Flow.CROSS_TRANSFERS], flows[:, Flow.TRANSFERS]),
        "gap_own_field": _over(totals.lack_own, sizes.asked_own),
        "gap_related_fields": _over(totals.lack_related, sizes.asked_related),
        "gap_other_actors": totals.lack_others / sizes.n,
        "persons_knowing": totals.persons_knowing.astype(np.float64),
        "n_ties": totals.ties.astype(np.float64),
        "density": _over(2.0 * totals.ties, sizes.n * (sizes.n - 1.0)),
        "mean_trust": _over(totals.trust, totals.ties),
        "cross_silo_ties": _over(totals.ties_across, totals.ties),
        "ei_index": np.where(
            totals.ties > 0, 1.0 - 2.0 * _over(totals.ties_one_kind, totals.ties), 0.0
        ),
        "clustering": slow[:, 0],
        "modularity": slow[:, 1],
        "largest_component": slow[:, 2],
        "networks_active": _over(totals.networks_active, totals.networks),
        "networks_coordinated": _over(totals.networks_coordinated, totals.networks_active),
        "share_in_cop": totals.in_cop / sizes.n,
        "memberships": totals.memberships.astype(np.float64),
        "memberships_migrant_led": _over(totals.memberships_migrant_led, totals.memberships),
        "staff_filled": _over(totals.posts_filled, sizes.posts),
        "volunteers_filled": _over(totals.volunteers, sizes.volunteers),
        "mean_overload": totals.overload / sizes.n,
        "mean_slack": totals.slack / sizes.n,
        "grants_active": _over(totals.grants_active, sizes.grants),
        "grants_active_weak": _over(totals.grants_active_weak, sizes.grants_weak),
        "eur_held": totals.eur_held.astype(np.float64),
        "political_will": _over(totals.will, sizes.territories),
        "n_policy": totals.policies.astype(np.float64),
        "n_findings": totals.findings.astype(np.float64),
        "n_heard": totals.heard.astype(np.float64),
        "n_drafts": totals.drafts.astype(np.float64),
    }
    columns |= {name: flows[:, flow].astype(np.float64) for name, flow in FLOW_COLUMNS.items()}
    columns["n_ever_used"] = totals.ever_used.astype(np.float64)
    columns["share_newly_using"] = totals.newly_using / sizes.n
    return columns


def _over(part: npt.ArrayLike, whole: npt.ArrayLike) -> FloatArray:
    """Part / whole; 0 where there is no whole."""
    top = np.asarray(part, np.float64)
    bottom = np.broadcast_to(np.asarray(whole, np.float64), top.shape)
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0.0)


def _gini(values: FloatArray) -> FloatArray:
    """Gini coefficient of each row of values >= 0; 0 where all are equal or nothing is there."""
    n = values.shape[1]
    total = values.sum(axis=1)
    ranked = (np.sort(values, axis=1) * np.arange(1, n + 1)).sum(axis=1)
    return np.where(total > 0.0, 2.0 * _over(ranked, n * total) - (n + 1.0) / n, 0.0)
