"""SciPy with finite differences: the method of lines with LSODA, five-point differences with a sparse LU, and `solve_bvp`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.integrate import solve_bvp, solve_ivp
from scipy.sparse.linalg import spsolve

from rivals import Answer, Runs, Solver
from rivals.problems import BETA, DIFFUSIVITY, LAYER, NU, RATE, WAVES, times

Array = np.ndarray


def folded(n: int) -> Array:
    """An order of a ring's nodes in which neighbours stay near: 0, n-1, 1, n-2, ... (a band for LSODA's Jacobian)."""
    order = np.empty(n, dtype=int)
    order[0::2] = np.arange((n + 1) // 2)
    order[1::2] = np.arange(n - 1, (n + 1) // 2 - 1, -1)
    return order


def first(u: Array, h: float) -> Array:
    """Central difference of fourth order on a ring."""
    return (8 * (np.roll(u, -1) - np.roll(u, 1)) - np.roll(u, -2) + np.roll(u, 2)) / (12 * h)


def second(u: Array, h: float) -> Array:
    return (16 * (np.roll(u, -1) + np.roll(u, 1)) - np.roll(u, -2) - np.roll(u, 2) - 30 * u) / (12 * h**2)


def burgers(u: Array, h: float) -> Array:
    return -first(0.5 * u**2, h) + NU * second(u, h)


def allen_cahn(u: Array, h: float) -> Array:
    return DIFFUSIVITY * second(u, h) - RATE * (u**3 - u)


def convection(u: Array, h: float) -> Array:
    return -BETA * first(u, h)


PROBLEMS: dict[str, tuple[Callable[[Array, float], Array], float, float, Callable[[Array], Array]]] = {
    "burgers": (burgers, -1.0, 2.0, lambda x: -np.sin(np.pi * x)),
    "allen_cahn": (allen_cahn, -1.0, 2.0, lambda x: x**2 * np.cos(np.pi * x)),
    "convection": (convection, 0.0, 2 * np.pi, np.sin),
}
GRIDS = {
    "burgers": ((256, 1e-4), (512, 1e-5), (1024, 1e-6), (2048, 1e-8), (4096, 1e-9)),
    "allen_cahn": ((256, 1e-4), (512, 1e-5), (1024, 1e-6), (2048, 1e-8), (4096, 1e-9)),
    "convection": ((64, 1e-4), (128, 1e-6), (256, 1e-8), (512, 1e-9)),
}


def lines(name: str, setting: tuple[int, float]) -> Solver:
    n, tolerance = setting
    right, lower, period, start = PROBLEMS[name]
    x = lower + period * np.arange(n) / n
    order = folded(n)
    back = np.argsort(order)
    t = times(name)

    def solve() -> Answer:
        done = solve_ivp(
            lambda _, v: right(v[back], period / n)[order], (t[0], t[-1]), start(x)[order], "LSODA", t_eval=t,
            rtol=tolerance, atol=tolerance, lband=4, uband=4,
        )  # fmt: skip
        return Answer((x, t), done.y[back], period)

    return solve


def five_point(n: int) -> Solver:
    x = np.linspace(-1, 1, n + 1)
    a, b = (np.pi * w for w in WAVES)

    def solve() -> Answer:
        line = sp.diags([1, -2, 1], [-1, 0, 1], shape=(n - 1, n - 1)) * (n / 2) ** 2
        unit = sp.identity(n - 1)
        F = (1 - a**2 - b**2) * np.outer(np.sin(a * x), np.sin(b * x))[1:-1, 1:-1]
        U = np.zeros((n + 1, n + 1))
        U[1:-1, 1:-1] = spsolve((sp.kron(line, unit) + sp.kron(unit, line) + sp.identity((n - 1) ** 2)).tocsc(), F.ravel()).reshape(F.shape)
        return Answer((x, x), U)

    return solve


def layer(tolerance: float) -> Solver:
    wanted = np.linspace(0, 1, 2001)

    def solve() -> Answer:
        x = np.linspace(0, 1, 21)
        done = solve_bvp(
            lambda x, y: np.array([y[1], (1 - y[1]) / LAYER]), lambda a, b: np.array([a[0], b[0]]), x, np.zeros((2, len(x))),
            tol=tolerance, max_nodes=100_000,
        )  # fmt: skip
        return Answer((wanted,), done.sol(wanted)[0])

    return solve


RUNS: Runs = {name: ("differences + LSODA", GRIDS[name], lambda setting, name=name: lines(name, setting)) for name in PROBLEMS}
RUNS["helmholtz"] = ("five-point + LU", (64, 128, 256, 512), five_point)
RUNS["boundary_layer"] = ("solve_bvp", (1e-3, 1e-5, 1e-7, 1e-9), layer)
