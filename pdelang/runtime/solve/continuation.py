"""Continuation in a parameter: from an end of its range, where it is easy, to the value asked for, each solve from the one before.

c(s) = (1 - s) c_end + s c (geometric for `log` parameters); the step in s is halved where a solve fails, else grows by half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout.scattered import Layout
from pdelang.runtime.solve.box import Attempt, Problem, solve_box
from pdelang.runtime.solve.plan import Run

EASY = 0.1
"""Relative residual below which a solve on the way counts as a solution."""
FIRST_STEP, SHORTEST_STEP = 0.5, 1 / 64


def continued(run: Run, layout: Layout) -> GaussianExpansion | None:
    """A starting point for the problem on this layout, or None if no path leads to it. Ends and parameters in order of declaration."""
    for name, end, logarithmic in _ends(run):
        attempt = _solve(run, layout, name, end, None)
        if not attempt.residual < EASY:
            continue
        value = float(run.problem.params[name])
        done, step = 0.0, FIRST_STEP
        while done < 1 and step >= SHORTEST_STEP:
            ahead = min(1.0, done + step)
            at = end * (value / end) ** ahead if logarithmic else end + (value - end) * ahead
            following = _solve(run, layout, name, at, attempt.expansion)
            run.progress(f"continuation in {name} = {at:.4g}", None, residual=following.residual)
            if following.residual < EASY:
                attempt, done, step = following, ahead, 1.5 * step
            else:
                step /= 2
        if done >= 1:
            return attempt.expansion
    return None


def _ends(run: Run) -> Iterator[tuple[str, float, bool]]:
    """(parameter, end of its range, logarithmic?), the further end first."""
    for declared in run.problem.compiled.problem.parameters:
        if declared.size is not None or declared.distribution == "normal":
            continue
        value = float(run.problem.params[declared.name])
        logarithmic = declared.distribution == "log"
        scale = np.log if logarithmic else float
        for end in sorted(declared.arguments, key=lambda a: -abs(scale(a) - scale(value))):
            if end != value:
                yield declared.name, float(end), logarithmic


def _solve(run: Run, layout: Layout, name: str, value: float, guess: GaussianExpansion | None) -> Attempt:
    params = {**run.problem.params, name: value}
    lower, upper = (np.asarray(b, dtype=float) for b in run.problem.compiled.bounds(params))
    problem: Problem = replace(run.problem, params=params, lower=lower, upper=upper)
    attempt = solve_box(problem, run.strategy(), layout, lower, upper, guess=guess)
    run.iterations += attempt.iterations
    return attempt
