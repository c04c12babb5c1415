"""The standard layout of a family: a grid, and where the problem is nonlinear graded by direct solves at a few conditions.

    l_i(x_i) = min over conditions of the local length of u(.; c),    centres on the map whose slope is l_i
    K_i ~ max over conditions of the integral of 1/l_i,                the product of all K_i being about K

A grid that cannot hold the steepest member of a family is a poor start: Gauss-Newton steps do not converge on it, and what does
not converge has no gradient to learn from. Burgers, nu = 0.013, after 400 and 600 steps: 4e-1 on an even grid, 6e-2 on a graded one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import BEYOND, StandardLayout
from pdelang.runtime.generator.points import linear
from pdelang.runtime.layout.monitor import Monitor, graded, limited, local_length
from pdelang.runtime.layout.scattered import Mapping1D
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.solution import Solution

CORNERS = 8
"""Most direct solves: at corners of the box of conditions, and its middle."""
TOLERANCE = 1e-3
SAMPLES, TIMES = 401, 41
SHARPNESS = 3.0
"""Local lengths are divided by it before their growth is limited."""
FEWEST = 3
"""Kernels along a coordinate of a graded layout."""


def standard_layout(compiled: CompiledProblem, kernels: int, seed: int, beyond: float = BEYOND) -> StandardLayout:
    """A grid of about so many kernels, graded where the problem is nonlinear and direct solves succeed."""
    d, time = len(compiled.problem.coordinates), compiled.problem.time
    counts = [max(2, round(kernels ** (1 / d)))] * d
    if linear(compiled):
        return StandardLayout.grid(compiled, counts, beyond=beyond)
    solutions = [s for s in _solved(compiled, seed) if s is not None]
    if not solutions:
        return StandardLayout.grid(compiled, counts, beyond=beyond)
    periodic = [c.periodic for c in compiled.problem.coordinates]
    monitors = [[_monitor(s, i, periodic[i]) for s in solutions] for i in range(d)]
    maps = [None if i == time else _map(monitors[i], periodic[i]) for i in range(d)]
    if d > 1:
        counts = shared(kernels, [max(m.lengths() for m in own) for own in monitors])
    return StandardLayout.grid(compiled, counts, maps, beyond)


def shared(kernels: int, lengths: Sequence[float]) -> list[int]:
    """Kernels along each coordinate, as many for a local length everywhere, about `kernels` in all."""
    a_length = (kernels / np.prod(lengths)) ** (1 / len(lengths))
    return [max(FEWEST, round(a_length * n)) for n in lengths]


def _solved(compiled: CompiledProblem, seed: int) -> list[Solution | None]:
    from pdelang.runtime.api import direct

    conditions = Conditions.of(compiled.problem)
    corners = list(product((-1.0, 1.0), repeat=conditions.size)) if 2**conditions.size <= CORNERS else []
    found: list[Solution | None] = []
    for z in [(0.0,) * conditions.size, *corners]:
        values = {name: v if np.ndim(v) else float(v) for name, v in conditions.values(np.array(z)).items()}
        solution = direct(compiled, compiled.parameters() | values, SolveOptions(tolerance=TOLERANCE, seed=seed))
        found.append(solution if solution.representation is not None and solution.residual < 0.1 else None)
    return found


def _map(monitors: Sequence[Monitor], periodic: bool) -> Mapping1D:
    """One map for all: dense wherever one of them is steep."""
    x = monitors[0].x
    found = graded(Monitor(x, limited(x, np.min([m.length for m in monitors], axis=0), periodic)), periodic)
    return lambda z: (found.place(z), found.slope(z))


def _monitor(solution: Solution, axis: int, periodic: bool) -> Monitor:
    representation, lower, upper = solution.representation, solution.lower, solution.upper
    assert representation is not None
    d, fields = len(lower), representation.fields
    counts = [SAMPLES if i == axis else TIMES if d <= 2 else 7 for i in range(d)]
    axes = [np.linspace(a, b, n) for a, b, n in zip(lower, upper, counts)]
    orders = [tuple(k if i == axis else 0 for i in range(d)) for k in range(3)]
    jets = representation.grid_jets(axes, [(f, o) for o in orders for f in range(fields)]).reshape(3, fields, *counts)
    half = (upper[axis] - lower[axis]) / 2
    scaled = [(SHARPNESS * half) ** k * np.moveaxis(j, 1 + axis, 1).reshape(fields, SAMPLES, -1) for k, j in enumerate(jets)]
    return local_length(np.linspace(-1, 1, SAMPLES), scaled, periodic)
