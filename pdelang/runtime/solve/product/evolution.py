"""Evolution to a tolerance: a coarse pass finds layouts and slab lengths, finer ones follow it, a correction tells their error.

A pass that does not meet the tolerance, by its residual or by its estimate, is followed by a finer one; one that cannot be had in the
time that is left, by a looser one, down to what the pass before has reached.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, field, replace

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.product.correction import correction
from pdelang.runtime.solve.product.estimate import AIM, SLOWLY, Samples, difference, estimate, relative_error
from pdelang.runtime.solve.product.layouts import Layout, first_layout
from pdelang.runtime.solve.product.march import March, march
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.rough import carried_on, ladder
from pdelang.runtime.solve.product.schedule import Schedule
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.start import unfit
from pdelang.runtime.solve.product.steady import FIRST_SHARE
from pdelang.runtime.solve.product.verdict import SAFETY
from pdelang.runtime.status import Status

FINEST = 2e-14
ROUNDING = 1e-14  # of the solution: no estimate is below it
PASSES = 5
KNOWN = 0.1  # relative error of even layouts from which it is another trouble than what is not smooth
ENOUGH = 0.5  # of the tolerance, the error of a pass whose residual could not be brought to it
ATTEMPTS = 3  # at a first pass
ROUGHEST = 1e-2
COARSE_PASS = 30.0  # tolerance of the first pass in units of the asked one
SINGLE = 1e-7  # tolerance from which the first pass aims at it straight away: where it gets there, no second one is needed
SINGLE_SHARE, FIRST_SHARE_OF_TIME = 0.15, 0.35
"""Of the time that is left, for a first pass at the tolerance itself, and for a coarse one."""
LOOSER = 10.0  # a pass that is out of reach is repeated at so many times its tolerance, if that is finer by
FINER = 3.0  # than the pass before
GENTLY = (
    0.7  # power of a missing factor of error that the next residual shall fall by: a chaotic solution's errors fall faster than residuals
)
MET = 0.7  # of the tolerance: residuals on independent points are larger than at the collocation points
NOISE = 5.0  # residuals of single slabs scatter about the one that was seen not to fall
TRUSTED = 1e-8  # rounding above it would be something else
COMPLETE = (Status.CONVERGED, Status.TOLERANCE_NOT_MET)


@dataclass(eq=False)
class _Passes:
    program: Program
    tolerance: float
    limits: Limits
    progress: Progress
    history: list[dict[str, float]] = field(default_factory=list)
    contradiction: str = ""  # what a pass said of a residual that no layout lowers
    loosened: bool = False  # the first pass at the tolerance that it should have was out of reach

    def march(self, layout: Layout, tolerance: float, deadline: float, after: March | None = None) -> March:
        """One pass, along the schedule of the one before."""
        schedule = None
        if after is not None and after.representation is not None:
            schedule = Schedule(after.stages, after.representation, SAFETY * tolerance)
        share = (0.0, 0.3) if after is None else (0.3, 0.9)
        done = march(self.program, layout, tolerance, self.progress, replace(self.limits, deadline=deadline), schedule, share)
        slabs = len(done.representation.parts) if done.representation else 0
        figures = {"residual": done.residual, "slabs": slabs, "newton": done.newton, "krylov": done.krylov, "reached": done.reached}
        self.history.append(figures)
        if done.status is Status.TOLERANCE_NOT_MET and done.residual > ROUGHEST:
            self.contradiction = done.message
        return done

    def first(self, layout: Layout) -> March:
        """It must leave time for a second one: where the tolerance is out of reach, a looser one."""
        tolerance = min((AIM if self.tolerance >= SINGLE else COARSE_PASS) * self.tolerance, ROUGHEST)
        for attempt in range(ATTEMPTS):
            last, now = attempt == ATTEMPTS - 1 or tolerance >= ROUGHEST, clock.monotonic()
            share = SINGLE_SHARE if tolerance <= AIM * self.tolerance else FIRST_SHARE_OF_TIME
            done = self.march(layout, tolerance, self.limits.deadline if last else now + share * (self.limits.deadline - now))
            if last or done.status is not Status.ITERATION_LIMIT or carried_on(done):
                break
            tolerance, self.loosened = min(COARSE_PASS * tolerance, ROUGHEST), True
        return done

    def error(self, fine: March, coarse: March | None) -> tuple[Array | None, float]:
        """Absolute, a field, and the largest relative one; from the coarser pass where the correction has no time or no success."""
        assert fine.representation is not None
        found = correction(self.program, fine, self.progress, self.limits, (0.9, 1.0)) if fine.status in COMPLETE else None
        if found is not None:
            error, size = np.maximum(found.error, ROUNDING * found.size), found.size
        elif coarse is not None and coarse is not fine and coarse.representation is not None:
            samples = Samples.everywhere(self.program)
            size = difference(fine.representation, None, samples)
            apart = difference(coarse.representation, fine.representation, samples)
            error = estimate(apart, coarse.residual, fine.residual, size)
        else:
            return None, np.inf
        return error, relative_error(error, size)

    def rounding(self, final: March) -> float:
        """Below it the equations' residuals say nothing, and the estimate decides."""
        return NOISE * final.rounding if final.rounding < TRUSTED else 0.0

    def rough(self, layout: Layout) -> MethodResult | None:
        """What even layouts make of it; None where none of them reaches the end, or knows anything there."""
        found = ladder(self.program, layout, self.tolerance, self.limits, self.progress)
        if not found.rungs or (found.best.relative > KNOWN and found.last is None):
            return self.result(found.last, None) if found.last is not None else None
        best = found.best
        self.history.extend({"residual": r.march.residual, "newton": r.march.newton, "error": r.relative} for r in found.rungs)
        final = replace(best.march, status=found.status, message=found.words)
        return self.result(final, found.unseen * best.error, found.unseen * best.relative)

    def result(self, final: March, error: Array | None, relative: float = np.inf) -> MethodResult:
        """relative: the error by the estimate; where it meets the tolerance and only the residual cannot, it decides."""
        slabs = len(final.representation.parts) if final.representation else 0
        kernels = (
            f"{'x'.join(map(str, final.layout.kernels))} kernels on the last of {slabs} time slabs"
            if final.layout.axes
            else f"{slabs} time slabs"
        )
        reason = f"product layout, {kernels}"
        steps = int(sum(h["newton"] for h in self.history))
        accepted = self.rounding(final)
        words = final.message if final.status is not Status.CONVERGED else self.contradiction
        if words and not self.program.overdetermined and final.status is not Status.INTERRUPTED and relative <= self.tolerance:
            accepted = self.tolerance**SLOWLY
            reason += f"; {words}; the estimate of the error decides"
        return MethodResult(
            final.representation, final.status, "product", steps, reason, final.message, error, tuple(self.history), accepted
        )


def solve_evolution(program: Program, options: SolveOptions, progress: Progress) -> MethodResult:
    deadline = clock.monotonic() + options.time_limit
    tolerance = max(options.tolerance, 1e-13)
    layout = replace(first_layout(program, options.kernels), gentle=tolerance < SINGLE)
    passes = _Passes(program, tolerance, Limits(deadline, options.slabs, options.max_iterations), progress)
    free = not (layout.fixed or options.slabs)
    if free and unfit(program, layout, tolerance) and (rough := passes.rough(layout)):
        return rough
    coarse = passes.first(layout.coarser(FIRST_SHARE) if layout.fixed else layout)
    if coarse.status not in COMPLETE:
        rough = passes.rough(layout) if free and carried_on(coarse) else None
        return rough or passes.result(coarse, None)
    error, relative = passes.error(coarse, None) if passes.loosened else (None, np.inf)
    if relative <= ENOUGH * tolerance:
        words = f"a residual below {coarse.residual:.1e} of the equation's terms is out of reach in the time (option time_limit)"
        return passes.result(replace(coarse, status=Status.TOLERANCE_NOT_MET, message=words), error, relative)
    aim, fine = max(AIM * tolerance, coarse.tolerance / 100), coarse
    for number in range(PASSES):
        straight = number == 0 and coarse.tolerance <= AIM * tolerance
        fine = coarse if straight else passes.march(layout, aim, deadline, coarse)
        if fine.representation is None or fine.reached < coarse.reached:
            if fine.status is Status.ITERATION_LIMIT and LOOSER * aim < coarse.tolerance / FINER and clock.monotonic() < deadline:
                aim *= LOOSER
                continue
            if error is None and fine.status is not Status.INTERRUPTED:
                error, relative = passes.error(coarse, None)
            return passes.result(
                replace(coarse, status=fine.status, message=f"{fine.message}; given is a coarser solution"), error, relative
            )
        error, relative = passes.error(fine, coarse)
        met = relative <= tolerance and fine.residual <= MET * max(tolerance, passes.rounding(fine))
        if met and fine.status is Status.TOLERANCE_NOT_MET:  # the pass aimed at less than was asked for, or at rounding
            noisy = (
                f"the residual is at rounding, {fine.residual:.0e} of the equation's terms; the estimate of the error meets the tolerance"
            )
            fine = replace(fine, status=Status.CONVERGED, message=noisy if fine.residual > tolerance else "")
        if met or aim <= FINEST or not (straight or fine.status is Status.CONVERGED):
            break
        if fine.status is Status.TOLERANCE_NOT_MET and relative <= (1.0 if fine.residual > ROUGHEST else ENOUGH) * tolerance:
            break  # a start that is not smooth, data that contradict each other: no layout brings the residual down
        if number and fine.residual > 0.7 * coarse.residual:
            fine = replace(fine, status=Status.STAGNATED, message=f"rounding: the estimated error stays at {relative:.1e}")
            break
        if straight and fine.residual > aim:
            continue
        missing = min((0.3 * tolerance / max(relative, 1e-300)) ** GENTLY, AIM * tolerance / max(fine.residual, 1e-300))
        aim, coarse = max(aim * float(np.clip(missing, 1e-3, 0.3)), FINEST), fine
    return passes.result(fine, error, relative)
