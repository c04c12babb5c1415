"""Small solutions made by hand for the tests of `Solution`: known functions, fitted by a few Gaussians."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

import numpy as np

from pdelang.language.expressions import Constant
from pdelang.language.problem import CoordinateDecl, Equation, FieldDecl, ParameterDecl, Problem
from pdelang.language.source import Source, Span
from pdelang.runtime.certificate import Certificate, EquationReport, TermReport
from pdelang.runtime.evaluation import FieldValues
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.reference import relative_l2
from pdelang.runtime.solution import Solution
from pdelang.runtime.status import Status

NOWHERE = Span(0, 0)


def problem(text: str, coordinates: dict[str, tuple[float, float]], fields: list[str], periodic: tuple[str, ...] = ()) -> Problem:
    """Coordinates named t are time; fields named U[...] are components; the first line of the text is the one equation."""
    first = Span(0, text.index("\n") if "\n" in text else len(text))
    equation = Equation("equation 1", "interior", (), (tuple(None for _ in coordinates),), None, first)
    return Problem(
        name="sketch",
        title="A sketch",
        source=Source(text, "sketch.pde"),
        coordinates=tuple(CoordinateDecl(n, Constant(0), Constant(1), n in periodic, n == "t", NOWHERE) for n in coordinates),
        fields=tuple(FieldDecl(n, NOWHERE, n.split("[")[0] if "[" in n else None) for n in fields),
        parameters=(ParameterDecl("nu", "uniform", (0.0, 1.0), (0.02,), None, False, NOWHERE),),
        equations=(equation,) * len(fields),
        conditions=(),
        exact=(None,) * len(fields),
    )


def fitted(functions: list[Callable[..., np.ndarray]], box: dict[str, tuple[float, float]], count: int) -> GaussianExpansion:
    """Least squares on a grid, `count` centres an axis, overlap of two spacings."""
    d = len(box)
    lower, upper = (np.array([b[k] for b in box.values()]) for k in (0, 1))
    line = np.linspace(-1.2, 1.2, count)
    centres = np.array(list(itertools.product(line, repeat=d)))
    shape = {"log_scales": np.full((len(centres), d), np.log(4.0 / count)), "shears": np.zeros((len(centres), d * (d - 1) // 2))}

    def expansion(weights: np.ndarray) -> GaussianExpansion:
        return GaussianExpansion(weights, centres, **shape, lower=lower, upper=upper, periodic=(False,) * d)

    points = lower + (upper - lower) * np.array(list(itertools.product(np.linspace(0, 1, 2 * count), repeat=d)))
    index = [(k, (0,) * d) for k in range(len(centres))]
    basis = expansion(np.eye(len(centres))).jets(points, index).T
    values = np.stack([f(*points.T) for f in functions], axis=-1)
    return expansion(np.linalg.lstsq(basis, values, rcond=1e-12)[0].T)


def sketch(
    functions: dict[str, Callable[..., np.ndarray]],
    box: dict[str, tuple[float, float]],
    count: int,
    *,
    reference: bool = True,
    text: str = "u_t + u*u_x = nu*u_xx\n# by hand\n",
    parameters: dict[str, float] | None = None,
) -> Solution:
    report = EquationReport("equation 1", "interior", 1, 2e-7, 3e-7, 1e-6, (0.0,) * len(box), 100, (TermReport("u_t", 1, 0.5),))
    wall = EquationReport("boundary x = 0", "boundary", 2, 2e-9, 3e-8, 1e-6, (0.0,) * len(box), 100, ())
    solution = Solution(
        problem=problem(text, box, list(functions)),
        parameters={"nu": 0.02} if parameters is None else parameters,
        lower=np.array([b[0] for b in box.values()]),
        upper=np.array([b[1] for b in box.values()]),
        representation=fitted(list(functions.values()), box, count),
        status=Status.CONVERGED,
        certificate=Certificate(1e-6, 3e-7, (report,) * len(functions), (wall,), {"u": 1e-6}),
        method="least_squares",
        seconds=1.25,
        iterations=3,
    )
    if not reference:
        return solution
    import xarray

    axes = solution.axes(dict.fromkeys(box, 41 if len(box) < 4 else 9))
    mesh = np.meshgrid(*axes, indexing="ij")
    data = xarray.Dataset(
        {n: (list(box), f(*mesh)) for n, f in functions.items()}, coords=dict(zip(box, axes)), attrs={"source": "by hand"}
    )
    assert relative_l2(solution, data)
    return solution.compared_with(data)


def wave(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * x) * np.exp(-t) + 0.2 * x * t


def vortex_u(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -np.cos(np.pi * x) * np.sin(np.pi * y)


def vortex_v(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * x) * np.cos(np.pi * y)


UNIT = (0.0, 1.0)
_MAKERS: dict[str, Callable[[], Solution]] = {
    "curve": lambda: sketch({"u": lambda x: np.cos(3 * x)}, {"x": (-1.0, 1.0)}, 16),
    "growth": lambda: sketch({"u": lambda t: np.exp(-3 * t)}, {"t": UNIT}, 16, reference=False),
    "space_time": lambda: sketch({"u": wave}, {"x": (-1.0, 1.0), "t": UNIT}, 14),
    "system": lambda: sketch({"u": wave, "v": lambda x, t: x**2 + t}, {"x": (-1.0, 1.0), "t": UNIT}, 12, reference=False),
    "plane": lambda: sketch({"u": lambda x, y: np.sin(3 * x) * y}, {"x": (-1.0, 1.0), "y": UNIT}, 12),
    "flow": lambda: sketch(
        {"U[1]": vortex_u, "U[2]": vortex_v, "p": lambda x, y: np.cos(2 * np.pi * x) / 4}, {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, 14
    ),
    "plane_in_time": lambda: sketch(
        {"u": lambda x, y, t: np.exp(-t) * np.sin(3 * x) * y}, {"x": (-1.0, 1.0), "y": UNIT, "t": UNIT}, 7, reference=False
    ),
    "solid_in_time": lambda: sketch({"u": lambda x, y, z, t: x * y * z * t}, {"x": UNIT, "y": UNIT, "z": UNIT, "t": UNIT}, 4),
    "four": lambda: sketch({"u": lambda x, y, z, w: x * y * z * w}, {"x": UNIT, "y": UNIT, "z": UNIT, "w": UNIT}, 4, reference=False),
    "solid": lambda: sketch({"u": lambda x, y, z: x * y * z}, {"x": UNIT, "y": UNIT, "z": UNIT}, 6),
}
SKETCHES = {name: cache(make) for name, make in _MAKERS.items()}

__all__ = ["SKETCHES", "FieldValues", "fitted", "problem", "sketch", "wave"]
