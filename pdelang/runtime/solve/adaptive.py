"""Refinement by the residual, over the whole box in space and time at once: kernels are turned, graded, inserted and pruned.

Solve on cells (`layout.cells`), look, and change one thing:
turn and grade, where the Hessian shows a direction and the kernels do not follow it yet;
halve the cells that hold most of the residual, along the axes where the solution is worst resolved (h_i^4 |d_i^4 u|), and merge those that
hold nothing of it; or, where the residual is everywhere, more cells along the worst axis. The last two levels give the error estimate.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from pdelang.runtime.collocation import EquationRows, at_places, evaluate, holds, jets_of
from pdelang.runtime.layout.cells import Cells
from pdelang.runtime.layout.frame import Frame, along, fitted_frame
from pdelang.runtime.layout.neighbours import cut_for
from pdelang.runtime.layout.scattered import COMPACT, COMPACT_GHOSTS
from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.box import Attempt, solve_box
from pdelang.runtime.solve.plan import COMPACT_UNKNOWNS, GHOSTS, Run
from pdelang.runtime.status import Status

LEVELS = 24
FIRST = {1: 24, 2: 16, 3: 6, 4: 4}
"""Cells a coordinate of the first attempt."""
DENSE = 3600
"""Unknowns up to which kernels are wide and the solve dense."""
FOLLOWED = 0.6
"""Attempts with a larger relative residual do not show a direction."""
ANGLE, STEEPER = np.radians(0.1), 1.3
"""A frame is made anew where it turns by more, or where its finest spacing shrinks by more."""
HELD, LOCAL = 0.8, 0.1
"""Cells that hold this share of the squared residual are halved, unless they are more than that share of all cells."""
NOTHING = 1e-6
"""Cells with less than this share of the mean squared residual, and as little to resolve, are merged."""
GROWTH, EVEN = 1.35, 0.1


@dataclass(frozen=True, eq=False)
class Look:
    """held (n,): squared residual of each leaf; rough (n, d): h_i^4 |d_i^4 u| along each axis, relative to the solution."""

    held: np.ndarray
    rough: np.ndarray


def adaptive(run: Run) -> tuple[Representation | None, np.ndarray | None]:
    """The best level and its difference to the level before, root mean square, one a field."""
    problem, best, estimate = run.problem, None, None
    cells: Cells | None = _first(run)
    try:
        for level in range(LEVELS):
            assert cells is not None
            began = time.monotonic()
            guess = best.expansion if best is not None and best.residual < FOLLOWED else None
            attempt = solve_box(problem, run.strategy(), cells, problem.lower, problem.upper, guess=guess)  # type: ignore[arg-type]
            run.note(attempt, f"level {level + 1}", None)
            if best is not None:
                estimate = run.difference(best.expansion, attempt.expansion)
            if best is None or attempt.residual <= 2 * best.residual or best.residual > FOLLOWED:
                best = attempt
            if attempt.status is Status.NON_FINITE or run.late(time.monotonic() - began):
                break
            if estimate is not None and attempt.residual <= run.target and run.within_tolerance(estimate, attempt.expansion):
                break
            cells = _next(run, cells, attempt)
            if cells is None:
                break
    except KeyboardInterrupt:
        run.status = Status.INTERRUPTED
        return (best.expansion if best else None), estimate
    if best is not None:
        run.stop(best.status, best.message)
    return (best.expansion if best else None), estimate


def _first(run: Run) -> Cells:
    d, options = len(run.problem.lower), run.problem.options
    return Cells.uniform(Frame.straight(d), (FIRST[d],) * d, run.problem.periodic, options.overlap, GHOSTS[d], options.points)


def _fitting(run: Run, cells: Cells) -> Cells | None:
    """The cells with wide kernels where a dense solve takes them, with compact ones beyond, None where there are too many."""
    options, d = run.problem.options, len(cells.base)
    wide = replace(cells, overlap=options.overlap, ghosts=GHOSTS[d], cut=None)
    most = COMPACT_UNKNOWNS if options.kernels is None else options.kernels * run.problem.fields
    if run.problem.fields * wide.kernels <= min(DENSE, most):
        return wide
    if d == 1:
        return None
    narrow = replace(cells, overlap=COMPACT * options.overlap, ghosts=COMPACT_GHOSTS, cut=cut_for(options.tolerance))
    return narrow if run.problem.fields * narrow.kernels <= most else None


def _next(run: Run, cells: Cells, attempt: Attempt) -> Cells | None:
    if attempt.residual < FOLLOWED:
        frame = fitted_frame(attempt.expansion, run.problem.periodic)
        if frame.turned_from(cells.frame) > ANGLE or frame.finest < cells.frame.finest / STEEPER:
            base = np.array(cells.base)
            if frame.turned_from(cells.frame) > np.radians(5):
                base[:] = FIRST[len(base)]
            base[-1] = max(FIRST[len(base)], frame.wanted)
            return _fitting(run, _anew(cells, frame, tuple(int(n) for n in base)))
    look = _look(run, cells, attempt)
    marks = _marked(look.held)
    if marks.mean() > LOCAL:
        rough = np.sqrt(np.mean(look.rough**2, axis=0))
        grown = [int(np.ceil(GROWTH * n)) if r >= EVEN * rough.max() else n for n, r in zip(cells.base, rough)]
        return _fitting(run, _anew(cells, cells.frame, tuple(grown)))
    axes = look.rough >= EVEN * look.rough.max(axis=1, keepdims=True)
    spare = (look.held < NOTHING * look.held.mean()) & (look.rough.max(axis=1) < NOTHING)
    return _fitting(run, cells.split(marks[:, None] & axes) if not spare.any() else _both(cells, marks[:, None] & axes, spare))


def _anew(cells: Cells, frame: Frame, base: tuple[int, ...]) -> Cells:
    return Cells.uniform(frame, base, cells.periodic, cells.overlap, cells.ghosts, cells.points, cells.cut)


def _both(cells: Cells, marks: np.ndarray, spare: np.ndarray) -> Cells:
    """Halved where marked, merged where spare."""
    kept = replace(cells, leaves=cells.leaves[spare]).merged(np.ones(int(spare.sum()), dtype=bool))
    halved = replace(cells, leaves=cells.leaves[~spare]).split(marks[~spare])
    return replace(cells, leaves=np.concatenate([halved.leaves, kept.leaves]))


def _marked(held: np.ndarray) -> np.ndarray:
    """The fewest cells that hold the share HELD of all."""
    order = np.argsort(-held, kind="stable")
    count = int(np.searchsorted(np.cumsum(held[order]), HELD * held.sum())) + 1
    marks = np.zeros(len(held), dtype=bool)
    marks[order[:count]] = True
    return marks


def _look(run: Run, cells: Cells, attempt: Attempt) -> Look:
    problem, d = run.problem, len(cells.base)
    volumes = np.prod(cells.spacings, axis=1)
    held = np.zeros(len(cells.leaves))
    for steps in ((0.3,) * d, (-0.3,) * d, (0.0,) * d):
        z, owners = cells.within(steps)
        points = problem.lower + (problem.upper - problem.lower) * (z + 1) / 2
        for equation, scale in zip(problem.compiled.equations, _scales(attempt, len(problem.compiled.equations))):
            places = at_places(equation, points, problem.params)
            residual, _ = evaluate(equation, jets_of(equation.jets, places, attempt.expansion), places[0], problem.params)
            np.add.at(held, owners, (residual / scale) ** 2 * holds(equation, places[0], problem.params) * volumes[owners])
    return Look(np.where(np.isfinite(held), held, 0.0), _roughness(run, cells, attempt))


def _roughness(run: Run, cells: Cells, attempt: Attempt) -> np.ndarray:
    """(n, d): h_i^4 |d_i^4 u| at the leaves' middles, relative to the largest |u| of each field."""
    z, d = np.clip(cells.middles, -1, 1), len(cells.base)
    values = np.abs(along(attempt.expansion, z, cells.frame.turn[:, 0], 0)[0]).max(axis=1, keepdims=True)
    fourth = [np.abs(along(attempt.expansion, z, e, 4, only=True)[0]) for e in cells.frame.turn.T]
    rough = [(f / np.maximum(values, 1e-300)).max(axis=0) * cells.spacings[:, i] ** 4 for i, f in enumerate(fourth)]
    return np.stack(rough, axis=1).reshape(-1, d)


def _scales(attempt: Attempt, equations: int) -> list[float]:
    """The size of each equation's operator, by which its residual is measured."""
    pairs = zip(attempt.system.rows, attempt.system.scales)
    scales = [float(s) for row, s in pairs if isinstance(row, EquationRows) and row.equation.kind == "interior"]
    return scales if len(scales) == equations else [1.0] * equations
