"""What is written down: columns, histories, outcomes, survival, groups."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.base.arrays import NEVER, counts
from diffusion.model.clock import GROUP_DIMENSIONS, Timing
from diffusion.model.recorder import Recorder
from diffusion.model.simulation import Simulation
from diffusion.model.totals import take
from diffusion.model.yearly import take_yearly
from diffusion.world.state import State
from diffusion.world.vocabulary import CONTRACTS, SCALES
from tests.simulating import UNRECORDED, group, link, settings, use, world

COLUMNS = [
    "month",
    "share_aware",
    "share_trial",
    "share_using",
    "share_institutionalised",
    "n_using",
    "n_ever_used",
    "share_organisations_using",
    "share_newly_using",
    "using_little",
    "using_medium",
    "using_programme",
    "using_migrant_led",
    "using_small",
    "gini_territories",
    "cross_silo_ties",
    "cross_silo_transfers",
    "ei_index",
    "gap_own_field",
    "gap_related_fields",
    "gap_other_actors",
    "persons_knowing",
    "knowledge_lost",
    "knowledge_saved",
    "n_ties",
    "ties_formed",
    "ties_lost",
    "mean_trust",
    "density",
    "clustering",
    "modularity",
    "largest_component",
    "meetings_held",
    "attendances",
    "contacts",
    "networks_active",
    "networks_coordinated",
    "share_in_cop",
    "memberships",
    "memberships_migrant_led",
    "staff_filled",
    "volunteers_filled",
    "exits",
    "mean_overload",
    "mean_slack",
    "grants_active",
    "grants_active_weak",
    "eur_held",
    "eur_granted",
    "eur_own",
    "eur_spent",
    "eur_returned",
    "grants_won",
    "political_will",
    "n_policy",
    "n_findings",
    "n_heard",
    "n_drafts",
    "trials_started",
    "trials_failed",
    "adoptions",
    "lapses",
    "restarts",
    "awareness_gained",
    "transfers",
    "cost",
]
OUTCOMES = [
    "using_start",
    "using_stop",
    "using_end",
    "retained_12",
    "retained_36",
    "retained_60",
    "unbroken_60",
    "restarted_60",
    "stopped_60",
    "practice_years",
    "retained_practice_years",
    "n_ever_used",
    "months_to_10",
    "months_to_50",
    "cost_total",
    "gap_own_field",
    "gap_related_fields",
    "gap_other_actors",
]


@pytest.fixture(scope="module")
def ran() -> Simulation:
    lever = "intervention=[cop_formation,language_mediation]"
    return Simulation(settings(lever, months=90, start=6, stop=20)).run()


def first_month(recorder: Recorder) -> dict[str, float]:
    return {name: float(column[0]) for name, column in recorder.monthly_columns().items()}


def recording(state: State, stages: list[list[int]], stop: int, start: int = 0) -> Recorder:
    """A recorder over months in which organisations use what is given, month by month."""
    state.organisations.adopted[:] = stages[0]
    timing = Timing(months=len(stages) - 1, start=start, stop=stop)
    recorder = Recorder(state, timing, settings().measures, UNRECORDED)
    for month, masks in enumerate(stages[1:]):
        state.organisations.adopted[:] = masks
        state.month = month + 1
        take(state.tables(), recorder.recorded, state.month)
        take_yearly(state.tables(), recorder.yearly, state.month)
        recorder.note([{"lever": 10.0 * (start <= month < stop)}])
    return recorder


def test_the_monthly_table_has_its_columns(ran: Simulation) -> None:
    table = ran.months()
    costs = ["cost_cop_formation", "cost_language_mediation"]
    assert sorted(table.columns) == sorted([*COLUMNS, *costs])
    assert table["month"].tolist() == list(range(90))
    measured = table["month"] % 12 == 0
    slow = table[["clustering", "modularity", "largest_component"]]
    assert slow[measured].notna().all(axis=None)
    assert slow[~measured].isna().all(axis=None)
    assert table.drop(columns=slow.columns).notna().all(axis=None)


def test_shares_lie_between_nothing_and_all(ran: Simulation) -> None:
    table = ran.months()
    shares = [
        name for name in COLUMNS if name.startswith(("share_", "using_", "gap_", "networks_"))
    ]
    shares += ["density", "clustering", "largest_component", "cross_silo_ties", "staff_filled"]
    values = table[shares].fillna(0.0)
    assert ((values >= 0.0) & (values <= 1.0)).all(axis=None)
    assert table["ei_index"].between(-1.0, 1.0).all()
    assert table["n_ever_used"].is_monotonic_increasing
    assert table["share_newly_using"].is_monotonic_increasing


def test_the_table_agrees_with_the_state(ran: Simulation) -> None:
    last, state = ran.months().iloc[-1], ran.state
    orgs = state.organisations
    using = orgs.adopted | orgs.institutional
    pairs = state.n_organisations * state.n_practices
    assert last["n_using"] == counts(using).sum()
    assert last["share_using"] == pytest.approx(counts(using).sum() / pairs)
    assert last["share_aware"] == pytest.approx(counts(orgs.aware).sum() / pairs)
    assert last["share_institutionalised"] == pytest.approx(
        counts(orgs.institutional).sum() / pairs
    )
    assert last["persons_knowing"] == counts(state.posts.knows).sum()
    assert last["n_ties"] == state.n_ties
    assert last["staff_filled"] == pytest.approx(state.posts.filled.mean())
    volunteers = state.posts.filled[state.posts.contract == CONTRACTS.index("volunteer")]
    assert last["volunteers_filled"] == pytest.approx(volunteers.mean())
    members = state.members.organisation
    assert last["memberships"] == members.size
    led = state.organisations.migrant_led[members]
    assert last["memberships_migrant_led"] == pytest.approx(led.mean())
    assert last["attendances"] == state.n_attending
    by_scale = [
        counts(using & np.uint64(sum(1 << p for p in np.flatnonzero(state.practices.scale == s))))
        for s in range(len(SCALES))
    ]
    sizes = [int((state.practices.scale == s).sum()) for s in range(len(SCALES))]
    for name, used, size in zip(SCALES, by_scale, sizes, strict=True):
        expected = used.sum() / (state.n_organisations * size) if size else 0.0
        assert last[f"using_{name}"] == pytest.approx(expected)


def test_measures_of_a_network_by_hand() -> None:
    # a triangle of kind 2 with a tail of kind 3, and one alone; 3 and 4 work in another field
    state = world(5, kind=[2, 2, 2, 3, 3], fields=[2, 2, 2, 16, 16], posts=4)
    link(state, [(0, 1), (0, 2), (1, 2), (2, 3)], trust=0.5)
    group(state, [[0, 1], [2, 3]], is_cop=[1, 1], active=[1, 0], coordinated=[1, 0])
    use(state, 0)
    row = first_month(recording(state, [[1, 0, 0, 0, 0]] * 2, stop=0))
    assert row["n_ties"] == 4
    assert row["density"] == pytest.approx(0.4)
    assert row["mean_trust"] == pytest.approx(0.5)
    assert row["cross_silo_ties"] == pytest.approx(0.25)
    assert row["ei_index"] == pytest.approx((1 - 3) / 4)
    assert row["largest_component"] == pytest.approx(0.8)
    # clustering of 0 and 1 is 1, of 2 a third; 3 and 4 have less than two partners
    assert row["clustering"] == pytest.approx((1 + 1 + 1 / 3) / 5)
    assert row["share_in_cop"] == pytest.approx(0.4)
    assert row["networks_active"] == 0.5
    assert row["networks_coordinated"] == 1.0
    assert row["share_organisations_using"] == pytest.approx(0.2)
    assert row["gap_other_actors"] == 1.0


def test_measures_of_money_by_hand() -> None:
    state = world(4, lines=1, n_posts=[2, 9, 9, 9], migrant_led=[0, 1, 0, 0])
    state.grants.active[:] = [1, 0, 1, 0]
    state.grants.purse[:] = [5, 0, 7, 0]
    state.accounts.purse[:] = [0, 1, 0, 2]
    row = first_month(recording(state, [[0, 0, 0, 0]] * 2, stop=0))
    assert (row["grants_active"], row["grants_active_weak"], row["eur_held"]) == (0.5, 0.5, 15)
    state.grants.active[2] = 0
    row = first_month(recording(state, [[0, 0, 0, 0]] * 2, stop=0))
    assert (row["grants_active"], row["grants_active_weak"]) == (0.25, 0.5)


def test_gini_of_territories_by_hand() -> None:
    state = world(4, territories=2)
    everything_in_one = first_month(recording(state, [[1, 1, 0, 0]] * 2, stop=0))
    even = first_month(recording(state, [[1, 0, 1, 0]] * 2, stop=0))
    nothing = first_month(recording(state, [[0, 0, 0, 0]] * 2, stop=0))
    assert everything_in_one["gini_territories"] == pytest.approx(0.5)
    assert even["gini_territories"] == pytest.approx(0.0)
    assert nothing["gini_territories"] == 0.0


def test_outcomes_by_hand() -> None:
    # ten organisations, one practice: 4 use it at stop (month 1), then 0 keeps it, 1 stops,
    # 2 stops and restarts, 3 stops late, 4 starts late
    months = 61
    stages = [[0] * 10, [1, 1, 1, 1] + [0] * 6]
    for month in range(2, months + 1):
        row = [0] * 10
        row[0] = 1
        row[2] = int(month > 20)
        row[3] = int(month <= 50)
        row[4] = int(month > 30)
        stages.append(row)
    state = world(10)
    recorder = recording(state, stages, stop=1)
    found = recorder.outcomes()
    use_by_month = [sum(row) for row in stages]
    assert sorted(found) == sorted(OUTCOMES)
    assert found["using_start"] == 0.0
    assert found["using_stop"] == pytest.approx(0.4)
    assert found["using_end"] == pytest.approx(0.3)
    assert found["retained_12"] == pytest.approx(2 / 4)
    assert found["retained_36"] == pytest.approx(3 / 4)
    assert found["retained_60"] == pytest.approx(2 / 4)
    assert found["unbroken_60"] == pytest.approx(1 / 4)
    assert found["restarted_60"] == pytest.approx(1 / 4)
    assert found["stopped_60"] == pytest.approx(2 / 4)
    assert found["practice_years"] == pytest.approx(sum(use_by_month[1:]) / 12)
    assert found["retained_practice_years"] == pytest.approx(sum(use_by_month[2:]) / 12)
    assert found["n_ever_used"] == 5
    assert found["months_to_10"] == 1
    assert found["months_to_50"] == 31
    assert found["cost_total"] == 10.0


def test_costs_are_rounded_once_so_that_all_versions_of_python_add_them_up_alike() -> None:
    run = Simulation(settings(months=10))
    run.recorder.note([{"lever": 0.1}] * 10)
    assert run.recorder.spent("lever") == 1.0
    together = Simulation(settings(months=2, start=0, stop=1)).run()
    together.recorder._costs[:] = [{str(k): 0.1 for k in range(10)}] * 2
    assert together.months()["cost"].tolist() == [1.0, 1.0]


def test_outcomes_beyond_the_run_are_missing_not_zero() -> None:
    state = world(4)
    found = recording(state, [[0, 0, 0, 0]] * 20, stop=3).outcomes()
    for name in ("retained_12", "retained_36", "unbroken_60", "months_to_10", "months_to_50"):
        assert math.isnan(found[name])
    assert found["using_end"] == 0.0


def test_survival_agrees_with_the_outcomes(ran: Simulation) -> None:
    survival, outcomes = ran.survival(), ran.outcomes()
    assert survival["since_stop"].tolist() == list(range(71))
    assert survival["at_risk"].nunique() == 1
    at_risk = int(survival["at_risk"].iloc[0])
    assert at_risk > 0
    assert survival["unbroken"].is_monotonic_decreasing
    assert (survival["unbroken"] <= survival["in_use"]).all()
    assert survival[["unbroken", "in_use"]].iloc[0].tolist() == [at_risk, at_risk]
    for later in (12, 36, 60):
        assert outcomes[f"retained_{later}"] == pytest.approx(survival["in_use"][later] / at_risk)
    assert outcomes["unbroken_60"] == pytest.approx(survival["unbroken"][60] / at_risk)
    parts = [outcomes[f"{part}_60"] for part in ("unbroken", "restarted", "stopped")]
    assert sum(parts) == pytest.approx(1.0)
    assert outcomes["using_stop"] * ran.state.n_organisations * ran.state.n_practices == (
        pytest.approx(at_risk)
    )


def test_history_is_the_use_after_each_month() -> None:
    simulation = Simulation(settings("record.history=true"))
    rows: list[Any] = [
        simulation.state.organisations.adopted | simulation.state.organisations.institutional
    ]
    while not simulation.done:
        simulation.step()
        orgs = simulation.state.organisations
        rows.append(orgs.adopted | orgs.institutional)
    assert np.array_equal(simulation.history.using, np.array(rows))
    table = simulation.months()
    assert counts(simulation.history.using[1:]).sum(axis=1).tolist() == table["n_using"].tolist()
    gone = simulation.state.uses.unfunded > NEVER
    last = simulation.history.unfunded[-1]
    for i, mask in enumerate(last.tolist()):
        expected = sum(1 << p for p in np.flatnonzero(gone[i])) & int(rows[-1][i])
        assert mask == expected


def test_groups_split_the_total(ran: Simulation) -> None:
    table = ran.groups()
    assert sorted(table["dimension"].unique()) == sorted(GROUP_DIMENSIONS)
    assert sorted(table["month"].unique()) == [*range(0, 90, 12), 89]
    months = ran.months().set_index("month")
    for dimension in ("practice", "scale", "kind", "territory"):
        part = table[table["dimension"] == dimension]
        for month, rows in part.groupby("month"):
            for column, whole in (("aware", "share_aware"), ("using", "share_using")):
                total = float((rows[column] * rows["n"]).sum() / rows["n"].sum())
                assert total == pytest.approx(months[whole].to_dict()[month])


def test_groups_are_recorded_only_where_asked() -> None:
    simulation = Simulation(settings("record.groups=[kind]", months=8)).run()
    assert set(simulation.groups()["dimension"]) == {"kind"}
    empty = Simulation(settings("record.groups=[]", months=8)).run().groups()
    assert isinstance(empty, pd.DataFrame)
    assert empty.empty
