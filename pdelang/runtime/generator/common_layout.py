"""One layout for a whole family: the solutions at several parameters, projected on the same Gaussians.

    u_f(x, t; c) = sum_j C_j(c) q_j1(x_1) ... q_jd(t)    on each piece of the time,

time being an axis like the others. The factors q are orthonormal, so the distance of coefficients is the distance of functions, and what
is interpolated or learned are the coefficients C(c). The layout is refined, and graded, until it holds every solution that is given.
Coordinates are those of the unit box: a domain that depends on the parameters is mapped to it.
"""

from __future__ import annotations

from collections.abc import Mapping as Mapping_
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pdelang.runtime.layout.factor import GHOSTS, Array, Factor, Mapping, circle, interval
from pdelang.runtime.layout.monitor import Monitor, graded, local_length
from pdelang.runtime.layout.product import along, contract
from pdelang.runtime.layout.product_representation import Axis, ProductExpansion
from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.slabs import Slabs

SMALLEST, LARGEST = 25, 420
"""Kernels an axis, ghosts included."""
MONITOR_POINTS, MONITOR_SAMPLES = 601, 9
WORTH_GRADING = 1.8
MOST_IN_TIME = 60
"""Kernels in time, from which a piece of the time that is not held is halved, down to the share SHORTEST of the whole."""
SHORTEST = 1e-5


@dataclass(frozen=True, eq=False)
class Line:
    """One axis of a piece: kernels on [0, 1], uniform or graded. modes: the orthonormal functions as they are, to_weights and values of
    `Factor`: fewer than the kernels could make, or just as they were made, for which kernels are pivots is a matter of rounding."""

    kernels: int
    periodic: bool
    mapping: Mapping | None = None
    modes: tuple[Array, Array] | None = None

    @cached_property
    def factor(self) -> Factor:
        make = circle if self.periodic else interval
        made = make(0.0, 1.0, self.kernels, 0, self.mapping, oversampling=1.6)
        return made if self.modes is None else replace(made, to_weights=self.modes[0], values=self.modes[1][None])


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of the unit box: all of space, [begin, end] in time (all of it for a steady problem). lines: one a coordinate."""

    begin: float
    end: float
    lines: tuple[Line, ...]

    @property
    def factors(self) -> list[Factor]:
        return [line.factor for line in self.lines]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(f.rank for f in self.factors)


@dataclass(frozen=True, eq=False)
class Sample:
    """A solution, and the box that it lives on."""

    representation: Representation
    lower: Array
    upper: Array

    def values(self, axes: Sequence[Array], orders: tuple[int, ...]) -> Array:
        """D^orders of every field on the tensor grid of unit coordinates, derivatives in them too: (F, n_1, ...)."""
        size = self.upper - self.lower
        grid = [low + length * a for low, length, a in zip(self.lower, size, axes)]
        values = self.representation.grid_jets(grid, [(f, orders) for f in range(self.representation.fields)])
        return values * float(np.prod(size ** np.array(orders)))


@dataclass(frozen=True, eq=False)
class CommonLayout:
    """pieces, in order of time. fields: how many there are. evolving: the last coordinate is time."""

    pieces: tuple[Piece, ...]
    fields: int
    evolving: bool

    @property
    def size(self) -> int:
        """Coefficients in all."""
        return self.fields * sum(int(np.prod(p.shape)) for p in self.pieces)

    def coefficients(self, sample: Sample) -> Array:
        """(size,): the projection of a solution."""
        return np.concatenate([np.ravel(_projected(piece, _at_points(piece, sample, self.evolving))) for piece in self.pieces])

    @cached_property
    def axes(self) -> list[Array]:
        """Unit coordinates of a tensor grid that holds the points of all pieces."""
        own = [_stretched(piece, [f.points for f in piece.factors], self.evolving) for piece in self.pieces]
        return [np.unique(np.concatenate(lines)) for lines in zip(*own)]

    def fitted(self, values: Array) -> Array:
        """(size,): the projection of a solution that is known on the grid of `axes`, (F, n_1, ...)."""
        parts = []
        for piece in self.pieces:
            own = _stretched(piece, [f.points for f in piece.factors], self.evolving)
            where = [np.searchsorted(axis, line) for axis, line in zip(self.axes, own)]
            parts.append(np.ravel(_projected(piece, values[np.ix_(np.arange(self.fields), *where)])))
        return np.concatenate(parts)

    def weights(self) -> Array:
        """(size,): the squared norm of a function over the unit box is the sum of weights * coefficients^2."""
        parts = [np.full(self.fields * int(np.prod(p.shape)), p.end - p.begin) for p in self.pieces]
        return np.concatenate(parts)

    def split(self, coefficients: Array) -> list[Array]:
        """One tensor (..., F, r_1, ...) a piece, of coefficients (..., size)."""
        shapes = [(self.fields, *p.shape) for p in self.pieces]
        cuts = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
        return [part.reshape(*coefficients.shape[:-1], *s) for part, s in zip(np.split(coefficients, cuts, axis=-1), shapes)]

    def representation(self, coefficients: Array, lower: Array, upper: Array) -> Representation:
        """The solution with these coefficients on a box."""
        parts = []
        for piece, tensor in zip(self.pieces, self.split(coefficients)):
            begins, sizes = np.zeros(len(lower)), np.ones(len(lower))
            if self.evolving:
                begins[-1], sizes[-1] = piece.begin, piece.end - piece.begin
            axes = tuple(
                Axis(low + size * (b + s * f.centres), size * s * f.widths, None if f.period is None else size * s, f.to_weights)
                for f, low, size, b, s in zip(piece.factors, lower, upper - lower, begins, sizes)
            )
            parts.append(ProductExpansion(axes, None, 0.0, 1.0, (0,) * self.fields, tuple(t[None, ..., None] for t in tensor)))
        if not self.evolving:
            return parts[0]
        edges = lower[-1] + (upper - lower)[-1] * np.array([*(p.begin for p in self.pieces), self.pieces[-1].end])
        return Slabs(edges, tuple(parts))

    def grids(self, coefficients: Array, axes: Sequence[Array], orders: Sequence[int] | None = None) -> Array:
        """Values of many solutions, coefficients (M, size), on a tensor grid of unit coordinates: (M, F, n_1, ...). orders: of a
        derivative in these coordinates."""
        orders = (0,) * len(axes) if orders is None else orders
        out = np.empty((len(coefficients), self.fields, *(len(a) for a in axes)))
        for piece, tensor, last in zip(self.pieces, self.split(coefficients), [False] * (len(self.pieces) - 1) + [True]):
            own = list(axes)
            inside: Array | slice = slice(None)
            if self.evolving:
                after = axes[-1] <= piece.end if not last else np.ones(len(axes[-1]), dtype=bool)
                inside = np.flatnonzero(((axes[-1] > piece.begin) | (piece.begin == 0.0)) & after)
                own[-1] = (axes[-1][inside] - piece.begin) / (piece.end - piece.begin)
            for i, (factor, x, order) in enumerate(zip(piece.factors, own, orders)):
                tensor = along(factor.gaussians(x, order)[order], along(factor.to_weights, tensor, i + 2), i + 2)
            out[..., inside] = tensor / (piece.end - piece.begin) ** orders[-1] if self.evolving and orders[-1] else tensor
        return out


def _at_points(piece: Piece, sample: Sample, evolving: bool) -> Array:
    return sample.values(_stretched(piece, [f.points for f in piece.factors], evolving), (0,) * len(piece.lines))


def _stretched(piece: Piece, axes: list[Array], evolving: bool) -> list[Array]:
    """From a piece's own coordinates to the unit box's."""
    return [*axes[:-1], piece.begin + (piece.end - piece.begin) * axes[-1]] if evolving else axes


def _projected(piece: Piece, values: Array) -> Array:
    return np.stack([contract([f.test for f in piece.factors], v) for v in values])


def _defects(piece: Piece, values: Array, size: Array) -> Array:
    """For each axis the share of the solution that its modes do not hold, the largest over the fields: (d,). size: of each field, (F,)."""
    out = np.zeros(len(piece.lines))
    for v, scale in zip(values, size):
        for i, factor in enumerate(piece.factors):
            lost = v - along(factor.values[0], along(factor.test, v, i), i)
            out[i] = max(out[i], float(np.sqrt(np.mean(lost**2))) / scale)
    return out


def common_layout(
    samples: Sequence[Sample], periodic: Sequence[bool], evolving: bool, limit: float, start: CommonLayout | None = None
) -> CommonLayout:
    """The layout that holds every sample to `limit` (relative, root mean square), or nearly, where LARGEST ends it; `start` if it does."""
    fields = samples[0].representation.fields
    if start is None:
        lines = tuple(Line(SMALLEST if not p else SMALLEST - 2 * GHOSTS + 4, p) for p in periodic)
        pieces: list[Piece] = [Piece(0.0, 1.0, lines)]
    else:
        pieces = list(start.pieces)
    done: list[Piece] = []
    while pieces:
        piece = pieces.pop(0)
        finer = _refined(piece, samples, evolving, limit)
        if len(finer) == 1 and finer[0] is piece:
            done.append(piece)
        else:
            pieces = finer + pieces
    if start is not None and all(a is b for a, b in zip(done, start.pieces)) and len(done) == len(start.pieces):
        return start
    return CommonLayout(tuple(done), fields, evolving)


def _refined(piece: Piece, samples: Sequence[Sample], evolving: bool, limit: float) -> list[Piece]:
    """The piece itself if it holds the samples; a finer one; or its two halves, where time is the trouble."""
    defects, growth = np.zeros(len(piece.lines)), np.ones(len(piece.lines))
    for sample in samples:
        values = _at_points(piece, sample, evolving)
        size = np.maximum(np.sqrt(np.mean(values**2, axis=tuple(range(1, values.ndim)))), 1e-8 * max(float(np.abs(values).max()), 1e-300))
        defects = np.maximum(defects, _defects(piece, values, size))
    blamed = defects > limit
    if not blamed.any():
        return [piece]
    lines = list(piece.lines)
    time = len(lines) - 1
    for i in np.flatnonzero(blamed):
        most = MOST_IN_TIME if evolving and i == time else LARGEST
        if lines[i].kernels >= most:
            if evolving and i == time and piece.end - piece.begin > SHORTEST:
                return _halves(piece)
            continue
        growth[i] = np.clip(np.log(limit) / np.log(min(defects[i], 0.3)), 1.2, 2.0)
        margin = 0 if lines[i].periodic else 2 * GHOSTS
        kernels = int(np.ceil(max(lines[i].kernels - margin, 8) * growth[i])) + margin
        lines[i] = replace(lines[i], kernels=min(kernels, most), modes=None)
        if kernels > 60 and not (evolving and i == time):
            lines[i] = _graded(lines[i], piece, samples, int(i), evolving)
    finer = replace(piece, lines=tuple(lines))
    return [piece] if [line.kernels for line in lines] == [line.kernels for line in piece.lines] else [finer]


def _halves(piece: Piece) -> list[Piece]:
    middle = 0.5 * (piece.begin + piece.end)
    time = piece.lines[-1]
    margin = 2 * GHOSTS
    shorter = replace(time, kernels=max(SMALLEST, int(0.65 * (time.kernels - margin)) + margin), modes=None)
    lines = (*piece.lines[:-1], shorter)
    return [Piece(piece.begin, middle, lines), Piece(middle, piece.end, lines)]


def _graded(line: Line, piece: Piece, samples: Sequence[Sample], axis: int, evolving: bool) -> Line:
    """The same number of kernels, laid by the smallest local length of all samples where that saves."""
    x = np.linspace(0, 1, MONITOR_POINTS)
    axes = [x if i == axis else (np.arange(MONITOR_SAMPLES) + 0.5) / MONITOR_SAMPLES for i in range(len(piece.lines))]
    where = _stretched(piece, axes, evolving)
    jets = []
    for order in range(3):
        orders = tuple(order * (i == axis) for i in range(len(axes)))
        values = [np.moveaxis(v, axis, 0).reshape(len(x), -1) for sample in samples for v in sample.values(where, orders)]
        jets.append(np.stack(values))
    monitor = local_length(x, jets, line.periodic)
    if monitor.saving() <= WORTH_GRADING:
        return line
    return replace(line, mapping=graded(monitor, line.periodic))


def packed(layout: CommonLayout) -> tuple[dict[str, Any], dict[str, Array]]:
    """As JSON and arrays."""
    pieces, arrays = [], {}
    for p, piece in enumerate(layout.pieces):
        lines = []
        for i, line in enumerate(piece.lines):
            lines.append({"kernels": line.kernels, "periodic": line.periodic, "graded": line.mapping is not None})
            if line.mapping is not None and line.mapping.made_from is not None:
                arrays[f"{p}/{i}/x"], arrays[f"{p}/{i}/length"] = line.mapping.made_from
            arrays[f"{p}/{i}/to_weights"], arrays[f"{p}/{i}/values"] = line.factor.to_weights, line.factor.values[0]
        pieces.append({"begin": piece.begin, "end": piece.end, "lines": lines})
    return {"pieces": pieces, "fields": layout.fields, "evolving": layout.evolving}, arrays


def unpacked(numbers: Mapping_[str, Any], arrays: Mapping_[str, Array]) -> CommonLayout:
    """The inverse of `packed`: the same bits."""
    pieces = []
    for p, piece in enumerate(numbers["pieces"]):
        lines = []
        for i, line in enumerate(piece["lines"]):
            mapping = None
            if line["graded"]:
                mapping = graded(Monitor(arrays[f"{p}/{i}/x"], arrays[f"{p}/{i}/length"]), line["periodic"])
            to_weights, values = (arrays.get(f"{p}/{i}/{name}") for name in ("to_weights", "values"))
            modes = None if to_weights is None or values is None else (to_weights, values)
            lines.append(Line(int(line["kernels"]), bool(line["periodic"]), mapping, modes))
        pieces.append(Piece(float(piece["begin"]), float(piece["end"]), tuple(lines)))
    return CommonLayout(tuple(pieces), int(numbers["fields"]), bool(numbers["evolving"]))


def below(arrays: Mapping_[str, Array], name: str) -> dict[str, Array]:
    """Arrays called `name/...`, by what follows."""
    return {key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")}


def norms(layout: CommonLayout, coefficients: Array) -> Array:
    """Root mean square of each field over the box, (F,)."""
    total = np.zeros(layout.fields)
    for piece, tensor in zip(layout.pieces, layout.split(coefficients)):
        total += (piece.end - piece.begin) * np.sum(tensor.reshape(layout.fields, -1) ** 2, axis=1)
    return np.asarray(np.sqrt(total))
