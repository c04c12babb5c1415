"""Solutions that are not smooth: corners, and kinks of a derivative along a line, on a square; what the estimate says and what is true.

    python benchmarks/singular.py
    python benchmarks/singular.py --tol 1e-8

    corner a:   r^a sin(a phi) about a corner of the square
    line p:     |x - 0.3|^p sin(y), along an axis
    oblique p:  |x - y - 0.2|^p

Errors are relative L2 over 500 x 500 Gauss-Legendre points. The last line counts what is called converged beyond 10 times the tolerance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np

Values = Callable[[np.ndarray, np.ndarray], np.ndarray]
SQUARE = "x in [0, 1]; y in [0, 1]\nfield u\nlaplacian(u) = {source}\non boundary: u = {exact}"
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
        yield f"oblique {p:g}", SQUARE.format(source=source, exact=f"abs(x - y - 0.2)^{p}"), oblique(p)


def corner(a: float) -> Values:
    return lambda x, y: (x**2 + y**2) ** (a / 2) * np.sin(a * np.arctan2(y, x))


def line(p: float) -> Values:
    return lambda x, y: np.abs(x - 0.3) ** p * np.sin(y)


def oblique(p: float) -> Values:
    return lambda x, y: np.abs(x - y - 0.2) ** p


def main() -> None:
    import pdelang

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tol", type=float, nargs="+", default=[1e-4, 1e-6])
    given = parser.parse_args()
    points, weights = np.polynomial.legendre.leggauss(500)
    x = 0.5 * (1 + points)
    print("  ".join(c.ljust(w) for c, w in zip(COLUMNS, WIDTHS)).rstrip())
    wrong = 0
    for name, text, exact in problems():
        truth = exact(x[:, None], x)
        for tolerance in given.tol:
            solution = pdelang.solve(pdelang.parse(text), tolerance=tolerance)
            apart = solution(x=x[:, None], y=x) - truth
            error = float(np.sqrt(weights @ apart**2 @ weights / (weights @ truth**2 @ weights)))
            estimate = solution.error_estimate or np.nan
            wrong += solution.converged and error > 10 * tolerance
            cells = (name, f"{tolerance:.0e}", solution.status.name.lower(), f"{solution.residual:.1e}", f"{estimate:.1e}",
                     f"{error:.1e}", f"{estimate / error:.2g}", f"{solution.seconds:.1f}")  # fmt: skip
            print("  ".join(c.ljust(w) for c, w in zip(cells, WIDTHS)).rstrip(), flush=True)
    print(f"wrongly converged: {wrong}")


if __name__ == "__main__":
    main()
