"""The error of a march, by one Newton step on finer layouts: the defect of u_h, which the modes of u_h do not see, drives

    N'(u_h) e = -N(u_h),    e(start) = u_0 - u_h(start),    e continuous from slab to slab

on the slabs of the march, with SHARE more kernels along the same maps and MORE_TIME more in time. e is the error of u_h but for what
the finer layouts leave of it (a spectral factor; on a kink the root of a few), its sign and its growth included: what is lost from slab
to slab, rounding and the amplification by an unstable solution are all in it, where a ratio of residuals knows of none of them.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import Layout, initial_coefficients
from pdelang.runtime.solve.product.march import March
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.schedule import projected
from pdelang.runtime.solve.product.solved import Inverse, Limits
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.solve.product.transfer import Starts, made_admissible, transferred

SHARE = 1.2
MORE_TIME = 3
LARGEST_CHANGE = 0.3  # of the coefficients of the highest time derivative: beyond it one step of a nonlinear problem says nothing


@dataclass(frozen=True, eq=False)
class Correction:
    """Root mean squares over the march's space-time, one a field: of the error e, and of the solution."""

    error: Array
    size: Array


def correction(program: Program, march: March, progress: Progress, limits: Limits, share: tuple[float, float]) -> Correction | None:
    """None: there was no time, or the step is not small enough to be believed."""
    assert march.representation is not None
    layout: Layout | None = None
    space: Space | None = None
    starts: Starts = ()
    cache: dict[object, Inverse | None] = {}
    error, size, passed = np.zeros(program.fields), np.zeros(program.fields), 0.0
    begin, whole = march.stages[0].begin, float(program.bounds[1][-1] - program.bounds[0][-1])
    for stage, part in zip(march.stages, march.representation.parts):
        if clock.monotonic() > limits.deadline:
            return None
        progress("estimate of the error", share[0] + (share[1] - share[0]) * (stage.begin - begin) / whole)
        if stage.layout is not layout:
            finer = stage.layout.coarser(SHARE).space()
            starts = _carried(space, finer, starts)
            layout, space = stage.layout, finer
            cache.clear()
        assert space is not None
        starts = made_admissible(space, starts, stage.begin)
        system = SlabSystem(space, layout.time_factor(stage.kernels + MORE_TIME), stage.begin, stage.length, starts)
        solved = solve_slab(system, 1.0, cache, projected(part, system), 1)
        if not solved.converged or not (program.linear or solved.change < LARGEST_CHANGE):
            return None
        apart, own = _norms(system, solved.W, part)
        error, size, passed = error + stage.length * apart, size + stage.length * own, passed + stage.length
        starts = system.ended(solved.W)
    return Correction(np.sqrt(error / passed), np.sqrt(size / passed))


def _carried(old: Space | None, new: Space, starts: Starts) -> Starts:
    if old is None:
        return initial_coefficients(new)[0]
    return tuple(tuple(transferred(old, new, s) for s in own) for own in starts)


def _norms(system: SlabSystem, W: Array, part: Representation) -> tuple[Array, Array]:
    """Mean squares over the slab of corrected minus given, and of the given, one a field."""
    space, T = system.space, system.time
    assert system.times is not None
    axes = [*(f.points for f in space.factors), system.times]
    zero = (0,) * (space.dimension + 1)
    given = part.grid_jets(axes, [(f, zero) for f in range(system.program.fields)])
    corrected = system.over_time(W)
    for axis, factor in enumerate(space.factors):
        corrected = np.moveaxis(np.tensordot(factor.values[0], corrected, (1, 1 + axis)), 0, 1 + axis)
    weights = T.weights
    for factor in reversed(space.factors):
        weights = np.multiply.outer(factor.weights, weights)
    weights = weights / weights.sum()
    every = tuple(range(1, given.ndim))
    return np.sum(weights * (corrected - given) ** 2, axis=every), np.sum(weights * given**2, axis=every)
