"""Group `sizing`: what a run costs in time, memory and disk, and what a million would.

A whole run of the group writes the tables of docs/clusters.md, a quick one results/sizing.md.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import workload
from benchmarks.measuring import MEGABYTE, ROOT, fresh, machine, resident_mb, say, spent
from benchmarks.table import Row, shown
from diffusion.views.page import put, table

if TYPE_CHECKING:
    from diffusion.config import Experiment

TITLE = "sizing: runs of 120 months, from their settings to stored tables, on one core"
PAGE = ROOT / "docs" / "clusters.md"
QUICK_PAGE = ROOT / "results" / "sizing.md"
MARKS = ("<!-- sizing -->", "<!-- /sizing -->")

MANY = 1_000_000  # runs that are projected
EUR_PER_CORE_HOUR = 0.05  # an assumption, in the order of what clouds ask
_DEFAULT_WORLD = 1_100  # organisations; worlds of other sizes are synthetic
_RUNS = {200: 50, _DEFAULT_WORLD: 50, 10_000: 20}  # organisations: runs of one part
_QUICK_RUNS = {200: 20, _DEFAULT_WORLD: 5, 10_000: 2}
_LISTED = 20_000  # runs of a design that is only listed
_QUICK_LISTED = 5_000
_TABLES = ("months", "outcomes", "survival", "groups")
_LOG = "events"
_SECONDS = 3_600  # an hour
_NOTE = (
    "A core is one of the processor named below; time is its time, not that on the wall. Bytes are "
    "those on disk when a part holds the runs that are named."
)


@dataclass(frozen=True)
class Size:
    """What runs of one size take; seconds are of a core, seconds and bytes those of one run."""

    n: int
    runs: int
    seconds: float
    worker_mb: float
    stored: Mapping[str, float]  # bytes by table
    log: float  # bytes of the event log

    @property
    def world(self) -> str:
        """The world in words."""
        kind = "default" if self.n == _DEFAULT_WORLD else "synthetic"
        return f"{kind}, {self.n:,} organisations"

    @property
    def an_hour(self) -> float:
        """Runs a core-hour."""
        return _SECONDS / self.seconds

    @property
    def bytes(self) -> float:
        """On disk, without the event log."""
        return sum(self.stored.values())


@dataclass(frozen=True)
class Listing:
    """What the process that hands out the runs takes for each run of a design."""

    runs: int
    seconds: float
    bytes: float  # of memory


def rows(quick: bool) -> list[Row]:
    """Every size, then the process that hands out the runs; writes the page as well."""
    sizes = []
    for n, runs in (_QUICK_RUNS if quick else _RUNS).items():
        say(f"  {runs} runs of {n:,} organisations")
        job = fresh(compute_part, n=n, runs=runs, events=False)
        log = fresh(compute_part, n=n, runs=1, events=True).result["stored"][_LOG]
        found = job.result
        sizes.append(Size(n, runs, found["seconds"], job.peak_mb, found["stored"], log))
    listed = _QUICK_LISTED if quick else _LISTED
    say(f"  a design of {listed:,} runs")
    listing = Listing(listed, **fresh(list_runs, runs=listed).result)
    put(page(sizes, listing, machine()), QUICK_PAGE if quick else PAGE, "What runs take", MARKS)
    of_handing_out = "the process that hands out the runs"
    return [
        *(row for size in sizes for row in _rows_of(size)),
        Row(of_handing_out, listing.bytes, "bytes/run", remarks=f"{listed:,} runs listed"),
        Row(of_handing_out, 1000 * listing.seconds, "ms/run"),
    ]


def _rows_of(size: Size) -> list[Row]:
    return [
        Row(size.world, size.an_hour, "runs/core-h", remarks=f"{size.runs} runs in one part"),
        Row(size.world, size.bytes, "bytes/run", remarks="on disk, without event log"),
        Row(size.world, size.worker_mb, "MB", remarks="most memory of a worker"),
    ]


def page(sizes: Sequence[Size], listing: Listing, about: Mapping[str, str]) -> str:
    """The tables in Markdown."""
    per_run = table(
        (
            "world",
            "runs a core-hour",
            "memory of a worker",
            *_TABLES,
            "all",
            "event log, if recorded",
        ),
        [
            (
                size.world,
                shown(size.an_hour),
                f"{size.worker_mb:.0f} MB",
                *(_kilobytes(size.stored[name]) for name in _TABLES),
                _kilobytes(size.bytes),
                _kilobytes(size.log),
            )
            for size in sizes
        ],
    )
    hours = {size.n: MANY / size.an_hour for size in sizes}
    of_many = table(
        ("a million runs of", "core-hours", "days on 100 cores", "disk", "EUR"),
        [
            (
                size.world,
                f"{hours[size.n]:,.0f}",
                f"{hours[size.n] / 2400:.2g}",
                f"{MANY * size.bytes / 1e9:,.0f} GB",
                f"{hours[size.n] * EUR_PER_CORE_HOUR:,.0f}",
            )
            for size in sizes
        ],
    )
    handing_out = (
        f"The process that hands out {MANY:,} runs needs {MANY * listing.bytes / 1e9:.2g} GB and "
        f"{MANY * listing.seconds / 60:.0f} minutes before the first of them (projected from "
        f"{listing.runs:,}). EUR are at {EUR_PER_CORE_HOUR} a core-hour, which is an assumption: "
        f"put in what yours cost. Replicates of several scenarios share months, so that an "
        f"experiment takes less than its runs alone."
    )
    parts = ", ".join(f"{size.runs} of {size.n:,}" for size in sizes)
    where = (
        f"Measured on {about['date'][:10]}: {about['processor']}, Python {about['python']}, "
        f"diffusion {about['diffusion']}, numba {about['numba']}, load before "
        f"{about['load before']}; runs in one part: {parts}."
    )
    tables = ("\n".join(lines) for lines in (per_run, of_many))
    return "\n\n".join((_NOTE, *tables, handing_out, where)) + "\n"


def compute_part(n: int, runs: int, events: bool) -> dict[str, Any]:
    """Compute and store runs as one part, as a worker does; seconds and bytes of one of them.

    Raises:
        RuntimeError: a run failed.
    """
    from diffusion.runner.design import Chunk, runs_of
    from diffusion.runner.manifest import manifest_of
    from diffusion.runner.run import compute
    from diffusion.runner.store import Store

    workload.warm_up()
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where) / "results"
        experiment = _experiment(n, runs, events)
        designed = runs_of(experiment)
        store = Store.open(folder, manifest_of(experiment, designed))
        report, took = spent(lambda: compute(folder, Chunk(0, tuple(designed))))
        if report.failed:
            raise RuntimeError(store.failures()[0]["error"])
        tables = (*_TABLES, _LOG) if events else _TABLES
        stored = {name: store.part(name, 0).stat().st_size / runs for name in tables}
    return {"seconds": took.cpu_seconds / runs, "stored": stored}


def list_runs(runs: int) -> dict[str, float]:
    """Seconds and bytes of memory for each run of a design that is listed and cut into chunks."""
    from diffusion.runner.design import chunks_of, runs_of
    from diffusion.runner.manifest import manifest_of

    experiment = _experiment(min(_RUNS), runs, False)
    before = resident_mb()

    def listed() -> Any:
        every = runs_of(experiment)
        return every, chunks_of(every), manifest_of(experiment, every)

    kept, took = spent(listed)
    grown = resident_mb() - before
    assert len(kept[0]) == runs
    return {"seconds": took.cpu_seconds / runs, "bytes": grown * MEGABYTE / runs}


def _experiment(n: int, runs: int, events: bool) -> "Experiment":
    """One scenario, as many replicates as runs."""
    from diffusion.config import load

    settings = workload.settings(n)
    if n == _DEFAULT_WORLD:
        settings = load()
    if events:
        record = settings.record.model_copy(update={"events": True})
        settings = settings.model_copy(update={"record": record})
    return workload.one_scenario("sizing", settings, runs, Path("results"), {})


def _kilobytes(size: float) -> str:
    return f"{size / 1e3:.3g} kB" if size < 999.5e3 else f"{size / 1e6:.3g} MB"
