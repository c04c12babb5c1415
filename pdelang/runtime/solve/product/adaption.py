"""The next layout of a steady problem: more kernels where an axis does not resolve the residual, graded where that saves.

    l(x) = min over fields, k = 1 ... ORDERS of (R/|D^k u|)^(1/k),    R = range of u

Higher derivatives than the second tell a small steep layer from a large one: a layer of width w and height h has l = w (R/h)^(1/k).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pdelang.runtime.layout.factor import OVERLAP, PERIODIC_OVERLAP, Array
from pdelang.runtime.layout.monitor import LARGEST, SMALLEST, Monitor, graded, limited
from pdelang.runtime.layout.product import along, contract
from pdelang.runtime.solve.product.layouts import Layout
from pdelang.runtime.solve.product.linear import LARGEST_DENSE
from pdelang.runtime.solve.product.saddle import saddle
from pdelang.runtime.solve.product.stage import Stage

ORDERS = 4
GRADED_FROM = 40  # kernels an axis below which grading is not considered
WORTH_GRADING, WORTH_GRADING_PERIODIC = 1.8, 3.0  # saving in kernels from which a graded layout is taken
SHRINK = 0.3  # least share of the kernels inside that a first grading leaves
DENSITY, DENSITY_SEVERAL = 2.5, 1.5  # kernels a local length of a rough solution: on one axis there is room for layers that move
SHARPEST = 4.0  # lengths up to so many times the least belong to the layer
FALLEN, UNGAINED = 0.3, 1.5  # of the residual before: a layout that gained less is not graded anew, but made so much finer


def adapted(last: Stage, limit: float, before: Stage | None = None) -> Layout | None:
    """Finer on the axes whose defect is above the limit, by what spectral convergence needs. None: no axis can grow."""
    layout = last.layout
    finer = layout.refined(last.defects, limit)
    if finer is None:
        return None
    gained = before is None or last.residual < FALLEN * before.residual
    if not gained:
        return held(finer_by(layout, np.where(last.defects > limit, UNGAINED, 1.0)), last)
    kernels, mappings = list(finer.kernels), list(layout.mappings)
    for i, growth in enumerate(layout.growths(last.defects, limit)):
        if growth == 1 or finer.kernels[i] < GRADED_FROM:
            continue
        periodic = layout.program.periodic[i]
        monitor, coarsest = measured(last, i)
        active = max(layout.kernels[i] - layout.margin(i), 8)
        least = SHRINK if mappings[i] is None else np.sqrt(growth)  # a graded layout that shrinks loses what it has gained
        wanted = float(np.clip(monitor.lengths() * growth / coarsest, least * active, growth * active))
        if monitor.saving() > (WORTH_GRADING_PERIODIC if periodic else WORTH_GRADING):
            kernels[i], mappings[i] = layout.bounded(i, wanted), graded(monitor, periodic)
        elif mappings[i] is not None:
            kernels[i], mappings[i] = layout.bounded(i, wanted * monitor.saving()), None
    return held(replace(layout, kernels=tuple(kernels), mappings=tuple(mappings)), last)


def finer_by(layout: Layout, growth: Array) -> Layout:
    """The same maps with `growth` times as many kernels inside, an axis."""
    inside = [max(n - layout.margin(i), 8) for i, n in enumerate(layout.kernels)]
    return replace(layout, kernels=tuple(layout.bounded(i, n * g) for i, (n, g) in enumerate(zip(inside, growth))))


def held(layout: Layout, last: Stage) -> Layout | None:
    """The layout, or as much of it as a dense least-squares solve holds; None where that is no more than there was."""
    program, kernels = layout.program, np.array(layout.kernels)
    if program.fields > 1 or last.system.space.weak:
        factorised = 1 if saddle(program, last.system.space) is not None else program.fields  # of a saddle, the multiplier's unknowns only
        share = (LARGEST_DENSE / (factorised * np.prod(kernels))) ** (1 / layout.axes)
        kernels = np.floor(kernels * min(share, 1.0)).astype(int)
    alike = all(m is n for m, n in zip(layout.mappings, last.layout.mappings))
    return None if alike and np.prod(kernels) <= np.prod(last.layout.kernels) else replace(layout, kernels=tuple(int(n) for n in kernels))


def sharpened(last: Stage, ratio: float, denser: float = 1.0) -> Layout:
    """For a rough solution whose layers are `ratio` times thinner than those of `last`."""
    layout = last.layout
    density = denser * (DENSITY if layout.axes == 1 else DENSITY_SEVERAL)
    kernels, mappings = list(layout.kernels), list(layout.mappings)
    for i, periodic in enumerate(layout.program.periodic):
        monitor, _ = measured(last, i)
        length = np.where(monitor.length < SHARPEST * monitor.length.min(), monitor.length / ratio, monitor.length)
        monitor = Monitor(monitor.x, limited(monitor.x, length, periodic))
        if monitor.saving() > WORTH_GRADING:
            kernels[i], mappings[i] = layout.bounded(i, density * monitor.lengths()), graded(monitor, periodic)
        else:
            kernels[i], mappings[i] = layout.bounded(i, density * monitor.lengths() * monitor.saving()), None
    return replace(layout, kernels=tuple(kernels), mappings=tuple(mappings))


def measured(last: Stage, axis: int) -> tuple[Monitor, float]:
    """The local lengths along an axis, and the spacing in units of them where it is largest."""
    space, program = last.system.space, last.layout.program
    factor, periodic = space.factors[axis], program.periodic[axis]
    overlap = PERIODIC_OVERLAP if periodic else OVERLAP
    x = np.concatenate([[factor.lower], factor.points[factor.points > factor.lower], [factor.upper]])
    inset = 0.0 if periodic else float(factor.widths.min()) / overlap  # derivatives of a coarse solution are least true at the ends
    gaussians = factor.gaussians(np.clip(x, factor.lower + inset, factor.upper - inset), ORDERS)
    others = [None if j == axis else f.values[0] for j, f in enumerate(space.factors)]
    length = np.full(len(x), LARGEST * (x[-1] - x[0]))
    for coefficients in last.system.over_time(last.W):
        weights = along(factor.to_weights, coefficients, axis)
        jets = [contract([g if j == axis else m for j, m in enumerate(others)], weights) for g in gaussians]
        length = np.minimum(length, _length([np.moveaxis(j, axis, 0).reshape(len(x), -1) for j in jets]))
    monitor = Monitor(x, limited(x, np.maximum(length, SMALLEST * (x[-1] - x[0])), periodic))
    spacing = np.interp(x, factor.centres, factor.widths) / overlap
    return monitor, float((spacing / monitor.length).max())


def _length(jets: list[Array]) -> Array:
    """jets: D^k u, each (places, samples)."""
    size = np.ptp(jets[0])
    if size <= 1e-12 * max(np.abs(jets[0]).max(), 1e-300):
        return np.full(len(jets[0]), np.inf)
    with np.errstate(divide="ignore"):
        return np.min([(size / np.abs(jet).max(axis=1)) ** (1 / k) for k, jet in enumerate(jets) if k], axis=0)
