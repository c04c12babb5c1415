"""A chunk of instances along a guide: slab after slab, all at once; who cannot follow leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.layouts import initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.system import Space
from pdelang.runtime.solve.product.transfer import transferred
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
    instance b of the batch to row targets[b]; nothing is written for those that leave.
    """
    rows = np.arange(len(numbers))
    own = batch.take(numbers)
    space: Space | None = None
    starts: Starts = ()
    quality: Quality | None = None
    pieces: list[Piece] = []
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
        found = piece(Evaluation(slab, solved.W), axes[-1], n == last, rows)
        pieces += [] if found is None else [found]
        starts = slab.ended(solved.W)
        if not good.all():
            kept = np.flatnonzero(good)
            rows, own, quality = rows[kept], own.take(kept), quality.take(kept)
            starts = tuple(tuple(s[..., kept] for s in each) for each in starts)
        if not len(rows):
            return Outcome(numbers[:0], np.zeros(0))
    assert quality is not None
    written(pieces, axes[:-1], out, rows, targets[numbers[rows]])
    return Outcome(numbers[rows], quality.relative(slab))


@dataclass(frozen=True, eq=False)
class Piece:
    """Space coefficients (fields, r_1, ..., r_d, times, B) at the output's times `columns` in one slab. rows: of the chunk, increasing."""

    space: Space
    columns: slice
    values: Array
    rows: Array


def piece(view: Evaluation, times: Array, last: bool, rows: Array) -> Piece | None:
    """None: the slab holds no time of the output."""
    system = view.slab.shared
    tau = (times - system.begin) / system.length
    where = np.flatnonzero((tau >= -1e-12) & ((tau <= 1 + 1e-12) if last else (tau < 1 - 1e-12)))
    if not len(where):
        return None
    columns = slice(int(where[0]), int(where[-1]) + 1)
    inside = np.clip(tau[columns], 0.0, 1.0)
    values = np.stack([view.over_time(field, 0, inside) for field in range(len(view.W))])
    return Piece(system.space, columns, values, rows)


def written(pieces: Sequence[Piece], axes: Sequence[Array], out: Array, kept: Array, targets: Array) -> None:
    """The output grid of the chunk's rows `kept`, into out[:, targets]: slabs that follow each other on one layout together, and the last
    product where its values belong, so that the grid's memory is touched once."""
    for _, group in groupby(pieces, key=lambda p: id(p.space)):
        own = list(group)
        columns = slice(own[0].columns.start, own[-1].columns.stop)
        values = np.concatenate([p.values[..., np.searchsorted(p.rows, kept)] for p in own], axis=-2)
        *first, (last, x) = zip(own[0].space.factors, axes)
        for tensor, rows in zip(values, out):
            tensor = np.ascontiguousarray(np.moveaxis(tensor, -1, 0))
            for i, (factor, places) in enumerate(first):
                tensor = _along(factor.gaussians(places, 0)[0], _along(factor.to_weights, tensor, i), i)
            tensor, matrix = _along(last.to_weights, tensor, len(first)), last.gaussians(x, 0)[0]
            for target, coefficients in zip(targets, tensor):
                np.matmul(matrix, coefficients, out=rows[target][..., columns])


def _along(matrix: Array, tensor: Array, axis: int) -> Array:
    """sum_j matrix[i, j] tensor[b, ..., j, ...]: as `along`, behind the instances."""
    shape = tensor.shape[1:]
    before, after = prod(shape[:axis]), prod(shape[axis + 1 :])
    found = np.matmul(matrix, tensor.reshape(len(tensor), before, shape[axis], after))
    return found.reshape(len(tensor), *shape[:axis], len(matrix), *shape[axis + 1 :])
