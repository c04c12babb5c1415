"""Linear slabs whose operator does not change over time: one Krylov space of space serves every time mode.

    sum_k c_k W S_k^T + A(W) S_0^T = B    =>    Y + A(Y) T^T = B,    Y = W M^T,  M = sum_k c_k S_k,  T = S_0 M^-1

S_k: powers of the integration matrix, A: all terms without a time derivative, with coefficients that vary in space. Where B = a b^T, and
V spans
the Krylov space of A from a, A V = V H + h v e^T, the full orthogonalisation (Saad, 1981)

    Y = V Z,    Z + H Z T^T = |a| e_1 b^T,    residual -h v (e^T Z T^T)

costs an application of A in space a vector, where GMRES in space-time costs one for every mode of time, and needs no preconditioner
that knows what the coefficients are: it takes about as many vectors as |A| times the slab's length. A right-hand side that is a
polynomial of time takes one space as well, of A with the polynomial's coefficients as a border (Al-Mohy and Higham, 2011):

    B = sum_r a_r (T^r e)^T    =>    [A(W) - sum_r a_r p_(r-1), -p_0, -p_1, ...] starts from (a_0, 1, 0, ...)

for p_r = T^r e follows from the same equation. What is left of B is a sum of products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import contract, jet_grids
from pdelang.runtime.solve.product.derivative import Derivative, Term
from pdelang.runtime.solve.product.system import SlabSystem

VECTORS = 160  # of one Krylov space; with more, orthogonalisation costs more than the operator
RESTARTS, GAINED = 6, 0.1  # of one product, and the share of the residual that each must fall to
LOOK = 4  # vectors between two looks at the residual
LEAST = 1e-8  # of the largest: a column of the border that is smaller is scaled as if it were so large
DEGREES = 7  # of the polynomial of time; more are ill-conditioned


def autonomous_wanted(system: SlabSystem) -> bool:
    """May `Autonomous` serve? In one coordinate dense factorisations are cheap, constant coefficients have exact inverses."""
    program, space = system.program, system.space
    alike = len(set(program.time_orders)) == 1 and program.time_orders[0] > 0
    return program.linear and not program.constant and alike and space.dimension > 1 and not space.weak


@dataclass(frozen=True, eq=False)
class SteadyOperator:
    """A on free unknowns, (size,) -> (size,)."""

    system: SlabSystem
    terms: tuple[Term, ...]

    def __call__(self, free: Array) -> Array:
        space, constraints = self.system.space, self.system.space.constraints
        assert isinstance(constraints, AxisConstraints)
        out = [np.zeros(shape) for shape in constraints.shapes]
        parts = constraints.split(free[:, None])
        for field, part in enumerate(parts):
            own = [t for t in self.terms if t.field == field]
            jets = jet_grids(space.free_values[field], part[..., 0], {t.alpha for t in own})
            for slot in {t.slot for t in own}:
                total = sum((t.coefficient if t.constant else t.coefficient[..., 0]) * jets[t.alpha] for t in own if t.slot == slot)
                out[slot] += contract(space.free_tests[slot], np.asarray(total))
        return np.concatenate([part.ravel() for part in out])


@dataclass(frozen=True, eq=False)
class Autonomous:
    """mass: M; time: T."""

    operator: SteadyOperator
    mass: Array
    time: Array

    @classmethod
    def of(cls, derivative: Derivative) -> Autonomous | None:
        """None: coefficients change in time, or none varies in space, or time derivatives are more than numbers."""
        system = derivative.system
        program, in_time = system.program, [t for t in derivative.terms if t.k]
        if any(t.moving for t in derivative.terms) or not any(t.coefficient.ndim for t in derivative.terms):
            return None
        if any(t.coefficient.ndim or t.slot != t.field or any(t.alpha) for t in in_time):
            return None
        order, T = program.time_orders[0], system.time
        masses = [np.zeros((T.modes, T.modes)) for _ in range(program.fields)]
        for t in in_time:
            masses[t.field] += float(t.coefficient) * T.projected(order, t.k, system.length)
        if any(not np.array_equal(m, masses[0]) for m in masses):
            return None
        time = np.linalg.solve(masses[0].T, T.projected(order, 0, system.length).T).T
        return cls(SteadyOperator(system, tuple(t for t in derivative.terms if not t.k)), masses[0], time)

    def solve(self, B: Array, wanted: float) -> tuple[Array, int, float]:
        """W (size, modes), applications of A, and what remains of |B|; `wanted`: how much may."""
        if not B.any():
            return np.zeros_like(B), 0, 0.0
        columns, rest = self._polynomial(B, 0.3 * wanted)
        U, S, Vt = np.linalg.svd(rest, full_matrices=False)
        rank = int((np.sqrt(np.cumsum(S[::-1] ** 2))[::-1] > 0.3 * wanted).sum())
        share = 0.9 * wanted / np.sqrt(1 + rank)
        Y, used, remains = self._product(columns, self._unit, share)
        squares = remains**2 + float((S[rank:] ** 2).sum())
        for a, s, b in zip(U.T[:rank], S, Vt):
            part, vectors, remains = self._product(a[:, None], s * b, share)
            Y, used, squares = Y + part, used + vectors, squares + remains**2
        return np.linalg.solve(self.mass, Y.T).T, used, float(np.sqrt(squares))

    @property
    def _unit(self) -> Array:
        """e: the constant."""
        return self.operator.system.time.unit

    def _polynomial(self, B: Array, enough: float) -> tuple[Array, Array]:
        """Columns a_r of sum_r a_r (T^r e)^T, and what it leaves of B: the least degree that leaves `enough`, or the largest."""
        powers = [self._unit]
        while True:
            basis = np.stack(powers)
            sizes = np.linalg.norm(basis, axis=1)
            fit = np.linalg.lstsq((basis / sizes[:, None]).T, B.T, rcond=None)[0].T
            rest = B - fit @ (basis / sizes[:, None])
            if len(powers) > DEGREES or np.linalg.norm(rest) <= enough:
                return fit / sizes, rest
            powers.append(self.time @ powers[-1])

    def _product(self, columns: Array, b: Array, enough: float) -> tuple[Array, int, float]:
        """Y + A(Y) T^T = sum_r a_r (T^r b)^T: what a Krylov space leaves is a product a b^T again, and starts the next one."""
        Y, used, before = np.zeros((len(columns), b.size)), 0, np.inf
        for _ in range(RESTARTS):
            part, left, b, vectors = self._krylov(columns, b, enough)
            Y, used, remains = Y + part, used + vectors, float(np.linalg.norm(left) * np.linalg.norm(b))
            if remains <= enough or not remains < GAINED * before:
                break
            columns, before = left[:, None], remains
        return Y, used, remains

    def _krylov(self, columns: Array, b: Array, enough: float) -> tuple[Array, Array, Array, int]:
        """One Krylov space of the bordered operator: part of the solution, the factors of its residual, the number of vectors."""
        n, border = len(columns), columns.shape[1] - 1
        # the border's unknowns p_(r-1) are scaled to the size of the columns that they multiply
        sizes = np.linalg.norm(columns[:, 1:], axis=0)
        sizes = np.maximum(sizes, LEAST * sizes.max(initial=0.0))
        chain = np.concatenate([sizes[:1], sizes[1:] / sizes[:-1]]) if border else sizes
        V, H = np.empty((VECTORS + 1, n + border)), np.zeros((VECTORS + 1, VECTORS))
        V[0, :n], V[0, n:] = columns[:, 0], 0.0
        V[0, n : n + 1] = sizes[:1]
        beta = float(np.linalg.norm(V[0]))
        V[0] /= beta
        for j in range(VECTORS):
            w = np.empty(n + border)
            w[:n] = self.operator(V[j, :n])
            if border:
                w[:n] -= (columns[:, 1:] / sizes) @ V[j, n:]
                w[n] = 0.0
                w[n + 1 :] = -chain[1:] * V[j, n:-1]
            for _ in range(2):  # twice is enough
                shares = V[: j + 1] @ w
                H[: j + 1, j] += shares
                w -= shares @ V[: j + 1]
            H[j + 1, j] = np.linalg.norm(w)
            done = not H[j + 1, j] > 1e-14 * np.abs(H[: j + 1, j]).max()
            V[j + 1] = w if done else w / H[j + 1, j]
            if (j + 1) % LOOK == 0 or j + 1 == VECTORS or done:
                Z = self._projected(H[: j + 1, : j + 1], beta * b)
                left = np.zeros_like(b) if done else -H[j + 1, j] * (self.time @ Z[-1])
                if done or not np.linalg.norm(left) > enough:
                    break
        return (Z.T @ V[: len(Z), :n]).T, V[j + 1, :n], left, j + 1

    def _projected(self, H: Array, b: Array) -> Array:
        """Z + H Z T^T = e_1 b^T, by the real Schur form of T: (vectors, modes)."""
        S, Q = sl.schur(self.time, output="complex")
        # Z' = Z conj(Q): Z' + H Z' S^T = e_1 (b conj(Q)), from the last column on
        right = np.zeros((len(H), b.size), complex)
        right[0] = b @ Q.conj()
        out = np.zeros_like(right)
        for c in reversed(range(b.size)):
            rest = right[:, c] - H @ (out[:, c + 1 :] @ S[c, c + 1 :])
            out[:, c] = np.linalg.solve(np.eye(len(H)) + S[c, c] * H, rest)
        return np.ascontiguousarray((out @ Q.T).real)
