"""Group `reduced`: the package with only the peers' own rule, against them on the same graph."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from benchmarks.measuring import Job, fresh, say
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = "reduced: the peers' own rule, same graph and parameters, in turn, processor time"

_MODULE = "benchmarks.reduced"  # imports what the driver must not hold
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_QUICK = (1_000, 10_000)
_AIMED_AT = (10_000, 100_000)  # organisations to which the targets apply
_COST = "us an organisation-month"
_NO_MONTHS = ("cascade",)  # processes whose months are how far they got: a run is what is compared


def rows(quick: bool) -> list[Row]:
    """Every size; a peer that was late on a process is not tried at larger ones."""
    found: list[Row] = []
    late: list[list[str]] = []
    say("  peers in an environment of their own")
    for n in _QUICK if quick else _SIZES:
        say(f"  {n:,} organisations")
        job = fresh(run_peers, n=n, quick=quick, without=late)
        late += job.result["late"]
        found += _rows_of(n, job)
    return found


def run_peers(n: int, quick: bool, without: list[list[str]]) -> dict[str, Any]:
    """The duels at a size as plain data, and the pairs of peer and process that were late.

    Args:
        n: organisations.
        quick: whether both take one turn only.
        without: pairs that are not tried.
    """
    reduced = import_module(_MODULE)
    effort = reduced.SIZES[n]
    if quick:
        effort = effort._replace(turns=1, short_turns=1)
    found = list(reduced.duels(n, effort, [tuple(pair) for pair in without]))
    fought = [one._asdict() for one in found if isinstance(one, reduced.Duel)]
    late = [one for one in found if not isinstance(one, reduced.Duel)]
    return {"duels": fought, "late": late, "limit": reduced.LIMIT}


def _rows_of(n: int, job: Job) -> list[Row]:
    size = f"{n:,} organisations"
    found = [row for duel in job.result["duels"] for row in _duel_rows(n, duel)]
    for peer, process in job.result["late"]:
        remarks = f"{peer} did not finish within {job.result['limit']} s, building included"
        found.append(_ratio(n, peer, process)._replace(remarks=remarks))
    remarks = "the world, every process above, and the ties as the peers get them"
    return [*found, Row(f"{size}, the package, peak memory", job.peak_mb, "MB", None, remarks)]


def _duel_rows(n: int, duel: Mapping[str, Any]) -> list[Row]:
    peer, process = duel["peer"], duel["process"]
    what = f"{n:,} organisations, {process}"
    agree = "final shares agree" if duel["agrees"] else "final shares DIFFER"
    ratio = Row.of("", duel["ratios"])
    named = f"{peer} {duel['version']}"
    if process in _NO_MONTHS:
        kind, unit = "a run", "ms"
        theirs, ours = (1000 * duel[side] for side in ("theirs", "ours"))
    else:
        kind, unit, theirs, ours = "a month", _COST, duel["their_cost"], duel["our_cost"]
    return [
        _ratio(n, peer, process)._replace(
            measured=ratio.measured,
            spread=ratio.spread,
            remarks=f"{duel['ratio_by_month']:.3g} times month by month; {agree}",
        ),
        Row(f"{what}, {named}, {kind}", theirs, unit),
        Row(
            f"{what}, the package in turn with {peer}, {kind}", ours, unit,
            remarks=f"{duel['months']:.0f} months",
        ),
        Row(f"{what}, {named}, peak memory", duel["peak_mb"], "MB"),
    ]  # fmt: skip


def _ratio(n: int, peer: str, process: str) -> Row:
    """The row of a ratio that is not measured yet."""
    target = TARGETS.get(f"{peer}_{process}") if n in _AIMED_AT else None
    return Row(f"{n:,} organisations, {process}, {peer} / package", None, "times", target)
