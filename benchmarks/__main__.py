"""Measure everything in one run and print one table.

    python -m benchmarks [--quick] [--only GROUP ...]

As soon as a group is measured, it renews its rows in docs/benchmark.json and between the marks of
docs/performance.md, and the figure docs/cost_against_n.png. A quick run writes the same into
results/ instead. README.md says what is measured.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import (
    against_mesa,
    against_peers,
    apart,
    bandwidth,
    compiling,
    foreseen,
    leaks,
    lines,
    measuring,
    page,
    parts,
    plot,
    scale,
    sharing,
    sizing,
    start,
    still,
    stored,
    sweep,
    table,
    ten_thousand,
    workload,
)
from benchmarks.measuring import ROOT, JobError, commit, fresh, load, now, say
from benchmarks.table import Row
from diffusion.views.page import put

GROUPS: dict[str, ModuleType] = {
    "scale": scale,
    "mesa": against_mesa,
    "reduced": against_peers,
    "sweep": sweep,
    "apart": apart,
    "parts": parts,
    "overhead": ten_thousand,
    "sharing": sharing,
    "start": start,
    "compiling": compiling,
    "leaks": leaks,
    "bandwidth": bandwidth,
    "foreseen": foreseen,
    "still": still,
    "lines": lines,
    "sizing": sizing,
}
RESULTS, DOCS = ROOT / "results", ROOT / "docs"
STORED, PAGE, FIGURE = "benchmark.json", "performance.md", "cost_against_n.png"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 if a group could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, about 10 minutes")
    parser.add_argument(
        "--only", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS)
    )
    args = parser.parse_args(argv)
    machine = measuring.machine()
    say("machine code (compiled if it is not on disk)")
    fresh(workload.compile_all)
    folder, command = (RESULTS, "make bench-quick") if args.quick else (DOCS, "make bench")
    kept = {} if args.quick else stored.read(folder / STORED, machine)
    found: stored.Groups = {}
    failed = False
    for name in args.only or GROUPS:
        say(name)
        found[name] = measure(name, args.quick)
        say(f"  {found[name].seconds:.0f} s")
        if any(row.measured is None and row.what == name for row in found[name].rows):
            failed = True  # costs no other group, and nothing that was measured before
            continue
        kept = {one: {**kept, **found}[one] for one in GROUPS if one in kept or one in found}
        publish(kept, machine, folder, command)
    facts = "\n".join(f"{name}: {text}" for name, text in machine.items())
    titled = {GROUPS[name].TITLE: group.rows for name, group in found.items()}
    sys.stdout.write(f"{facts}\n\n{table.render(titled)}")
    return 1 if failed else 0


def measure(name: str, quick: bool) -> stored.Measured:
    """The rows of a group; a failure is a row without a value that has the name of the group."""
    before, date, code, started = load(), now(), commit(), time.perf_counter()
    try:
        rows = GROUPS[name].rows(quick)
    except JobError as error:
        rows = [Row(name, None, remarks=str(error))]
    return stored.Measured(rows, date, before, time.perf_counter() - started, code)


def publish(groups: stored.Groups, machine: stored.Facts, folder: Path, command: str) -> None:
    """Write all groups: as data, on the page with what measures them, in the figure."""
    stored.write(groups, machine, folder / STORED)
    titled = {GROUPS[name].TITLE: group for name, group in groups.items()}
    block = page.measured(titled, stored.lasting(machine), command)
    put(block, folder / PAGE, "How fast it is")
    points = plot.curves({name: group.rows for name, group in groups.items()})
    if points:
        where = f"{machine['processor']}, {machine['cores']} cores, {plot.days(groups)}"
        plot.draw(points, where, folder / FIGURE)


if __name__ == "__main__":
    sys.exit(main())
