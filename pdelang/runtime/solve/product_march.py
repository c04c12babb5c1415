"""Evolution: slab after slab, each as long as its time modes resolve, on a layout that follows the solution.

A slab is accepted when its residual, relative to the size of the equation's terms over the whole time, is below the pass's
tolerance. What lies outside the time modes shortens the slab; what lies outside an axis' modes refines that axis, and
grades it where the solution has become steep. The solution is carried to a new layout at the slab's start, never
recomputed.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, field

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.layout.slab import TimeFactor, time_factor
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.checkpoint import recorder_of
from pdelang.runtime.solve.product_iteration import Inverse, Limits, Solved, solve_slab
from pdelang.runtime.solve.product_layouts import Layout, initial_coefficients, made_admissible, transferred
from pdelang.runtime.solve.product_program import Program
from pdelang.runtime.solve.product_system import Quality, SlabSystem, Space
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status

SHORTEST = 1e-7  # of the whole time
SHARE = 100  # a slab shorter than this share of the time may have a residual as large as makes its part of the norm equal
INITIAL_LAYOUTS = 16
ALGEBRAIC = 0.2  # share of the initial values' defect that remains after a refinement if they are not smooth
STEEPENING = "it needs ever finer kernels: a shock, a layer or a singularity"
FAILURES = 12  # Newton failures in a row
SAFETY = 0.5
ROUNDING = 1e-6  # a time defect below this that does not fall with the slab's length is rounding
USELESS = 0.6  # share of an axis' defect that remains after two refinements if a third is not worth it
SLOW = 30.0  # time defect, in tolerances, beyond which the slab is shortened before its layout is judged
GROWTH = 1e12  # of the solution over its size on the first slab, beyond which it is said to diverge
STEEP = 0.02  # space defect beyond which a slab is halved before its layout is judged: what it shows is not the solution yet
BLOWN_LENGTH, BLOWN_KERNELS = 5e-4, 0.2  # of the whole time and of the largest layout, below and above which gradients are said to blow up
COARSEN = 0.8  # go to fewer kernels when fewer than this share are needed

Starts = tuple[tuple[Array, ...], ...]


@dataclass(frozen=True, eq=False)
class March:
    """representation covers [start, reached]. residual: root mean square over space-time relative to the terms.

    unresolved: a sentence if some slab had to be accepted above the tolerance. failure: why the march ended early.
    """

    representation: Slabs | None
    layout: Layout
    residual: float
    reached: float
    newton: int
    krylov: int
    status: Status
    message: str = ""
    length: float = 0.0


@dataclass(eq=False)
class _State:
    layout: Layout
    space: Space
    starts: Starts
    at: float
    length: float
    parts: list[ProductExpansion] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    residual: Array = field(default_factory=lambda: np.zeros(1))  # integral over time of its square, a slot
    scale: Array = field(default_factory=lambda: np.zeros(1))
    newton: int = 0
    krylov: int = 0
    unresolved: str = ""
    size: float = 0.0
    time_floor: float = 0.0  # defect of time, and of each axis, that shorter slabs or more kernels have been seen not to lower:
    floor: Array = field(default_factory=lambda: np.zeros(0))  # rounding, or a kink that the solution itself will smooth
    blurred: Array = field(default_factory=lambda: np.zeros(0))  # defects of the axes refined last, infinite for the others
    refined: Array = field(default_factory=lambda: np.zeros(0))  # how often each axis was, on this slab
    rejected: tuple[float, float] = (np.inf, np.inf)  # length and time defect of the slab rejected last, here

    def accepted(self) -> None:
        """A new slab begins: forget what concerned the last one, but not what rounding allows."""
        axes = self.layout.axes
        self.rejected, self.blurred, self.refined = (np.inf, np.inf), np.full(axes, np.inf), np.zeros(axes)
        self.floor = np.where(self.floor < ROUNDING, self.floor, 0.0) if len(self.floor) else np.zeros(axes)


def time_kernels(tolerance: float) -> int:
    return int(np.clip(round(5 - 1.5 * np.log10(tolerance)), 9, 26))


def march(
    program: Program, layout: Layout, tolerance: float, progress: Progress, limits: Limits, length: float | None = None,
    share: tuple[float, float] = (0.0, 1.0),
) -> March:  # fmt: skip
    """One pass. `length`: of the first slab. After the deadline the march stops where it is."""
    lower, upper = float(program.bounds[0][-1]), float(program.bounds[1][-1])
    whole = upper - lower
    T = time_factor(time_kernels(tolerance))
    layout, space, starts, blurred = _started(layout, tolerance)
    step = whole / limits.slabs if limits.slabs else length or whole / 8
    state = _State(layout, space, starts, lower, step, edges=[lower], unresolved=blurred)
    state.residual, state.scale = np.zeros(program.fields), np.zeros(program.fields)
    recorder = recorder_of(progress)
    try:
        status, message = recorder.begin(state, tolerance) or _advance(state, T, tolerance, upper, progress, limits, share)
    except KeyboardInterrupt:
        status, message = Status.INTERRUPTED, f"interrupted at {program.compiled.problem.coordinates[-1].name} = {state.at:.4g}"
    recorder.ended(state, status, message)
    slabs = Slabs(np.array(state.edges), tuple(state.parts)) if state.parts else None
    relative = np.sqrt(np.max(np.divide(state.residual, state.scale, out=np.zeros_like(state.scale), where=state.scale > 0)))
    if status is Status.CONVERGED and state.unresolved and (relative > tolerance or blurred):
        status, message = Status.TOLERANCE_NOT_MET, state.unresolved
    return March(slabs, state.layout, float(relative), state.at, state.newton, state.krylov, status, message, state.length)


def _started(layout: Layout, tolerance: float) -> tuple[Layout, Space, Starts, str]:
    """A layout that resolves the initial values, and their coefficients."""
    before, rough = np.inf, False
    for number in range(INITIAL_LAYOUTS):
        space = layout.space()
        starts, defects, where = initial_coefficients(space)
        coefficients = np.stack([s for own in starts for s in own])[..., None]
        # a kink: the defect falls slowly, and what is lost says where to refine
        rough = rough or (number > 1 and defects.max(initial=0.0) > ALGEBRAIC * before)
        before = defects.max(initial=0.0)
        finer = layout.adapted(space, coefficients, defects, tolerance, where if rough else None)
        if finer is None or number == INITIAL_LAYOUTS - 1:
            break
        layout = finer
    blurred = "" if (defects <= 10 * tolerance).all() else f"the initial values are resolved to {defects.max():.1e} only: are they smooth?"
    return layout, space, made_admissible(space, starts, float(layout.program.bounds[0][-1])), blurred


def _advance(
    state: _State, T: TimeFactor, tolerance: float, end: float, progress: Progress, limits: Limits, share: tuple[float, float]
) -> tuple[Status, str]:
    program = state.layout.program
    name = program.compiled.problem.coordinates[-1].name
    begin, whole = float(program.bounds[0][-1]), end - float(program.bounds[0][-1])
    cache: dict[object, Inverse] = {}
    failures, refinements = 0, 0
    state.accepted()
    while end - state.at > 1e-12 * whole:
        if clock.monotonic() > limits.deadline:
            cause = f"{STEEPENING}; " if _finest(state) or state.length < 1e-3 * whole else ""
            known = "the solution is known until there"
            return Status.ITERATION_LIMIT, f"out of time (option time_limit) at {name} = {state.at:.4g}: {cause}{known}"
        remaining = end - state.at
        h = remaining / np.ceil(remaining / state.length * (1 - 1e-9))
        progress(f"slab at {name} = {state.at:.4g}", share[0] + (share[1] - share[0]) * (state.at - begin) / whole)
        system = SlabSystem(state.space, T, state.at, h, state.starts)
        solved = solve_slab(system, 0.02 * tolerance, cache, iterations=limits.iterations)
        state.newton, state.krylov = state.newton + solved.steps, state.krylov + solved.krylov
        if not solved.converged:
            failures += 1
            if limits.slabs:
                stopped = solved.steps >= limits.iterations
                cause = "at max_iterations" if stopped else "try more slabs"
                reason = f"Newton's iteration fails at {name} = {state.at:.4g} on slabs of the given length {h:.1e}: {cause}"
                return (Status.ITERATION_LIMIT if stopped else Status.STAGNATED), reason
            if failures > FAILURES or h < SHORTEST * whole:
                finite = np.isfinite(solved.change)
                cause = "a shock, a singularity or an ill-posed problem"
                reason = f"Newton's iteration fails at {name} = {state.at:.4g} on slabs of {h:.1e}: {cause}"
                return (Status.STAGNATED if finite else Status.NON_FINITE), reason
            state.length = 0.35 * h
            continue
        size = max((float(np.abs(s).max()) for own in solved_ends(system, solved) for s in own), default=0.0)
        state.size = state.size or max(size, max((float(np.abs(s).max()) for own in state.starts for s in own), default=0.0))
        if not size <= GROWTH * max(state.size, 1e-300):
            return Status.DIVERGED, f"the solution grows beyond every bound at {name} = {state.at:.4g}: is the problem well posed?"
        quality = system.quality(solved.W)
        in_time, on_axes, total = _relative(state, quality, h, whole)
        blamed = on_axes > SAFETY * tolerance
        useless = (on_axes > USELESS * state.blurred) & ((state.refined > 1) | (on_axes < ROUNDING))
        state.floor = np.where(useless, np.maximum(state.floor, on_axes), state.floor)
        blamed &= on_axes > 2 * state.floor
        slow = in_time > SAFETY * tolerance and h > SHORTEST * whole and not limits.slabs
        if not blamed.any() and in_time < ROUNDING and h < 0.8 * state.rejected[0] and in_time > 0.5 * state.rejected[1]:
            state.time_floor = in_time  # shorter slabs do not help
        slow = slow and in_time > 2 * state.time_floor
        if _blows_up(state, h / whole, float(on_axes.max(initial=0.0))):
            known = "the solution is known until there"
            return Status.STAGNATED, f"gradients grow beyond every bound at {name} = {state.at:.4g}: {STEEPENING}; {known}"
        rate = 1.0 / (0.75 * T.modes)
        factor = float(np.clip((0.3 * tolerance / max(in_time, 1e-3 * tolerance)) ** rate, 0.3, 1.8))
        if (total > tolerance and (blamed.any() or slow) and not _rough(total)) or not np.isfinite(total):
            if slow:
                state.length, state.rejected = 0.9 * h * min(factor, 0.8), (h, in_time)
            elif blamed.any() and on_axes.max() > STEEP and refinements == 0 and h > whole / 200 and not limits.slabs:
                state.length, slow = 0.5 * h, True
                continue
            if (
                blamed.any()
                and not (slow and in_time > SLOW * tolerance)
                and refinements < 8
                and _refine(state, system, solved, on_axes, tolerance)
            ):
                refinements += 1
                state.blurred, state.refined = np.where(blamed, on_axes, np.inf), state.refined + blamed
                cache.clear()
                continue
            if slow:
                continue
        elif _rough(total) and failures <= FAILURES and h > SHORTEST * whole and not limits.slabs:
            failures += 1
            state.length = 0.35 * h
            continue
        if total > 10 * tolerance and not state.unresolved:
            state.unresolved = f"at {name} = {state.at:.4g} the residual stays at {total:.1e} of the equation's terms"
        failures, refinements = 0, 0
        state.accepted()
        state.residual += h * quality.residual**2
        state.scale += h * quality.scale**2
        state.parts.append(ProductExpansion.of(system, solved.W))
        state.at = end if remaining - h < 1e-9 * whole else state.at + h
        state.edges.append(state.at)
        state.starts = made_admissible(state.space, system.ended(solved.W), state.at)
        if not 0.87 < factor < 1.15 and not limits.slabs:
            state.length = h * factor
        else:
            state.length = h
        _coarsen(state, on_axes, tolerance, cache)
        recorder_of(progress).accepted(state)
    return Status.CONVERGED, ""


def _blows_up(state: _State, share: float, defect: float) -> bool:
    """A slab of almost no length, after accepted ones, in which a fine layout already fails to hold the solution."""
    fine = max(state.layout.kernels, default=0) > BLOWN_KERNELS * state.layout.largest
    return len(state.edges) > 1 and not state.layout.fixed and fine and share < BLOWN_LENGTH and defect > STEEP


def _finest(state: _State) -> bool:
    return max(state.layout.kernels, default=0) > 0.6 * state.layout.largest


def solved_ends(system: SlabSystem, solved: Solved) -> Starts:
    """The starts of the next slab; a field without a time derivative has none, and its coefficients bound it."""
    return tuple(own or (w,) for own, w in zip(system.ended(solved.W), solved.W))


def _rough(total: float) -> bool:
    """A residual as large as the equation's terms says nothing about which axis is to blame."""
    return total > 0.3


def _relative(state: _State, quality: Quality, h: float, whole: float) -> tuple[float, Array, float]:
    """Residual outside the time modes, outside each axis' modes, and in all, relative to the terms over the time until now."""
    passed = state.at + h - state.edges[0]
    scale = np.sqrt((state.scale + h * quality.scale**2) / passed)
    scale = np.maximum(scale, 1e-12 * scale.max())
    if scale.max() == 0.0:
        return 0.0, np.zeros(len(quality.axes)), 0.0
    weight = np.sqrt(h / max(h, whole / SHARE)) / scale
    axes = (quality.axes * weight).max(axis=1) if len(quality.axes) else np.zeros(0)
    return float((quality.time * weight).max()), axes, float((quality.residual * weight).max())


def _refine(state: _State, system: SlabSystem, solved: Solved, defects: Array, tolerance: float) -> bool:
    """A finer, perhaps graded, layout from what the rejected slab shows. False: there is none."""
    finer = state.layout.adapted(system.space, system.over_time(solved.W), defects, SAFETY * tolerance, keep=len(state.edges) == 1)
    if finer is None:
        return False
    _move(state, finer)
    return True


def _move(state: _State, layout: Layout) -> None:
    old, new = state.space, layout.space()
    state.layout, state.space = layout, new
    if len(state.edges) == 1:  # nothing is accepted yet: the conditions themselves, not what the coarse layout made of them
        state.starts = initial_coefficients(new)[0]
    else:
        state.starts = tuple(tuple(transferred(old, new, s) for s in own) for own in state.starts)
    state.starts = made_admissible(new, state.starts, state.at)


def _coarsen(state: _State, defects: Array, tolerance: float, cache: dict[object, Inverse]) -> None:
    if state.layout.fixed or not len(defects) or defects.max() >= 1e-2 * tolerance:
        return
    share = np.log(0.05 * tolerance) / np.log(np.clip(defects.max(), 1e-15, 0.1))
    coarser = state.layout.coarser(max(float(share), 0.5))
    if share < COARSEN and coarser.kernels != state.layout.kernels:
        _move(state, coarser)
        cache.clear()
