"""A chunk of instances along a guide: slab after slab, all at once; who cannot follow leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product_layouts import initial_coefficients
from pdelang.runtime.solve.product_program import Program
from pdelang.runtime.solve.product_system import Space
from pdelang.runtime.solve.product_transfer import transferred
from pdelang.runtime.sweep.guide import Guide, Prepared
from pdelang.runtime.sweep.iteration import solve
from pdelang.runtime.sweep.program import BatchProgram
from pdelang.runtime.sweep.quality import Evaluation, Quality
from pdelang.runtime.sweep.slab import BatchSlab, Starts, admissible

STEP_SHARE = 0.02  # of the tolerance, for the last step of the iteration
LEAVES = 1.2  # residual until now, in tolerances, with which an instance cannot end well


@dataclass(frozen=True, eq=False)
class Outcome:
    """numbers: of the chunk's instances that reached the end. residual: of each of them, relative, on points of its own."""

    numbers: Array
    residual: Array


def initial_starts(space: Space, batch: BatchProgram, alike: bool) -> Starts:
    """alike: the conditions at the start do not depend on the parameters that vary."""
    if alike:
        one = initial_coefficients(space)[0]
        return tuple(tuple(np.repeat(s[..., None], batch.size, axis=-1) for s in own) for own in one)
    every = [initial_coefficients(Space(_program(batch, b), space.factors))[0] for b in range(batch.size)]
    return tuple(tuple(np.stack([e[f][k] for e in every], axis=-1) for k in range(len(own))) for f, own in enumerate(every[0]))


def _program(batch: BatchProgram, number: int) -> Program:
    return replace(batch.program, params=batch.instances.parameters(number))


def follow(
    guide: Guide, slabs: Sequence[Prepared], batch: BatchProgram, numbers: Array, tolerance: float, alike: bool,
    axes: Sequence[Array], out: Array, targets: Array,
) -> Outcome:  # fmt: skip
    """Solve the instances `numbers` of the batch. axes: the output grid, time last. out (fields, all, n_1, ..., n_d): where the values go,
    instance b of the batch to row targets[b]; what is written for those that leave means nothing.
    """
    rows = np.arange(len(numbers))
    own = batch.take(numbers)
    space: Space | None = None
    starts: Starts = ()
    quality: Quality | None = None
    whole, last = guide.program.span, len(slabs) - 1
    for n, prepared in enumerate(slabs):
        system = prepared.stretch.system
        before, old = starts, space
        if space is None:
            starts = initial_starts(system.space, own, alike)
        elif system.space is not space:
            starts = tuple(tuple(transferred(space, system.space, s) for s in each) for each in starts)
        space = system.space
        slab = BatchSlab(system, own, starts)
        slab = BatchSlab(system, own, admissible(slab, starts, system.begin))
        quality = quality or Quality.nothing(slab, whole)
        if old is not None and old is not space:
            quality.carried(old, space, before, slab.starts)
        solved = solve(slab, prepared.inverse, prepared.shares[:, numbers[rows]], prepared.stretch.W[..., None], STEP_SHARE * tolerance)
        quality.add(slab, solved.W, first=n == 0)
        good = solved.converged & (quality.relative(slab) <= LEAVES * tolerance)
        written(Evaluation(slab, solved.W), axes, n == last, out, targets[numbers[rows]])
        starts = slab.ended(solved.W)
        if not good.all():
            kept = np.flatnonzero(good)
            rows, own, quality = rows[kept], own.take(kept), quality.take(kept)
            starts = tuple(tuple(s[..., kept] for s in each) for each in starts)
        if not len(rows):
            return Outcome(numbers[:0], np.zeros(0))
    assert quality is not None
    return Outcome(numbers[rows], quality.relative(slab))


def written(view: Evaluation, axes: Sequence[Array], last: bool, out: Array, rows: Array) -> None:
    """The slab's part of the output grid. Time first, then space with the instances in front: no transposition of the whole."""
    system = view.slab.shared
    tau = (axes[-1] - system.begin) / system.length
    inside = (tau >= -1e-12) & ((tau <= 1 + 1e-12) if last else (tau < 1 - 1e-12))
    if not inside.any():
        return
    where = np.flatnonzero(inside)
    columns = slice(where[0], where[-1] + 1) if where[-1] - where[0] == len(where) - 1 else where
    for field in range(len(out)):
        tensor = view.over_time(field, 0, np.clip(tau[inside], 0.0, 1.0))
        tensor = np.ascontiguousarray(np.moveaxis(tensor, -1, 0))
        for i, (factor, x) in enumerate(zip(view.slab.space.factors, axes)):
            tensor = _along(factor.gaussians(x, 0)[0], _along(factor.to_weights, tensor, i), i)
        for row, values in zip(rows, tensor):
            out[field, row][..., columns] = values


def _along(matrix: Array, tensor: Array, axis: int) -> Array:
    """sum_j matrix[i, j] tensor[b, ..., j, ...]: as `along`, behind the instances."""
    shape = tensor.shape[1:]
    before, after = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
    found = np.matmul(matrix, tensor.reshape(len(tensor), before, shape[axis], after))
    return found.reshape(len(tensor), *shape[:axis], len(matrix), *shape[axis + 1 :])
