"""With what a box is tried: sizes of its layout, its maps, the length of its slab; and what all boxes of one solve share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from pdelang.runtime.layout.grading import grade
from pdelang.runtime.layout.neighbours import cut_for
from pdelang.runtime.layout.scattered import COMPACT_GHOSTS, Layout, Mapping1D, grid_layout
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import Progress
from pdelang.runtime.sampling import box
from pdelang.runtime.solve.box import OUT_OF_TIME, Attempt, Problem, Strategy
from pdelang.runtime.solve.refine import FIRST_SIZES, grown, sizes_for
from pdelang.runtime.status import Status

UNKNOWNS, SLAB_UNKNOWNS = 3600, 2000
"""Most unknowns of one dense solve, steady (about 3 s and 0.5 GB) and in each of many slabs."""
GHOSTS = {1: 8, 2: 6, 3: 3, 4: 1}
"""Kernels beyond each end, by the number of coordinates: dense solves cannot afford more."""
COARSE, COARSE_GHOSTS = 1e-5, 4
"""From this tolerance on fewer ghosts do."""
HEADROOM = 0.3
"""Boxes aim at this share of the tolerance: the check at the end uses other points and more of them."""
GRADE_BELOW = 0.5
"""An attempt with a larger relative residual does not know where the solution is steep."""
ESTIMATE_GROWTH = 1.15
ESTIMATE_SLACK = 1.5
"""The estimate's layouts may exceed the limit of unknowns by this factor."""
ESTIMATE_POINTS = 1024
COMPACT_UNKNOWNS = 60_000
"""Most unknowns with compact action: two minutes and 3 GB in two coordinates."""
COMPACT_FRONT = 18.0
"""Kernels a line that a point feels: two cuts of 6.8 widths of 1.4 spacings, less what ends cut off."""
COMPACT_WORTH = 0.7
"""A front of more than this share of all kernels saves nothing."""


@dataclass(frozen=True)
class Plan:
    """sizes: kernels inside, one a coordinate. maps: one a coordinate, None uniform. length: of the slab, 0 in a steady problem.
    graded: the maps were measured on the very box that the plan is for. compact: kernels act on their neighbours only.
    """

    sizes: tuple[int, ...]
    maps: tuple[Mapping1D | None, ...]
    length: float = 0.0
    graded: bool = False
    compact: bool = False

    def stop(self, start: float, end: float) -> float:
        """The remaining time in equal slabs of about this length; the last one ends exactly at the end."""
        count = max(1, round((end - start) / self.length))
        return end if count == 1 else start + (end - start) / count

    def eased(self, residual: float, target: float) -> Plan:
        """For the next slab, after one that met its target with so much to spare: longer, and smaller where it is graded anyway."""
        plan = replace(self, graded=False)
        if residual < 0.1 * target:  # the residual grows with a high power of the length; small gains would only cost factorisations
            plan = replace(plan, length=plan.length * min(1.5, 0.9 * (target / max(residual, 1e-300)) ** 0.125))
        if residual < 3e-3 * target and any(plan.maps):
            plan = replace(plan, sizes=(*(int(n / 1.2) for n in plan.sizes[:-1]), plan.sizes[-1]))
        return plan

    def finer(self) -> Plan:
        return replace(self, sizes=tuple(int(np.ceil(ESTIMATE_GROWTH * n)) + 1 for n in self.sizes))


@dataclass
class Run:
    """One solve: its problem, what it has counted, and why it stopped. deadline: on time.monotonic."""

    problem: Problem
    strategy: Callable[[], Strategy]
    progress: Progress
    deadline: float = np.inf
    iterations: int = 0
    status: Status = Status.CONVERGED
    message: str = ""
    history: list[dict[str, float]] = field(default_factory=list)
    _layouts: dict[Plan, Layout] = field(default_factory=dict)

    @property
    def ghosts(self) -> int:
        few = self.problem.options.tolerance >= COARSE
        return min(GHOSTS[len(self.problem.lower)], COARSE_GHOSTS) if few else GHOSTS[len(self.problem.lower)]

    @property
    def target(self) -> float:
        return HEADROOM * self.problem.options.tolerance

    def layout(self, plan: Plan) -> Layout:
        """The same object for the same sizes and maps: boxes that share it share tables and factorisations."""
        key = replace(plan, length=0.0, graded=False)
        if key not in self._layouts:
            if any(plan.maps):
                self._layouts = {k: v for k, v in self._layouts.items() if not any(k.maps)}  # graded ones serve one slab or two
            self._layouts[key] = self._made(plan)
        return self._layouts[key]

    def _made(self, plan: Plan) -> Layout:
        options, cut = self.problem.options, cut_for(self.problem.options.tolerance) if plan.compact else None
        return grid_layout(plan.sizes, self.problem.periodic, options.overlap, options.points, plan.maps, self.ghosts, cut)

    def fits(self, plan: Plan, slack: float = 1.0) -> bool:
        limit = UNKNOWNS if self.problem.time is None else SLAB_UNKNOWNS
        unknowns = self.problem.fields * self.layout(plan).kernels
        return unknowns <= slack * (COMPACT_UNKNOWNS if plan.compact else limit)

    def compacted(self, plan: Plan, slack: float = 1.0) -> Plan | None:
        """The plan with compact action, where that pays: its sweep is cheaper than a dense factorisation, and it fits."""
        plan = replace(plan, compact=True)
        kernels, d = self.layout(plan).kernels, len(plan.sizes)
        front = COMPACT_FRONT * kernels ** ((d - 1) / d)
        return plan if d > 1 and front < COMPACT_WORTH * kernels and self.fits(plan, slack) else None

    def first(self, length: float = 0.0) -> Plan:
        """Small enough to be quick, large enough that the spectrum's tail means something; or what `kernels` asks for."""
        options, d = self.problem.options, len(self.problem.lower)
        none: tuple[Mapping1D | None, ...] = (None,) * d
        if options.kernels is not None:
            plan = Plan(sizes_for(options.kernels, self.problem.periodic, self.ghosts), none, length)
            sparse = replace(plan, sizes=sizes_for(options.kernels, self.problem.periodic, COMPACT_GHOSTS))
            return plan if self.fits(plan) else self.compacted(sparse, math.inf) or plan
        sizes = [FIRST_SIZES[d] if self.problem.fields == 1 else max(4, round(0.7 * FIRST_SIZES[d]))] * d
        if self.problem.time is not None:
            sizes[self.problem.time] = max(4, round(0.5 * FIRST_SIZES[d]))
        while not self.fits(Plan(tuple(sizes), none)) and max(sizes) > 3:
            sizes = [max(3, n - 1) for n in sizes]
        return Plan(tuple(sizes), none, length)

    def refined(self, plan: Plan, attempt: Attempt, in_time: bool) -> Plan | None:
        """Denser where the attempt is steep, then more kernels where its spectrum's tail is longest; None where that does not fit."""
        d, expansion = len(plan.sizes), attempt.expansion
        space = [i for i in range(d) if i != self.problem.time]
        if attempt.residual < GRADE_BELOW:
            maps = grade(expansion, expansion.lower, expansion.upper, self.problem.periodic, space)
            fresh, plan = any(maps) and not plan.graded, replace(plan, maps=maps, graded=True)
            if fresh:  # the kernels may be enough where they stand now
                return plan
        sizes = grown(plan.sizes, attempt.tails)
        if in_time:
            sizes = (*sizes[:-1], plan.sizes[-1])
        following = replace(plan, sizes=sizes)
        return following if self.fits(following) else self.compacted(following)

    def late(self, spent: float) -> bool:
        """Would another attempt, which takes as long as the last one, end after the deadline? Then the status says so."""
        if time.monotonic() + spent <= self.deadline:
            return False
        self.stop(Status.ITERATION_LIMIT, OUT_OF_TIME)
        return True

    def stop(self, status: Status, message: str) -> None:
        """The first reason to be less than converged is the one that is told."""
        if self.status is Status.CONVERGED:
            self.status, self.message = status, message

    def note(self, attempt: Attempt, stage: str, fraction: float | None, **figures: float) -> None:
        self.iterations += attempt.iterations
        kernels = float(attempt.expansion.kernels)
        self.history.append({"kernels": kernels, "residual": attempt.residual, **figures})
        self.progress(stage, fraction, residual=attempt.residual, kernels=kernels)

    def difference(self, coarse: Representation, fine: Representation) -> np.ndarray:
        """Root mean square of u_fine - u_coarse over the domain, one a field."""
        points = box(self.problem.lower, self.problem.upper, ESTIMATE_POINTS, self.problem.options.seed + 15485863)
        indices = [(f, (0,) * len(self.problem.lower)) for f in range(self.problem.fields)]
        return np.sqrt(np.mean((fine.jets(points, indices) - coarse.jets(points, indices)) ** 2, axis=1))

    def within_tolerance(self, estimate: np.ndarray, representation: Representation) -> bool:
        """Is the estimate below the tolerance, relative to each field?"""
        points = box(self.problem.lower, self.problem.upper, 256, self.problem.options.seed)
        values = representation.jets(points, [(f, (0,) * len(self.problem.lower)) for f in range(self.problem.fields)])
        norms = np.sqrt(np.mean(values**2, axis=1))
        return bool(np.all(estimate <= self.problem.options.tolerance * np.maximum(norms, 1e-6 * norms.max())))
