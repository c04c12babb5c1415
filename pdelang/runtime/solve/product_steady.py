"""Steady problems: Newton on one box, refined axis by axis until the residual outside the test functions is small."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.layout.slab import no_time
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.product_estimate import AIM, difference, estimate, sizes
from pdelang.runtime.solve.product_gauss_newton import galerkin_wanted, least_squares_wanted, solve_galerkin, solve_least_squares
from pdelang.runtime.solve.product_iteration import Limits, solve_slab
from pdelang.runtime.solve.product_layouts import Layout, first_layout
from pdelang.runtime.solve.product_program import Program
from pdelang.runtime.solve.product_system import SlabSystem
from pdelang.runtime.solve.product_transfer import transferred
from pdelang.runtime.status import Status

FAILURES = 3  # layouts in a row on which Newton's iteration fails: a finer one will not mend it
FIRST_SHARE = 0.7  # of a given number of kernels: a first solution, which only shows the second one's error


@dataclass(frozen=True, eq=False)
class Stage:
    """One layout's solution. residual: relative to the equation's terms, root mean square, the largest over the equations."""

    representation: ProductExpansion
    layout: Layout
    residual: float
    defects: np.ndarray
    newton: int
    krylov: int
    converged: bool
    system: SlabSystem
    W: np.ndarray


def stage(layout: Layout, tolerance: float, before: Stage | None, iterations: int) -> Stage:
    space = layout.space()
    program = layout.program
    system = SlabSystem(space, no_time(), 0.0, 1.0, ((),) * program.fields)
    guess = None
    if before is not None and before.converged:
        guess = np.stack([transferred(before.system.space, space, w[..., 0])[..., None] for w in before.W])
    if least_squares_wanted(system):
        solved = solve_least_squares(system, 0.02 * tolerance, guess, iterations)
    elif galerkin_wanted(system):
        solved = solve_galerkin(system, 0.02 * tolerance, guess, iterations)
    else:
        solved = solve_slab(system, 0.02 * tolerance, {}, guess, iterations)
    quality = system.quality(solved.W)
    scale = np.maximum(quality.scale, 1e-12 * max(quality.scale.max(), 1e-300))
    axes = (quality.axes / scale).max(axis=1) if len(quality.axes) else np.zeros(0)
    residual = float((quality.residual / scale).max())
    expansion = ProductExpansion.of(system, solved.W)
    return Stage(expansion, layout, residual, axes, solved.steps, solved.krylov, solved.converged, system, solved.W)


def next_layout(last: Stage, tolerance: float) -> Layout | None:
    """Finer where the residual is not resolved (everywhere where it is, for a second opinion); graded where that saves."""
    blamed = last.defects > tolerance
    if last.residual > tolerance and blamed.any() and np.isfinite(last.residual):
        if not last.converged:
            return last.layout.refined(last.defects, 0.3 * tolerance)
        return last.layout.adapted(last.system.space, last.system.over_time(last.W), last.defects, 0.3 * tolerance)
    return last.layout.refined(np.full(last.layout.axes, 0.5), 0.4)


def refine(first: Layout, tolerance: float, progress: Progress, limits: Limits, limit: int = 12) -> tuple[list[Stage], Status, str]:
    """Stages from coarse to fine; the last two are both fine enough unless the status says otherwise."""
    stages: list[Stage] = []
    layout: Layout | None = first.coarser(FIRST_SHARE) if first.fixed else first
    met = 0
    try:
        while layout is not None and len(stages) < limit:
            progress(f"steady, {'x'.join(map(str, layout.kernels))} kernels", min(0.9, len(stages) / 8))
            began = clock.monotonic()
            stages.append(stage(layout, tolerance, stages[-1] if stages else None, limits.iterations))
            last = stages[-1]
            met = met + 1 if last.converged and last.residual <= tolerance else 0
            if met and len(stages) > 1 and (met > 1 or stages[-2].residual < 1e4 * tolerance):
                return stages, Status.CONVERGED, ""
            if len(stages) >= FAILURES and not any(s.converged for s in stages[-FAILURES:]):
                break
            if len(stages) > 3 and last.residual > 0.3 * stages[-3].residual and last.residual < 1e-6:
                return stages, Status.STAGNATED, f"the residual stays at {last.residual:.1e} of the equation's terms"
            layout = next_layout(last, tolerance) if not first.fixed else first if len(stages) == 1 else None
            spent = clock.monotonic() - began
            if layout is not None and clock.monotonic() + 3 * spent > limits.deadline:
                return stages, Status.ITERATION_LIMIT, f"out of time (option time_limit); {_left(last)}"
    except KeyboardInterrupt:
        return stages, Status.INTERRUPTED, "interrupted"
    last = stages[-1]
    if not np.isfinite(last.residual):
        return stages, Status.NON_FINITE, "a value that is not finite appeared"
    if last.newton >= limits.iterations and not last.converged:
        return stages, Status.ITERATION_LIMIT, f"Newton's iteration is not done after {last.newton} steps (option max_iterations)"
    if first.fixed and met:
        return stages, Status.CONVERGED, ""
    if not last.converged:
        return stages, Status.STAGNATED, "Newton's iteration does not converge from a zero start"
    return stages, Status.TOLERANCE_NOT_MET, f"{_left(last)} on the {'given' if first.fixed else 'finest'} layout"


def _left(last: Stage) -> str:
    return f"the residual is {last.residual:.1e} of the equation's terms"


def solve_steady(program: Program, options: SolveOptions, progress: Progress) -> MethodResult:
    deadline = clock.monotonic() + options.time_limit
    tolerance = max(options.tolerance, 1e-13)
    limits = Limits(deadline, None, options.max_iterations)
    stages, status, message = refine(first_layout(program, options.kernels), AIM * tolerance, progress, limits)
    if not stages:
        return MethodResult(None, status, "product", 0, message=message)
    last, error = stages[-1], None
    if len(stages) > 1:
        size = sizes(last.representation, program)
        apart = difference(stages[-2].representation, last.representation, program)
        error = estimate(apart, stages[-2].residual, last.residual, size)
    history = tuple({"residual": s.residual, "kernels": s.representation.kernels, "newton": s.newton, "krylov": s.krylov} for s in stages)
    reason = f"product layout, {'x'.join(map(str, last.layout.kernels))} kernels, {'least squares' if program.fields > 1 else 'Galerkin'}"
    return MethodResult(last.representation, status, "product", sum(s.newton for s in stages), reason, message, error, history)
