"""Linear algebra of product layouts: the frozen operator, its dense inverse, and GMRES around it.

Frozen at the slab's mean, the derivative is  sum_k A_k W S_k^T  with S_k powers of the integration matrix: in the eigenbasis
of that matrix one small system an eigenvalue (DenseModes), or what `modes.py` makes of separable operators. Frozen
operators precondition; what is exact with constant coefficients converges in one step. Steady systems: `gauss_newton.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl
from scipy.linalg.blas import daxpy
from scipy.linalg.lapack import dgetrf, dgetrs, zgetrf, zgetrs

from pdelang.runtime.layout.faces import StackedConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along
from pdelang.runtime.solve.product.system import SlabSystem, Space

Key = tuple[int, int]  # (time order of the field, order of the time derivative): selects the power of the integration matrix

LARGEST_DENSE = 4500  # unknowns in space for which a dense factorisation is thought of
DEPENDENT = 1e-10  # singular values of the weak rows, relative, below which they depend on each other


def assemble(tests: Sequence[Array], bases: Sequence[Array], coefficient: Array) -> Array:
    """<t_i, c(x) b_j> with products of one-dimensional tests (rows, points) and bases (points, columns): dense."""
    if coefficient.size == 1:
        out = coefficient.reshape(1, 1)
        for t, b in zip(tests, bases):
            out = np.kron(out, t @ b)
        return out
    if len(tests) == 1:
        return (tests[0] * coefficient) @ bases[0]
    tensor, shape = coefficient, []
    for axis, (t, b) in enumerate(zip(tests, bases)):
        pairs = (t[:, None, :] * b.T[None]).reshape(-1, t.shape[1])
        tensor = along(pairs, tensor, axis)
        shape += [t.shape[0], b.shape[1]]
    d = len(tests)
    rows, columns = int(np.prod(shape[::2])), int(np.prod(shape[1::2]))
    return tensor.reshape(shape).transpose([*range(0, 2 * d, 2), *range(1, 2 * d, 2)]).reshape(rows, columns)


@dataclass(frozen=True, eq=False)
class Frozen:
    """interior[key]: (rows, size); faces[key]: rows of the weak conditions, (rows, size)."""

    interior: dict[Key, Array]
    faces: dict[Key, Array]


def mean_in_time(system: SlabSystem, values: Array) -> Array:
    """Values at the slab's points -> their mean over time on the space grid; a constant collapses to one number."""
    grid = values.reshape(system.grid)
    if np.ptp(grid) <= 1e-14 * np.abs(grid).max():
        return grid.reshape(-1)[:1]
    return grid @ system.time.weights


def frozen_blocks(system: SlabSystem, partials: Array, face_partials: dict[int, Array], *, full_tests: bool = False) -> Frozen:
    """The derivative, its coefficients averaged over the slab, as dense matrices on the free unknowns.

    full_tests: test with every basis function instead of those that satisfy the homogeneous conditions (least squares).
    """
    space, p = system.space, system.program
    constraints = space.constraints
    widths = [int(np.prod([v[0].shape[1] for v in own])) for own in space.free_values]
    heights = [int(np.prod(space.ranks))] * p.fields if full_tests else widths
    row_at, column_at = np.concatenate([[0], np.cumsum(heights)]), np.concatenate([[0], np.cumsum(widths)])

    groups: dict[tuple[Key, int, int], list[tuple[tuple[int, ...], Array]]] = {}
    for partial, values in zip(p.partials, partials):
        field, orders = partial.index
        alpha, k = system.split(orders)
        coefficient = mean_in_time(system, values)
        if coefficient.any():
            groups.setdefault(((p.time_orders[field], k), partial.slot, field), []).append((alpha, coefficient))
    interior: dict[Key, Array] = {}
    for (key, slot, field), terms in groups.items():
        block = interior.setdefault(key, np.zeros((row_at[-1], column_at[-1])))
        part = block[row_at[slot] : row_at[slot + 1], column_at[field] : column_at[field + 1]]
        part += _assembled(space, space.tests if full_tests else space.free_tests[slot], slot, field, terms)

    faces: dict[Key, Array] = {}
    offsets = np.concatenate([[0], np.cumsum([face_rows(system, n) for n in space.weak])]).astype(int)
    for number, begin, end in zip(space.weak, offsets[:-1], offsets[1:]):
        free, shape, _ = space.face_points(number, system.times)
        for jet, values in zip(p.compiled.conditions[number].jets, face_partials[number]):
            alpha, k = system.split(jet.orders)
            coefficient = values.reshape(shape) @ system.time.weights
            grid = np.ones([len(space.factors[i].points) if i in free else 1 for i in range(space.dimension)]) * coefficient.reshape(
                [coefficient.shape[free.index(i)] if i in free else 1 for i in range(space.dimension)]
            )
            tests = [space.factors[i].test if i in free else np.ones((1, 1)) for i in range(space.dimension)]
            bases = space.face_matrices(number, (jet.field, alpha), jet.place)
            if space.nulls is not None:
                bases = [m if n is None else n.combine(m) for m, n in zip(bases, space.nulls[jet.field])]
            block = faces.setdefault((p.time_orders[jet.field], k), np.zeros((offsets[-1], column_at[-1])))
            block[begin:end, column_at[jet.field] : column_at[jet.field + 1]] += assemble(tests, bases, grid)

    if isinstance(constraints, StackedConstraints) and space.nulls is None:
        null = constraints.space
        interior = {key: null.combine(m if full_tests else null.restrict(m)) for key, m in interior.items()}
        faces = {key: null.combine(m) for key, m in faces.items()}
    return Frozen(interior, faces)


def _assembled(space: Space, tests: list[Array], slot: int, field: int, terms: list[tuple[tuple[int, ...], Array]]) -> Array:
    """Sum of <t_i, c(x) D^alpha b_j>: constant coefficients by the space's operators, along one axis the others by one product."""
    bases, varying = space.free_values[field], []
    total: Array | float = 0.0
    for alpha, coefficient in terms:
        if coefficient.size == 1 and slot == field and tests is space.free_tests[slot]:
            operator = np.eye(1)
            for own, k in zip(space.free_operators[field], alpha):
                operator = np.kron(operator, own[k])
            total = total + coefficient.item() * operator
        elif len(tests) == 1:
            varying.append(coefficient[:, None] * bases[0][alpha[0]])
        else:
            total = total + assemble(tests, [b[k] for b, k in zip(bases, alpha)], coefficient)
    return np.asarray(total + tests[0] @ sum(varying) if varying else total)


def face_rows(system: SlabSystem, number: int) -> int:
    free, _, _ = system.space.face_points(number, system.times)
    return int(np.prod([system.space.ranks[i] for i in free]))


@dataclass(frozen=True, eq=False)
class Tests:
    """null: test functions that make room for the weak rows. combine: (rows, rank), combinations of these rows that are independent.

    Conditions that share a face by their `where` have as many rows each as the whole face, and faces meet at corners: what
    depends on other rows is combined with them, so that the system stays square.
    """

    null: Array
    combine: Array

    def __call__(self, interior: Array, faces: Array) -> Array:
        return np.concatenate([self.null.T @ interior, self.combine.T @ faces])


def test_space(system: SlabSystem, frozen: Frozen) -> Tests | None:
    """From the singular vectors of the frozen rows. None: no weak rows."""
    if not frozen.faces:
        return None
    z = np.abs(system.time.eigenvalues).mean()
    rows = sum(m * system.length ** (order - 1 - k if order else 0) * z ** (order - k) for (order, k), m in frozen.faces.items())
    assert isinstance(rows, np.ndarray)
    scale = np.linalg.norm(rows, axis=1)
    scale[scale == 0] = 1.0
    U, S, Vt = np.linalg.svd(rows / scale[:, None])
    rank = int((DEPENDENT * S[0] < S).sum())
    return Tests(Vt[rank:].T, U[:, :rank] / scale[:, None])


def _combined(matrices: dict[Key, Array], shares: dict[Key, complex], real: bool) -> Array:
    """sum share * matrix; real and imaginary parts apart, for real times complex would make the matrices complex first."""
    total = np.empty(next(iter(matrices.values())).shape, float if real else complex)
    parts = (total,) if real else (total.real, total.imag)
    for part, kind in zip(parts, ("real", "imag")):
        terms = (getattr(shares[key], kind) * m for key, m in matrices.items() if getattr(shares[key], kind) != 0.0)
        part[:] = next(terms, 0.0)
        for term in terms:
            part += term
    return total


class DenseModes:
    """One LU an eigenvalue of the integration matrix; conjugate pairs are solved once."""

    def __init__(self, system: SlabSystem, frozen: Frozen, tests: Tests | None) -> None:
        T, h = system.time, system.length
        self.time = T
        self.chosen = np.flatnonzero(T.eigenvalues.imag >= 0)
        self.multiple = np.where(T.eigenvalues.imag[self.chosen] > 0, 2.0, 1.0)
        self.lus = []
        for j in self.chosen:
            shares = {key: complex(T.symbol(*key, h)[j]) for key in {*frozen.interior, *frozen.faces}}
            real = not T.eigenvalues[j].imag
            A = _combined(frozen.interior, shares, real)
            if tests is not None:
                A = tests(A, _combined(frozen.faces, shares, real))
            factorise = dgetrf if real else zgetrf
            self.lus.append(factorise(A.T, overwrite_a=True)[:2])  # of the transpose: LAPACK counts columns first

    def __call__(self, R: Array) -> Array:
        hat = R @ self.time.inverse.T
        out = np.zeros((len(R), len(self.chosen)), complex)
        for k, (j, multiple, (lu, pivots)) in enumerate(zip(self.chosen, self.multiple, self.lus)):
            solved = zgetrs(lu, pivots, hat[:, j], trans=1)[0] if multiple == 2 else dgetrs(lu, pivots, hat[:, j].real, trans=1)[0]
            out[:, k] = multiple * solved
        vectors = self.time.eigenvectors[:, self.chosen]
        return out.real @ vectors.real.T - out.imag @ vectors.imag.T


def gmres(
    apply: Callable[[Array], Array], precondition: Callable[[Array], Array], b: Array, *, rtol: float, limit: int
) -> tuple[Array, int, float]:
    """Right-preconditioned GMRES without restart: x, iterations, and the residual's share of ||b||."""
    beta = float(np.linalg.norm(b))
    if beta == 0.0 or not np.isfinite(beta):
        return np.zeros_like(b), 0, 0.0
    basis, directions = [(b / beta).ravel()], []
    H, g = np.zeros((limit + 1, limit)), np.zeros(limit + 1)
    g[0] = beta
    cosine, sine = np.zeros(limit), np.zeros(limit)
    used = 0
    for j in range(limit):
        directions.append(precondition(basis[j].reshape(b.shape)))
        w = apply(directions[j]).ravel()
        for _ in range(2):  # twice is enough
            for i, v in enumerate(basis):
                share = float(v @ w)
                H[i, j] += share
                w = daxpy(v, w, a=-share)
        H[j + 1, j] = np.linalg.norm(w)
        if not np.isfinite(H[j + 1, j]):
            break
        broken = H[j + 1, j] <= 1e-15 * beta
        if not broken:
            basis.append(w / H[j + 1, j])
        for i in range(j):
            H[i, j], H[i + 1, j] = cosine[i] * H[i, j] + sine[i] * H[i + 1, j], -sine[i] * H[i, j] + cosine[i] * H[i + 1, j]
        length = np.hypot(H[j, j], H[j + 1, j])
        if length == 0.0:
            break
        cosine[j], sine[j] = H[j, j] / length, H[j + 1, j] / length
        H[j, j], H[j + 1, j] = length, 0.0
        g[j], g[j + 1] = cosine[j] * g[j], -sine[j] * g[j]
        used = j + 1
        if abs(g[j + 1]) <= rtol * beta or broken:
            break
    if used == 0:
        return np.zeros_like(b), 0, 1.0
    x = np.zeros(b.size)
    for share, v in zip(sl.solve_triangular(H[:used, :used], g[:used]), directions):
        x = daxpy(v.ravel(), x, a=share)
    return x.reshape(b.shape), used, abs(g[used]) / beta
