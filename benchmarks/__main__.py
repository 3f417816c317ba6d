"""Measure everything in one run and print one table.

    python -m benchmarks [--quick] [--only GROUP ...]

A whole run writes results/benchmark.json, docs/cost_against_n.png and what stands between the marks
of docs/performance.md; a quick or partial one writes benchmark-part.json, cost_against_n.png and
benchmark-part.md into results/. README.md says what is measured.
"""

import argparse
import json
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
    leaks,
    lines,
    page,
    parts,
    plot,
    scale,
    sharing,
    sizing,
    start,
    sweep,
    table,
    ten_thousand,
    workload,
)
from benchmarks.measuring import ROOT, JobError, fresh, load, machine, say
from benchmarks.table import Row
from diffusion.views.page import put

GROUPS: dict[str, ModuleType] = {
    "scale": scale,
    "mesa": against_mesa,
    "sweep": sweep,
    "apart": apart,
    "parts": parts,
    "overhead": ten_thousand,
    "sharing": sharing,
    "sizing": sizing,
    "start": start,
    "compiling": compiling,
    "leaks": leaks,
    "bandwidth": bandwidth,
    "lines": lines,
    "reduced": against_peers,
}
RESULTS = ROOT / "results"
PAGE = ROOT / "docs" / "performance.md"
FIGURE = "cost_against_n.png"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 if a group could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, a few minutes")
    parser.add_argument(
        "--only", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS)
    )
    args = parser.parse_args(argv)
    started = time.perf_counter()
    about = machine()
    say("machine code (compiled if it is not on disk)")
    fresh(workload.compile_all)
    found, failed = measure(args.only or list(GROUPS), args.quick)
    about["load after"] = load()
    about["minutes"] = f"{(time.perf_counter() - started) / 60:.1f}"
    about["run"] = "quick" if args.quick else "full"
    sys.stdout.write("\n".join(f"{name}: {text}" for name, text in about.items()) + "\n\n")
    titled = {GROUPS[name].TITLE: rows for name, rows in found.items()}
    sys.stdout.write(table.render(titled))
    whole = not (args.quick or args.only or failed)
    write(found, about, RESULTS / ("benchmark.json" if whole else "benchmark-part.json"))
    block = page.measured(titled, about)
    if whole:
        put(block, PAGE, "How fast it is")
    else:
        (RESULTS / "benchmark-part.md").write_text(block, encoding="utf-8")
    points = plot.curves(found)
    if points:
        where = f"{about['processor']}, {about['cores']} cores, {about['date'][:10]}"
        plot.draw(points, where, (ROOT / "docs" if whole else RESULTS) / FIGURE)
    return 1 if failed else 0


def measure(names: Sequence[str], quick: bool) -> tuple[dict[str, list[Row]], list[str]]:
    """The rows of each group, and which groups failed; a failure costs no other group."""
    found: dict[str, list[Row]] = {}
    failed = []
    for name in names:
        say(name)
        started = time.perf_counter()
        try:
            found[name] = GROUPS[name].rows(quick)
        except JobError as error:
            failed.append(name)
            found[name] = [Row(name, None, remarks=str(error))]
        say(f"  {time.perf_counter() - started:.0f} s")
    return found, failed


def write(found: dict[str, list[Row]], about: dict[str, str], path: Path) -> None:
    """The machine and all rows as JSON."""
    groups = {name: [row.plain() for row in rows] for name, rows in found.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": about, "groups": groups}, indent=2) + "\n"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
