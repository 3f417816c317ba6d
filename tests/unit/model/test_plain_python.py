"""Without numba the same code runs as plain Python and gives the same bits."""

import json
import os
import subprocess
import sys

from diffusion.model.simulation import Simulation
from tests.architecture.checkout import ROOT
from tests.simulating import fingerprint, settings

OVERRIDES = (
    "intervention=[cop_formation,coordinator_funding,language_mediation,common_vision,"
    "participatory_facilitation,migrant_involvement,matchmaking_brokerage,multiplier_training,"
    "little_practices_focus,receiving_community_engagement,adaptation_support,online_portal,"
    "policy_uptake_channels,network_anchoring]",
    "shock=[arrivals_2015,pandemic,loss_of_hub,funding_cut,programme_end,policy_reversal]",
    "shock.loss_of_hub.coverage=0.05",
    "shock.pandemic.reduction=0.4",
    "shock.policy_reversal.coverage=0.3",
    "world.n=30",
    "world.n_territories=2",
    "world.network_size=12",
    "record.events=true",
    # founded and paid groups must exist, and something must happen to practices in six months
    "intervention.cop_formation.coverage=1.0",
    "intervention.cop_formation.min_members=3",
    "intervention.coordinator_funding.coverage=1.0",
    "intervention.coordinator_funding.min_members=3",
    "intervention.matchmaking_brokerage.visits_per_year=12",
    "intervention.multiplier_training.courses_per_year=12",
    "practices.trial_months_simple=1",
    "practices.trial_months_complex=1",
    "meetings.contacts_per_month=5.0",
    "exchange.p_know_how=1.0",
    "adoption.start_rate=1.0",
    "adoption.kappa=0.1",
    "persistence.hazard_base=0.4",
    "persistence.p_restart_memory=0.9",
    "persistence.months_before_restart=0",
    "turnover.share_ngo=0.6",
    "intervention.policy_uptake_channels.coverage=1.0",
    "intervention.network_anchoring.coverage=1.0",
    "intervention.network_anchoring.min_members=3",
    "findings.p_written=0.5",
    "policy.uptake_per_year=0.99",
    "policy.months_draft=2",
    "policy.p_regular_money=0.5",
)
PLAIN = """
import json, sys
from numba.core import config
from diffusion.model.simulation import Simulation
from tests.simulating import fingerprint, settings
assert config.DISABLE_JIT == 1
overrides, months, at_once = json.loads(sys.argv[1])
from diffusion.base import fetching
if at_once:
    fetching._FAR = 0
    for name, module in list(sys.modules.items()):
        for size in ("AT_ONCE", "TOGETHER"):
            if name.startswith("diffusion.") and hasattr(module, size):
                setattr(module, size, at_once)
simulation = Simulation(settings(*overrides, months=months, start=1, stop=5)).run()
table = simulation.months().to_csv(float_format="%.17g")
json.dump([fingerprint(simulation.state), table], sys.stdout)
"""


def compare_with_plain_python(overrides: tuple[str, ...], months: int, at_once: int) -> None:
    compiled = Simulation(settings(*overrides, months=months, start=1, stop=5)).run()
    plain = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN, json.dumps([overrides, months, at_once])],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert plain.returncode == 0, plain.stderr
    digests, table = json.loads(plain.stdout)
    assert table == compiled.months().to_csv(float_format="%.17g")
    assert digests == fingerprint(compiled.state)


def test_compiled_and_plain_python_agree_in_every_bit() -> None:
    compare_with_plain_python(OVERRIDES, months=6, at_once=0)


def test_how_many_rows_loops_take_at_once_and_fetch_ahead_changes_no_bit() -> None:
    # only the order in which the log names what happens within a month
    compare_with_plain_python((*OVERRIDES, "record.events=false"), months=6, at_once=7)


def test_the_run_that_is_compared_lets_every_rule_act() -> None:
    run = Simulation(settings(*OVERRIDES, months=6, start=1, stop=5)).run()
    total = run.months().sum()
    for column in (
        "exits",
        "transfers",
        "awareness_gained",
        "trials_started",
        "adoptions",
        "lapses",
        "restarts",
        "ties_formed",
        "ties_lost",
        "meetings_held",
        "n_findings",
        "n_heard",
        "n_drafts",
        "n_policy",
        "cost_cop_formation",
        "cost_coordinator_funding",
        "cost_language_mediation",
        "cost_matchmaking_brokerage",
        "cost_multiplier_training",
        "cost_policy_uptake_channels",
        "cost_network_anchoring",
    ):
        assert total[column] > 0, column
