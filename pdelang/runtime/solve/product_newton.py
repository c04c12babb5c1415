"""The method `product`: Gaussians on product layouts, Newton with the compiler's derivative, to a tolerance.

Two passes at different tolerances give the estimate: their difference is the coarser one's error, and the residuals' ratio,
to which errors are proportional, carries it over to the finer one. A pass that does not meet the tolerance is
followed by a finer one.
"""

from __future__ import annotations

import time as clock
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.product_correction import correction
from pdelang.runtime.solve.product_estimate import AIM, difference, estimate, relative_error, sizes
from pdelang.runtime.solve.product_iteration import Limits
from pdelang.runtime.solve.product_layouts import first_layout
from pdelang.runtime.solve.product_march import March, march
from pdelang.runtime.solve.product_program import Program
from pdelang.runtime.solve.product_schedule import Schedule
from pdelang.runtime.solve.product_steady import FIRST_SHARE, solve_steady
from pdelang.runtime.solve.product_system import UnsupportedError
from pdelang.runtime.solve.product_verdict import SAFETY
from pdelang.runtime.status import Status

FINEST = 2e-14
ROUNDING = 1e-14
PASSES = 5
ROUGHEST = 1e-2
COARSE_PASS = 30.0  # tolerance of the first pass in units of the asked one


def supports(compiled: CompiledProblem) -> bool:
    """A box of up to four coordinates, with equations and conditions only."""
    problem = compiled.problem
    return len(problem.coordinates) <= 4 and not (problem.regions or problem.integrals or problem.data)


@threadpool_limits.wrap(limits=1)  # small matrices: on shared cores threads that wait for each other cost 8 times the time
def product_newton(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    try:
        program = Program(compiled, params)
        if program.time is None or not all(_starts_alone(program)):
            return solve_steady(replace(program, space_time=True) if program.time is not None else program, options, progress)
        return _evolution(program, options, progress)
    except UnsupportedError as reason:
        return MethodResult(None, Status.STAGNATED, "product", 0, message=str(reason))


def _starts_alone(program: Program) -> list[bool]:
    """For each condition: is time either free or fixed at its start?"""
    flags = []
    for condition, places in zip(program.compiled.conditions, program.places):
        in_time = places[:, program.dimension - 1]
        flags.append(bool(np.isnan(in_time).all()) or program.is_initial(condition, places))
    return flags


def _evolution(program: Program, options: SolveOptions, progress: Progress) -> MethodResult:
    deadline = clock.monotonic() + options.time_limit
    tolerance = max(options.tolerance, 1e-13)
    layout = first_layout(program, options.kernels)
    first = layout.coarser(FIRST_SHARE) if layout.fixed else layout
    limits = Limits(deadline, options.slabs, options.max_iterations)
    rough, history = min(COARSE_PASS * tolerance, ROUGHEST), []
    for attempt in range(3):  # a first solution must leave time for a second: where the tolerance is out of reach, a looser one
        patience = clock.monotonic() + (deadline - clock.monotonic()) * (0.35 if attempt < 2 and rough < ROUGHEST else 1.0)
        coarse = march(program, first, rough, progress, replace(limits, deadline=patience), share=(0.0, 0.3))
        history.append(_figures(coarse))
        if coarse.status is not Status.ITERATION_LIMIT or rough >= ROUGHEST:
            break
        rough = min(COARSE_PASS * rough, ROUGHEST)
    if coarse.status not in (Status.CONVERGED, Status.TOLERANCE_NOT_MET):
        return _result(program, coarse, None, history)
    aim, error, fine = max(AIM * tolerance, rough / 100), None, coarse
    for number in range(PASSES):
        assert coarse.representation is not None
        schedule = Schedule(coarse.stages, coarse.representation, SAFETY * aim)
        fine = march(program, layout, aim, progress, limits, schedule, share=(0.3, 1.0))
        history.append(_figures(fine))
        if fine.representation is None or fine.reached < coarse.reached:
            message = f"{fine.message}; given is a coarser solution" if coarse.representation else fine.message
            return _result(program, replace(coarse, status=fine.status, message=message), error, history)
        assert coarse.representation is not None
        error, size = _estimated(program, coarse, fine, progress, limits)
        relative = relative_error(error, size)
        met = relative <= tolerance and fine.residual <= 0.7 * tolerance
        if met and fine.status is Status.TOLERANCE_NOT_MET:  # the pass aimed at less than was asked for
            fine = replace(fine, status=Status.CONVERGED, message="")
        if met or fine.status is not Status.CONVERGED or aim <= FINEST:
            break
        if number and fine.residual > 0.7 * coarse.residual:
            fine = replace(fine, status=Status.STAGNATED, message=f"rounding: the estimated error stays at {relative:.1e}")
            break
        missing = min(0.3 * tolerance / max(relative, 1e-300), AIM * tolerance / max(fine.residual, 1e-300))
        aim, coarse = max(aim * float(np.clip(missing, 1e-3, 0.3)), FINEST), fine
    return _result(program, fine, error, history)


def _estimated(program: Program, coarse: March, fine: March, progress: Progress, limits: Limits) -> tuple[Array, Array]:
    """Error and size of the finer of two solutions; by the coarser one where the correction has no time or no success."""
    assert coarse.representation is not None
    assert fine.representation is not None
    if fine.status in (Status.CONVERGED, Status.TOLERANCE_NOT_MET):
        found = correction(program, fine, progress, limits, (0.9, 1.0))
        if found is not None:
            return np.maximum(found.error, ROUNDING * found.size), found.size
    size = sizes(fine.representation, program)
    return estimate(difference(coarse.representation, fine.representation, program), coarse.residual, fine.residual, size), size


def _figures(result: March) -> dict[str, float]:
    slabs = len(result.representation.parts) if result.representation else 0
    return {"residual": result.residual, "slabs": slabs, "newton": result.newton, "krylov": result.krylov, "reached": result.reached}


def _result(program: Program, final: March, error: Array | None, history: list[dict[str, float]]) -> MethodResult:
    slabs = len(final.representation.parts) if final.representation else 0
    reason = f"product layout, {'x'.join(map(str, final.layout.kernels))} kernels on the last of {slabs} time slabs"
    return MethodResult(
        final.representation, final.status, "product", int(sum(h["newton"] for h in history)), reason, final.message, error, tuple(history)
    )
