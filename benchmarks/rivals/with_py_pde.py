"""py-pde (Zwicker): finite differences of second order, compiled by numba, stepped by SciPy's LSODA. A setting: nodes, tolerance.

Its own adaptive steppers are slower (Runge-Kutta: 5 s for convection on 256 nodes) and end on Burgers with "Time step below 1e-10".
"""

from __future__ import annotations

import numpy as np
import pde

from rivals import Answer, Runs, Solver
from rivals.problems import BETA, DIFFUSIVITY, NU, RATE, times

PROBLEMS = {
    "burgers": (f"{NU!r} * laplace(u) - u * d_dx(u)", -1.0, 2.0, lambda x: -np.sin(np.pi * x)),
    "allen_cahn": (f"{DIFFUSIVITY!r} * laplace(u) - {RATE!r} * (u**3 - u)", -1.0, 2.0, lambda x: x**2 * np.cos(np.pi * x)),
    "convection": (f"-{BETA!r} * d_dx(u)", 0.0, 2 * np.pi, np.sin),
}
GRIDS = {
    "burgers": ((256, 1e-4), (512, 1e-5), (1024, 1e-6)),
    "allen_cahn": ((256, 1e-4), (512, 1e-5), (1024, 1e-6)),
    "convection": ((256, 1e-4), (512, 1e-5), (1024, 1e-6)),
}


def prepared(name: str, setting: tuple[int, float]) -> Solver:
    n, tolerance = setting
    right, lower, period, start = PROBLEMS[name]
    grid = pde.CartesianGrid([[lower, lower + period]], n, periodic=True)
    x = grid.axes_coords[0]
    t = times(name)
    equation = pde.PDE({"u": right})

    def solve() -> Answer:
        storage = pde.MemoryStorage()
        tracker = storage.tracker(t[1] - t[0])
        begin = pde.ScalarField(grid, start(x))
        equation.solve(begin, t_range=t[-1], solver="scipy", method="LSODA", rtol=tolerance, atol=tolerance, tracker=tracker)
        return Answer((x, np.array(storage.times)), np.array(storage.data).T, period)

    return solve


RUNS: Runs = {name: ("py-pde", GRIDS[name], lambda setting, name=name: prepared(name, setting)) for name in PROBLEMS}
