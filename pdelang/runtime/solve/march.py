"""The drivers that both weight methods share: refine a steady box until it is good enough; march in time, slab by slab.

Each ends with one finer solve: its difference to the one before is the error estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pdelang.runtime.layout.scattered import Layout, grid_layout
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.sampling import box
from pdelang.runtime.solve.box import Attempt, Problem, Strategy, solve_box
from pdelang.runtime.solve.refine import FIRST_SIZES, grown, sizes_for
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status

UNKNOWNS = 4000
"""Most unknowns of one dense solve: about 3 s and 0.5 GB."""
GHOSTS = {1: 8, 2: 6, 3: 3, 4: 1}
"""Kernels beyond each end, by the number of coordinates: dense solves cannot afford more."""
HEADROOM = 0.3
"""Boxes aim at this share of the tolerance: the check at the end uses other points and more of them."""
LEVELS = 12
FIRST_SLABS = 4
SHORTEST = 1e-5
"""Shortest slab, of the whole time."""
PATIENCE = 2
"""Attempts at a slab that may fail to halve its residual before the best is taken."""
HOPELESS = 0.3
"""A slab with a larger relative residual solves nothing: marching on would be in vain."""
ESTIMATE_POINTS = 1024


@dataclass(frozen=True)
class Slab:
    """What the next slab is tried with."""

    sizes: tuple[int, ...]
    length: float

    def stop(self, start: float, end: float) -> float:
        """The remaining time in equal slabs of about this length; the last one ends exactly at the end."""
        count = max(1, round((end - start) / self.length))
        return end if count == 1 else start + (end - start) / count


@dataclass
class March:
    """The state of one solve: sizes of the layout, what is done, and why it stopped."""

    problem: Problem
    strategy: Callable[[], Strategy]
    progress: Progress
    iterations: int = 0
    status: Status = Status.CONVERGED
    message: str = ""
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ghosts = GHOSTS[len(self.problem.lower)]
        self._layouts: dict[tuple[int, ...], Layout] = {}

    # ------------------------------------------------------------ layouts

    def layout(self, sizes: tuple[int, ...]) -> Layout:
        if sizes not in self._layouts:
            options = self.problem.options
            self._layouts[sizes] = grid_layout(sizes, self.problem.periodic, options.overlap, options.points, ghosts=self.ghosts)
        return self._layouts[sizes]

    def fits(self, sizes: tuple[int, ...]) -> bool:
        return self.problem.fields * self.layout(sizes).kernels <= UNKNOWNS

    def first_sizes(self) -> tuple[int, ...]:
        kernels = self.problem.options.kernels
        if kernels is not None:
            return sizes_for(kernels, self.problem.periodic, self.ghosts)
        d = len(self.problem.lower)
        sizes = [FIRST_SIZES[d]] * d
        if self.problem.time is not None:
            sizes[self.problem.time] = max(4, round(0.5 * FIRST_SIZES[d]))
        while not self.fits(tuple(sizes)) and max(sizes) > 3:
            sizes = [max(3, n - 1) for n in sizes]
        return tuple(sizes)

    def note(self, attempt: Attempt, **figures: float) -> None:
        self.iterations += attempt.iterations
        self.history.append({"kernels": float(attempt.expansion.kernels), "residual": attempt.residual, **figures})

    # ------------------------------------------------------------ steady

    def steady(self) -> tuple[Representation | None, np.ndarray | None]:
        """Solve, look, refine where the spectrum's tail is longest; then once more, for the estimate."""
        problem, fixed = self.problem, self.problem.options.kernels is not None
        target = HEADROOM * problem.options.tolerance
        sizes, best, previous = self.first_sizes(), None, None
        try:
            for level in range(LEVELS):
                self.progress(f"level {level + 1}", None, kernels=self.layout(sizes).kernels)
                guess = best.expansion if best else None
                attempt = solve_box(problem, self.strategy(), self.layout(sizes), problem.lower, problem.upper, guess=guess)
                self.note(attempt)
                self.progress(f"level {level + 1}", None, kernels=attempt.expansion.kernels, residual=attempt.residual)
                if best is None or attempt.residual <= 2 * best.residual:
                    previous, best = best, attempt
                done = best.residual <= target and previous is not None
                if done or attempt.status is Status.NON_FINITE:
                    estimate = self.difference(previous.expansion, best.expansion) if previous and best else None
                    if not done or _within(estimate, best, problem):
                        break
                if attempt is not best and level > 1:  # finer is not better any more
                    break
                following = grown(sizes, attempt.tails)
                if fixed and previous is None:  # the estimate needs a second, coarser one
                    following = tuple(max(3, int(n / 1.2)) for n in sizes)
                elif fixed or not self.fits(following):
                    break
                sizes = following
        except KeyboardInterrupt:
            self.status = Status.INTERRUPTED
        if best is None:
            return None, None
        if self.status is not Status.INTERRUPTED:
            self.status = best.status
        estimate = self.difference(previous.expansion, best.expansion) if previous is not None else None
        return best.expansion, estimate

    def difference(self, coarse: Representation, fine: Representation) -> np.ndarray:
        """Root mean square of u_fine - u_coarse over the domain, one a field."""
        points = box(self.problem.lower, self.problem.upper, ESTIMATE_POINTS, self.problem.options.seed + 15485863)
        indices = [(f, (0,) * len(self.problem.lower)) for f in range(self.problem.fields)]
        return np.sqrt(np.mean((fine.jets(points, indices) - coarse.jets(points, indices)) ** 2, axis=1))

    # ------------------------------------------------------------ in time

    def in_time(self) -> tuple[Representation | None, np.ndarray | None]:
        """Slabs as long as the tolerance allows, then the same slabs on a finer layout."""
        coarse, sizes = self._adaptive()
        if coarse is None or self.status is not Status.CONVERGED:
            return coarse, None
        finer = [tuple(int(np.ceil(1.2 * n)) + 1 for n in s) for s in sizes]
        if not all(self.fits(s) for s in finer):
            return coarse, None
        fine = self._again(coarse.edges, finer)
        return (fine, self.difference(coarse, fine)) if fine is not None else (coarse, None)

    def _adaptive(self) -> tuple[Slabs | None, list[tuple[int, ...]]]:
        problem, options = self.problem, self.problem.options
        time = len(problem.lower) - 1
        start, end = float(problem.lower[time]), float(problem.upper[time])
        slab = Slab(self.first_sizes(), (end - start) / (options.slabs or FIRST_SLABS))
        strategy, like, edges, used = self.strategy(), None, [start], []
        parts: list[Representation] = []
        target = HEADROOM * options.tolerance
        name = problem.compiled.problem.coordinates[time].name
        try:
            while len(parts) < options.slabs if options.slabs else edges[-1] < end:
                chosen, best, failures = slab, None, 0
                while True:
                    lower, upper = problem.lower.copy(), problem.upper.copy()
                    lower[time], upper[time] = edges[-1], slab.stop(edges[-1], end)
                    attempt = solve_box(problem, strategy, self.layout(slab.sizes), lower, upper, parts[-1] if parts else None, like=like)
                    like = attempt.system
                    self.note(attempt, time=float(upper[time]))
                    done = (edges[-1] - start) / (end - start)
                    self.progress(f"{name} = {edges[-1]:.4g}", done, residual=attempt.residual, kernels=attempt.expansion.kernels)
                    failures = failures + 1 if best is not None and attempt.residual > 0.5 * best.residual else 0
                    if best is None or attempt.residual < best.residual:
                        chosen, best = slab, attempt
                    following = self._following(slab, attempt, (end - start) * SHORTEST)
                    if attempt.residual <= target or failures > PATIENCE or following is None:
                        break
                    slab = following
                slab = chosen
                if not best.residual < HOPELESS:
                    self.status = best.status if best.status is Status.NON_FINITE else Status.DIVERGED
                    self.message = f"no accurate slab from {name} = {edges[-1]:.6g} on: the residual stays at {best.residual:.1e}"
                    break
                edges.append(float(best.expansion.upper[time]))
                parts.append(best.expansion)
                used.append(slab.sizes)
                if best.residual < 0.01 * target and options.slabs is None:
                    slab = Slab(slab.sizes, 1.5 * slab.length)
                target = max(target, 2 * best.residual)  # what one slab could not reach, the next need not try in vain
        except KeyboardInterrupt:
            self.status = Status.INTERRUPTED
        return (Slabs(np.array(edges), tuple(parts)) if parts else None), used

    def _following(self, slab: Slab, attempt: Attempt, shortest: float) -> Slab | None:
        """What to try after a slab that is not good enough: shorter where the tail is in time, finer where it is in space."""
        if self.problem.options.kernels is not None:
            return None
        sizes, length = grown(slab.sizes, attempt.tails), slab.length
        if self.problem.options.slabs is None and attempt.tails[-1] >= 0.1 * attempt.tails.max() and length > shortest:
            sizes, length = (*sizes[:-1], slab.sizes[-1]), length / 1.6
        if self.fits(sizes):
            return Slab(sizes, length)
        return Slab(slab.sizes, length) if length < slab.length else None

    def _again(self, edges: np.ndarray, sizes: list[tuple[int, ...]]) -> Slabs | None:
        strategy, like, parts = self.strategy(), None, []
        time = len(self.problem.lower) - 1
        try:
            for s, size in enumerate(sizes):
                lower, upper = self.problem.lower.copy(), self.problem.upper.copy()
                lower[time], upper[time] = edges[s], edges[s + 1]
                self.progress(f"estimate, slab {s + 1} of {len(sizes)}", s / len(sizes))
                attempt = solve_box(self.problem, strategy, self.layout(size), lower, upper, parts[-1] if parts else None, like=like)
                like = attempt.system
                self.note(attempt, time=float(upper[time]))
                if attempt.status is not Status.CONVERGED:
                    return None
                parts.append(attempt.expansion)
        except KeyboardInterrupt:
            return None
        return Slabs(edges, tuple(parts))

    def result(self, method: str, reason: str) -> MethodResult:
        representation, estimate = self.steady() if self.problem.time is None else self.in_time()
        return MethodResult(
            representation=representation,
            status=self.status,
            method=method,
            iterations=self.iterations,
            reason=reason,
            message=self.message,
            error_estimate=estimate,
            history=tuple(self.history),
        )


def _within(estimate: np.ndarray | None, best: Attempt, problem: Problem) -> bool:
    """Is the estimate below the tolerance, relative to each field?"""
    if estimate is None:
        return False
    points = box(problem.lower, problem.upper, 256, problem.options.seed)
    values = best.expansion.jets(points, [(f, (0,) * len(problem.lower)) for f in range(problem.fields)])
    norms = np.sqrt(np.mean(values**2, axis=1))
    return bool(np.all(estimate <= problem.options.tolerance * np.maximum(norms, 1e-6 * norms.max())))
