"""The Frechet derivative on a slab, applied to coefficients; what is constant never visits the points.

    R'(V) = sum_p <c_p D^alpha_p (V q p), tests>

A constant c_p commutes with the test functions, so its term is a product of small matrices, A_i = <q, D^alpha_i q> an axis and a
power of the integration matrix in time. One that is steady over the slab needs the points of space, one that moves the points of
space-time, some two to three times as many as the unknowns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import contract, jet_grids
from pdelang.runtime.solve.product.system import SlabSystem

Orders = tuple[int, ...]
Operators = Sequence[Sequence[Array | None]]


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
            self._constant(out, own, [t for t in self.terms if t.field == field and t.constant], self.system.space.operators)
        self._at_points(out, V)
        return out

    def on_free(self, Y: Array) -> Array:
        """On free unknowns (size, modes), in their own test functions: N^T R'(N Y), with the null spaces N put into the factors."""
        space, constraints, T = self.system.space, self.system.space.constraints, self.system.time
        assert isinstance(constraints, AxisConstraints)
        out = [np.zeros((*shape, T.modes)) for shape in constraints.shapes]
        for field, own in enumerate(constraints.split(Y)):
            for slot in {t.slot for t in self.terms if t.field == field}:
                terms = [t for t in self.terms if (t.slot, t.field) == (slot, field)]
                self._constant(out, own, [t for t in terms if t.constant], space.free_couplings(slot, field))
                in_modes = self._in_modes(own, [t for t in terms if not t.constant], space.free_values[field])
                if in_modes is not None:
                    out[slot] += contract(space.free_tests[slot], in_modes)
        return constraints.join(out)

    def _constant(self, out: Sequence[Array] | Array, own: Array, terms: list[Term], operators: Operators) -> None:
        jets = jet_grids(operators, own, {t.alpha for t in terms})
        for slot, order, k in {(t.slot, self.system.program.time_orders[t.field], t.k) for t in terms}:
            total = sum(float(t.coefficient) * jets[t.alpha] for t in terms if (t.slot, t.k) == (slot, k))
            out[slot][...] += total if order == 0 else np.asarray(total) @ self.system.time.projected(order, k, self.system.length).T

    def _at_points(self, out: Array, V: Array) -> None:
        space = self.system.space
        for field, own in enumerate(V):
            for slot in {t.slot for t in self.terms if t.field == field and not t.constant}:
                terms = [t for t in self.terms if (t.slot, t.field) == (slot, field) and not t.constant]
                in_modes = self._in_modes(own, terms, space.values)
                if in_modes is not None:
                    out[slot] += contract(space.tests, in_modes)

    def _in_modes(self, own: Array, terms: list[Term], values: Sequence[Sequence[Array] | Array]) -> Array | None:
        """Sum over the terms of one slot at the points of space, tested in time; steady coefficients multiply time modes, moving ones
        values in time."""
        system, T = self.system, self.system.time
        jets = jet_grids(values, own, {t.alpha for t in terms})
        total: Array | None = None
        for k in {t.k for t in terms}:
            order = system.program.time_orders[terms[0].field]
            steady = _sum_of_products([(t.coefficient, jets[t.alpha]) for t in terms if t.k == k and not t.moving])
            if steady is not None:
                part = steady @ T.projected(order, k, system.length).T
                total = part if total is None else total + part
            basis = T.basis(order, k, system.length).T
            moving = _sum_of_products([(t.coefficient, jets[t.alpha] @ basis) for t in terms if t.k == k and t.moving])
            if moving is not None:
                part = moving @ T.test.T
                total = part if total is None else total + part
        return total


def _sum_of_products(pairs: list[tuple[Array, Array]]) -> Array | None:
    """In place from the second on: large arrays are read once."""
    total: Array | None = None
    for a, b in pairs:
        if total is None:
            total = a * b
        else:
            total += a * b
    return total


def reduced(values: Array) -> Array:
    """Values on the grid (..., times), without the axes along which they do not change: all of them or time."""
    if values.min() == values.max():
        return values.flat[0]
    steady = values[..., :1]
    return steady if (values == steady).all() else values
