"""Start and end of the methods that move whole kernels: a layout with weights projected on it, and the result's estimate."""

from __future__ import annotations

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.collocation import Parameters
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout.scattered import grid_layout
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.solve.box import Problem, solve_box
from pdelang.runtime.solve.gauss_newton import GaussNewton
from pdelang.runtime.solve.refine import sizes_for
from pdelang.runtime.status import Status

DEFAULT_KERNELS = 144
GHOSTS = 1
OVERLAP = 0.4
"""Share of the option: kernels that are to move must not lean on each other:
at 2 spacings their weights cancel to 1e5 and none can move."""
PROJECTION_STEPS = 20


def start(compiled: CompiledProblem, params: Parameters, options: SolveOptions, project: bool) -> GaussianExpansion:
    """A uniform grid of kernels over the whole box. project: weights by Gauss-Newton, the best that this geometry can do; else zero."""
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    problem = Problem(compiled, params, options, lower, upper)
    sizes = sizes_for(options.kernels or _affordable(options.unknowns, len(lower), problem.fields), problem.periodic, GHOSTS)
    layout = grid_layout(sizes, problem.periodic, OVERLAP * options.overlap, options.points, ghosts=GHOSTS)
    empty = layout.expansion(np.zeros((problem.fields, layout.kernels)), lower, upper)
    if not project:
        return empty
    attempt = solve_box(problem, GaussNewton(PROJECTION_STEPS, 0.01 * options.tolerance), layout, lower, upper)
    return empty if attempt.status is Status.NON_FINITE else attempt.expansion


def _affordable(unknowns: int | None, dimension: int, fields: int) -> int:
    """Kernels with so many trainable numbers in all."""
    return DEFAULT_KERNELS if unknowns is None else max(4, round(unknowns / (fields + 2 * dimension + dimension * (dimension - 1) // 2)))


def points_for(expansion: GaussianExpansion, equations: int, options: SolveOptions) -> int:
    """Collocation points: those asked for, or `points` rows for every unknown of a kernel."""
    if options.collocation:
        return options.collocation
    d = expansion.dimension
    unknowns = expansion.kernels * (expansion.fields + 2 * d + d * (d - 1) // 2)
    return int(np.ceil(options.points * unknowns / (2 * equations)))
