"""Group `bandwidth`: each rule against the time that moving its bytes alone would take."""

import math
import time
from statistics import median
from typing import Any

from benchmarks import workload
from benchmarks.against_mesa import duel
from benchmarks.measuring import fresh, say
from benchmarks.table import Row
from benchmarks.touched import TOUCHED, least_bytes

TITLE = (
    "bandwidth: each rule alone, against moving once the bytes that it must touch, processor time"
)

_ELEMENTS = 1 << 26  # of each of three arrays of 8 bytes: far beyond any cache
_QUICK_ELEMENTS = 1 << 25
_REPEATED = 8
_DRAWS = 1 << 24
_LOOK_UPS = 1 << 21
_LINE = 8  # numbers that memory hands over together
_AT_ONCE = 1 << 10  # draws whose luck stays in the nearest cache
# organisations: months before, and months of the measurement
_SIZES = {10_000: (3, 12), 1_000_000: (2, 3)}
_QUICK_SIZES = {10_000: (3, 6), 100_000: (2, 3)}
_COUNTED_WORLD, _COUNTED_MONTHS = 400, 6  # where draws are counted, uncompiled
_PLAIN = {"NUMBA_DISABLE_JIT": "1"}
_MOST = 0.5  # share of a rule's time from which one cause is named for it
_AGAINST_MESA, _MESA_MONTHS = 10_000, 4  # organisations and months of the Mesa model
_UNIT = "ns an organisation-month"
_SLOWER = 1.3  # growth of the cost with n from which waiting for memory is named


def rows(quick: bool) -> list[Row]:
    """What the machine can do, then every rule at two sizes."""
    say("  memory bandwidth, cost and number of draws")
    bandwidth = fresh(triad, elements=_QUICK_ELEMENTS if quick else _ELEMENTS).result
    draw = fresh(draw_cost).result
    look_up = fresh(look_up_cost, elements=_QUICK_ELEMENTS if quick else _ELEMENTS).result
    draws = fresh(count_draws, _PLAIN, n=_COUNTED_WORLD, months=_COUNTED_MONTHS).result
    found = [
        Row("triad a = b + s * c, one thread", bandwidth / 1e9, "GB/s"),
        Row("a draw, many in a row", 1e9 * draw, "ns"),
        Row("a look-up anywhere in memory, many in a row", 1e9 * look_up, "ns"),
    ]
    floors: dict[int, float] = {}  # organisations: ns that draws and bytes alone would take
    in_cache: dict[str, float] = {}  # seconds an organisation-month in the smallest world
    for n, (before, months) in (_QUICK_SIZES if quick else _SIZES).items():
        say(f"  {n:,} organisations, rule by rule")
        times = fresh(time_rules, n=n, before=before, months=months).result
        for rule in TOUCHED:
            seconds, touched = times["seconds"][rule] / n, times["bytes"][rule] / n
            share = touched / bandwidth / seconds
            waiting = seconds - in_cache.setdefault(rule, seconds)
            slower, lines = seconds / in_cache[rule], waiting / look_up
            cause = _cause(share, draws[rule] * draw / seconds, slower, lines)
            remarks = (
                f"{1e9 * seconds:.0f} ns, {touched:.0f} bytes, {draws[rule]:.1f} draws "
                f"an organisation-month; {cause}"
            )
            what = f"{n:,} organisations, {rule}"
            found.append(Row(what, 100 * share, "% of the bound", remarks=remarks))
        moved = sum(times["bytes"].values()) / n
        drawn = sum(draws.values())
        floors[n] = 1e9 * (drawn * draw + moved / bandwidth)
        remarks = f"{drawn:.1f} draws and {moved:,.0f} bytes an organisation-month, nothing else"
        found.append(
            Row(f"{n:,} organisations, floor of all rules", floors[n], _UNIT, None, remarks)
        )
        whole = 1e9 * sum(times["seconds"].values()) / n
        found.append(Row(f"{n:,} organisations, all rules / floor", whole / floors[n], "times"))
        rest = 1e9 * times["rest"] / n
        what = f"{n:,} organisations, recording and the rest of a month"
        found.append(Row(what, rest, _UNIT))
    return [*found, _mesa_row(floors[_AGAINST_MESA])]


def _mesa_row(floor: float) -> Row:
    """What the ratio to the Mesa model would be if the floor were all that a month took."""
    n = _AGAINST_MESA
    say(f"  the Mesa model, {n:,} organisations")
    result = fresh(duel, n=n, months=_MESA_MONTHS, limit=math.inf, turn=1).result
    month = 1e9 * result["mesa"]["months"] / (n * result["months"])
    what = f"{n:,} organisations, Mesa / floor"
    return Row(what, month / floor, "times", remarks=f"Mesa takes {1e-3 * month:.0f} us")


def _cause(moving: float, drawing: float, slower: float, lines: float) -> str:
    """What bounds a rule, in a sentence.

    Args:
        moving: share of its time that moving its bytes alone would take.
        drawing: share of its time that its draws take.
        slower: its cost an organisation relative to the smallest world, whose tables fit into
            the caches.
        lines: look-ups anywhere in memory that what it costs more than there would pay.
    """
    if moving >= _MOST:
        return "memory bandwidth bounds it"
    if slower >= _SLOWER:
        return (
            f"waiting for scattered rows bounds it ({slower:.1f} times the smallest world; "
            f"{lines:.0f} look-ups more)"
        )
    if drawing >= _MOST:
        return f"draws bound it ({100 * drawing:.0f} % of its time)"
    return f"computing and branches bound it (draws take {100 * drawing:.0f} % of its time)"


def triad(elements: int) -> float:
    """Bytes a second of a = b + s * c over arrays of so many doubles; the best of several.

    Counted are one write and two reads of 8 bytes an element.
    """
    import numba
    import numpy as np

    def loop(a, b, c, s):  # type: ignore[no-untyped-def]
        for i in range(a.shape[0]):
            a[i] = b[i] + s * c[i]

    compiled = numba.njit(loop)
    a, b, c = (np.full(elements, value) for value in (0.0, 1.0, 2.0))
    compiled(a, b, c, 3.0)
    taken = []
    for _ in range(_REPEATED):
        started = time.process_time()
        compiled(a, b, c, 3.0)
        taken.append(time.process_time() - started)
    return 3 * a.nbytes / min(taken)


def look_up_cost(elements: int) -> float:
    """Seconds of reading one number of a table far beyond any cache, which line nobody foresees.

    None waits for another; the best of several.
    """
    import numba
    import numpy as np

    from diffusion.base import draws

    def loop(table, lines, found):  # type: ignore[no-untyped-def]
        for i in range(lines.shape[0]):
            found[i] = table[np.uint64(lines[i]) * np.uint64(_LINE)]

    compiled = numba.njit(loop)
    table, found = np.ones(elements), np.empty(_LOOK_UPS)
    luck = draws.uniforms(1, draws.Decision.RESAMPLE, 0, np.arange(_LOOK_UPS))
    lines = (luck * (elements // _LINE)).astype(np.uint32)
    compiled(table, lines, found)
    taken = []
    for _ in range(_REPEATED):
        started = time.process_time()
        compiled(table, lines, found)
        taken.append(time.process_time() - started)
    return min(taken) / _LOOK_UPS


def draw_cost() -> float:
    """Seconds of a keyed draw in a pass that the processor takes several at a time.

    As rules draw for all organisations at once; the best of several.
    """
    import numba
    import numpy as np

    from diffusion.base import draws

    def loop(key, turns, luck):  # type: ignore[no-untyped-def]
        for turn in range(turns):
            for i in range(luck.shape[0]):
                luck[i] = draws.at(key, i, turn)

    compiled = numba.njit(loop)
    key, luck = draws.U64(draws.stream(1, 1, 0)), np.empty(_AT_ONCE)
    compiled(key, 1, luck)
    taken = []
    for _ in range(_REPEATED):
        started = time.process_time()
        compiled(key, _DRAWS // _AT_ONCE, luck)
        taken.append(time.process_time() - started)
    return min(taken) / _DRAWS


def count_draws(n: int, months: int) -> dict[str, float]:
    """Draws by rule an organisation-month, counted where loops run as plain Python.

    A draw is two rounds of the hash; what takes one (`draws.rest`, a word of `draws.rare`) is half.
    """
    from benchmarks.watched import watched
    from diffusion.base import draws

    rounds = 0
    mix = draws._mix

    def counted(word: Any) -> Any:
        nonlocal rounds
        rounds += 1
        return mix(word)

    draws._mix = counted
    simulation, rules = watched(workload.settings(n, months), lambda: rounds)
    simulation.run()
    if not rounds:
        raise RuntimeError("no draw was counted: draws no longer go through draws._mix")
    return {one.rule.name: sum(one.readings) / (2 * n * months) for one in rules}


def time_rules(n: int, before: int, months: int) -> dict[str, Any]:
    """Seconds and least bytes by rule, and seconds of the rest: medians over months.

    Args:
        n: organisations.
        before: months that are not counted.
        months: months that are.
    """
    from benchmarks.watched import watched

    warm, _ = watched(workload.settings(workload.WARM_UP, months=2), time.process_time)
    warm.run()
    simulation, rules = watched(workload.settings(n, before + months), time.process_time)
    whole, touched = [], []
    for _ in range(before + months):
        started = time.process_time()
        simulation.step()
        whole.append(time.process_time() - started)
        touched.append(least_bytes(simulation.state))
    seconds = {one.rule.name: one.readings for one in rules}
    rest = [took - sum(each) for took, *each in zip(whole, *seconds.values(), strict=True)]
    return {
        "seconds": {rule: median(readings[before:]) for rule, readings in seconds.items()},
        "bytes": {rule: median(one[rule] for one in touched[before:]) for rule in TOUCHED},
        "rest": median(rest[before:]),
    }
