"""Group `sharing`: scenarios that begin alike, simulated together and one by one."""

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.measuring import fresh, say
from benchmarks.table import Row
from benchmarks.targets import TARGETS

if TYPE_CHECKING:
    from diffusion.runner.store import Tables

TITLE = "sharing: the five scenarios of what_remains, together against one by one"

_REPLICATES, _QUICK_REPLICATES = 6, 2
_TARGET = TARGETS["sharing"]


def rows(quick: bool) -> list[Row]:
    """Seconds of both ways, their ratio, and whether their tables are equal."""
    replicates = _QUICK_REPLICATES if quick else _REPLICATES
    say(f"  {replicates} replicates")
    result = fresh(run_both, replicates=replicates).result
    alone, together = result["alone"], result["together"]
    gains = [one / both for one, both in zip(alone, together, strict=True)]
    remarks = f"{replicates} replicates in turn, without making tables"
    return [
        Row.of("one by one, a replicate of five runs", alone, "s"),
        Row.of("together, a replicate of five runs", together, "s"),
        Row.of("one by one / together", gains, "times", _TARGET, remarks),
        Row("all tables equal bit by bit", result["equal"]),
    ]


def run_both(replicates: int) -> dict[str, Any]:
    """Seconds of both ways, replicate by replicate, and whether every table is the same."""
    from diffusion.config import design
    from diffusion.model.sharing import simulate_together
    from diffusion.model.simulation import Simulation

    scenarios = [one.settings for one in design(["experiment=what_remains"]).scenarios.values()]
    Simulation(scenarios[-1]).run()
    seconds: dict[str, list[float]] = {"alone": [], "together": []}
    equal = True
    for replicate in range(replicates):
        every = [settings.with_seed(1 + replicate) for settings in scenarios]
        started = time.perf_counter()
        alone = [Simulation(settings).run() for settings in every]
        between = time.perf_counter()
        together = dict(simulate_together(every))
        seconds["alone"].append(between - started)
        seconds["together"].append(time.perf_counter() - between)
        equal &= all(_same(one.tables(), together[k].tables()) for k, one in enumerate(alone))
    return {**seconds, "equal": equal}


def _same(one: "Tables", other: "Tables") -> bool:
    """Whether tables have the same columns with the same bits."""
    return one.keys() == other.keys() and all(
        list(one[name]) == list(other[name])
        and all(_same_bits(one[name][c], other[name][c]) for c in one[name])
        for name in one
    )


def _same_bits(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Whether columns of numbers have the same bytes, and others the same values."""
    if one.dtype != other.dtype or one.dtype.hasobject:
        return bool(np.array_equal(one, other))
    return one.tobytes() == other.tobytes()
