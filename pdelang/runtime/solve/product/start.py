"""How a march starts: a layout for the initial values, and whether these fit together with the walls.

What is not smooth at the start is graded where the equation smooths it; where the equation carries it on (`smoothing.py`) an even layout
is taken, or, where walls and initial values contradict each other, the ladder of `rough.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pdelang.runtime.layout.slab import TimeFactor
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import Layout, initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.smoothing import smooths
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.solve.product.transfer import Starts, made_admissible, transfer

INITIAL_LAYOUTS = 16
EMPTY = 1.3  # kernels of a rough layout over those that hold the initial values, whose shortest waves it is not to stir up
EVEN = 0.6  # of the largest layout in several coordinates: smooth initial values move through the box, grading does not
ALGEBRAIC = 0.2  # share of the initial values' defect that remains after a refinement if they are not smooth
UNSEEN, TWICE, LOW_ORDER = 1e-2, 2.0, 4.0  # the defect, relative, from which its fall is looked at on twice the kernels
AT_ONCE = 1e-3  # of the whole time: a slab so short that the solution is still what it was, and second derivatives are above rounding
SOON = 0.1  # of the whole time, the slab whose terms the residual is measured by: what starts from zero has none at once
MISFIT = 1e-5  # residual of such a slab below which it is no matter
TIME_KERNELS = 14  # fewer do not hold a constant to the digits that such a slab divides by its length


def started(layout: Layout, tolerance: float, T: TimeFactor) -> tuple[Layout, Space, Starts, float]:
    """A layout that resolves the initial values, their coefficients, and the share that is lost all the same."""
    before, rough, begin = np.inf, False, float(layout.program.bounds[0][-1])
    for number in range(INITIAL_LAYOUTS):
        space = layout.space()
        starts, defects, where = initial_coefficients(space)
        coefficients = np.stack([s for own in starts for s in own])[..., None]
        # a kink: the defect falls slowly, and what is lost says where to refine
        rough = rough or (number > 1 and defects.max(initial=0.0) > ALGEBRAIC * before)
        if rough and not layout.rough and kinked(layout) and not smooths(space, T, made_admissible(space, starts, begin), begin):
            layout = replace(layout, mappings=(None,) * layout.axes, rough=True)
            continue
        before = defects.max(initial=0.0)
        finer = layout.adapted(space, coefficients, defects, tolerance, where if rough else None)
        if finer is None or number == INITIAL_LAYOUTS - 1:
            break
        even = layout.refined(defects, tolerance)
        held = layout.axes > 1 and not rough and even is not None and max(even.kernels) < EVEN * even.largest
        layout = even if held and even is not None else finer
    if layout.rough:
        fitted, layout = space, layout.coarser(EMPTY)
        space = layout.space()
        starts = transfer(fitted, space, starts).starts
    return layout, space, made_admissible(space, starts, begin), float(before)


def kinked(layout: Layout) -> bool:
    """Do the initial values' defects on even layouts fall like a low power of the number of kernels? Not while these do not see them."""
    even = replace(layout, mappings=(None,) * layout.axes)
    finer = even.coarser(TWICE)
    first, second = (float(initial_coefficients(own.space())[1].max(initial=0.0)) for own in (even, finer))
    return UNSEEN > first > 0.0 and second > first * TWICE**-LOW_ORDER


def unfit(program: Program, layout: Layout, tolerance: float) -> bool:
    """Can no layout hold the initial values, or do they, resolved by themselves, and walls not fit together, in an equation that carries
    on what is not smooth?

    On a slab of next to no length the solution is what it was, and its derivative in time what the equation makes of it: as smooth, unless
    the walls ask for another one. That leaves a residual which more kernels do not lower.
    """
    if all(program.periodic[: layout.axes]) or smoothing(layout):
        return False
    T = layout.time_factor(TIME_KERNELS)
    held, space, _, lost = started(layout, tolerance, T)
    if lost > tolerance:
        return held.rough
    misfit = _at_once(space, T, tolerance)
    return misfit > max(tolerance, MISFIT) and _at_once(held.coarser(TWICE).space(), T, tolerance) > misfit * TWICE**-LOW_ORDER


def _at_once(space: Space, T: TimeFactor, tolerance: float) -> float:
    begin = float(space.program.bounds[0][-1])
    starts = made_admissible(space, initial_coefficients(space)[0], begin)
    at_once, soon = (SlabSystem(space, T, begin, share * space.program.span, starts) for share in (AT_ONCE, SOON))
    quality, later = (system.quality(solve_slab(system, tolerance, {}).W) for system in (at_once, soon))
    return float(np.max(quality.axes / np.maximum(np.maximum(quality.scale, later.scale), 1e-300), initial=0.0))


def smoothing(layout: Layout) -> bool:
    """Does the equation smooth what the layout makes of its initial values?"""
    space, begin = layout.space(), float(layout.program.bounds[0][-1])
    return smooths(space, layout.time_factor(TIME_KERNELS), made_admissible(space, initial_coefficients(space)[0], begin), begin)
