"""Solutions that are not smooth: corners and kinks of a derivative, steady and in time; what the estimate says and what is true.

    python benchmarks/singular.py
    python benchmarks/singular.py --tol 1e-8

    corner a:   r^a sin(a phi) about a corner of the square
    line p:     |x - 0.3|^p sin(y), along an axis
    oblique p:  |x - y - 0.2|^p
    moving p:   |x - t - 0.3|^p, carried along
    late p:     max(t - x - 0.2, 0)^p, which enters at t = 0.2
    heated p:   |t - 0.4|^p sin(pi x), in the heat equation
    quench:     a hot bar with cold ends

Errors are relative L2 over 500 x 500 Gauss-Legendre points. The last line counts what is called converged beyond 10 times the tolerance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np

Values = Callable[[np.ndarray, np.ndarray], np.ndarray]
SQUARE = "x in [0, 1]; y in [0, 1]\nfield u\nlaplacian(u) = {source}\non boundary: u = {exact}"
CARRIED = "x in [0, 1]; t in [0, 1]\nfield u\nu_t + u_x = 0\nu(0, t) = {inflow}\nu(x, 0) = {start}"
BAR = "x in [0, 1]; t in [0, 1]\nfield u\nu_t = 0.1*u_xx + {source}\nu(0, t) = 0; u(1, t) = 0\nu(x, 0) = {start}"
COLUMNS = ("solution", "tolerance", "status", "residual", "estimate", "error", "estimate/error", "seconds")
WIDTHS = (14, 11, 20, 10, 10, 9, 15, 7)


def problems() -> Iterator[tuple[str, str, Values]]:
    for text, a in (("2/3", 2 / 3), ("1.5", 1.5), ("2.5", 2.5), ("3.5", 3.5)):
        exact = f"(x^2 + y^2 + 1e-300)^({text}/2)*sin({text}*atan2(y, x))"
        yield f"corner {text}", SQUARE.format(source=0, exact=exact), corner(a)
    for p in (1.5, 2.5, 3.5):
        source = f"({p * (p - 1)}*abs(x - 0.3)^{p - 2} - abs(x - 0.3)^{p})*sin(y)"
        yield f"line {p:g}", SQUARE.format(source=source, exact=f"abs(x - 0.3)^{p}*sin(y)"), line(p)
        source = f"{2 * p * (p - 1)}*abs(x - y - 0.2)^{p - 2}"
        yield f"oblique {p:g}", SQUARE.format(source=source, exact=f"abs(x - y - 0.2)^{p}"), oblique(p, 0.2)
    for p in (1.5, 2.5):
        yield f"moving {p:g}", CARRIED.format(inflow=f"(t + 0.3)^{p}", start=f"abs(x - 0.3)^{p}"), oblique(p, 0.3)
    for p in (1, 2, 3):
        yield f"late {p}", CARRIED.format(inflow=f"max(t - 0.2, 0)^{p}", start=0), late(p)
    for p in (1.5, 2.5):
        source = f"({p}*sign(t - 0.4)*abs(t - 0.4)^{p - 1} + 0.1*pi^2*abs(t - 0.4)^{p})*sin(pi*x)"
        yield f"heated {p:g}", BAR.format(source=source, start=f"0.4^{p}*sin(pi*x)"), heated(p)
    yield "quench", BAR.format(source=0, start=1), quenched


def corner(a: float) -> Values:
    return lambda x, y: (x**2 + y**2) ** (a / 2) * np.sin(a * np.arctan2(y, x))


def line(p: float) -> Values:
    return lambda x, y: np.abs(x - 0.3) ** p * np.sin(y)


def oblique(p: float, at: float) -> Values:
    return lambda x, y: np.abs(x - y - at) ** p


def late(p: int) -> Values:
    return lambda x, t: np.maximum(t - x - 0.2, 0) ** p


def heated(p: float) -> Values:
    return lambda x, t: np.abs(t - 0.4) ** p * np.sin(np.pi * x)


def quenched(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Images of the error function on both sides."""
    from scipy.special import erf

    return np.asarray(sum((-1) ** n * erf((x - n) / np.sqrt(0.4 * t)) for n in range(-6, 7)))


def main() -> None:
    import pdelang

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tol", type=float, nargs="+", default=[1e-3, 1e-4, 1e-6])
    given = parser.parse_args()
    points, weights = np.polynomial.legendre.leggauss(500)
    x = 0.5 * (1 + points)
    print("  ".join(c.ljust(w) for c, w in zip(COLUMNS, WIDTHS)).rstrip())
    wrong = 0
    for name, text, exact in problems():
        truth = exact(x[:, None], x)
        for tolerance in given.tol:
            solution = pdelang.solve(pdelang.parse(text), tolerance=tolerance)
            second = solution.problem.coordinates[1].name
            apart = solution(**{"x": x[:, None], second: x}) - truth
            error = float(np.sqrt(weights @ apart**2 @ weights / (weights @ truth**2 @ weights)))
            estimate = solution.error_estimate or np.nan
            wrong += solution.converged and error > 10 * tolerance
            cells = (name, f"{tolerance:.0e}", solution.status.name.lower(), f"{solution.residual:.1e}", f"{estimate:.1e}",
                     f"{error:.1e}", f"{estimate / error:.2g}", f"{solution.seconds:.1f}")  # fmt: skip
            print("  ".join(c.ljust(w) for c, w in zip(cells, WIDTHS)).rstrip(), flush=True)
    print(f"wrongly converged: {wrong}")


if __name__ == "__main__":
    main()
