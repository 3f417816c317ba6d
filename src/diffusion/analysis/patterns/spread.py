"""How practices spread: the S-curve (P1), and little practices against programmes (P7)."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import curve_fit

from diffusion.analysis.intervals import FloatArray, mean_interval
from diffusion.analysis.patterns.pattern import Pattern, above, within
from diffusion.analysis.patterns.runs import Run, Runs

SMOOTH = 12  # months over which the speed of adoption is averaged
RARE = 0.05  # a practice that fewer organisations use at first has its spread still before it


def s_curve(runs: Runs) -> list[Pattern]:
    """P1: adoption speeds up, then slows down, and a logistic curve fits best."""
    curves = [cumulative_adopters(run) for run in runs.of("long")]
    months = len(curves[0]) - 1
    peak = [peak_month(curve) / months for curve in curves]
    better = [aic_exponential(curve) - aic_logistic(curve) for curve in curves]
    how = (
        f"organisations that ever used practices which fewer than {RARE:.0%} used at first, "
        f"{months} months without intervention"
    )
    return [
        within(
            "P1",
            "adoption is fastest neither first nor last",
            (0.1, 0.9),
            mean_interval(peak),
            f"{how}: moment of the fastest {SMOOTH} months, as a share of the run",
        ),
        above(
            "P1",
            "a logistic curve fits better than saturation",
            0.0,
            mean_interval(better),
            f"{how}: difference of AIC, exponential saturation minus logistic",
        ),
    ]


def little_and_programmes(runs: Runs) -> list[Pattern]:
    """P7: little practices spread wider than programmes; programmes need political will."""
    little, programme = (runs.column("default", f"using_{s}") for s in ("little", "programme"))
    gained = 100 * ((little[:, -1] - little[:, 0]) - (programme[:, -1] - programme[:, 0]))
    more_little, more_programme = (
        runs.column("will", f"using_{scale}")[:, -1]
        / runs.column("default", f"using_{scale}")[:, -1]
        for scale in ("little", "programme")
    )
    return [
        above(
            "P7",
            "little practices are used more widely",
            0.0,
            mean_interval(100 * (little[:, -1] - programme[:, -1])),
            "share of organisations using a little practice minus a programme, end of run, points",
        ),
        above(
            "P7",
            "little practices spread faster",
            0.0,
            mean_interval(gained),
            "gain in use over the run, little practices minus programmes, points",
        ),
        above(
            "P7",
            "political will carries programmes",
            1.0,
            mean_interval(more_programme),
            "use of programmes at the end with will raised by 0.4, over without; paired",
        ),
        above(
            "P7",
            "and programmes more than little practices",
            0.0,
            mean_interval(more_programme - more_little),
            "the same ratio, programmes minus little practices; paired",
        ),
    ]


def cumulative_adopters(run: Run) -> FloatArray:
    """Share of pairs ever in use after m months, practices rare at first, shape (months + 1,)."""
    bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
    at_first = ((run.using[0][:, None] & bits) != 0).mean(axis=0)
    rare = int(np.bitwise_or.reduce(bits[at_first < RARE]))
    ever = np.bitwise_or.accumulate(run.using, axis=0) & np.uint64(rare)
    result: FloatArray = np.bitwise_count(ever).sum(axis=1) / run.pairs
    return result


def peak_month(curve: FloatArray) -> float:
    """Middle of the `SMOOTH` months in which most was adopted."""
    speed = curve[SMOOTH:] - curve[:-SMOOTH]
    return float(np.argmax(speed)) + SMOOTH / 2


def aic_logistic(curve: FloatArray) -> float:
    """AIC of a logistic curve on top of what was there at first, three parameters."""
    t = np.linspace(0.0, 1.0, len(curve))
    scale = float(curve[-1]) or 1.0

    def logistic(t: FloatArray, top: float, rate: float, middle: float) -> FloatArray:
        result: FloatArray = top / (1.0 + np.exp(-rate * (t - middle)))
        return result

    starts = [(1.2, 5.0, 0.5), (1.0, 10.0, 0.3), (3.0, 4.0, 1.0)]
    return _aic(logistic, t, curve / scale, starts, ([0.0, 0.0, -2.0], [20.0, 100.0, 5.0]))


def aic_exponential(curve: FloatArray) -> float:
    """AIC of saturation at a falling speed from the first month on, three parameters."""
    t = np.linspace(0.0, 1.0, len(curve))
    scale = float(curve[-1]) or 1.0

    def saturating(t: FloatArray, top: float, rate: float, first: float) -> FloatArray:
        result: FloatArray = first + top * -np.expm1(-rate * t)
        return result

    starts = [(1.0, 1.0, 0.0), (1.0, 5.0, 0.0), (10.0, 0.1, 0.0)]
    return _aic(saturating, t, curve / scale, starts, ([0.0, 1e-4, -1.0], [1e3, 100.0, 1.0]))


def _aic(
    shape: Callable[..., FloatArray],
    t: FloatArray,
    y: FloatArray,
    starts: list[tuple[float, float, float]],
    bounds: tuple[list[float], list[float]],
) -> float:
    best = math.inf
    for start in starts:
        found, _ = curve_fit(shape, t, y, p0=start, bounds=bounds, max_nfev=5000)
        best = min(best, float(np.sum((shape(t, *found) - y) ** 2)))
    return len(t) * math.log(max(best, 1e-300) / len(t)) + 2 * 3
