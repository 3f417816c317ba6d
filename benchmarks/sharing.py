"""Group `sharing`: scenarios that begin alike, simulated together and one by one."""

import time
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import fresh, say
from benchmarks.table import Row, at_least

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.runner.store import Frames

TITLE = "sharing: the five scenarios of what_remains, together against one by one"

_REPLICATES, _QUICK_REPLICATES = 6, 2
_TARGET = at_least(1.3)


def rows(quick: bool) -> list[Row]:
    """Seconds of both ways, their ratio, and whether their tables are equal."""
    replicates = _QUICK_REPLICATES if quick else _REPLICATES
    say(f"  {replicates} replicates")
    result = fresh(run_both, replicates=replicates).result
    alone, together = result["alone"], result["together"]
    remarks = f"{replicates} replicates in turn, without making tables"
    return [
        Row("one by one, a replicate of five runs", alone / replicates, "s"),
        Row("together, a replicate of five runs", together / replicates, "s"),
        Row("one by one / together", alone / together, "times", _TARGET, remarks),
        Row("all tables equal bit by bit", result["equal"]),
    ]


def run_both(replicates: int) -> dict[str, float | bool]:
    """Seconds of both ways over all replicates, and whether every table is the same."""
    from diffusion.config import design
    from diffusion.model.sharing import simulate_together
    from diffusion.model.simulation import Simulation
    from diffusion.runner.run import tables_of

    scenarios = [one.settings for one in design(["experiment=what_remains"]).scenarios.values()]
    Simulation(scenarios[-1]).run()
    seconds = {"alone": 0.0, "together": 0.0}
    equal = True
    for replicate in range(replicates):
        every = [settings.with_seed(1 + replicate) for settings in scenarios]
        started = time.perf_counter()
        alone = [Simulation(settings).run() for settings in every]
        between = time.perf_counter()
        together = dict(simulate_together(every))
        seconds["alone"] += between - started
        seconds["together"] += time.perf_counter() - between
        equal &= all(_same(tables_of(one), tables_of(together[k])) for k, one in enumerate(alone))
    return {**seconds, "equal": equal}


def _same(one: "Frames", other: "Frames") -> bool:
    """Whether tables have the same columns with the same bits."""
    return one.keys() == other.keys() and all(
        list(one[name].columns) == list(other[name].columns)
        and all(_same_bits(one[name][c], other[name][c]) for c in one[name].columns)
        for name in one
    )


def _same_bits(one: "pd.Series[Any]", other: "pd.Series[Any]") -> bool:
    """Whether columns of numbers have the same bytes, and others the same values."""
    a, b = one.to_numpy(), other.to_numpy()
    if a.dtype != b.dtype or a.dtype.hasobject:
        return one.equals(other)
    return a.tobytes() == b.tobytes()
