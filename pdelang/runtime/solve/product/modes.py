"""Inverses of separable mean operators, mode by mode: fields that share their conditions in blocks, fields without an operator eliminated.

    A = sum_p c_p (A_1 x ... x A_d)_p z^k_p,      V_i^-1 A_i V_i = diagonal (or nearly)

leaves a number a mode and eigenvalue z of the integration matrix (one field), or a small matrix of the fields (Blocks). Where fields
differ in their conditions no basis suits all; but one whose own equation is free of space derivatives (the magnetic field, a
velocity in acoustics) can be solved for, and what remains is again a sum of products (Eliminated):

    e - z (D_x b - D_y a) = r,  a + z D_y e = ...,  b - z D_x e = ...     =>     (1 - z^2 (D_x D_x + D_y D_y)) e = r + ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import contract
from pdelang.runtime.layout.slab import TimeFactor
from pdelang.runtime.solve.product.system import SlabSystem

EIGENVECTOR_CONDITION = 1e7
SINGULAR = 1e-12  # of the largest: a mode that the operator does not see (a pressure's constant) is left alone


@dataclass(frozen=True, eq=False)
class Product:
    """weights(z) A_1 x ... x A_d between the free unknowns of two fields. orders: of derivative an axis; matrices None: identities."""

    weights: Array
    matrices: tuple[Array | None, ...]
    orders: tuple[int, ...]

    def after(self, first: Product) -> Product:
        """The product of operators self first."""
        matrices = tuple(b if a is None else a if b is None else a @ b for a, b in zip(self.matrices, first.matrices))
        return Product(self.weights * first.weights, matrices, tuple(a + b for a, b in zip(self.orders, first.orders)))

    def scaled(self, factor: Array) -> Product:
        return Product(self.weights * factor, self.matrices, self.orders)

    def __call__(self, hat: Array) -> Array:
        return contract(self.matrices, hat) * self.weights


def chosen_modes(time: TimeFactor) -> Array:
    """Eigenvalues of the integration matrix, one of each conjugate pair."""
    return np.flatnonzero(time.eigenvalues.imag >= 0)


Coupling = dict[tuple[int, int], list[Product]]  # (slot, field): its terms


def mean_operator(system: SlabSystem, partials: Array) -> Coupling:
    """The derivative with every coefficient replaced by its mean over the slab."""
    constraints, space = system.space.constraints, system.space
    assert isinstance(constraints, AxisConstraints)
    nulls = [[s.null for s in axes] for axes in constraints.spaces]
    mean: dict[tuple[int, int, tuple[int, ...], int], float] = {}
    for partial, values in zip(system.program.partials, partials):
        key = (partial.slot, partial.index[0], *system.split(partial.index[1]))
        mean[key] = mean.get(key, 0.0) + float(values.mean())
    out: Coupling = {}
    for (slot, field, alpha, k), value in mean.items():
        if value == 0.0:
            continue
        matrices: list[Array | None] = []
        for i, order in enumerate(alpha):
            left, right, operator = nulls[slot][i], nulls[field][i], space.operators[i][order]
            if operator is not None:
                matrices.append(left.T @ operator @ right)
            else:
                matrices.append(None if np.array_equal(left, right) else left.T @ right)
        weights = value * system.time.symbol(system.program.time_orders[field], k, system.length)[chosen_modes(system.time)]
        out.setdefault((slot, field), []).append(Product(weights, tuple(matrices), alpha))
    return out


def along_axis(terms: Sequence[Product], axis: int) -> Array | None:
    """The part of an operator that acts on one axis alone; None: there is none."""
    own = [t for t in terms if t.orders[axis] and sum(t.orders) == t.orders[axis]]
    if not own:
        return None
    return np.asarray(sum(np.linalg.norm(t.weights) * np.sign(t.weights.real.sum() or 1.0) * t.matrices[axis] for t in own))


def eigenvectors(operator: Array | None, size: int) -> Array:
    """Symmetrised where the operator is too skew to be used."""
    if operator is None:
        return np.eye(size)
    vectors = np.linalg.eig(operator)[1]
    if np.linalg.cond(vectors) > EIGENVECTOR_CONDITION:
        vectors = np.linalg.eigh(0.5 * (operator + operator.T))[1]
    return vectors


def symbol(terms: Sequence[Product], vectors: Sequence[Array], inverses: Sequence[Array]) -> Array:
    """sum_p weights_p(z) diag(V_1^-1 A_1 V_1) x ... : (sizes..., modes of time)."""
    total: Array | float = 0.0
    for term in terms:
        product = np.ones(())
        for matrix, V, inverse in zip(term.matrices, vectors, inverses):
            diagonal = np.ones(len(V)) if matrix is None else np.einsum("ij,ji->i", inverse, matrix @ V)
            product = np.multiply.outer(product, diagonal)
        total = total + np.multiply.outer(product, term.weights)
    return np.asarray(total)


@dataclass(frozen=True, eq=False)
class Diagonal:
    """One field: forward transforms, division, backward transforms, on tensors (sizes..., modes) in the eigenbasis of time."""

    forward: tuple[Array, ...]
    backward: tuple[Array, ...]
    inverse: Array

    @classmethod
    def of(cls, terms: Sequence[Product], sizes: Sequence[int]) -> Diagonal:
        backward = tuple(eigenvectors(along_axis(terms, i), n) for i, n in enumerate(sizes))
        forward = tuple(np.linalg.inv(v) for v in backward)
        values = symbol(terms, backward, forward)
        largest = np.abs(values).max()
        return cls(forward, backward, 1.0 / np.where(np.abs(values) < SINGULAR * largest, largest, values))

    def __call__(self, hat: Array) -> Array:
        return contract(self.backward, contract(self.forward, hat) * self.inverse)


class InModes:
    """What the inverses share: to the eigenbasis of the integration matrix and back, field by field, one of each conjugate pair of modes.

    into, back: the two transforms as real matrices, real and imaginary parts of the modes side by side.
    """

    def __init__(self, system: SlabSystem) -> None:
        constraints, time = system.space.constraints, system.time
        assert isinstance(constraints, AxisConstraints)
        chosen = chosen_modes(time)
        self.constraints, self.modes = constraints, len(chosen)
        self.into = np.ascontiguousarray(time.inverse[chosen].T).view(float)
        pairs = np.where(time.eigenvalues.imag[chosen] > 0, 2.0, 1.0) * time.eigenvectors[:, chosen]
        self.back = np.ascontiguousarray(pairs.conj()).view(float).T

    def __call__(self, R: Array) -> Array:
        hats = [(part @ self.into).view(complex) for part in self.constraints.split(R)]
        return self.constraints.join([np.ascontiguousarray(part).view(float) @ self.back for part in self.solve(hats)])

    def solve(self, hats: list[Array]) -> list[Array]:
        raise NotImplementedError


class FastDiagonal(InModes):
    """Field by field, couplings left out."""

    def __init__(self, system: SlabSystem, partials: Array) -> None:
        super().__init__(system)
        coupling = mean_operator(system, partials)
        one = Product(np.ones(self.modes), (None,) * system.space.dimension, (0,) * system.space.dimension)
        self.fields = [Diagonal.of(coupling.get((f, f), [one]), shape) for f, shape in enumerate(self.constraints.shapes)]

    def solve(self, hats: list[Array]) -> list[Array]:
        return [field(hat) for field, hat in zip(self.fields, hats)]


class Blocks(InModes):
    """Fields under the same conditions: one matrix (fields, fields) a mode. Exact with constant coefficients where one basis suits
    every term: periodic axes, and axes along which only even (or only odd) derivatives occur."""

    def __init__(self, system: SlabSystem, coupling: Coupling) -> None:
        super().__init__(system)
        sizes, F = self.constraints.shapes[0], len(self.constraints.shapes)
        periodic = system.program.periodic
        self.backward = [eigenvectors(_generator(coupling, i, periodic[i]), n) for i, n in enumerate(sizes)]
        self.forward = [np.linalg.inv(v) for v in self.backward]
        matrices = np.zeros((*sizes, self.modes, F, F), complex)
        for (slot, field), terms in coupling.items():
            matrices[..., slot, field] = symbol(terms, self.backward, self.forward)
        self.inverse = _inverted(matrices)

    def solve(self, hats: list[Array]) -> list[Array]:
        stacked = np.stack([contract(self.forward, hat) for hat in hats], axis=-1)
        solved = np.matmul(self.inverse, stacked[..., None])[..., 0]
        return [contract(self.backward, np.ascontiguousarray(solved[..., f])) for f in range(len(hats))]


def _generator(coupling: Coupling, axis: int, periodic: bool) -> Array | None:
    """Whose eigenvectors serve all couplings: on a periodic axis the first derivative, whose are waves; else the largest operator."""
    terms = [t for own in coupling.values() for t in own if t.matrices[axis] is not None]
    if periodic and any(t.orders[axis] == 1 for t in terms):
        return next(t.matrices[axis] for t in terms if t.orders[axis] == 1)
    own = [operator for terms in coupling.values() if (operator := along_axis(terms, axis)) is not None]
    return max(own, key=np.linalg.norm, default=None)


def _inverted(matrices: Array) -> Array:
    """Inverses, by singular values where a mode is singular."""
    rows = np.linalg.norm(matrices, axis=-1, keepdims=True)
    scaled = matrices / np.where(rows > 0, rows, 1.0)
    singular = np.abs(np.linalg.det(scaled)) < SINGULAR
    scaled[singular] = np.eye(matrices.shape[-1])
    inverse = np.linalg.inv(scaled) / np.where(rows > 0, rows, 1.0).swapaxes(-1, -2)
    inverse[singular] = np.linalg.pinv(matrices[singular], rcond=1e-10)
    return inverse


class Eliminated(InModes):
    """Fields without a space derivative of their own and without couplings among themselves are solved for; the others by Diagonal."""

    def __init__(self, system: SlabSystem, coupling: Coupling, local: frozenset[int]) -> None:
        super().__init__(system)
        self.coupling, self.local = coupling, local
        self.own = {f: 1.0 / np.sum([t.weights for t in coupling[f, f]], axis=0) for f in local}
        self.rest = [f for f in range(len(self.constraints.shapes)) if f not in local]
        self.fields = {f: Diagonal.of(self._schur(f), self.constraints.shapes[f]) for f in self.rest}

    def _schur(self, field: int) -> list[Product]:
        terms = list(self.coupling.get((field, field), []))
        for f, own in self.own.items():
            pairs = [(b, c) for b in self.coupling.get((field, f), []) for c in self.coupling.get((f, field), [])]
            terms += [b.after(c).scaled(-own) for b, c in pairs]
        return terms

    def solve(self, hats: list[Array]) -> list[Array]:
        out = [hat * self.own[f] if f in self.local else hat for f, hat in enumerate(hats)]
        right = [out[f] - self._coupled(f, self.local, out) for f in range(len(out))]
        for f in self.rest:
            out[f] = self.fields[f](right[f])
        for f in self.local:
            out[f] = self.own[f] * (hats[f] - self._coupled(f, self.rest, out))
        return out

    def _coupled(self, slot: int, fields: Sequence[int] | frozenset[int], hats: list[Array]) -> Array:
        total = np.zeros((*self.constraints.shapes[slot], self.modes), complex)
        for f in fields:
            for term in self.coupling.get((slot, f), []):
                total += term(hats[f])
        return total


def eliminable(coupling: Coupling, fields: int) -> frozenset[int]:
    """The largest set of fields whose own terms are numbers and which do not couple to each other; not all of them."""
    plain = [f for f in range(fields) if (f, f) in coupling and all(m is None for t in coupling[f, f] for m in t.matrices)]
    for count in range(min(len(plain), fields - 1), 0, -1):
        for chosen in combinations(plain, count):
            if not any((f, g) in coupling for f in chosen for g in chosen if f != g):
                return frozenset(chosen)
    return frozenset()


def mode_inverse(system: SlabSystem, partials: Array) -> InModes:
    """The best of the three for the mean operator of a slab."""
    constraints, fields = system.space.constraints, system.program.fields
    assert isinstance(constraints, AxisConstraints)
    coupling = mean_operator(system, partials)
    if all(slot == field for slot, field in coupling):
        return FastDiagonal(system, partials)
    if _alike(constraints):
        return Blocks(system, coupling)
    local = eliminable(coupling, fields)
    return Eliminated(system, coupling, local) if local else FastDiagonal(system, partials)


def _alike(constraints: AxisConstraints) -> bool:
    """Do all fields have the same free unknowns?"""
    first = constraints.spaces[0]
    return all(np.array_equal(a.null, b.null) for axes in constraints.spaces for a, b in zip(axes, first))
