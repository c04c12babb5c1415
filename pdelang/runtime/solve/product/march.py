"""Evolution: slab after slab, each as long as its time modes resolve, on a layout that follows the solution.

A slab is accepted when its residual, relative to the size of the equation's terms over the whole time, is below the pass's
tolerance. What lies outside the time modes shortens the slab; what lies outside an axis' modes refines that axis, and
grades it where the solution has become steep. The solution is carried to a new layout at the slab's start, never
recomputed, and only if the transfer loses less than a share of the tolerance. A pass that follows a coarser one takes layouts,
lengths and first guesses from it.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, field

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.layout.slab import TimeFactor
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.checkpoint import Recorder, recorder_of
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import AHEAD, Layout, initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.saddle import contradiction
from pdelang.runtime.solve.product.schedule import Schedule, Stage, extrapolated, projected
from pdelang.runtime.solve.product.solved import Inverse, Limits, Solved
from pdelang.runtime.solve.product.start import started
from pdelang.runtime.solve.product.switches import moving_edges, switches
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.solve.product.transfer import Starts, made_admissible, transfer
from pdelang.runtime.solve.product.verdict import EARLY, MOST, SAFETY, STEEP, Known, Verdict, judged
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status

SHORTEST = 1e-7  # of the whole time
STEEPENING = "it needs ever finer kernels: a shock, a layer or a singularity"
ROUGH_START = "slabs stay short after the start: are the initial values smooth, across the seam of a periodic coordinate too?"
MOVING_EDGE = (
    "a `where` has an edge inside the domain, on which the solution is not smooth: a steep tanh in place of the jump can be resolved"
)
ROUGH_UNTIL = 1e-3  # share of the time
KNOWN = "the solution is known until there"
FAILURES = 12  # Newton failures in a row
REFINEMENTS = 8  # of one slab
SLOW = 30.0  # time defect, in tolerances, beyond which the slab is shortened before its layout is judged
GROWTH = 1e12  # of the solution over its size on the first slab, beyond which it is said to diverge
BLOWN_LENGTH, BLOWN_KERNELS = 5e-4, 0.2  # of the whole time and of the largest layout, below and above which gradients are said to blow up
COARSEN = 0.8  # go to fewer kernels when fewer than this share are needed
JUMP, SMALLEST_JUMP = 0.1, 3e-13  # of the tolerance: what one transfer may lose, and what rounding always loses
DENSER = (1.3, 1.7)  # a graded layout that loses something is tried with so many times the kernels
HOPED, PATIENCE = 5.0, 1.2
EASY, NOTICED = 25, 12  # Krylov iterations of one linear system: with more than EASY two slabs of half the length cost less
SPACES = 8  # factors of so many layouts are kept


@dataclass(frozen=True, eq=False)
class March:
    """representation covers [start, reached]. residual: root mean square over space-time relative to the terms.

    message: a sentence if some slab had to be accepted above the tolerance, or why the march ended early. stages: the slabs, for
    a following pass. jump: the largest loss of a transfer, relative. rounding: the largest defect that nothing lowers.
    """

    representation: Slabs | None
    layout: Layout
    tolerance: float
    residual: float
    reached: float
    newton: int
    krylov: int
    status: Status
    message: str = ""
    stages: tuple[Stage, ...] = ()
    jump: float = 0.0
    rounding: float = 0.0


@dataclass(eq=False)
class _State(Known):
    """All that a march goes on from, flat: `packing.py` writes it.

    layouts: the present one is the last; used, in_time, on_axes: of each accepted slab, the number of its layout and its defects.
    """

    layouts: list[Layout]
    space: Space
    starts: Starts
    at: float
    length: float
    parts: list[ProductExpansion] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    in_time: list[float] = field(default_factory=list)
    on_axes: list[list[float]] = field(default_factory=list)
    newton: int = 0
    krylov: int = 0
    unresolved: str = ""
    size: float = 0.0
    jump: float = 0.0
    lost: float = 0.0  # of the initial values, by the layout
    followed: int = -1  # of the schedule, the layout taken last
    free: bool = True  # the last slab does not bound the length of the next one, only the schedule does
    easy: float = np.inf  # length of a slab whose linear systems are expected to take EASY iterations
    unguided: bool = False  # the schedule's guess has misled Newton on this slab
    failures: int = 0
    refinements: int = 0

    @property
    def layout(self) -> Layout:
        return self.layouts[-1]

    def move(self, layout: Layout, space: Space, starts: Starts) -> None:
        if len(self.layouts) - 1 not in self.used[-1:]:
            self.layouts.pop()  # no slab was accepted on it
        self.layouts.append(layout)
        self.space, self.starts = space, starts


def time_kernels(tolerance: float) -> int:
    return int(np.clip(round(5 - 1.5 * np.log10(tolerance)), 9, 26))


def march(
    program: Program, layout: Layout, tolerance: float, progress: Progress, limits: Limits, schedule: Schedule | None = None,
    share: tuple[float, float] = (0.0, 1.0),
) -> March:  # fmt: skip
    """One pass, from `layout` or along a schedule. After the deadline it stops where it is."""
    lower, upper = float(program.bounds[0][-1]), float(program.bounds[1][-1])
    whole = upper - lower
    layout = layout if schedule is None or layout.fixed else schedule.layout(0)[1]
    T = layout.time_factor(time_kernels(tolerance))
    layout, space, starts, lost = started(layout, tolerance, T)
    blurred = "" if lost <= 10 * tolerance else f"the initial values are resolved to {lost:.1e} only: are they smooth?"
    nothing = (
        np.zeros(program.fields),
        np.zeros(program.fields),
        np.zeros(layout.axes),
        np.full(layout.axes, np.inf),
        np.zeros(layout.axes),
    )
    state = _State(*nothing, [layout], space, starts, lower, whole / (limits.slabs or 8), edges=[lower], unresolved=blurred, lost=lost)
    recorder = recorder_of(progress)
    running = _Pass(
        program, T, tolerance, upper, limits, state, schedule, {layout: space}, recorder,
        switches=switches(program),
    )  # fmt: skip
    try:
        status, message = recorder.begin(state, tolerance) or running.run(progress, share)
    except KeyboardInterrupt:
        status, message = Status.INTERRUPTED, f"interrupted at {program.compiled.problem.coordinates[-1].name} = {state.at:.4g}"
    recorder.ended(state, status, message)
    slabs = Slabs(np.array(state.edges), tuple(state.parts)) if state.parts else None
    relative = state.relative
    if status is Status.CONVERGED and state.unresolved and (relative > tolerance or blurred):
        status, message = Status.TOLERANCE_NOT_MET, state.unresolved
    stages = _stages(state, running.T)
    return March(
        slabs, state.layout, tolerance, relative, state.at, state.newton, state.krylov, status, message, stages, state.jump, state.rounding
    )  # fmt: skip


def _stages(state: _State, T: TimeFactor) -> tuple[Stage, ...]:
    slabs = zip(state.edges, np.diff(state.edges), state.used, state.in_time, state.on_axes)
    return tuple(
        Stage(begin, float(h), state.layouts[n], time, np.array(axes), len(T.centres), T.modes) for begin, h, n, time, axes in slabs
    )


@dataclass(eq=False)
class _Pass:
    program: Program
    T: TimeFactor
    tolerance: float
    end: float
    limits: Limits
    state: _State
    schedule: Schedule | None
    spaces: dict[Layout, Space]
    recorder: Recorder
    cache: dict[object, Inverse | None] = field(default_factory=dict)
    marks: list[float] = field(default_factory=lambda: [clock.monotonic()])  # when the march began, and when each slab was accepted
    attempt: float = 0.0  # seconds of the last attempt at a slab: the next one will not take less
    switches: tuple[float, ...] = ()
    rejected: ProductExpansion | None = None  # the solution of the slab that was rejected last, here

    @property
    def whole(self) -> float:
        return self.end - self.state.edges[0]

    @property
    def here(self) -> str:
        return f"{self.program.compiled.problem.coordinates[-1].name} = {self.state.at:.4g}"

    @property
    def _ahead(self) -> float:
        """No slab goes beyond it: where the equations turn over, or the end."""
        return next((t for t in self.switches if t > self.state.at + 1e-9 * self.whole), self.end)

    @property
    def _cause(self) -> str:
        if moving_edges(self.program):
            return MOVING_EDGE
        if contradicted := self._contradiction():
            return contradicted
        return ROUGH_START if self.state.at - self.state.edges[0] < ROUGH_UNTIL * self.whole else STEEPENING

    def _contradiction(self) -> str:
        """At the start, and here."""
        space, begin, h = self.state.space, float(self.program.bounds[0][-1]), self.state.length
        starts = made_admissible(space, initial_coefficients(space)[0], begin)
        first, here = SlabSystem(space, self.T, begin, h, starts), SlabSystem(space, self.T, self.state.at, h, self.state.starts)
        return contradiction(first, starting=True) or contradiction(here)

    def run(self, progress: Progress, share: tuple[float, float]) -> tuple[Status, str]:
        state = self.state
        while self.end - state.at > 1e-12 * self.whole:
            if clock.monotonic() + self.attempt > self.limits.deadline:
                cause = f"{self._cause}; " if _finest(state) or state.length < 1e-3 * self.whole else ""
                return Status.ITERATION_LIMIT, f"out of time (option time_limit) at {self.here}: {cause}{KNOWN}"
            if self._hopeless():
                return Status.ITERATION_LIMIT, f"out of reach in the time left (option time_limit) at {self.here}: {self._cause}; {KNOWN}"
            self._follow()
            remaining = self._ahead - state.at
            h = remaining / np.ceil(remaining / (state.length if self.limits.slabs else min(state.length, state.easy)) * (1 - 1e-9))
            progress(f"slab at {self.here}", share[0] + (share[1] - share[0]) * (state.at - state.edges[0]) / self.whole)
            began = clock.monotonic()
            system = SlabSystem(state.space, self.T, state.at, h, state.starts)
            guess = self._guess(system)
            solved = solve_slab(system, 0.02 * self.tolerance, self.cache, guess, self.limits.iterations, self.limits.deadline)
            state.newton, state.krylov = state.newton + solved.steps, state.krylov + solved.krylov
            state.easy = easy(solved, h)
            ended = self._after(system, solved, guess is not None)
            self.attempt = clock.monotonic() - began
            if ended is not None:
                return ended
        return Status.CONVERGED, ""

    def _after(self, system: SlabSystem, solved: Solved, guided: bool) -> tuple[Status, str] | None:
        """Accepts the slab or prepares the next attempt at it. Not None: the march ends."""
        state, h = self.state, system.length
        if not solved.converged and guided and not self.program.linear:
            state.unguided = True
            return None
        if not solved.converged:
            return self._failed(solved, h)
        if self._diverges(system, solved):
            return Status.DIVERGED, f"the solution grows beyond every bound at {self.here}: is the problem well posed?"
        verdict = judged(
            state,
            system,
            solved.W,
            self.tolerance,
            state.at - state.edges[0],
            self.whole,
            h > SHORTEST * self.whole and not self.limits.slabs,
        )
        if self._blows_up(h / self.whole, float(verdict.on_axes.max(initial=0.0))):
            return Status.STAGNATED, f"gradients grow beyond every bound at {self.here}: {self._cause}; {KNOWN}"
        if self._rejected(system, solved, verdict):
            self.rejected = None if verdict.rough else ProductExpansion.of(system, solved.W)
        else:
            self._accept(system, solved, verdict)
        return None

    def _hopeless(self) -> bool:
        """Would the march miss the deadline even if each slab were HOPED times as long as the one before and cost as much as the last?"""
        state, spent = self.state, self.marks[-1] - self.marks[-2] if len(self.marks) > 2 else 0.0
        if self.limits.slabs or not spent:
            return False
        growth = (self.end - state.at) / (state.edges[-1] - state.edges[-2])
        slabs = np.log1p(growth * (1 - 1 / HOPED)) / np.log(HOPED)
        return bool(slabs * spent > PATIENCE * (self.limits.deadline - self.marks[-1]))

    def _guess(self, system: SlabSystem) -> Array | None:
        """What was rejected here, or the coarser pass; a Newton step or two from the solution, where zero needs five to eight."""
        if self.state.unguided:
            return None
        if self.rejected is not None:
            return projected(self.rejected, system)
        if self.schedule is not None and self.state.followed >= 0:
            return projected(self.schedule.solution, system)
        return extrapolated(self.state.parts[-1], system) if self.state.parts and not self.program.linear else None

    def _failed(self, solved: Solved, h: float) -> tuple[Status, str] | None:
        state, limits = self.state, self.limits
        state.failures += 1
        if limits.slabs:
            stopped = solved.steps >= limits.iterations
            cause = "at max_iterations" if stopped else "try more slabs"
            reason = f"Newton's iteration fails at {self.here} on slabs of the given length {h:.1e}: {cause}"
            return (Status.ITERATION_LIMIT if stopped else Status.STAGNATED), reason
        if state.failures > FAILURES or h < SHORTEST * self.whole:
            cause = "a shock, a singularity or an ill-posed problem"
            reason = f"Newton's iteration fails at {self.here} on slabs of {h:.1e}: {cause}"
            return (Status.STAGNATED if np.isfinite(solved.change) else Status.NON_FINITE), reason
        self._shorten(h, 0.35)
        return None

    def _diverges(self, system: SlabSystem, solved: Solved) -> bool:
        state = self.state
        ends = (own or (w,) for own, w in zip(system.ended(solved.W), solved.W))  # a field without a time derivative: its coefficients
        size = max((float(np.abs(s).max()) for own in ends for s in own), default=0.0)
        state.size = state.size or max(size, max((float(np.abs(s).max()) for own in state.starts for s in own), default=0.0))
        return not size <= GROWTH * max(state.size, 1e-300)

    def _blows_up(self, share: float, defect: float) -> bool:
        """A slab of almost no length, after accepted ones, in which a fine layout already fails to hold the solution."""
        layout = self.state.layout
        fine = max(layout.kernels, default=0) > BLOWN_KERNELS * layout.largest
        return len(self.state.edges) > 1 and not layout.fixed and fine and share < BLOWN_LENGTH and defect > STEEP

    def _shorten(self, h: float, factor: float) -> None:
        self.state.length = factor * h

    def _rejected(self, system: SlabSystem, solved: Solved, verdict: Verdict) -> bool:
        """Shortens the slab or refines its layout, and says so, if that can lower a residual above the tolerance."""
        state, h, free = self.state, system.length, not self.limits.slabs
        above = (verdict.total > self.tolerance and (verdict.blamed.any() or verdict.slow)) or not np.isfinite(verdict.total)
        if verdict.rough and state.failures <= FAILURES and h > SHORTEST * self.whole and free:
            state.failures += 1
            self._shorten(h, 0.35)
            return True
        if not above or verdict.rough:
            return False
        if verdict.slow:
            self._shorten(h, verdict.shortening(state, h, self.tolerance))
            state.rejected = (h, verdict.in_time)
        elif verdict.blamed.any() and verdict.on_axes.max() > STEEP and state.refinements == 0 and h > self.whole / 200 and free:
            self._shorten(h, 0.5)
            return True
        refines = (
            verdict.blamed.any() and not (verdict.slow and verdict.in_time > SLOW * self.tolerance) and state.refinements < REFINEMENTS
        )
        if refines and self._refine(system, solved, verdict.on_axes):
            state.refinements += 1
            state.refined_on(verdict)
            return True
        return verdict.slow

    def _accept(self, system: SlabSystem, solved: Solved, verdict: Verdict) -> None:
        state, h = self.state, system.length
        if verdict.total > 10 * self.tolerance and not state.unresolved:
            state.unresolved = f"at {self.here} the residual stays at {verdict.total:.1e} of the equation's terms"
        state.failures, state.refinements, state.unguided, self.rejected = 0, 0, False, None
        state.learn(h, verdict.quality)
        state.used.append(len(state.layouts) - 1)
        state.in_time.append(verdict.in_time)
        state.on_axes.append([float(d) for d in verdict.on_axes])
        state.parts.append(ProductExpansion.of(system, solved.W))
        state.at = self._ahead if self._ahead - state.at - h < 1e-9 * self.whole else state.at + h
        state.edges.append(state.at)
        state.starts = made_admissible(state.space, system.ended(solved.W), state.at)
        if not self.limits.slabs:
            state.length, state.free = (
                h if 0.87 < verdict.factor < 1.15 else h * verdict.factor,
                verdict.factor >= MOST and h > EARLY * self.whole,
            )
        self.marks.append(clock.monotonic())
        self._coarsen(verdict.on_axes)
        self.recorder.accepted(state)

    # Layouts ------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """The schedule's layout and length for the slab that begins here, if the solution can be carried over."""
        state = self.state
        if self.schedule is None or state.rejected[0] < np.inf or state.refinements or state.failures:
            return
        number = self.schedule.at(state.at)
        if number is None:
            state.followed = -1
            return
        chosen, layout = self.schedule.layout(number)
        if chosen != state.followed and (state.layout.fixed or len(state.edges) == 1 or self._move(layout)):
            state.followed = chosen
        if not self.limits.slabs:
            ahead = self.schedule.length(number, state.at, self.T.modes)
            state.length = ahead if state.free else min(ahead, state.length)

    def _space(self, layout: Layout) -> Space:
        if layout not in self.spaces:
            while len(self.spaces) >= SPACES:
                self.spaces.pop(next(iter(self.spaces)))
            self.spaces[layout] = layout.space()
        return self.spaces[layout]

    def _move(self, layout: Layout, patience: float = 1.0) -> bool:
        """To another layout, if it loses no more than `patience` times what one transfer may."""
        state, old, new = self.state, self.state.space, self._space(layout)
        limit = patience * max(JUMP * self.tolerance, SMALLEST_JUMP)
        if len(state.edges) == 1 and not layout.rough:  # nothing is accepted yet: the conditions, not what a coarse layout made of them
            starts, defects, _ = initial_coefficients(new)
            loss = float(defects.max(initial=0.0))
            if loss > max(2 * state.lost, patience * self.tolerance):
                return False
            state.lost = loss
        else:
            moved = transfer(old, new, state.starts)
            starts, loss = moved.starts, moved.loss
            if not loss <= limit:
                return False
            state.jump = max(state.jump, loss)
        state.move(layout, new, made_admissible(new, starts, state.at))
        self.cache.clear()
        return True

    def _refine(self, system: SlabSystem, solved: Solved, defects: Array) -> bool:
        """A finer, perhaps graded, layout from what the rejected slab shows. False: there is none."""
        state, limit = self.state, SAFETY * self.tolerance
        finer = state.layout.adapted(system.space, system.over_time(solved.W), defects, limit, keep=len(state.edges) == 1)
        if finer is None:
            return False
        same = state.layout.refined(defects, limit, AHEAD)  # along the same maps nothing is lost
        if same is None:
            return self._move(finer)
        denser = [finer, *(finer.coarser(share) for share in DENSER if not finer.fixed)]
        return any(self._move(layout) for layout in denser if sum(layout.kernels) <= sum(same.kernels)) or self._move(same, patience=np.inf)

    def _coarsen(self, defects: Array) -> None:
        layout = self.state.layout
        if self.schedule is not None and self.schedule.kept:
            return
        if layout.fixed or not len(defects) or defects.max() >= 1e-2 * self.tolerance:
            return
        share = np.log(0.05 * self.tolerance) / np.log(np.clip(defects.max(), 1e-15, 0.1))
        coarser = layout.coarser(max(float(share), 0.5))
        if share < COARSEN and coarser.kernels != layout.kernels:
            self._move(coarser)


def easy(solved: Solved, h: float) -> float:
    """Length of the next slab by this one's iterations: where advection dominates they grow with the length, slowly and then at once."""
    each = solved.krylov / solved.steps
    return h * EASY / each if each > NOTICED and solved.converged else np.inf


def _finest(state: _State) -> bool:
    return max(state.layout.kernels, default=0) > 0.6 * state.layout.largest
