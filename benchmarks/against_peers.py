"""Group `reduced`: the package with only the peers' own rule, against them on the same graph."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.measuring import fresh, say
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = "reduced: the peers' own rule, same graph and parameters, in turn, processor time"

_MODULE = "benchmarks.reduced"
_QUICK = {"sizes": [10_000], "repetitions": 1}


def rows(quick: bool) -> list[Row]:
    """One row a peer, process and size."""
    if find_spec(_MODULE) is None:
        return [Row("peers' own rules", None, remarks=f"{_MODULE} is not there")]
    say("  peers in an environment of their own")
    return [_row(one) for one in fresh(run_peers, options=_QUICK if quick else {}).result]


def run_peers(options: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of `benchmarks.reduced` as plain data."""
    return [row._asdict() for row in import_module(_MODULE).rows(**options)]


def _row(one: dict[str, Any]) -> Row:
    peer, process = one["peer"], one["process"]
    late = one["theirs"] is None
    said = [
        f"{one['ratio_by_month']:.3g} times month by month",
        "the peer took too long: a bound from below" if late else "",
        {True: "final shares agree", False: "final shares DIFFER", None: ""}[one["agrees"]],
    ]
    return Row(
        f"{one['organisations']:,} organisations, {process}, {peer} / package",
        one["ratio"],
        "times",
        TARGETS.get(f"{peer}_{process}"),
        "; ".join(text for text in said if text),
        spread=tuple(one["ratios"]) if one["ratios"] else None,
    )
