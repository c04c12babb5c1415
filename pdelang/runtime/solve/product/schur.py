"""The Schur complement of a pressure, S = sum_f D_f A_f^-1 G_f, and with it the inverse of a flow's mean operator.

    A_f U_f + G_f p = r_f,   sum_f D_f U_f = g      =>      S p = sum_f D_f A_f^-1 r_f - g

A_f is inverted axis by axis (Lynch, Rice and Thomas, 1964); S is put together from one-dimensional products. With as many modes for p
as for the velocities some of them do no work on any velocity (four products of what the derivative does not see, and the four corners),
and as many combinations of the continuity equation hold for every velocity (Bernardi and Maday, 1992): both are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.modes import Coupling, Diagonal, InModes, Product, mean_operator
from pdelang.runtime.solve.product.system import SlabSystem

UNSEEN = 1e-9  # singular value, of the largest, of what a derivative does not see

Cache = dict[object, Any]
Multiplier = tuple[int, dict[int, int]]
"""See `Program.multiplier`."""


@dataclass(frozen=True, eq=False)
class Unseen:
    """right (n, q): multipliers that drive no velocity; left (n, q): combinations of the multiplier's equation that hold for every one."""

    right: Array
    left: Array

    def equations(self, rows: Array) -> Array:
        return rows - self.left @ (self.left.T @ rows)

    def multipliers(self, columns: Array) -> Array:
        return columns - self.right @ (self.right.T @ columns)


def unseen(down: list[Product], back: list[Product], shape: tuple[int, ...]) -> Unseen:
    """down[i], back[i]: G and D of the velocity that is driven along axis i, each B x C or C x B with B = <., D .>, C = <., .>."""

    def both(B: list[Array | None], C: list[Array | None]) -> Array:
        pairs = (np.kron(*(_null(M, n) for M, n in zip(own, shape))) for own in (B, C))
        return sl.orth(np.concatenate(list(pairs), axis=1))

    B, C = [down[0].matrices[0], down[1].matrices[1]], [down[1].matrices[0], down[0].matrices[1]]
    right = both(B, C)
    B, C = [back[0].matrices[0], back[1].matrices[1]], [back[1].matrices[0], back[0].matrices[1]]
    return Unseen(right, both(*([None if M is None else M.T for M in own] for own in (B, C))))


def _null(matrix: Array | None, size: int) -> Array:
    """Orthonormal columns (size, q); None is the identity."""
    if matrix is None:
        return np.zeros((size, 0))
    _, S, Vt = np.linalg.svd(matrix)
    return Vt[int((UNSEEN * S[0] < S).sum()) :].T


@dataclass(frozen=True, eq=False)
class Complement:
    """Factorised D lap^-1 G, and D G where time passes, of a layout. lap: second derivatives, over the first one's coefficient."""

    shape: tuple[int, ...]
    unseen: Unseen
    factors: tuple[tuple[Array, Array], ...]

    @classmethod
    def of(cls, coupling: Coupling, multiplier: Multiplier, shapes: list[tuple[int, ...]], evolves: bool) -> Complement:
        m, axis = multiplier
        drive, gather = {f: coupling[f, m][0] for f in axis}, {f: coupling[m, f][0] for f in axis}
        along_axes = sorted(axis, key=lambda f: axis[f])
        hidden = unseen([drive[f] for f in along_axes], [gather[f] for f in along_axes], shapes[m])
        still: Array | float = 0.0
        viscous: Array | float = 0.0
        for f in axis:
            second = [t for t in coupling[f, f] if max(t.orders) == 2]
            unit = Diagonal.of([t.scaled(1.0 / second[0].weights) for t in second], shapes[f])
            still = still + _between(gather[f], unit, drive[f], np.ones(unit.inverse.shape[:-1]))
            viscous = viscous + _between(gather[f], unit, drive[f], unit.inverse[..., 0].real)
        factors = [_factorised(np.asarray(S), hidden) for S in ((viscous, still) if evolves else (viscous,))]
        return cls(shapes[m], hidden, tuple(factors))


def _factorised(S: Array, hidden: Unseen) -> tuple[Array, Array]:
    return sl.lu_factor(S + np.abs(S).max() * (hidden.left @ hidden.right.T), overwrite_a=True, check_finite=False)


class Schur(InModes):
    """Inverse of the mean operator, the complement's by a (D G)^-1 + b (D lap^-1 G)^-1 for A = a + b lap, after Cahouet and Chabard (1988).

    a and b are numbers, one a mode of time, so two factorisations serve all modes and all lengths of slabs; the eigenvalues of what is left
    to GMRES lie between 0.8 and 1 for a vortex between walls."""

    def __init__(self, system: SlabSystem, partials: Array, known: Cache) -> None:
        super().__init__(system)
        coupling = mean_operator(system, partials)
        multiplier, shapes = system.program.multiplier, self.constraints.shapes
        assert multiplier is not None
        self.multiplier, axis = multiplier
        self.drive = {f: coupling[f, self.multiplier][0] for f in axis}
        self.gather = {f: coupling[self.multiplier, f][0] for f in axis}
        periodic = system.program.periodic
        self.fields = {
            f: Diagonal.of([t for t in coupling[f, f] if all(n % 2 == 0 or wraps for n, wraps in zip(t.orders, periodic))], shapes[f])
            for f in range(len(shapes))
            if f != self.multiplier
        }  # a mean velocity across walls has eigenvectors that are close to dependent: 80 iterations and more where 45 do
        key = ("complement", id(system.space))
        complement = known.get(key)
        if not isinstance(complement, Complement):
            complement = known[key] = Complement.of(coupling, multiplier, shapes, system.program.time is not None)
        self.complement = complement
        f = min(axis)
        viscous = next(t.weights for t in coupling[f, f] if max(t.orders) == 2)
        still = sum((t.weights for t in coupling[f, f] if not any(t.orders)), start=np.zeros(self.modes))
        self.shares = [share / (self.drive[f].weights * self.gather[f].weights) for share in (viscous, still)]

    @property
    def unseen(self) -> Unseen:
        return self.complement.unseen

    def solve(self, hats: list[Array]) -> list[Array]:
        m = self.multiplier
        driven = {f: field(hats[f]) for f, field in self.fields.items()}
        right = sum(self.gather[f](driven[f]) for f in self.drive) - hats[m]
        p = self._multiplier(right)
        out = driven | {f: driven[f] - self.fields[f](self.drive[f](p)) for f in self.drive}
        return [p if f == m else out[f] for f in range(len(hats))]

    def _multiplier(self, right: Array) -> Array:
        rows = self.unseen.equations(right.reshape(-1, self.modes))
        pair = np.concatenate([rows.real, rows.imag], axis=1)
        found = np.zeros_like(rows)
        for lu, share in zip(self.complement.factors, self.shares):
            solved = sl.lu_solve(lu, pair, check_finite=False)
            found += share * (solved[:, : self.modes] + 1j * solved[:, self.modes :])
        return self.unseen.multipliers(found).reshape(right.shape)


def _between(back: Product, field: Diagonal, down: Product, values: Array) -> Array:
    """(D V) diag(values) (V^-1 G) of products on two axes, (n, n): a matrix of the second axis for each eigenvalue of the first."""
    left = [V if M is None else M @ V for M, V in zip(back.matrices, field.backward)]
    right = [V if M is None else V @ M for M, V in zip(down.matrices, field.forward)]
    inner = np.matmul(left[1] * values[:, None, :], right[1])  # (a, j, l)
    outer = np.einsum("ia,ak->ika", left[0], right[0])
    i, k, a = outer.shape
    j, l = inner.shape[1:]
    return (outer.reshape(i * k, a) @ inner.reshape(a, j * l)).reshape(i, k, j, l).transpose(0, 2, 1, 3).reshape(i * j, k * l)
