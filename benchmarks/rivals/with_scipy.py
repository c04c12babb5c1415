"""NumPy and SciPy, spectral: Fourier series with DOP853, Chebyshev collocation with one Sylvester solve. A setting: modes, tolerance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import solve_sylvester

from rivals import Answer, Runs, Solver
from rivals.problems import BETA, DELTA, DIFFUSIVITY, NU, RATE, WAVES, times

Array = np.ndarray


def product(n: int, power: int) -> Callable[[Array], Array]:
    """Coefficients (k = 0..n/2) of u^power, without aliasing."""
    fine = (power + 1) * n // 2 * 2

    def multiply(v: Array) -> Array:
        return np.fft.rfft(np.fft.irfft(v, fine) ** power * (fine / n) ** (power - 1))[: n // 2 + 1]

    return multiply


def quadratic(scale: float, linear: Callable[[Array], Array]) -> Callable[[int], tuple[Array, Callable[[Array], Array]]]:
    """u_t + scale u u_x = L u: the symbol of L, and the rest of the right-hand side, on a period of 2."""

    def make(n: int) -> tuple[Array, Callable[[Array], Array]]:
        k = np.pi * np.arange(n // 2 + 1)
        square = product(n, 2)
        return linear(k), lambda v: -0.5j * scale * k * square(v)

    return make


def cubic(n: int) -> tuple[Array, Callable[[Array], Array]]:
    k = np.pi * np.arange(n // 2 + 1)
    cube = product(n, 3)
    return RATE - DIFFUSIVITY * k**2, lambda v: -RATE * cube(v)


def transport(n: int) -> tuple[Array, Callable[[Array], Array]]:
    return -1j * BETA * np.arange(n // 2 + 1), lambda v: np.zeros_like(v)


PROBLEMS = {
    "burgers": (quadratic(1.0, lambda k: -NU * k**2), -1.0, 2.0, lambda x: -np.sin(np.pi * x)),
    "kdv": (quadratic(1.0, lambda k: 1j * DELTA * k**3), -1.0, 2.0, lambda x: np.cos(np.pi * x)),
    "allen_cahn": (cubic, -1.0, 2.0, lambda x: x**2 * np.cos(np.pi * x)),
    "kuramoto_sivashinsky_regular": (quadratic(5.0, lambda k: 0.5 * k**2 - 0.005 * k**4), -1.0, 2.0, lambda x: -np.sin(np.pi * x)),
    "convection": (transport, 0.0, 2 * np.pi, np.sin),
}
GRIDS = {
    "burgers": ((256, 1e-4), (512, 1e-6), (768, 1e-8), (1024, 1e-10), (1536, 1e-12)),
    "kdv": ((96, 1e-4), (128, 1e-6), (192, 1e-8), (256, 1e-10), (256, 1e-12), (320, 3e-14)),
    "allen_cahn": ((256, 1e-4), (512, 1e-6), (1024, 1e-8), (4096, 1e-9)),
    "kuramoto_sivashinsky_regular": ((32, 1e-6), (48, 1e-8), (64, 1e-10)),
    "convection": ((16, 1e-6), (16, 1e-9), (16, 1e-12)),
}


def prepared(name: str, setting: tuple[int, float]) -> Solver:
    """The linear part of KdV, which is imaginary and stiff, goes into an integrating factor; one that decays would overflow in it."""
    n, tolerance = setting
    make, lower, period, start = PROBLEMS[name]
    symbol, rest = make(n)
    stiff = name == "kdv"
    x = lower + period * np.arange(n) / n
    t = times(name)

    def right(at: float, v: Array) -> Array:
        if not stiff:
            return symbol * v + rest(v)
        factor = np.exp(symbol * at)
        return rest(factor * v) / factor

    def solve() -> Answer:
        begin = np.fft.rfft(start(x)).astype(complex)
        v = solve_ivp(right, (t[0], t[-1]), begin, "DOP853", t_eval=t, rtol=tolerance, atol=tolerance * n).y
        v = np.exp(np.outer(symbol, t)) * v if stiff else v
        return Answer((x, t), np.fft.irfft(v, n, axis=0), period)

    return solve


def chebyshev(n: int) -> Solver:
    """u_xx + u_yy + u = f between zero walls: (D2 + 1/2) U + U (D2 + 1/2)^T = F at the inner points."""
    x = np.cos(np.pi * np.arange(n + 1) / n)[::-1]
    weights = np.r_[2, np.ones(n - 1), 2] * (-1.0) ** np.arange(n + 1)
    gap = x[:, None] - x[None, :] + np.eye(n + 1)
    D = np.outer(weights, 1 / weights) / gap
    D -= np.diag(D.sum(axis=1))
    a, b = (np.pi * w for w in WAVES)

    def solve() -> Answer:
        A = (D @ D)[1:-1, 1:-1] + 0.5 * np.eye(n - 1)
        F = (1 - a**2 - b**2) * np.outer(np.sin(a * x), np.sin(b * x))
        U = np.zeros((n + 1, n + 1))
        U[1:-1, 1:-1] = solve_sylvester(A, A.T, F[1:-1, 1:-1])
        wanted = np.linspace(-1, 1, 201)
        basis = lagrange(x, weights, wanted)
        return Answer((wanted, wanted), basis @ U @ basis.T)

    return solve


def lagrange(x: Array, weights: Array, at: Array) -> Array:
    """Barycentric interpolation matrix at the Chebyshev points (their weights are the reciprocals of those of D)."""
    gap = at[:, None] - x
    hit = gap == 0
    rows = (1 / weights) / np.where(hit, 1.0, gap)
    rows = np.where(hit.any(axis=1, keepdims=True), hit, rows)
    return rows / rows.sum(axis=1, keepdims=True)


RUNS: Runs = {name: ("Fourier + DOP853", GRIDS[name], lambda setting, name=name: prepared(name, setting)) for name in PROBLEMS}
RUNS["helmholtz"] = ("Chebyshev + Sylvester", (16, 24, 32, 40, 48), chebyshev)
