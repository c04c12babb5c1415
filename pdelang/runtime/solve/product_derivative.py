"""The Frechet derivative on a slab, applied to coefficients; what is constant never visits the points.

    R'(V) = sum_p <c_p D^alpha_p (V q p), tests>

A constant c_p commutes with the test functions, so its term is a product of small matrices, A_i = <q, D^alpha_i q> an axis and a
power of the integration matrix in time. One that is steady over the slab needs the points of space, one that moves the points of
space-time, some two to three times as many as the unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import contract, jet_grids
from pdelang.runtime.solve.product_system import SlabSystem

Orders = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Term:
    """coefficient: a number (), values on the grid of space (..., 1), or of space-time. alpha: orders in space; k: in time."""

    slot: int
    field: int
    alpha: Orders
    k: int
    coefficient: Array

    @property
    def constant(self) -> bool:
        return self.coefficient.ndim == 0

    @property
    def moving(self) -> bool:
        return self.coefficient.ndim > 0 and self.coefficient.shape[-1] > 1


@dataclass(frozen=True, eq=False)
class Derivative:
    """Applied to full coefficients (fields, r_1, ..., r_d, modes), tested: the same shape."""

    system: SlabSystem
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, system: SlabSystem, partials: Array) -> Derivative:
        terms = []
        for partial, values in zip(system.program.partials, partials):
            field, orders = partial.index
            coefficient = reduced(values.reshape(system.grid))
            if coefficient.ndim or coefficient != 0.0:
                terms.append(Term(partial.slot, field, *system.split(orders), coefficient))
        return cls(system, tuple(terms))

    def __call__(self, V: Array) -> Array:
        out = np.zeros(self.system.shape)
        for field, own in enumerate(V):
            self._constant(out, own, [t for t in self.terms if t.field == field and t.constant])
        self._at_points(out, V)
        return out

    def _constant(self, out: Array, own: Array, terms: list[Term]) -> None:
        jets = jet_grids(self.system.space.operators, own, {t.alpha for t in terms})
        for slot, order, k in {(t.slot, self.system.program.time_orders[t.field], t.k) for t in terms}:
            total = sum(float(t.coefficient) * jets[t.alpha] for t in terms if (t.slot, t.k) == (slot, k))
            out[slot] += total if order == 0 else np.asarray(total) @ self.system.time.projected(order, k, self.system.length).T

    def _at_points(self, out: Array, V: Array) -> None:
        """Sums over the terms of one slot before its tests; steady coefficients multiply time modes, moving ones values in time."""
        system, T = self.system, self.system.time
        for field, own in enumerate(V):
            terms = [t for t in self.terms if t.field == field and not t.constant]
            if not terms:
                continue
            order = system.program.time_orders[field]
            jets = jet_grids(system.space.values, own, {t.alpha for t in terms})
            for slot in {t.slot for t in terms}:
                in_modes: Array | float = 0.0
                for k in {t.k for t in terms}:
                    steady = [t.coefficient * jets[t.alpha] for t in terms if (t.slot, t.k) == (slot, k) and not t.moving]
                    if steady:
                        in_modes = in_modes + sum(steady) @ T.projected(order, k, system.length).T
                    moving = [t for t in terms if (t.slot, t.k) == (slot, k) and t.moving]
                    basis = T.basis(order, k, system.length).T
                    products = [t.coefficient * (jets[t.alpha] @ basis) for t in moving]
                    if products:
                        in_modes = in_modes + sum(products) @ T.test.T
                if np.ndim(in_modes):
                    out[slot] += contract(system.space.tests, np.asarray(in_modes))


def reduced(values: Array) -> Array:
    """Values on the grid (..., times), without the axes along which they do not change: all of them or time."""
    if values.min() == values.max():
        return values.flat[0]
    steady = values[..., :1]
    return steady if (values == steady).all() else values
