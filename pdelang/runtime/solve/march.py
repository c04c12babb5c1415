"""In time: slabs as long as the tolerance allows, each a small dense problem; then the same slabs again, finer, for the estimate."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.box import OUT_OF_TIME, Attempt, solve_box
from pdelang.runtime.solve.plan import ESTIMATE_SLACK, Plan, Run
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status

FIRST_SLABS = 4
SHORTER, SWEEP = 1.6, 2.5
"""By how much a slab is shortened: where its tail is in time, and where nothing else helped."""
SHORTEST = 1e-5
"""Shortest slab, of the whole time."""
HELPED, PATIENCE = 0.7, 3
"""Attempts at a slab that may fail to bring its residual below this share of the best one before that is taken."""
HOPELESS = 0.5
"""A slab with a larger relative residual solves nothing: marching on would be in vain."""


def march(run: Run) -> tuple[Representation | None, np.ndarray | None]:
    """The solution in slabs, and the difference of its two passes, root mean square, one a field."""
    coarse, plans, limit = _adaptive(run)
    if coarse is None or run.status is not Status.CONVERGED:
        return coarse, None
    estimated = _estimated(run, coarse, plans)
    if limit:
        run.stop(Status.ITERATION_LIMIT, limit)
    return estimated


def _estimated(run: Run, coarse: Slabs, plans: list[Plan]) -> tuple[Representation, np.ndarray | None]:
    finer = [plan.finer() for plan in plans]
    if not all(run.fits(plan, ESTIMATE_SLACK) for plan in finer):
        return coarse, None
    fine = _again(run, coarse.edges, finer)
    return (coarse, None) if fine is None else (fine, run.difference(coarse, fine))


def _slab(run: Run, start: float, stop: float) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = run.problem.lower.copy(), run.problem.upper.copy()
    lower[-1], upper[-1] = start, stop
    return lower, upper


def _adaptive(run: Run) -> tuple[Slabs | None, list[Plan], str]:
    """Try, and after a slab that is not good enough try again shorter or finer; keep the best. The text: which limit a slab has met."""
    problem, options = run.problem, run.problem.options
    start, end = float(problem.lower[-1]), float(problem.upper[-1])
    name = problem.compiled.problem.coordinates[-1].name
    plan = run.first((end - start) / (options.slabs or FIRST_SLABS))
    strategy, like, target = run.strategy(), None, run.target
    edges: list[float] = [start]
    parts: list[Representation] = []
    used: list[Plan] = []
    limit = ""
    try:
        while len(parts) < options.slabs if options.slabs else edges[-1] < end:
            best: Attempt | None = None
            chosen, failures = plan, 0
            while True:
                began = time.monotonic()
                lower, upper = _slab(run, edges[-1], plan.stop(edges[-1], end))
                attempt = solve_box(problem, strategy, run.layout(plan), lower, upper, parts[-1] if parts else None, like=like)
                like = attempt.system
                run.note(attempt, f"{name} = {edges[-1]:.4g}", (edges[-1] - start) / (end - start), time=float(upper[-1]))
                failures = failures + 1 if best is not None and attempt.residual > HELPED * best.residual else 0
                if best is None or attempt.residual < best.residual:
                    chosen, best = plan, attempt
                following = _following(run, chosen if failures else plan, attempt, SHORTEST * (end - start), failures)
                late = float(best.expansion.upper[-1]) < end and run.late(time.monotonic() - began)
                if late or attempt.residual <= target or failures > PATIENCE or following is None:
                    break
                plan = following
            if not best.residual < HOPELESS:
                stays = f"no accurate slab from {name} = {edges[-1]:.6g} on: the residual stays at {best.residual:.1e}"
                run.stop(best.status if best.status is Status.NON_FINITE else Status.DIVERGED, best.message or stays)
                break
            edges.append(float(best.expansion.upper[-1]))
            parts.append(best.expansion)
            used.append(chosen)
            if late:
                run.message = f"{OUT_OF_TIME} at {name} = {edges[-1]:.6g}"
                break
            if best.status is Status.ITERATION_LIMIT:
                limit = best.message
            eased = chosen.eased(best.residual, target)
            plan = eased if options.kernels is None else chosen
            plan = plan if options.slabs is None else replace(plan, length=chosen.length)
            if best.residual > target:
                target = 2 * best.residual  # what one slab could not reach, the next need not try in vain
    except KeyboardInterrupt:
        run.status, run.message = Status.INTERRUPTED, ""
    return (Slabs(np.array(edges), tuple(parts)) if parts else None), used, limit


def _following(run: Run, plan: Plan, attempt: Attempt, shortest: float, failures: int) -> Plan | None:
    """Shorter where the spectrum's tail is in time, denser and finer where it is in space."""
    options = run.problem.options
    if options.kernels is not None:
        return None
    can_shorten = options.slabs is None and plan.length > shortest
    if failures:  # finer along all coordinates; then shorter, as a front may sweep over too much of a slab for any grading
        finer = plan.finer()
        if failures == 1 and run.fits(finer):
            return finer
        return replace(plan, length=plan.length / SWEEP, graded=False) if can_shorten else None
    shorter = can_shorten and attempt.tails[-1] >= 0.1 * attempt.tails.max()
    refined = run.refined(plan, attempt, in_time=shorter)
    length = plan.length / SHORTER if shorter else plan.length
    if refined is None:
        return replace(plan, length=length) if shorter else None
    return replace(refined, length=length, graded=refined.graded and not shorter)


def _again(run: Run, edges: np.ndarray, plans: list[Plan]) -> Slabs | None:
    """The same slabs, other layouts; None if that fails, is interrupted or out of time."""
    strategy, like = run.strategy(), None
    parts: list[Representation] = []
    try:
        for s, plan in enumerate(plans):
            began = time.monotonic()
            lower, upper = _slab(run, edges[s], edges[s + 1])
            attempt = solve_box(run.problem, strategy, run.layout(plan), lower, upper, parts[-1] if parts else None, like=like)
            like = attempt.system
            run.note(attempt, f"estimate, slab {s + 1} of {len(plans)}", s / len(plans), time=float(upper[-1]))
            if attempt.status is not Status.CONVERGED:
                return None
            parts.append(attempt.expansion)
            if s + 1 < len(plans) and run.late(time.monotonic() - began):
                return None
    except KeyboardInterrupt:
        return None
    return Slabs(edges, tuple(parts))
