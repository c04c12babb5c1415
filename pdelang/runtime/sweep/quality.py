"""How good each instance is, on points that its solve never saw: halfway between the collocation points, in space and in time.

relative(e) = rms(left - right) / max( rms(sum of |terms|), max over jets rms|dN/djet| rms(u) prod (2/length)^orders )

over the whole of space and time, as `validation.py` has it for one solution; conditions alike; and what a change of layout loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pdelang.language.expressions import Jet
from pdelang.runtime.layout.factor import Array, gaussian_derivatives
from pdelang.runtime.layout.product import along, contract, tensor_points
from pdelang.runtime.representation import Index
from pdelang.runtime.solve.product.system import Space
from pdelang.runtime.solve.product.transfer import evaluated
from pdelang.runtime.sweep.slab import BatchSlab, Starts

EVERY = {1: 1, 2: 3, 3: 4}  # of the places between collocation points, one in so many an axis
TIMES = 6


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Values anywhere on one slab: rows[f][k] = D_t^k u_f as [start | V_k], see `product_representation.py`."""

    slab: BatchSlab
    W: Array

    @cached_property
    def chains(self) -> list[list[Array]]:
        return self.slab.chains(self.W)

    def over_time(self, field: int, order: int, tau: Array) -> Array:
        """Space coefficients of D_t^order u at times of the reference slab: (r_1, ..., r_d, len(tau), B)."""
        T, h, d, m = self.slab.time, self.slab.shared.length, self.slab.space.dimension, self.slab.orders[field]
        k = min(order, max(m - 1, 0))
        extra = order - k + (m == 0)
        G = gaussian_derivatives(T.centres, T.widths, tau, extra)[extra] / h ** (extra - (m == 0))
        moving = along(G, along(T.to_weights, self.chains[field][k], d), d)
        return moving + self.slab.starts[field][k][..., None, :] if extra == 0 else moving

    def values(self, axes: Sequence[Array], tau: Array, field: int, orders: tuple[int, ...]) -> Array:
        """(n_1, ..., n_d, len(tau), B). Weights before Gaussians an axis: the products of both lose digits."""
        alpha, k = self.slab.shared.split(orders)
        tensor = self.over_time(field, k, tau)
        for i, (factor, x) in enumerate(zip(self.slab.space.factors, axes)):
            tensor = along(factor.gaussians(x, alpha[i])[alpha[i]], along(factor.to_weights, tensor, i), i)
        return tensor

    def jets(self, axes: Sequence[Array], tau: Array, indices: Sequence[Index]) -> Array:
        """(A, N, B) on the tensor grid."""
        found = np.stack([self.values(axes, tau, field, orders) for field, orders in indices])
        return found.reshape(len(found), -1, found.shape[-1])


@dataclass(eq=False)
class Quality:
    """Integrals over the slabs until now, one a row and instance: squares of the residual, of the terms, of |dN/djet|, of the fields.

    misfits, scales: of each condition, over its face. lost: the largest relative loss in a change of layout. whole: length of time.
    """

    whole: float
    passed: float
    residual: Array
    terms: Array
    slopes: Array
    fields: Array
    misfits: Array
    scales: Array
    lost: Array

    @classmethod
    def nothing(cls, slab: BatchSlab, whole: float) -> Quality:
        p, B = slab.shared.program, slab.batch.size
        F, C = p.fields, len(p.compiled.conditions)
        residual, terms, slopes, fields, misfits, scales = (np.zeros((n, B)) for n in (F, F, len(p.partials), F, C, C))
        return cls(whole, 0.0, residual, terms, slopes, fields, misfits, scales, np.zeros(B))

    def take(self, kept: Array) -> Quality:
        def own(values: Array) -> Array:
            return values[:, kept]

        return Quality(
            self.whole, self.passed, own(self.residual), own(self.terms), own(self.slopes), own(self.fields), own(self.misfits),
            own(self.scales), self.lost[kept],
        )  # fmt: skip

    def add(self, slab: BatchSlab, W: Array, first: bool) -> None:
        view, program, h = Evaluation(slab, W), slab.shared.program, slab.shared.length
        axes, weights = _between(slab.space)
        tau = _times(slab)
        points = tensor_points([*axes, slab.shared.begin + h * tau])
        jets = view.jets(axes, tau, program.indices)
        residual, terms, slopes = slab.batch.measured(jets, points)
        values = view.jets(axes, tau, [(f, (0,) * program.dimension) for f in range(program.fields)])
        w = np.repeat(weights, len(tau)) * h / len(tau)
        for total, found in ((self.residual, residual), (self.terms, terms), (self.slopes, slopes), (self.fields, values)):
            total += np.einsum("n,anb,anb->ab", w, found, found)
        self.passed += h
        self._conditions(view, axes, tau, first)

    def _conditions(self, view: Evaluation, axes: list[Array], tau: Array, first: bool) -> None:
        slab, program = view.slab, view.slab.shared.program
        for number, condition in enumerate(program.compiled.conditions):
            initial = number in slab.space.initial
            if initial and not first:
                continue
            places, own = program.places[number], np.zeros(1) if initial else tau
            at = [_placed(axes, place) for place in places]
            points = tensor_points([*at[0], slab.shared.begin + slab.shared.length * own])
            jets = np.concatenate([view.jets(at[j.place], own, [(j.field, j.orders)]) for j in condition.jets])
            misfit, slope = slab.batch.condition(number, jets, points)
            share = 1.0 if initial else slab.shared.length / self.whole
            self.misfits[number] += share * np.mean(misfit**2, axis=0)
            self.scales[number] += share * np.mean(self._natural(condition.jets, slope, program.bounds) ** 2, axis=0)

    def _natural(self, jets: Sequence[Jet], slope: Array, bounds: tuple[Array, Array]) -> Array:
        """sum |dN/djet| rms(u) prod (2/length)^orders: what the condition's own terms would be at the solution's size."""
        halves = 0.5 * (bounds[1] - bounds[0])
        size = np.sqrt(self.fields / (self.passed * np.prod(2 * halves[:-1])))
        return sum(np.abs(s) * size[j.field] * np.prod(halves ** -np.array(j.orders, dtype=float)) for j, s in zip(jets, slope))

    def carried(self, old: Space, new: Space, before: Starts, after: Starts) -> None:
        """The starts on the old layout against those on the new one."""
        for own, others in zip(before, after):
            for a, b in zip(own, others):
                values = contract([f.values[0] for f in old.factors], a)
                apart, every = values - evaluated(old, new, b), tuple(range(values.ndim - 1))
                size = np.sqrt(np.mean(values**2, axis=every))
                self.lost = np.maximum(self.lost, np.sqrt(np.mean(apart**2, axis=every)) / np.where(size > 0, size, 1.0))

    def relative(self, slab: BatchSlab) -> Array:
        """The largest relative residual over equations and conditions, (B,); of the whole time, if what is left were without any."""
        program = slab.shared.program
        halves = 0.5 * (program.bounds[1] - program.bounds[0])
        terms, size = np.sqrt(self.terms), np.sqrt(self.fields)
        for row, partial in enumerate(program.partials):
            field, orders = partial.index
            volume = self.passed * np.prod(2 * halves[:-1])
            jet = np.sqrt(self.slopes[row] / volume) * size[field] * np.prod(halves ** -np.array(orders, dtype=float))
            terms[partial.slot] = np.maximum(terms[partial.slot], jet)
        largest = _share(np.sqrt(self.residual * self.passed / self.whole), terms).max(axis=0, initial=0.0)
        misfit = _share(np.sqrt(self.misfits), np.sqrt(self.scales * self.whole / self.passed)).max(axis=0, initial=0.0)
        return np.maximum(np.maximum(largest, misfit), self.lost)


def _share(norm: Array, scale: Array) -> Array:
    """norm/scale; zero over zero is zero, anything else that is not a number is infinite."""
    with np.errstate(all="ignore"):
        ratio = np.where(norm == 0, 0.0, norm / scale)
    return np.where(np.isfinite(ratio), ratio, np.inf)


def _between(space: Space) -> tuple[list[Array], Array]:
    """Places halfway between collocation points, an axis each, and weights of their tensor grid that sum to the volume."""
    axes, weights = [], np.ones(1)
    for factor in space.factors:
        points = factor.points
        if factor.period is not None:
            points = np.append(points, points[0] + factor.period)
        every = EVERY[len(space.factors)]
        middle = (0.5 * (points[1:] + points[:-1]))[::every]
        edges = np.concatenate([[factor.lower], 0.5 * (middle[1:] + middle[:-1]), [factor.upper]])
        axes.append(middle)
        weights = np.multiply.outer(weights, np.diff(edges)).ravel()
    return axes, weights


def _times(slab: BatchSlab) -> Array:
    points = slab.time.points
    middle = 0.5 * (points[1:] + points[:-1])
    return middle[np.linspace(0, len(middle) - 1, TIMES).round().astype(int)]


def _placed(axes: Sequence[Array], place: Array) -> list[Array]:
    return [x if np.isnan(fixed) else np.array([fixed]) for x, fixed in zip(axes, place)]
