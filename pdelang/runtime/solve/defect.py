"""The error of any answer, from its own residual: one Newton step on a layout of its own.

    N'(u) e = -N(u),   B'(u) e = -B(u):   u + e solves the problem to second order in e, so |e| estimates the error of u.

For methods that have no second solution to compare with. It is as good as the layout resolves the error, which is rougher than the
solution. Measured: heat by Levenberg-Marquardt, 49 kernels, estimate 3.12e-2, error 3.04e-2; by first-order steps 7.19e-2, 7.00e-2.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.collocation import Parameters, System
from pdelang.runtime.layout.scattered import grid_layout
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.sampling import box
from pdelang.runtime.solve.box import Problem, build_rows, guess_jets
from pdelang.runtime.solve.dense import RidgeFactor
from pdelang.runtime.solve.refine import sizes_for
from pdelang.runtime.status import Status

KERNELS, GHOSTS, POINTS = 1200, 4, 1024


def estimated_error(problem: Problem, representation: Representation) -> np.ndarray | None:
    """Root mean square of e over the domain, one a field; None where it cannot be computed."""
    lower, upper, options = problem.lower, problem.upper, problem.options
    sizes = sizes_for(KERNELS // problem.fields, problem.periodic, GHOSTS)
    layout = grid_layout(sizes, problem.periodic, ghosts=GHOSTS)
    rows = build_rows(problem, layout, lower, upper, None)
    system = System(layout, problem.fields, lower, upper, rows)
    residual, partials = system.linearise(guess_jets(problem, rows, representation, None))
    if system.non_finite(residual, partials):
        return None
    system.balance(partials)
    weights = RidgeFactor(system.matrix(partials)).solve(-system.vector(residual)).reshape(problem.fields, -1)
    error = layout.expansion(weights, lower, upper)
    values = error.jets(box(lower, upper, POINTS, options.seed + 15485863), [(f, (0,) * len(lower)) for f in range(problem.fields)])
    found = np.sqrt(np.mean(values**2, axis=1))
    return found if np.isfinite(found).all() else None


def with_estimate(compiled: CompiledProblem, params: Parameters, options: SolveOptions, result: MethodResult) -> MethodResult:
    """The result with its error estimate, where it has an answer that was not cut short."""
    if result.representation is None or result.status in (Status.INTERRUPTED, Status.NON_FINITE):
        return result
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    try:
        return replace(result, error_estimate=estimated_error(Problem(compiled, params, options, lower, upper), result.representation))
    except KeyboardInterrupt:
        return replace(result, status=Status.INTERRUPTED)
