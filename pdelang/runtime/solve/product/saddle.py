"""Two velocities and a pressure: Newton-GMRES for fields of which one is a multiplier, that is, has no equation of its own.

    A_f U_f + G_f p = r_f,   sum_f D_f U_f = g      =>      (sum_f D_f A_f^-1 G_f) p = sum_f D_f A_f^-1 r_f - g

A_f, the mean operator of a velocity, is inverted axis by axis (Lynch, Rice and Thomas, 1964); the Schur complement is a dense matrix for
each mode of time, put together from one-dimensional products. With as many modes for p as for the velocities some of them do no work on any
velocity (four products of what the derivative does not see, and the four corners), and as many combinations of the continuity equation hold
for every velocity (Bernardi and Maday, 1992): both are left out. What they lack of the pressure is fitted to the momentum equations in test
functions that do not vanish at the walls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along, contract
from pdelang.runtime.solve.product.damped import Linearised, Solve, damped_newton
from pdelang.runtime.solve.product.derivative import Derivative
from pdelang.runtime.solve.product.linear import gmres
from pdelang.runtime.solve.product.modes import Coupling, Diagonal, InModes, Product, mean_operator
from pdelang.runtime.solve.product.program import LARGEST_MULTIPLIER, Program
from pdelang.runtime.solve.product.solved import Solved, magnitude
from pdelang.runtime.solve.product.system import SlabSystem, Space

FINER = 2.0  # corrections and sensitivities take a finer layout than a solution may have
NET = 1e-3  # of what the equation's terms are at the walls, or at the start, beyond which data contradict it
UNSEEN = 1e-9  # singular value, of the largest, of what a derivative does not see
RTOL, ITERATIONS = 1e-4, 120  # of the linear systems
"""Newton's monotonicity test needs no more."""

Cache = dict[object, Any]


@dataclass(frozen=True)
class Saddle:
    """multiplier, axis: see `Program.multiplier`. pin: number of the condition that fixes its level, None: its mean is zero."""

    multiplier: int
    axis: dict[int, int]
    pin: int | None


def saddle(program: Program, space: Space) -> Saddle | None:
    """None: the equations or their conditions are of another kind."""
    if program.multiplier is None or not isinstance(space.constraints, AxisConstraints):
        return None
    field, axis = program.multiplier
    if np.prod(space.ranks) > FINER * LARGEST_MULTIPLIER:
        return None
    free = not any(s.rank for s in space.constraints.spaces[field])
    pinned = not space.weak or (len(space.weak) == 1 and _pins(program, space.weak[0], field))
    return Saddle(field, axis, space.weak[0] if space.weak else None) if free and pinned else None


def _pins(program: Program, number: int, multiplier: int) -> bool:
    """A value of the multiplier at one place."""
    condition, places = program.compiled.conditions[number], program.places[number]
    level = all(j.field == multiplier and not sum(j.orders) for j in condition.jets)
    return level and condition.linear and condition.where is None and len(places) == 1 and not np.isnan(places[0][:2]).any()


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
    def of(cls, coupling: Coupling, kind: Saddle, shapes: list[tuple[int, ...]], evolves: bool) -> Complement:
        m = kind.multiplier
        drive, gather = ({f: pair[0] for f, pair in zip(kind.axis, side)} for side in _sides(coupling, kind))
        along_axes = sorted(kind.axis, key=lambda f: kind.axis[f])
        hidden = unseen([drive[f] for f in along_axes], [gather[f] for f in along_axes], shapes[m])
        still: Array | float = 0.0
        viscous: Array | float = 0.0
        for f in kind.axis:
            second = [t for t in coupling[f, f] if max(t.orders) == 2]
            unit = Diagonal.of([t.scaled(1.0 / second[0].weights) for t in second], shapes[f])
            still = still + _between(gather[f], unit, drive[f], np.ones(unit.inverse.shape[:-1]))
            viscous = viscous + _between(gather[f], unit, drive[f], unit.inverse[..., 0].real)
        factors = [_factorised(np.asarray(S), hidden) for S in ((viscous, still) if evolves else (viscous,))]
        return cls(shapes[m], hidden, tuple(factors))


def _sides(coupling: Coupling, kind: Saddle) -> tuple[list[list[Product]], list[list[Product]]]:
    m = kind.multiplier
    return [coupling[f, m] for f in kind.axis], [coupling[m, f] for f in kind.axis]


def _factorised(S: Array, hidden: Unseen) -> tuple[Array, Array]:
    return sl.lu_factor(S + np.abs(S).max() * (hidden.left @ hidden.right.T), overwrite_a=True, check_finite=False)


class Schur(InModes):
    """Inverse of the mean operator, the complement's by a (D G)^-1 + b (D lap^-1 G)^-1 for A = a + b lap, after Cahouet and Chabard (1988).

    a and b are numbers, one a mode of time, so two factorisations serve all modes and all lengths of slabs; the eigenvalues of what is left
    to GMRES lie between 0.8 and 1 for a vortex between walls."""

    def __init__(self, system: SlabSystem, partials: Array, kind: Saddle, known: Cache) -> None:
        super().__init__(system)
        coupling = mean_operator(system, partials)
        m, shapes = kind.multiplier, self.constraints.shapes
        self.kind = kind
        self.drive = {f: coupling[f, m][0] for f in kind.axis}
        self.gather = {f: coupling[m, f][0] for f in kind.axis}
        periodic = system.program.periodic
        self.fields = {
            f: Diagonal.of([t for t in coupling[f, f] if all(n % 2 == 0 or wraps for n, wraps in zip(t.orders, periodic))], shapes[f])
            for f in kind.axis
        }  # a mean velocity across walls has eigenvectors that are close to dependent: 80 iterations and more where 45 do
        key = ("complement", id(system.space))
        complement = known.get(key)
        if not isinstance(complement, Complement):
            complement = known[key] = Complement.of(coupling, kind, shapes, system.program.time is not None)
        self.complement = complement
        f = min(kind.axis)
        viscous = next(t.weights for t in coupling[f, f] if max(t.orders) == 2)
        still = sum((t.weights for t in coupling[f, f] if not any(t.orders)), start=np.zeros(self.modes))
        self.shares = [share / (self.drive[f].weights * self.gather[f].weights) for share in (viscous, still)]

    @property
    def unseen(self) -> Unseen:
        return self.complement.unseen

    def solve(self, hats: list[Array]) -> list[Array]:
        m = self.kind.multiplier
        driven = {f: field(hats[f]) for f, field in self.fields.items()}
        right = sum(self.gather[f](driven[f]) for f in driven) - hats[m]
        p = self._multiplier(right)
        out = {f: driven[f] - self.fields[f](self.drive[f](p)) for f in driven}
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


def solve_saddle(
    system: SlabSystem,
    kind: Saddle,
    tolerance: float,
    guess: Array | None,
    iterations: int,
    cache: Cache | None = None,
) -> Solved:
    """cache: keeps inverses between slabs of one length on one layout; where advection changes they serve well enough."""
    constraints = system.space.constraints
    assert isinstance(constraints, AxisConstraints)
    known: Cache = {} if cache is None else cache
    lift, krylov = system.lifting(), 0
    key = ("saddle", id(system.space), system.length, system.time.modes)
    rows = slice(*_rows(constraints, kind.multiplier))

    def linearised(Y: Array) -> Linearised:
        full, partials, _ = system.evaluate(lift + constraints.expand(Y))
        residual = constraints.restrict(full)
        return Linearised(residual, partial(factorise, partials))

    def factorise(partials: Array) -> Solve:
        inverse, derivative = known.get(key), Derivative.of(system, partials)
        if not isinstance(inverse, Schur):
            inverse = known[key] = Schur(system, partials, kind, known)
        unseen = inverse.unseen

        def seen(R: Array) -> Array:
            out = R.copy()
            out[rows] = unseen.equations(R[rows])
            return out

        def solve(b: Array) -> Array:
            nonlocal krylov
            x, used, _ = gmres(lambda V: seen(derivative.on_free(V)), inverse, seen(b), rtol=RTOL, limit=ITERATIONS)
            krylov += used
            return x

        return solve

    start = np.zeros((constraints.size, system.time.modes)) if guess is None else constraints.restrict(guess - lift)
    found = damped_newton(linearised, start, lambda Y: magnitude(system, lift + constraints.expand(Y)), max(tolerance, 1e-14), iterations)
    W = levelled(system, kind, fitted(system, kind, lift + constraints.expand(found.place)))
    return Solved(W, found.converged, found.steps, krylov, found.change)


def _rows(constraints: AxisConstraints, multiplier: int) -> tuple[int, int]:
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in constraints.shapes)])
    return int(ends[multiplier]), int(ends[multiplier + 1])


def fitted(system: SlabSystem, kind: Saddle, W: Array) -> Array:
    """The multiplier that makes the least of what all test functions, those that do not vanish at the walls too, see of the equations it
    drives: min sum_f |R_f + c_f (D_f x 1) delta|^2, axis by axis."""
    full, partials, _ = system.evaluate(W)
    drive: dict[int, float] = {}
    for entry, values in zip(system.program.partials, partials):
        if entry.index[0] == kind.multiplier and entry.slot in kind.axis:
            if np.ptp(values) > 1e-12 * np.abs(values).max():
                return W
            drive[entry.slot] = float(values.mean())
    values, vectors = [], []
    gradient: Array | float = 0.0
    for f, axis in sorted(kind.axis.items(), key=lambda pair: pair[1]):
        D = drive[f] * np.asarray(system.space.operators[axis][1])
        own = np.linalg.eigh(D.T @ D)
        values.append(own[0])
        vectors.append(own[1])
        gradient = gradient + along(D.T, full[f], axis)
    spectrum = np.add.outer(*values)[..., None]
    inverse = np.where(spectrum > UNSEEN**1.5 * spectrum.max(), 1.0 / np.where(spectrum > 0, spectrum, 1.0), 0.0)
    delta = contract(vectors, contract([V.T for V in vectors], np.asarray(gradient)) * inverse)
    out = W.copy()
    out[kind.multiplier] -= delta
    return out


def levelled(system: SlabSystem, kind: Saddle, W: Array) -> Array:
    """With the constant that the pin asks for, or a mean of zero."""
    space, m = system.space, kind.multiplier
    one = np.zeros_like(W)
    one[m] = np.multiply.outer(space.factors[0].test.sum(axis=1), space.factors[1].test.sum(axis=1))[..., None]
    if kind.pin is None:
        lengths = [f.weights @ f.values[0] / (f.upper - f.lower) for f in space.factors]
        return W - one * np.einsum("ijk,i,j->k", W[m], *lengths)
    residual, slope = system.weak_residual(kind.pin, W)
    return W - one * (residual / system.weak_derivative(kind.pin, one, slope))[0]


def contradiction(system: SlabSystem) -> str:
    """Words, where the values at the walls, or those at the start, cannot satisfy the multiplier's equation (div U = 0); else empty.

    Its integral is a flux through the walls, the same for all velocities that have the given values there."""
    kind = saddle(system.program, system.space)
    if kind is None:
        return ""
    program, m = system.program, kind.multiplier
    label = program.compiled.equations[program.slots.index(m)].label
    W = system.lifting()
    residual, _, scale = program.interior(system.jets(W), system.points)
    net, terms = (np.abs(_mean(system, v[m].reshape(system.grid))).max() for v in (residual, scale))
    if net > NET * terms:
        return f"{label} cannot hold: what enters through the walls does not leave through them"
    first = residual[m].reshape(system.grid)[..., 0], scale[m].reshape(system.grid)[..., 0]
    if program.time is not None and np.linalg.norm(first[0]) > NET**0.5 * np.linalg.norm(first[1]) > 0.0:
        return f"the initial values do not satisfy {label}"
    return ""


def _mean(system: SlabSystem, values: Array) -> Array:
    """Over space, (times,)."""
    first, second = (f.weights / f.weights.sum() for f in system.space.factors)
    return np.asarray(np.einsum("xyt,x,y->t", values, first, second))
