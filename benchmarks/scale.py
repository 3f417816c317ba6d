"""Group `scale`: what an organisation's month costs from a thousand to a million organisations."""

import math
from collections.abc import Mapping
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import workload
from benchmarks.measuring import MEGABYTE, Spent, fresh, resident_mb, say, spent
from benchmarks.table import Row
from benchmarks.targets import TARGETS

if TYPE_CHECKING:
    from diffusion.world.state import State

TITLE = "scale: the package alone, every size in a fresh process"
CURVE = "us an organisation-month"  # the unit of what docs/cost_against_n.png shows

# organisations: worlds that are run
_WORLDS = {1_000: 5, 10_000: 3, 100_000: 1, 1_000_000: 1}
_QUICK = (1_000, 10_000, 100_000)
_QUICK_MONTHS = 24
_DEFAULT_WORLDS = 20
_COPIED = 100_000  # organisations of the world whose ties networkx gets
_COMPARED = (10_000, 1_000_000)  # organisations; what the larger costs more, and its memory


def rows(quick: bool) -> list[Row]:
    """Every size, the copy of the ties for networkx, then the default world."""
    found: list[Row] = []
    for n in _QUICK if quick else _WORLDS:
        months = _QUICK_MONTHS if quick else workload.MONTHS
        say(f"  {n:,} organisations, {months} months")
        found += _rows_of(n, months)
    if not quick:
        first = {row.n: row.measured for row in found if row.n in _COMPARED and row.measured}
        found.append(_large_row(first))
    say(f"  the networkx graph, {_COPIED:,} organisations")
    found.append(_graph_row())
    say("  the default world")
    return found + _default_rows(5 if quick else _DEFAULT_WORLDS)


def _rows_of(n: int, months: int) -> list[Row]:
    job = fresh(run_worlds, n=n, months=months, worlds=_WORLDS[n])
    each = 1e6 / (n * months)
    took: dict[str, list[float]] = job.result
    remarks = "" if _WORLDS[n] == 1 else f"median of {_WORLDS[n]} worlds"
    size = f"{n:,} organisations"
    costs, by_cpu = ([seconds * each for seconds in took[name]] for name in ("run", "run_cpu"))
    target = TARGETS["memory_million"] if n == _COMPARED[1] else None
    return [
        Row.of(f"{size}, building the world", took["build"], "s", remarks=remarks),
        Row.of(f"{size}, {months} months", took["run"], "s", remarks=remarks),
        Row.of(f"{size}, a month, recorded", costs, CURVE),
        Row.of(f"{size}, a month, recorded, in processor time", by_cpu, CURVE, n=n),
        Row.of(f"{size}, tables of the world", took["tables"], "MB", remarks=remarks),
        Row(f"{size}, peak memory", job.peak_mb, "MB", target),
    ]


def _large_row(first: Mapping[int, float]) -> Row:
    """What an organisation costs more in a large world, in two turns, for the machine drifts.

    Args:
        first: the costs of the first turn, by size.
    """
    months = workload.MONTHS
    again = {}
    for n in _COMPARED:
        say(f"  {n:,} organisations once more")
        took = fresh(run_worlds, n=n, months=months, worlds=_WORLDS[n]).result["run_cpu"]
        again[n] = 1e6 * median(took) / (n * months)
    base, large = _COMPARED
    what = f"{large:,} organisations, cost over that at {base:,}"
    ratios = [turn[large] / turn[base] for turn in (first, again)]
    return Row.of(what, ratios, "times", TARGETS["cost_million"], "processor time; two turns")


def run_worlds(n: int, months: int, worlds: int) -> dict[str, list[float]]:
    """World by world, with different seeds: seconds to build, and to run and record; its tables."""
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    settings = workload.settings(n, months)
    build, run, tables = [], [], []
    for seed in range(1, worlds + 1):
        simulation, took = spent(partial(Simulation, settings.with_seed(seed)))
        build.append(took)
        run.append(spent(simulation.run)[1])
        tables.append(tables_bytes(simulation.state) / MEGABYTE)
        del simulation
    return {**_seconds(build, run), "tables": tables}


def tables_bytes(state: "State") -> int:
    """Bytes of all tables of a world as it stands; of those with rows to spare, the live rows."""
    from diffusion.base.arrays import Table

    live = {
        "ties": state.n_ties,
        "contacts": state.n_contacts,
        "attendance": state.n_attending,
        "partner": 2 * state.n_ties,  # of the adjacency, which has each tie both ways
        "tie": 2 * state.n_ties,
    }
    total = 0
    for table, found in state.tables()._asdict().items():
        # some tables are a few plain arrays that belong together
        parts = found._asdict() if hasattr(found, "_asdict") else {table: found}
        for name, part in parts.items():
            rows = live.get(name, len(part)) * math.prod(part.shape[1:])
            total += rows * (part.layout.width if isinstance(part, Table) else part.itemsize)
    return total


def _graph_row() -> Row:
    """Memory that `model.graph` takes beside the ties as arrays, which all other rows have."""
    copied = fresh(copy_graph, n=_COPIED).result
    each = 1000 * copied["mb"] / _COPIED
    return Row(
        f"{_COPIED:,} organisations, networkx graph made on top",
        copied["mb"],
        "MB",
        remarks=f"{each:.2g} kB an organisation, {copied['degree']:.3g} ties each; no other row "
        "has made it",
    )


def copy_graph(n: int) -> dict[str, float]:
    """Resident memory that the ties take as a networkx graph, and how many an organisation has."""
    import networkx  # noqa: F401 - its own memory is not that of the graph

    from diffusion.model.simulation import Simulation
    from diffusion.world.network import to_graph

    state = Simulation(workload.settings(n)).state
    before = resident_mb()
    graph = to_graph(state)
    return {"mb": resident_mb() - before, "degree": 2 * graph.number_of_edges() / n}


def _default_rows(worlds: int) -> list[Row]:
    job = fresh(run_default, worlds=worlds)
    found: dict[str, Any] = job.result
    size = f"{found['organisations']:,} organisations, {found['practices']} practices"
    what = f"default world ({size}), {found['months']} months"
    remarks = f"median of {worlds} worlds"
    wholes = [build + run for build, run in zip(found["build"], found["run"], strict=True)]
    return [
        Row.of(f"{what}, set-up included", wholes, "s", remarks=remarks),
        Row.of("of that, building the world", found["build"], "s"),
        Row("peak memory of that process", job.peak_mb, "MB"),
    ]


def run_default(worlds: int) -> dict[str, Any]:
    """Whole runs of the default world with different seeds."""
    from diffusion.config import load
    from diffusion.model.simulation import Simulation

    settings = load([])
    state = Simulation(settings).run().state
    build, run = [], []
    for seed in range(1, worlds + 1):
        simulation, took = spent(partial(Simulation, settings.with_seed(seed)))
        build.append(took)
        run.append(spent(simulation.run)[1])
    return {
        "organisations": state.n_organisations,
        "practices": state.n_practices,
        "months": settings.timing.months,
        **_seconds(build, run),
    }


def _seconds(build: list[Spent], run: list[Spent]) -> dict[str, list[float]]:
    return {
        "build": [took.seconds for took in build],
        "run": [took.seconds for took in run],
        "run_cpu": [took.cpu_seconds for took in run],
    }
