"""Reference solutions of the examples that have no closed form, by methods that share nothing with the compiler.

    python examples/references/make.py                every file, each with its convergence check
    python examples/references/make.py burgers kdv    some of them

NumPy and SciPy compute (xarray only writes the files): Cole-Hopf with quadrature, Fourier series with ETDRK4 or splitting, Chebyshev
collocation. Each solution is computed twice, with doubled resolution in space and in time; the relative L2 difference
of the two is printed and kept in the file (attribute `converged_to`). The finer one is written.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import scipy.linalg
import xarray as xr

HERE = Path(__file__).parent

Grid = dict[str, np.ndarray]
Values = dict[str, np.ndarray]


# ---------------------------------------------------------------- methods


def etdrk4(
    linear: np.ndarray, nonlinear: Callable[[np.ndarray], np.ndarray], modes: np.ndarray, times: np.ndarray, steps: int
) -> np.ndarray:
    """v' = L v + N(v) for Fourier coefficients v: exponential time differencing of fourth order (Cox and Matthews, 2002), with the
    coefficient functions as means over circles (Kassam and Trefethen, 2005), where their closed forms cancel.

    linear, modes: (K,). times: (T,), equidistant, with `steps` steps between neighbours. Returns (K, T).
    """
    dt = (times[1] - times[0]) / steps
    z = dt * linear[:, None] + np.exp(2j * np.pi * (np.arange(1, 65) - 0.5) / 64)
    whole, half = np.exp(dt * linear), np.exp(dt * linear / 2)
    stage = dt * np.mean((np.exp(z / 2) - 1) / z, axis=1)
    first = dt * np.mean((-4 - z + np.exp(z) * (4 - 3 * z + z**2)) / z**3, axis=1)
    middle = dt * np.mean((2 + z + np.exp(z) * (z - 2)) / z**3, axis=1)
    last = dt * np.mean((-4 - 3 * z - z**2 + np.exp(z) * (4 - z)) / z**3, axis=1)
    v, out = modes.astype(complex), [modes.astype(complex)]
    for _ in times[1:]:
        for _ in range(steps):
            n0 = nonlinear(v)
            a = half * v + stage * n0
            na = nonlinear(a)
            b = half * v + stage * na
            nb = nonlinear(b)
            c = half * a + stage * (2 * nb - n0)
            v = whole * v + first * n0 + 2 * middle * (na + nb) + last * nonlinear(c)
        out.append(v)
    return np.array(out).T


def real_power(count: int, power: int) -> Callable[[np.ndarray], np.ndarray]:
    """Coefficients of u^power from those of a real u (k = 0..count): on a grid fine enough that nothing is aliased."""
    n = scipy.fft.next_fast_len((power + 1) * (count + 1), real=True)

    def product(v: np.ndarray) -> np.ndarray:
        return np.fft.rfft((np.fft.irfft(v, n) * n) ** power)[: count + 1] / n

    return product


def real_series(v: np.ndarray, wave_numbers: np.ndarray, x: np.ndarray) -> np.ndarray:
    """sum over all k of v_k exp(i k x), v_-k the conjugate of v_k: (X, T)."""
    weighted = v.copy()
    weighted[1:] *= 2
    return (np.exp(1j * np.outer(x, wave_numbers)) @ weighted).real


def start_with(u: np.ndarray, initial: np.ndarray) -> None:
    """Replace the series' value at the start, which converges slowly at a kink, by the initial value; they must agree up to that."""
    if np.abs(u[:, 0] - initial).max() > 2e-4:
        raise ValueError("the coefficients are not those of the initial value")
    u[:, 0] = initial


# ---------------------------------------------------------------- problems: (grid, resolution) -> values


def burgers(grid: Grid, resolution: int) -> Values:
    """Cole-Hopf: u = - int sin(pi (x - s)) e(s) ds / int e(s) ds, e(s) = exp(-cos(pi (x - s))/(2 pi nu) - s^2/(4 nu t)).

    The trapezoidal rule converges faster than any power here: the integrand is analytic and vanishes at the ends.
    """
    nu, x, t = 0.01 / np.pi, grid["x"], grid["t"]
    s = np.linspace(-2.2, 2.2, 4000 * resolution + 1)
    phase = np.pi * (x[:, None] - s)
    sine, potential = np.sin(phase), -np.cos(phase) / (2 * np.pi * nu)
    u = np.empty((len(x), len(t)))
    u[:, 0] = -np.sin(np.pi * x)
    for j, tj in enumerate(t[1:], 1):
        exponent = potential - s**2 / (4 * nu * tj)
        kernel = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        u[:, j] = -(sine * kernel).sum(axis=1) / kernel.sum(axis=1)
    return {"u": u}


def allen_cahn(grid: Grid, resolution: int) -> Values:
    """u0 = x^2 cos(pi x) has a kink at x = +-1. Sampled, its coefficients carry an aliasing error of 6e-8 at 8192 points, so
    they are taken from the integral: c_k = (m(k+1) + m(k-1))/4, m(n) = int_-1^1 x^2 cos(n pi x) dx = 4 (-1)^n/(n pi)^2, m(0) = 2/3."""
    count, x, t = 2048 * resolution, grid["x"], grid["t"]

    def moment(n: np.ndarray) -> np.ndarray:
        safe = np.where(n == 0, 1, n)
        return np.where(n == 0, 2 / 3, 4 * (-1.0) ** safe / (safe * np.pi) ** 2)

    k = np.arange(count + 1)
    start = (moment(k + 1) + moment(k - 1)) / 4
    cube = real_power(count, 3)
    v = etdrk4(5 - 1e-4 * (np.pi * k) ** 2, lambda v: -5 * cube(v), start, t, 20 * resolution)
    u = real_series(v, np.pi * k, x)
    start_with(u, x**2 * np.cos(np.pi * x))
    return {"u": u}


def kdv(grid: Grid, resolution: int) -> Values:
    count, x, t = 96 * resolution, grid["x"], grid["t"]
    wave_numbers = np.pi * np.arange(count + 1)
    start = np.zeros(count + 1)
    start[1] = 0.5
    square = real_power(count, 2)
    v = etdrk4(0.0025j * wave_numbers**3, lambda v: -0.5j * wave_numbers * square(v), start, t, 200 * resolution)
    return {"u": real_series(v, wave_numbers, x)}


def kuramoto_sivashinsky(grid: Grid, resolution: int) -> Values:
    """u0 = cos x + sin(2x)/2; the period is 2 pi."""
    return {
        "u": _kuramoto_sivashinsky(
            grid, 128 * resolution, 1.0, (100 / 16, 100 / 16**2, 100 / 16**4), {1: 0.5, 2: -0.25j}, 1500 * resolution
        )
    }


def kuramoto_sivashinsky_regular(grid: Grid, resolution: int) -> Values:
    """u0 = -sin(pi x); the period is 2."""
    return {"u": _kuramoto_sivashinsky(grid, 64 * resolution, np.pi, (5.0, 0.5, 0.005), {1: 0.5j}, 400 * resolution)}


def _kuramoto_sivashinsky(
    grid: Grid, count: int, first: float, coefficients: tuple[float, float, float], modes: dict[int, complex], steps: int
) -> np.ndarray:
    alpha, beta, gamma = coefficients
    k, start = first * np.arange(count + 1), np.zeros(count + 1, complex)
    for index, value in modes.items():
        start[index] = value
    square = real_power(count, 2)
    v = etdrk4(beta * k**2 - gamma * k**4, lambda v: -0.5j * alpha * k * square(v), start, grid["t"], steps)
    return real_series(v, k, grid["x"])


_A = (0.0792036964311957, 0.353172906049774, -0.0420650803577195)
_B = (0.209515106613362, -0.143851773179818)
BLANES_MOAN = ((*_A, 1 - 2 * sum(_A), *_A[::-1]), (*_B, 0.5 - sum(_B), 0.5 - sum(_B), *_B[::-1]))
"""Fractions of a step of the linear and the nonlinear flow: symmetric, six stages, fourth order (Blanes and Moan, 2002)."""


def schroedinger(grid: Grid, resolution: int) -> Values:
    """h_t = i h_xx/2 + i |h|^2 h. The periodic extension of 2 sech(x) has a kink at x = +-5, so its coefficients, too, are taken from
    the integral: over the line 2 pi sech(pi w/2), less the two tails, a geometric series in exp(-10). The kink is never smoothed:
    what is left out beyond the last mode is of the order of (modes)^(-3/2), 1.6e-8 of the solution's norm at 8192.
    ETDRK4 interpolates the nonlinear term in time, which needs modes^2 dt < 1 here and loses its order (measured: 1e-6 at any affordable
    step); the splitting treats the fast phases exactly and needs modes dt < 1 alone.
    """
    n, x, t = 4096 * resolution, grid["x"], grid["t"]
    index = np.fft.fftfreq(n, 1 / n)
    w = np.pi * index / 5
    tails = sum(8 * (-1.0) ** m * a * np.exp(-5 * a) * (-1.0) ** index / (a**2 + w**2) for m in range(4) for a in [2 * m + 1])
    v = (2 * np.pi / np.cosh(np.clip(np.pi * w / 2, -700, 700)) - tails) / 10
    steps = 100 * resolution
    dt = (t[1] - t[0]) / steps
    turns = [np.exp(-0.5j * w**2 * dt * a) for a in BLANES_MOAN[0]]
    modes = [v]
    for _ in t[1:]:
        for _ in range(steps):
            for turn, b in zip(turns, (*BLANES_MOAN[1], 0.0)):
                v = turn * v
                if b:
                    h = np.fft.ifft(v) * n
                    v = np.fft.fft(np.exp(1j * dt * b * np.abs(h) ** 2) * h) / n
        modes.append(v)
    h = np.exp(1j * np.outer(x, w)) @ np.array(modes).T
    start_with(h, 2 / np.cosh(x))
    return {"u": h.real, "v": h.imag}


def chebyshev(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on [0, 1], from 0 to 1, and the differentiation matrix, (n + 1, n + 1)."""
    z = -np.cos(np.pi * np.arange(n + 1) / n)
    c = np.where((np.arange(n + 1) == 0) | (np.arange(n + 1) == n), 2.0, 1.0) * (-1.0) ** np.arange(n + 1)
    difference = z[:, None] - z + np.eye(n + 1)
    D = np.outer(c, 1 / c) / difference
    return (z + 1) / 2, 2 * (D - np.diag(D.sum(axis=1)))


def lagrange(nodes: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Interpolation from nodes to x, in barycentric form: (len(x), len(nodes))."""
    distance = nodes[:, None] - nodes + np.eye(len(nodes))
    weight = np.array([np.prod(np.sign(row)) * np.exp(-np.log(np.abs(row) * 4).sum()) for row in distance])
    gap = x[:, None] - nodes
    exact = np.abs(gap) < 1e-14
    terms = weight / np.where(exact, 1, gap)
    out = terms / terms.sum(axis=1, keepdims=True)
    out[exact.any(axis=1)] = exact[exact.any(axis=1)]
    return out


def cavity(grid: Grid, resolution: int) -> Values:
    """Steady Navier-Stokes at Re = 100 by Chebyshev collocation P_n - P_(n-2) (pressure on interior points alone), Newton, dense."""
    Re, n = 100.0, {1: 42, 2: 56}[resolution]
    z, D = chebyshev(n)
    inner, m = z[1:-1], n - 1
    to_all = lagrange(inner, z)
    D1, D2 = D[1:-1, 1:-1], (D @ D)[1:-1, 1:-1]
    Dp = (D @ to_all)[1:-1]
    eye = np.eye(m)
    dx, dy = np.kron(D1, eye), np.kron(eye, D1)
    laplacian = np.kron(D2, eye) + np.kron(eye, D2)
    px, py = np.kron(Dp, eye), np.kron(eye, Dp)
    lid = 16 * inner**2 * (1 - inner) ** 2
    lift_y, lift_yy = np.kron(lid, D[1:-1, -1]), np.kron(lid, (D @ D)[1:-1, -1])  # the lid's share of u_y and u_yy
    pin = np.kron(*[lagrange(inner, np.array([0.5]))] * 2)[0]  # p(0.5, 0.5) = 0
    size, U = m * m, np.zeros(3 * m * m)
    zero = np.zeros((size, size))
    for _ in range(30):
        u, v, p = U[:size], U[size : 2 * size], U[2 * size :]
        ux, uy, vx, vy = dx @ u, dy @ u + lift_y, dx @ v, dy @ v
        F = np.concatenate(
            [u * ux + v * uy + px @ p - (laplacian @ u + lift_yy) / Re, u * vx + v * vy + py @ p - laplacian @ v / Re, ux + vy]
        )
        convect = u[:, None] * dx + v[:, None] * dy - laplacian / Re
        J = np.block([[convect + np.diag(ux), np.diag(uy), px], [np.diag(vx), convect + np.diag(vy), py], [dx, dy, zero]])
        F[-1], J[-1] = pin @ p, np.concatenate([np.zeros(2 * size), pin])  # one equation of continuity follows from the others
        step = scipy.linalg.solve(J, -F)
        U = U + step
        if np.abs(step).max() < 1e-11:
            break
    u, v, p = U.reshape(3, m, m)
    walls = np.pad(u, 1)
    walls[1:-1, -1] = lid
    at_x, at_y = lagrange(z, grid["x"]), lagrange(z, grid["y"])
    px_, py_ = lagrange(inner, grid["x"]), lagrange(inner, grid["y"])
    return {"U[1]": at_x @ walls @ at_y.T, "U[2]": at_x @ np.pad(v, 1) @ at_y.T, "p": px_ @ p @ py_.T}


def burgers2d(grid: Grid, resolution: int, nu: float = 0.05, points: tuple[int, int] = (36, 52), steps: int = 200) -> Values:
    """Chebyshev collocation on the square, ETDRK4 in time in the eigenvectors of the second derivative (walls at zero)."""
    n = points[resolution - 1]
    z, D = chebyshev(n)
    eigenvalues, V = np.linalg.eig((D @ D)[1:-1, 1:-1])
    V, inverse = V.real, np.linalg.inv(V.real)
    slope, m = D[1:-1, 1:-1], n - 1

    def nonlinear(modes: np.ndarray) -> np.ndarray:
        u = V @ modes.real.reshape(m, m) @ V.T
        return -(inverse @ (u * (slope @ u + u @ slope.T)) @ inverse.T).ravel()

    start = inverse @ np.outer(np.sin(np.pi * z[1:-1]), np.sin(np.pi * z[1:-1])) @ inverse.T
    linear = nu * (eigenvalues.real[:, None] + eigenvalues.real).ravel()
    modes = etdrk4(linear, nonlinear, start.ravel(), grid["t"], steps * resolution).real
    at_x, at_y = (lagrange(z, grid[name])[:, 1:-1] @ V for name in ("x", "y"))
    return {"u": np.einsum("xi,ijt,yj->xyt", at_x, modes.reshape(m, m, -1), at_y)}


# ---------------------------------------------------------------- files

Solver = Callable[[Grid, int], Values]

REFERENCES: dict[str, tuple[Solver, Grid, dict[str, float], str]] = {
    "burgers": (
        burgers,
        {"x": np.linspace(-1, 1, 256), "t": np.linspace(0, 1, 101)},
        {"nu": 0.01 / np.pi},
        "Cole-Hopf transformation, trapezoidal rule",
    ),
    "allen_cahn": (
        allen_cahn,
        {"x": np.linspace(-1, 1, 256), "t": np.linspace(0, 1, 101)},
        {"diffusivity": 1e-4, "rate": 5.0},
        "Fourier series from the analytic coefficients of u0, ETDRK4",
    ),
    "kdv": (kdv, {"x": np.linspace(-1, 1, 256), "t": np.linspace(0, 1, 101)}, {"delta": 0.0025}, "Fourier series, ETDRK4"),
    "kuramoto_sivashinsky": (
        kuramoto_sivashinsky,
        {"x": np.linspace(0, 2 * np.pi, 256), "t": np.linspace(0, 1, 51)},
        {"alpha": 100 / 16, "beta": 100 / 16**2, "gamma": 100 / 16**4},
        "Fourier series, ETDRK4",
    ),
    "kuramoto_sivashinsky_regular": (
        kuramoto_sivashinsky_regular,
        {"x": np.linspace(-1, 1, 128), "t": np.linspace(0, 1, 51)},
        {},
        "Fourier series, ETDRK4",
    ),
    "burgers2d": (
        burgers2d,
        {"x": np.linspace(0, 1, 33), "y": np.linspace(0, 1, 33), "t": np.linspace(0, 1, 21)},
        {"nu": 0.05},
        "Chebyshev collocation, ETDRK4",
    ),
    "burgers2d_thin": (
        partial(burgers2d, nu=0.01, points=(80, 112)),
        {"x": np.linspace(0, 1, 33), "y": np.linspace(0, 1, 33), "t": np.linspace(0, 1, 11)},
        {"nu": 0.01},
        "Chebyshev collocation, ETDRK4",
    ),
    "schroedinger_kink": (
        schroedinger,
        {"x": np.linspace(-5, 5, 128), "t": np.linspace(0, np.pi / 2, 51)},
        {},
        "Fourier series from the analytic coefficients of u0, Blanes-Moan splitting of fourth order",
    ),
    "cavity": (
        cavity,
        {"x": np.linspace(0, 1, 65), "y": np.linspace(0, 1, 65)},
        {"Re": 100.0},
        "Chebyshev collocation P_n - P_(n-2), Newton",
    ),
}


def make(name: str) -> None:
    """Solve twice, write the finer solution, print what doubling the resolution changed, field by field."""
    solver, grid, parameters, method = REFERENCES[name]
    began = time.perf_counter()
    coarse, fine = solver(grid, 1), solver(grid, 2)
    changed = {field: float(np.linalg.norm(coarse[field] - u) / np.linalg.norm(u)) for field, u in fine.items()}
    dataset = xr.Dataset(
        {field: (tuple(grid), u, {"converged_to": changed[field]}) for field, u in fine.items()},
        coords=grid,
        attrs={"problem": name, "method": method, "parameters": json.dumps(parameters)},
    )
    path = HERE / f"{name}.nc"
    dataset.to_netcdf(path, engine="h5netcdf", encoding={field: {"zlib": True, "shuffle": True, "complevel": 9} for field in fine})
    figures = "  ".join(f"{field} {change:.1e}" for field, change in changed.items())
    print(f"{name:14s} doubled resolution changes {figures}  {path.stat().st_size // 1024} KiB  {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or REFERENCES:
        make(chosen)
