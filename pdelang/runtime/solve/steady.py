"""A steady box: solve, look, refine where the spectrum's tail is longest; the last two levels give the error estimate."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.box import Attempt, solve_box
from pdelang.runtime.solve.plan import ESTIMATE_GROWTH, Plan, Run
from pdelang.runtime.status import Status

LEVELS = 12


def steady(run: Run) -> tuple[Representation | None, np.ndarray | None]:
    """The finest level that helped, and its difference to the level before."""
    problem, fixed = run.problem, run.problem.options.kernels is not None
    plan: Plan | None = run.first()
    best: Attempt | None = None
    estimate: np.ndarray | None = None
    if fixed and plan is not None:  # the number is given: one coarser level before, for the estimate
        sizes = plan.sizes
        plan = replace(plan, sizes=tuple(max(3, int(n / ESTIMATE_GROWTH)) for n in sizes))
    try:
        for level in range(2 if fixed else LEVELS):
            assert plan is not None
            began = time.monotonic()
            guess = best.expansion if best else None
            attempt = solve_box(problem, run.strategy(), run.layout(plan), problem.lower, problem.upper, guess=guess)
            run.note(attempt, f"level {level + 1}", None)
            worse = best is not None and attempt.residual > 2 * best.residual and not fixed
            if best is not None:
                estimate = run.difference(best.expansion, attempt.expansion)
            if worse and level > 1:
                break
            best = attempt if best is None or not worse else best
            if best.status is Status.NON_FINITE and level > 1:
                break
            if estimate is not None and best.residual <= run.target and run.within_tolerance(estimate, best.expansion):
                break
            if run.late(time.monotonic() - began):
                break
            if fixed:
                plan = replace(plan, sizes=sizes)
            elif attempt.residual <= run.target:  # good enough: finer for the estimate alone
                plan = plan.finer() if run.fits(plan.finer()) else None
            else:
                plan = run.refined(plan, attempt, in_time=False)
            if plan is None:
                break
    except KeyboardInterrupt:
        run.status = Status.INTERRUPTED
        return (best.expansion if best else None), estimate
    if best is not None:
        run.stop(best.status, best.message)
    return (best.expansion if best else None), estimate
