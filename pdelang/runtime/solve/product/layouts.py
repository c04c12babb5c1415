"""Choice of layout: how many kernels an axis, uniform or graded; initial values and their transfer between layouts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pdelang.runtime.layout.factor import GHOSTS, OVERLAP, PERIODIC_OVERLAP, Array, Factor, Mapping, circle, interval
from pdelang.runtime.layout.monitor import Monitor, graded, limited, local_length
from pdelang.runtime.layout.product import along, contract
from pdelang.runtime.layout.slab import TimeFactor, time_factor
from pdelang.runtime.solve.product.program import LARGEST_MULTIPLIER, Program
from pdelang.runtime.solve.product.system import Space, UnsupportedError

SMALLEST_INTERVAL, SMALLEST_CIRCLE = 24, 13
LARGEST = {0: 0, 1: 720, 2: 256, 3: 56, 4: 30}  # kernels an axis, by the number of axes
WORTH_GRADING = 1.8  # saving in kernels from which a graded layout is taken
WORTH_GRADING_PERIODIC = 1.5
"""The same of a periodic coordinate, for each order of its highest derivative: uniform modes are waves there, while a graded layout stirs
up short ones, which shorten the next slabs, the more so the higher the derivative. To 1e-6, Allen-Cahn (order 2) takes 1.7 s of the
processor where a saving of 3 is asked for and 2.9 s where 5 is; the chaotic Kuramoto-Sivashinsky equation (order 4) 4.7 s where 5, 4.0 s
where 7 is."""
PER_LENGTH = 4.0  # kernels a local length where only the error of the projection says where they are needed
MONITORED = {True: 4, False: 2}
"""Derivatives that say how steep a place of a periodic, or another, coordinate is. Two do not see a smoothed kink that is a small fraction
of the range (Allen-Cahn at x = 1); at the ends of an interval those of a coarse solution are noise from the third on."""
GRADED_FROM = 40  # kernels an axis below which grading is not considered
OVERSAMPLING = {0: 2.0, 1: 2.0, 2: 1.25}  # points a kernel, by the number of axes; 1.25 represents as well, 2 sees more of a residual
FURTHER = (1.15, 2.0)  # least and largest growth of an axis in one refinement
FURTHER_ROUGH = (1.15, 1.3)
GROWTH, GENTLE_GROWTH = 0.6, 0.25
"""Of the local length, a unit of length. The gentle one, which a steady problem takes, asks for twice the kernels of Burgers' equation at
1e-6, and of Allen-Cahn at 1e-6 (4.6 s of the processor for 2.2); at 1e-8 Allen-Cahn takes 8 s with it and 144 s without."""
KEPT = 128
"""Kernels up to which the factor of an even layout is kept: 0.8 MB."""
AHEAD = 0.4  # of the limit, what a refinement aims at: a few kernels more cost less than a slab that is rejected again


@dataclass(frozen=True, eq=False)
class Layout:
    """kernels and mapping an axis (mapping None: uniform). fixed: the user's number of kernels, not to be refined. gentle: whether periodic
    coordinates are graded gently, for tolerances at which what a kink stirs up in a steep one matters. rough: what is not smooth at the
    start will be everywhere (`smoothing.py`): no grading, and defects fall slowly with the number of kernels."""

    program: Program
    kernels: tuple[int, ...]
    mappings: tuple[Mapping | None, ...]
    fixed: bool = False
    gentle: bool = False
    rough: bool = False

    @property
    def axes(self) -> int:
        return len(self.kernels)

    def time_factor(self, kernels: int) -> TimeFactor:
        """Of a slab, with as many points a kernel as in space."""
        return time_factor(kernels, OVERSAMPLING[min(self.axes, 2)])

    def space(self, oversampling: float | None = None) -> Space:
        lower, upper = self.program.bounds
        oversampling = oversampling or OVERSAMPLING[min(self.axes, 2)]
        factors: list[Factor] = []
        for i, (n, mapping) in enumerate(zip(self.kernels, self.mappings)):
            given = bool(self.program.periodic[i]), float(lower[i]), float(upper[i]), n, int(self.program.orders[i]), oversampling
            factors.append(_even(*given) if mapping is None and n <= KEPT else _factor(*given, mapping))
        return Space(self.program, tuple(factors))

    def margin(self, axis: int) -> int:
        return 0 if self.program.periodic[axis] else 2 * GHOSTS

    def growths(self, defects: Array, limit: float, ahead: float = 1.0) -> Array:
        """Factor by which each axis' resolution must grow, (axes,): defects fall like exp(-c n). One where the limit is met."""
        here, wanted = np.log(np.clip(defects, 1e-14, 0.3)), np.log(np.clip(ahead * limit, 1e-14, 0.3))
        further = FURTHER_ROUGH if self.rough else FURTHER
        return np.where(defects > limit, np.clip(wanted / here, *further), 1.0)

    def refined(self, defects: Array, limit: float, ahead: float = 1.0) -> Layout | None:
        """More kernels on the axes whose defect is above the limit. None: no axis can grow."""
        kernels = list(self.kernels)
        for i, growth in enumerate(self.growths(defects, limit, ahead)):
            if growth > 1 and not self.fixed:
                kernels[i] = self.bounded(i, max(self.kernels[i] - self.margin(i), 8) * growth)
        return None if tuple(kernels) == self.kernels else replace(self, kernels=tuple(kernels))

    def bounded(self, axis: int, active: float) -> int:
        """Kernels of an axis with so many of them inside."""
        return int(np.clip(np.ceil(active) + self.margin(axis), self._least(axis), self.largest))

    @property
    def largest(self) -> int:
        if self.program.multiplier is not None:
            return int(LARGEST_MULTIPLIER**0.5)
        return LARGEST[self.axes] // (1 if self.axes > 1 else max(1, self.program.fields // 2))

    def coarser(self, share: float) -> Layout:
        kernels = tuple(max(int((n - self.margin(i)) * share) + self.margin(i), self._least(i)) for i, n in enumerate(self.kernels))
        return replace(self, kernels=kernels)

    def _least(self, axis: int) -> int:
        return SMALLEST_CIRCLE if self.program.periodic[axis] else SMALLEST_INTERVAL

    def adapted(
        self, space: Space, coefficients: Array, defects: Array, limit: float, lost: list[Array] | None = None, keep: bool = False
    ) -> Layout | None:
        """Refined, and graded along those axes where the solution, (fields, r_1, ..., r_d, samples), has places much steeper than others.

        What decides is the spacing in local lengths where it is largest: a graded layout makes it equal everywhere.
        lost: for each axis what the layout cannot represent, relative, at the factor's points: there the spacing is divided by 4.
        keep: the spacing grows nowhere (the layout was made for initial values that the solution has since smoothed).
        """
        finer = self.refined(defects, limit, AHEAD)
        if finer is None or self.rough:
            return finer
        kernels, mappings = list(finer.kernels), list(self.mappings)
        for i, growth in enumerate(self.growths(defects, limit, AHEAD)):
            if growth == 1 or finer.kernels[i] < GRADED_FROM:
                continue
            monitor = self.monitor(space, coefficients, i)
            factor, overlap = space.factors[i], PERIODIC_OVERLAP if self.program.periodic[i] else OVERLAP
            spacing = np.interp(monitor.x, factor.centres, factor.widths) / overlap
            coarsest = float((spacing / monitor.length).max())
            if lost is not None:
                bad = np.interp(monitor.x, factor.points, lost[i]) > max(limit, 0.05 * float(lost[i].max()))
                length = np.where(bad, np.minimum(monitor.length, spacing * PER_LENGTH / 4), monitor.length)
                monitor = Monitor(monitor.x, limited(monitor.x, length, self.program.periodic[i], self._growth(i)))
                coarsest, growth = 1.0, PER_LENGTH
            elif keep and mappings[i] is not None:
                length = np.minimum(monitor.length, spacing * PER_LENGTH)
                monitor = Monitor(monitor.x, limited(monitor.x, length, self.program.periodic[i], self._growth(i)))
                coarsest = 1 / PER_LENGTH
            saving = monitor.saving()
            if saving > self._worth_grading(i):
                active = max(self.kernels[i] - self.margin(i), 8)
                wanted = float(np.clip(monitor.lengths() * growth / coarsest, 0.6 * active, FURTHER[1] * active))
                kernels[i], mappings[i] = self.bounded(i, wanted), graded(monitor, self.program.periodic[i])
            elif mappings[i] is not None:
                kernels[i], mappings[i] = self.bounded(i, monitor.lengths() * saving * growth / coarsest), None
        return replace(self, kernels=tuple(kernels), mappings=tuple(mappings))

    def _worth_grading(self, axis: int) -> float:
        return WORTH_GRADING_PERIODIC * float(self.program.orders[axis]) if self.program.periodic[axis] else WORTH_GRADING

    def _growth(self, axis: int) -> float:
        return GENTLE_GROWTH if self.gentle and self.program.periodic[axis] else GROWTH

    def monitor(self, space: Space, coefficients: Array, axis: int) -> Monitor:
        factor = space.factors[axis]
        periodic = self.program.periodic[axis]
        x = np.concatenate([[factor.lower], factor.points[factor.points > factor.lower], [factor.upper]])
        overlap = PERIODIC_OVERLAP if periodic else OVERLAP
        inset = 0.0 if periodic else float(factor.widths.min()) / overlap  # derivatives of a coarse solution are least true at the ends
        inside = np.clip(x, factor.lower + inset, factor.upper - inset)
        others = [None if j == axis else f.values[0] for j, f in enumerate(space.factors)]
        weights = [along(factor.to_weights, c, axis) for c in coefficients]
        gaussians = factor.gaussians(inside, MONITORED[periodic])
        jets = []
        for k in range(MONITORED[periodic] + 1):
            own = [contract([gaussians[k] if j == axis else m for j, m in enumerate(others)], w) for w in weights]
            jets.append(np.stack([np.moveaxis(o, axis, 0).reshape(len(x), -1) for o in own]))
        return local_length(x, jets, periodic, self._growth(axis))


def _factor(
    periodic: bool, lower: float, upper: float, kernels: int, order: int, oversampling: float, mapping: Mapping | None = None
) -> Factor:
    return (circle if periodic else interval)(lower, upper, kernels, order, mapping, oversampling=oversampling)


_even = lru_cache(maxsize=64)(_factor)
"""Kept from one march to the next: an estimate, a query, the next instance of a family take the same ones."""


def first_layout(program: Program, kernels: int | None) -> Layout:
    """Coarse and uniform, or the user's `kernels` for the whole layout, spread evenly over the axes."""
    axes = program.dimension - (program.time is not None)
    counts = [SMALLEST_CIRCLE if program.periodic[i] else SMALLEST_INTERVAL for i in range(axes)]
    if kernels is None or not axes:
        return Layout(program, tuple(counts), (None,) * axes)
    most = Layout(program, tuple(counts), (None,) * axes).largest
    return Layout(program, tuple(min(max(c, round(kernels ** (1 / axes))), most) for c in counts), (None,) * axes, fixed=True)


def initial_coefficients(space: Space) -> tuple[tuple[tuple[Array, ...], ...], Array, list[Array]]:
    """Coefficients of u, u_t, ... at the start from the conditions there, the share that each axis does not resolve, (axes,), and where.

    The conditions are solved point by point; where they hold space derivatives, those of the iterate are used.
    """
    p = space.program
    assert p.time is not None
    unknowns = [(f, k) for f, m in enumerate(p.time_orders) for k in range(m)]
    conditions = p.compiled.conditions
    grid = tuple(len(f.points) for f in space.factors)
    N = len(space.points)
    points = np.concatenate([space.points, np.full((N, 1), p.bounds[0][p.time])], axis=1)
    values = np.zeros((len(unknowns), N))
    jets_used = [(n, j) for n in space.initial for j in conditions[n].jets]
    deep = [conditions[n].label for n, j in jets_used if (j.field, j.orders[p.time]) not in unknowns]
    if deep:
        raise UnsupportedError(f"{deep[0]}: holds a time derivative as high as the equation's own")
    with_space = any(sum(j.orders[:-1]) for _, j in jets_used)
    for _ in range(2 + len(unknowns) if with_space else 1 if all(conditions[n].linear for n in space.initial) else 8):
        rows, residuals = [], []
        coefficients = [contract(space.tests, v.reshape(grid)) for v in values] if with_space else []
        for number in space.initial:
            jets = np.empty((len(conditions[number].jets), N))
            for row, jet in enumerate(conditions[number].jets):
                u = unknowns.index((jet.field, jet.orders[p.time]))
                if sum(jet.orders[:-1]):
                    jets[row] = contract([v[a] for v, a in zip(space.values, jet.orders[:-1])], coefficients[u]).ravel()
                else:
                    jets[row] = values[u]
            residual, partials, mask = p.condition(number, jets, points)
            line = np.zeros((len(unknowns), N))
            for jet, slope in zip(conditions[number].jets, partials):
                if not sum(jet.orders[:-1]):
                    line[unknowns.index((jet.field, jet.orders[p.time]))] += slope
            rows.append(np.where(mask, line, 0.0))
            residuals.append(np.where(mask, residual, 0.0))
        if not rows:
            break
        A, r = np.stack(rows, axis=0).transpose(2, 0, 1), np.stack(residuals).T
        values = values - np.einsum("nuc,nc->un", np.linalg.pinv(A), r)
    names = [f.name for f in p.compiled.problem.fields]
    for u, (field, k) in enumerate(unknowns):
        if not space.initial or not np.abs(A[:, :, u]).max() > 0:
            raise UnsupportedError(f"no initial condition gives {names[field]}{'_' + 't' * k if k else ''} at the start")
    if not np.isfinite(values).all():
        raise UnsupportedError("the initial values are not finite everywhere")
    starts: list[list[Array]] = [[] for _ in p.time_orders]
    defects, where = np.zeros(space.dimension), [np.zeros(len(f.points)) for f in space.factors]
    for (field, _), value in zip(unknowns, values):
        tensor = value.reshape(grid)
        size = max(float(np.linalg.norm(tensor)), 1e-8 * float(np.linalg.norm(values)), 1e-300)
        for i, factor in enumerate(space.factors):
            lost = tensor - along(factor.values[0], along(factor.test, tensor, i), i)
            defects[i] = max(defects[i], float(np.linalg.norm(lost) / size))
            largest = np.abs(np.moveaxis(lost, i, 0)).reshape(len(factor.points), -1).max(axis=1)
            where[i] = np.maximum(where[i], largest / max(np.abs(tensor).max(), 1e-300))
        starts[field].append(contract(space.tests, tensor))
    return tuple(tuple(s) for s in starts), defects, where
