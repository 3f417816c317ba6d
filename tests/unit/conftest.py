"""Made-up result tables with known numbers, in the schema that the runner stores."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.base.draws import Decision, uniforms

SCENARIOS = {
    "baseline": "Nothing new",
    "cop_formation": "Communities of practice",
    "coordinator_funding": "Paid coordinators",
    "language_mediation": "Language mediation",
    "all": "All three together",
}
BOOST = {"baseline": 0.0, "cop_formation": 0.06, "coordinator_funding": 0.03, "all": 0.11}


@dataclass
class FakeResults:
    """Stands in for a results folder: a manifest and tables in memory."""

    manifest: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    broken: list[dict[str, Any]] = field(default_factory=list)

    def table(self, name: str) -> pd.DataFrame:
        return self.tables.get(name, pd.DataFrame())

    def failures(self) -> list[dict[str, Any]]:
        return self.broken


def manifest(scenarios: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    scenarios = SCENARIOS if scenarios is None else scenarios
    return {
        "experiment": "fake",
        "question": "What remains when the money stops?",
        "scenarios": {
            name: {"label": label, "interventions": [], "explain": [f"{label}."], "overrides": []}
            for name, label in scenarios.items()
        },
        "baseline": "baseline",
        "timing": {"months": 120, "start": 24, "stop": 60},
        "replicates": 30,
        "seed": 1,
        "versions": {"diffusion": "0.0.0"},
        **changes,
    }


def keys(scenario: str, replicate: int) -> dict[str, Any]:
    return {
        "scenario": scenario,
        "replicate": replicate,
        "seed": 1000 + replicate,
        "run_id": f"{scenario}-{replicate}",
    }


def tiny(outcomes: dict[str, list[dict[str, float]]], **changes: Any) -> FakeResults:
    """Results from outcome rows per scenario; months carry one column `x`, the replicate."""
    rows = [
        {**keys(name, r), **row} for name, table in outcomes.items() for r, row in enumerate(table)
    ]
    months = [
        {**keys(name, r), "month": m, "x": float(r)}
        for name, table in outcomes.items()
        for r in range(len(table))
        for m in range(4)
    ]
    survival = [
        {**keys(name, r), "since_stop": m, "at_risk": 8, "unbroken": 8 - m, "in_use": 8}
        for name, table in outcomes.items()
        for r in range(len(table))
        for m in range(4)
    ]
    return FakeResults(
        manifest({name: name for name in outcomes}, **changes),
        {
            "outcomes": pd.DataFrame(rows),
            "months": pd.DataFrame(months),
            "survival": pd.DataFrame(survival),
        },
    )


def story(replicates: int = 30, months: int = 120, start: int = 24, stop: int = 60) -> FakeResults:
    """Plausible S-curves that rise in the window and sag after it; language mediation does nothing.

    All scenarios share the replicate's luck, so that pairing pays.
    """
    outcomes, monthly, survival = [], [], []
    for scenario in SCENARIOS:
        for r in range(replicates):
            use = _use(scenario, r, months, start, stop)
            row = keys(scenario, r)
            monthly.append(_months(row, use, scenario, start, stop))
            survival.append(_survival(row, scenario, r, months - stop))
            outcomes.append(_outcomes(row, use, survival[-1], scenario, start, stop))
    return FakeResults(
        manifest(timing={"months": months, "start": start, "stop": stop}, replicates=replicates),
        {
            "outcomes": pd.DataFrame(outcomes),
            "months": pd.concat(monthly, ignore_index=True),
            "survival": pd.concat(survival, ignore_index=True),
        },
    )


def _luck(r: int, length: int) -> np.ndarray:
    noise = uniforms(7, Decision.TARGET, r, np.arange(length)) - 0.5
    return np.asarray(np.cumsum(noise) * 0.008, dtype=np.float64)


def _use(scenario: str, r: int, months: int, start: int, stop: int) -> np.ndarray:
    t = np.arange(months)
    own = uniforms(8, Decision.TARGET, r, list(SCENARIOS).index(scenario)) - 0.5
    boost = BOOST.get(scenario, 0.0) * (1 + 0.8 * float(own))
    rising = np.clip((t - start) / (stop - start), 0, 1)
    sag = np.where(t > stop, np.exp(-(t - stop) / 60), 1.0)
    base = 0.05 + 0.15 / (1 + np.exp(-(t - 45) / 14))
    use: np.ndarray = np.clip(base + _luck(r, months) + boost * rising**2 * sag, 0.0, 1.0)
    return use


def _months(
    row: dict[str, Any], use: np.ndarray, scenario: str, start: int, stop: int
) -> pd.DataFrame:
    t = np.arange(len(use))
    paid = (t >= start) & (t < stop) & (BOOST.get(scenario, 1.0) > 0)
    return pd.DataFrame(
        {
            **row,
            "month": t,
            "share_aware": np.clip(2.2 * use, 0, 1),
            "share_trial": 0.1 * use,
            "share_using": use,
            "share_institutionalised": 0.4 * use,
            "clustering": np.where(t % 12 == 0, 0.3, math.nan),
            "cost": np.where(paid, 20_000.0, 0.0),
        }
    )


def _survival(row: dict[str, Any], scenario: str, r: int, length: int) -> pd.DataFrame:
    since = np.arange(length + 1)
    rate = 0.018 + 0.01 * BOOST.get(scenario, 0.0) + 0.004 * (_luck(r, 3)[2])
    unbroken = 0.4 + 0.6 * np.exp(-rate * since * 2)
    return pd.DataFrame(
        {
            **row,
            "since_stop": since,
            "at_risk": 1000,
            "unbroken": np.round(1000 * unbroken),
            "in_use": np.round(1000 * (unbroken + 0.12 * (1 - unbroken))),
        }
    )


def _outcomes(
    row: dict[str, Any],
    use: np.ndarray,
    survival: pd.DataFrame,
    scenario: str,
    start: int,
    stop: int,
) -> dict[str, Any]:
    share = (survival["in_use"] / survival["at_risk"]).to_numpy()
    kept = {f"retained_{k}": share[k] if k < len(share) else math.nan for k in (12, 36, 60)}
    paid = BOOST.get(scenario, 1.0) > 0
    return {
        **row,
        "using_start": use[start],
        "using_stop": use[stop - 1],
        "using_end": use[-1],
        **kept,
        "practice_years": 3000 * use[start:].sum() / 12,
        "retained_practice_years": 3000 * use[stop:].sum() / 12,
        "months_to_50": math.nan,
        "cost_total": 20_000.0 * (stop - start) if paid else 0.0,
        "gap_own_field": 0.5 - 0.3 * use[stop],
        "gap_related_fields": 0.71 - 0.2 * use[stop],
        "seconds": 0.3 + 0.01 * row["replicate"],
    }


@pytest.fixture(name="tiny")
def tiny_fixture() -> Callable[..., FakeResults]:
    return tiny


@pytest.fixture(scope="session")
def story_results() -> FakeResults:
    return story()


@pytest.fixture(name="make_story")
def make_story_fixture() -> Callable[..., FakeResults]:
    return story
