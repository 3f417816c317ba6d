"""Points in the unit cube: Latin hypercubes, Sobol sequences, Saltelli's matrices.

All luck is keyed (`base.draws`): the same seed gives the same points, whatever was drawn before,
and a parameter added at the end moves none of the others in a Latin hypercube or Sobol sequence.
"""

import numpy as np
import numpy.typing as npt

from diffusion.base.draws import Decision, uniforms

_BITS = 30  # of a coordinate, scipy's default
_BEFORE = -1  # no month has begun when a design is made

FloatArray = npt.NDArray[np.float64]


def latin_hypercube(points: int, parameters: int, seed: int) -> FloatArray:
    """Points in [0, 1), shape (points, parameters): one in each of `points` parts of each axis."""
    who, whom = np.arange(points)[:, None], np.arange(parameters)[None, :]
    order = uniforms(seed, Decision.DESIGN_ORDER, _BEFORE, who, whom).argsort(axis=0, kind="stable")
    within = uniforms(seed, Decision.DESIGN_PLACE, _BEFORE, who, whom)
    return np.asarray((order + within) / points, dtype=np.float64)


def sobol(points: int, parameters: int, seed: int | None) -> FloatArray:
    """The first points of a Sobol sequence (directions of Joe and Kuo 2008, from scipy).

    Args:
        points: a power of two, at most 2**30.
        seed: of a digital shift of each axis, which keeps the points as evenly spread and moves
            them off the corner; None for the sequence as it is.

    Returns:
        In [0, 1), shape (points, parameters).
    """
    from scipy.stats import qmc  # slow to import, and most experiments sample nothing

    steps = 1 << _BITS
    sequence = qmc.Sobol(parameters, scramble=False, bits=_BITS)
    plain = sequence.random_base2(points.bit_length() - 1)
    if seed is None:
        return np.asarray(plain, dtype=np.float64)
    shift = uniforms(seed, Decision.DESIGN_SHIFT, _BEFORE, np.arange(parameters)) * steps
    shifted = (plain * steps).astype(np.int64) ^ shift.astype(np.int64)
    return np.asarray((shifted + 0.5) / steps, dtype=np.float64)  # the middle of its cell


def saltelli(rows: int, parameters: int, seed: int | None) -> FloatArray:
    """Points for Sobol indices, shape (rows x (parameters + 2), parameters).

    Two matrices A and B of `rows` rows; each row gives A, then A with one column of B for each
    parameter, then B (Saltelli 2010). `SALib.analyze.sobol` reads this order with
    `calc_second_order=False`.
    """
    both = sobol(rows, 2 * parameters, seed)
    a, b = both[:, :parameters], both[:, parameters:]
    found = np.repeat(a[:, None, :], parameters + 2, axis=1)
    for k in range(parameters):
        found[:, k + 1, k] = b[:, k]
    found[:, -1, :] = b
    return found.reshape(-1, parameters)
