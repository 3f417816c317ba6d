"""The peers of the benchmark: who is late, what is compared, which rows come of it."""

import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks import against_mesa, against_peers, reduced
from benchmarks.measuring import Job
from benchmarks.peers.job import peak_mb
from benchmarks.reduced import Duel, Effort
from benchmarks.table import Row
from benchmarks.targets import TARGETS

N = 200
EFFORT = Effort(turns=2, short_turns=3, ours=3, by_month=1, theirs=4)
DUEL = Duel(
    peer="ndlib",
    process="sir",
    version="6.0.1",
    months=60.0,
    ours=0.002,
    theirs=0.6,
    our_cost=0.0033,
    their_cost=1.0,
    ratios=[290.0, 310.0, 300.0],
    ratio_by_month=60.0,
    peak_mb=250.0,
    agrees=True,
)


def job(duels: list[Duel], late: list[list[str]] | None = None) -> Job:
    result = {"duels": [one._asdict() for one in duels], "late": late or [], "limit": 120}
    return Job(result, seconds=1.0, cpu_seconds=1.0, peak_mb=300.0)


def rows_of(n: int, job: Job) -> dict[str, Row]:
    return {row.what: row for row in against_peers._rows_of(n, job)}


def duels(monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> list[Duel | tuple[str, str]]:
    monkeypatch.setattr(reduced, "peers_python", lambda: None)
    return list(reduced.duels(N, EFFORT, **arguments))


def answering(asked: list[tuple[str, Mapping[str, Any]]], late: str = "") -> Any:
    """Peers that take two months and 0.5 s a run; the late one only in its first turn."""

    def ask(_python: object, peer: str, _edges: object, job: dict[str, Any]) -> Any:
        asked.append((peer, job))
        if peer == late and job["seed"] > 1:
            return None
        return {
            "seconds": [0.5] * job["runs"],
            "node_steps": [2 * N] * job["runs"],
            "shares": [0.5] * job["runs"],
            "versions": {peer: "1.0"},
            "peak_mb": 99.0,
        }

    return ask


def test_a_peer_that_is_late_in_any_turn_has_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Mapping[str, Any]]] = []
    monkeypatch.setattr(reduced, "_ask", answering(asked, late="starsim"))
    found = duels(monkeypatch, without=[("ndlib", "sir"), ("ndlib", "threshold")])
    ndlib, starsim, cynetdiff = found
    assert starsim == ("starsim", "sir")
    assert isinstance(ndlib, Duel)
    assert isinstance(cynetdiff, Duel)
    assert (ndlib.process, len(ndlib.ratios), len(cynetdiff.ratios)) == ("cascade", 2, 3)
    assert ndlib.their_cost == pytest.approx(1e6 * 0.5 / (2 * N))
    assert (ndlib.theirs, ndlib.version, ndlib.peak_mb) == (0.5, "1.0", 99.0)
    assert [job["runs"] for peer, job in asked if peer == "cynetdiff"] == [4, 4, 4]
    assert [peer for peer, _ in asked].count("starsim") == 2


def test_a_peer_that_exceeds_the_limit_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr("benchmarks.reduced.subprocess.run", run)
    assert reduced._ask(reduced.HERE, "ndlib", reduced.HERE, {}) is None


def test_a_peer_tells_the_most_memory_of_its_own_process() -> None:
    assert peak_mb() > 0.0


def test_a_duel_has_rows_of_its_ratio_of_both_costs_and_of_memory() -> None:
    found = rows_of(10_000, job([DUEL]))
    ratio = found["10,000 organisations, sir, ndlib / package"]
    assert (ratio.measured, ratio.spread, ratio.met) == (300.0, (290.0, 310.0), True)
    assert ratio.remarks == "60 times month by month; final shares agree"
    values = {row.what.split(", ", 2)[-1]: row.value + " " + row.unit for row in found.values()}
    assert values["ndlib 6.0.1, a month"] == "1 us an organisation-month"
    assert values["the package in turn with ndlib, a month"] == "0.0033 us an organisation-month"
    ours = found["10,000 organisations, sir, the package in turn with ndlib, a month"]
    assert ours.remarks == "60 months"
    assert values["ndlib 6.0.1, peak memory"] == "250 MB"
    assert found["10,000 organisations, the package, peak memory"].measured == 300.0


def test_of_a_cascade_runs_are_compared_and_targets_have_their_sizes() -> None:
    cascade = DUEL._replace(peer="cynetdiff", process="cascade")
    found = rows_of(1_000_000, job([cascade, DUEL]))
    run = found["1,000,000 organisations, cascade, cynetdiff 6.0.1, a run"]
    assert (run.measured, run.unit) == (600.0, "ms")
    assert not any(row.target for row in found.values())


def test_a_late_peer_has_one_row_that_says_so_and_no_verdict() -> None:
    found = rows_of(100_000, job([], late=[["ndlib", "sir"]]))
    late = found["100,000 organisations, sir, ndlib / package"]
    assert late.remarks == "ndlib did not finish within 120 s, building included"
    assert (late.measured, late.met, late.target) == (None, None, TARGETS["ndlib_sir"])
    assert len(found) == 2


def test_a_late_peer_is_not_tried_at_larger_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, list[list[str]]]] = []

    def fresh(_job: object, n: int, quick: bool, without: list[list[str]]) -> Job:
        asked.append((n, list(without)))
        return job([], late=[["ndlib", "sir"]] if n == 10_000 else [])

    monkeypatch.setattr(against_peers, "fresh", fresh)
    against_peers.rows(quick=False)
    assert asked == [
        (1_000, []),
        (10_000, []),
        (100_000, [["ndlib", "sir"]]),
        (1_000_000, [["ndlib", "sir"]]),
    ]
    assert [n for n, _ in asked] == list(reduced.SIZES)


def test_what_mesa_would_take_at_a_million_is_in_proportion_to_the_largest_that_was_run() -> None:
    row = against_mesa._beyond(100_000, {"mesa": {"build": 12.0, "months": 60.0}, "months": 10})
    assert row.measured == pytest.approx(180.0)
    assert row.remarks == "not run: 10 times what 100,000 take; the limit is 120 s"
