"""Times at which an equation's `where` turns over on the whole domain at once: slabs begin and end there, for u_t jumps.

    where t < 1/3    =>    1/3

An edge that moves through the domain is none: what it leaves is a kink that kernels, in space or in time, approach slowly.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.program import Program

PLACES, TIMES = 64, 257
BISECTIONS = 60


def switches(program: Program) -> tuple[float, ...]:
    """In increasing order, inside the time interval, to rounding."""
    found: set[float] = set()
    for number, equation in enumerate(program.compiled.equations):
        if equation.where is None or program.time is None:
            continue
        lower, upper = program.bounds
        times = np.linspace(lower[-1], upper[-1], TIMES)
        shares = np.array([_share(program, number, t) for t in times])
        if not np.isin(shares, (0.0, 1.0)).all():
            continue
        for place in np.flatnonzero(np.diff(shares)):
            before, after = times[place : place + 2]
            for _ in range(BISECTIONS):
                middle = 0.5 * (before + after)
                before, after = (middle, after) if _share(program, number, middle) == shares[place] else (before, middle)
            found.add(float(after))
    return _apart(sorted(found), 1e-9 * program.span)


def moving_edges(program: Program) -> bool:
    """Is there a `where` whose truth depends on more than time?"""
    lower, upper = program.bounds
    conditioned = [n for n, e in enumerate(program.compiled.equations) if e.where is not None]
    return any(0.0 < _share(program, n, t) < 1.0 for n in conditioned for t in np.linspace(lower[-1], upper[-1], TIMES))


def _share(program: Program, number: int, time: float) -> float:
    """Of the domain, where an equation holds at one time."""
    lower, upper = program.bounds
    where = program.compiled.equations[number].where
    assert where is not None
    points = np.column_stack([lower[:-1] + (upper - lower)[:-1] * _places(len(lower) - 1), np.full(PLACES, time)])
    return float(np.mean(np.broadcast_to(np.asarray(where(points, program.params)), PLACES)))


def _places(axes: int) -> Array:
    return np.asarray(qmc.Halton(axes, scramble=False).random(PLACES + 1)[1:]) if axes else np.zeros((PLACES, 0))


def _apart(times: list[float], least: float) -> tuple[float, ...]:
    """Two conditions, t < s and t >= s, turn over at the same time."""
    return tuple(t for n, t in enumerate(times) if n == 0 or t - times[n - 1] > least)
