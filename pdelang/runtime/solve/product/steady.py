"""Steady problems: Newton on one box, refined axis by axis until the residual outside the test functions is small."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.product.adaption import adapted, finer_by, held
from pdelang.runtime.solve.product.continuation import Path, followed
from pdelang.runtime.solve.product.estimate import AIM, SLOWLY, Samples, difference, estimate, relative_error, tail
from pdelang.runtime.solve.product.gauss_newton import elliptic
from pdelang.runtime.solve.product.layouts import Layout, first_layout
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.saddle import contradiction
from pdelang.runtime.solve.product.singular import softest
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.stage import Stage, stage
from pdelang.runtime.status import Status

RATES, SLOW = 3, 4.0  # pairs of layouts whose orders are compared, and the order below which the residual falls slowly
DEAR = 1.0  # seconds of one layout from which it matters that finer ones will not arrive
USELESS = {1: 6, 2: 3, 3: 3, 4: 3}
"""Layouts in a row that do not lower the residual, by the number of axes: it is rounding, or a singularity. On one axis they cost nothing,
and a layout that is graded anew first loses what the one before had."""
UNSEEN = 3  # layouts in a row with a residual of the size of the terms
SENSIBLE = 0.05  # residual up to which Newton's last iterate, converged or not, is worth starting from
FAILURES = 3  # layouts in a row on which Newton's iteration fails: a finer one will not mend it
SETTLED, LOOKED_AT = 4, 6  # layouts in a row, at least and at most, whose solutions' differences show how the error falls
ENOUGH = 0.1  # of the tolerance, the error at which the search for a smaller residual ends
SECOND = 1.3  # times as many kernels for a second opinion
FIRST_SHARE = 0.7  # of a given number of kernels: a first solution, which only shows the second one's error


@dataclass(frozen=True, eq=False)
class Refined:
    """stages: from coarse to fine. path: the continuation, if there was one."""

    stages: list[Stage]
    status: Status
    message: str
    path: Path | None = None


def next_layout(stages: list[Stage], tolerance: float) -> Layout | None:
    """Finer where the residual is not resolved (everywhere where it is, for a second opinion); graded where that saves."""
    last, before = stages[-1], stages[-2] if len(stages) > 1 else None
    blamed = last.defects > tolerance
    if last.residual > tolerance and blamed.any() and np.isfinite(last.residual):
        if not last.converged:
            return held(finer_by(last.layout, last.layout.growths(last.defects, 0.3 * tolerance)), last)
        return adapted(last, 0.3 * tolerance, before)
    return held(finer_by(last.layout, np.full(last.layout.axes, SECOND)), last)


def refine(first: Layout, tolerance: float, progress: Progress, limits: Limits, limit: int = 16) -> Refined:
    """Stages from coarse to fine; the last two are both fine enough unless the status says otherwise."""
    stages: list[Stage] = []
    layout: Layout | None = first.coarser(FIRST_SHARE) if first.fixed else first
    path: Path | None = None
    try:
        while layout is not None and len(stages) < limit:
            progress(f"steady, {'x'.join(map(str, layout.kernels))} kernels", min(0.9, len(stages) / 8))
            began = clock.monotonic()
            stages.append(
                stage(layout, tolerance, [((1.0, s),) for s in stages[-1:] if s.converged or s.residual < SENSIBLE], limits.iterations)
            )
            if len(stages) == 1 and first.program.linear and (singular := _singular(stages)):
                return Refined(stages, Status.STAGNATED, singular)
            if path is None and lost(stages):
                path = followed(stages[0].layout, progress, limits)
                if path.last is not None and path.arrived:
                    stages.append(path.last)
                elif path.last is not None or not (stages[-1].converged and first.program.linear):
                    break  # else it is the data that are steep, and finer layouts will find them
            if done(stages, tolerance):
                return Refined(stages, Status.CONVERGED, "", path)
            if (
                settled(stages, tolerance)
                or hopeless(stages, tolerance)
                or (clock.monotonic() - began > DEAR and algebraic(stages, tolerance) is not None)
            ):
                break
            layout = next_layout(stages, tolerance) if not first.fixed else first if len(stages) == 1 else None
            if layout is not None and clock.monotonic() + 3 * (clock.monotonic() - began) > limits.deadline:
                return Refined(stages, Status.ITERATION_LIMIT, f"out of time (option time_limit); {_left(stages[-1])}", path)
    except KeyboardInterrupt:
        return Refined(stages, Status.INTERRUPTED, "interrupted", path)
    reason = _reason(stages, path, first, tolerance, limits)
    while len(stages) > 1 and not stages[-1].converged and any(s.converged for s in stages):
        stages.pop()  # what failed last is no answer
    return Refined(stages, *reason, path)


def _singular(stages: list[Stage]) -> str:
    """Words, where the linearised problem does not determine the solution; empty where it does, or is not known to."""
    program = stages[-1].layout.program
    soft = softest(stages[0] if program.linear else stages[-1]) if stages[-1].converged or program.linear else None
    problem = program.compiled.problem
    return soft.words(tuple(c.name for c in problem.coordinates), problem.fields[0].name) if soft is not None and soft.free else ""


def lost(stages: list[Stage]) -> bool:
    """Newton's iteration fails, or finer layouts do not find what is steep: time for an easier problem."""
    last = stages[-1]
    nonlinear = not last.layout.program.linear
    return (nonlinear and not last.converged) or (len(stages) >= UNSEEN and all(s.residual > 0.1 for s in stages[-UNSEEN:]))


def done(stages: list[Stage], tolerance: float) -> bool:
    """Two solutions in a row meet the tolerance, or one that does so by far more than the step from the one before."""
    met = [s.converged and s.residual <= tolerance for s in stages]
    return len(met) > 1 and met[-1] and (met[-2] or stages[-2].residual < 1e3 * tolerance)


def hopeless(stages: list[Stage], tolerance: float) -> bool:
    """Newton fails on every layout, or the residual no longer falls."""
    if len(stages) >= FAILURES and not any(s.converged for s in stages[-FAILURES:]):
        return True
    best = [min(s.residual for s in stages[: n + 1]) for n in range(len(stages))]
    useless = USELESS[stages[-1].layout.axes]
    return len(stages) > useless and tolerance < best[-1] and best[-1] > 0.5 * best[-1 - useless] and best[-1] < 0.1


def algebraic(stages: list[Stage], tolerance: float) -> float | None:
    """Order p of a residual that falls like n^-p over four layouts alike, too slowly to arrive: corners or data that are not smooth."""
    last = stages[-RATES - 1 :]
    if len(last) <= RATES or not _alike(last):
        return None
    counts = [_inside(s) for s in last]
    rates = -np.diff(np.log([s.residual for s in last])) / np.maximum(np.diff(np.log(counts)), 1e-3)
    needed = np.log(counts[-1]) + np.log(last[-1].residual / tolerance) / max(float(rates.max()), 1e-3)  # its exponential may overflow
    steady = rates.min() > 0 and rates.max() < min(SLOW, 1.5 * rates.min())
    return float(rates[-1]) if steady and needed > np.log(2 * last[-1].layout.largest) else None


def settled(stages: list[Stage], tolerance: float) -> bool:
    """Does the residual fall too slowly, but the error by more than enough?"""
    if algebraic(stages, tolerance) is None or (error := known(stages, tolerance)) is None:
        return False
    return relative_error(error, _apart(stages[-1], None)) <= ENOUGH * tolerance


def known(stages: list[Stage], tolerance: float) -> Array | None:
    """The error where a residual that does not fall need not: at a corner, or an edge of the data, a second derivative may be infinite in a
    solution that is known to ten digits. None where the last layouts do not show that; then the residual has to meet the tolerance."""
    last = growing(stages, AIM * tolerance)[-LOOKED_AT:]
    while last and not _alike(last):
        last = last[1:]
    if stages[-1].layout.program.overdetermined or len(last) < SETTLED or not last[-1].residual <= tolerance**SLOWLY:
        return None
    apart = [_apart(finer, coarser) for coarser, finer in pairwise(last)]
    return tail(apart, [_inside(s) for s in last], _apart(last[-1], None))


def growing(stages: list[Stage], tolerance: float) -> list[Stage]:
    """The last one and, before it, those that are coarser on every axis that they do not resolve: where an axis is at its largest number of
    kernels, two layouts that differ on another one agree on what both get wrong."""
    out = stages[-1:]
    for s in reversed(stages[:-1]):
        if all(n < m or defect <= tolerance for n, m, defect in zip(s.layout.kernels, out[0].layout.kernels, s.defects)):
            out.insert(0, s)
    return out


def _apart(finer: Stage, coarser: Stage | None) -> Array:
    return difference(finer.representation, coarser.representation if coarser is not None else None, Samples.of(finer.system.space))


def _alike(stages: list[Stage]) -> bool:
    return all(s.converged and s.layout.mappings == stages[0].layout.mappings for s in stages)


def _inside(stage: Stage) -> float:
    """Kernels inside an axis, their mean."""
    return float(np.mean([n - stage.layout.margin(i) for i, n in enumerate(stage.layout.kernels)]))


def _reason(stages: list[Stage], path: Path | None, first: Layout, tolerance: float, limits: Limits) -> tuple[Status, str]:
    last = stages[-1]
    if not np.isfinite(last.residual):
        return Status.NON_FINITE, "a value that is not finite appeared"
    if last.newton >= limits.iterations and not last.converged:
        return Status.ITERATION_LIMIT, f"Newton's iteration is not done after {last.newton} steps (option max_iterations)"
    if contradicted := contradiction(last.system):
        return Status.STAGNATED, contradicted
    if path is not None and path.last is None and last.converged:
        return (
            Status.TOLERANCE_NOT_MET,
            f"{_left(last)}, and remains so with the highest derivatives multiplied by any factor: are the data smooth?",
        )
    if path is not None and not path.arrived:
        return Status.STAGNATED, f"Newton's iteration does not converge from a zero start; {path.words(first.program)}"
    if not last.converged:
        return Status.STAGNATED, "Newton's iteration does not converge from a zero start"
    if first.fixed and last.residual <= tolerance:
        return Status.CONVERGED, ""
    rate = algebraic(stages, tolerance)
    if rate is not None:
        smooth = "something is not smooth, " + ("at corners perhaps" if first.axes > 1 else "the data perhaps")
        return Status.TOLERANCE_NOT_MET, f"{_left(last)} and falls like the power {-rate:.1f} of the resolution only: {smooth}"
    if hopeless(stages, tolerance):
        return Status.STAGNATED, f"the residual stays at {last.residual:.1e} of the equation's terms"
    return Status.TOLERANCE_NOT_MET, f"{_left(last)} on the {'given' if first.fixed else 'finest'} layout"


def _left(last: Stage) -> str:
    return f"the residual is {last.residual:.1e} of the equation's terms"


def solve_steady(program: Program, options: SolveOptions, progress: Progress) -> MethodResult:
    deadline = clock.monotonic() + options.time_limit
    tolerance = max(options.tolerance, 1e-13)
    limits = Limits(deadline, None, options.max_iterations)
    refined = refine(first_layout(program, options.kernels), AIM * tolerance, progress, limits)
    stages, status, message = refined.stages, refined.status, refined.message
    if not stages:
        return MethodResult(None, status, "product", 0, message=message)
    last, error, accepted = stages[-1], None, 0.0
    if len(chain := growing(stages, AIM * tolerance)) > 1:
        size, apart = _apart(last, None), _apart(last, chain[-2])
        error = estimate(apart, chain[-2].residual, last.residual, size)
        if status in (Status.TOLERANCE_NOT_MET, Status.STAGNATED) and (slow := known(stages, tolerance)) is not None:
            error, accepted = np.maximum(error, slow), tolerance**SLOWLY
        soft = None if program.linear or not last.converged else softest(last)
        if soft is not None:
            error = np.maximum(error, soft.moved)
            if soft.free:
                status, message, accepted = Status.STAGNATED, _singular(stages), 0.0
    history = tuple({"residual": s.residual, "kernels": s.representation.kernels, "newton": s.newton, "krylov": s.krylov} for s in stages)
    way = "Galerkin" if elliptic(last.system.space) else "least squares"
    reason = f"product layout, {'x'.join(map(str, last.layout.kernels))} kernels, {way}"
    if refined.path is not None and refined.path.arrived:
        reason += f", {refined.path.words(program)}"
    if accepted and error is not None and relative_error(error, size) <= tolerance:
        reason += f"; {message}; the estimate of the error decides"
    return MethodResult(last.representation, status, "product", sum(s.newton for s in stages), reason, message, error, history, accepted)
