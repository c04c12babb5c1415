"""Two velocities and a pressure: Newton-GMRES for fields of which one is a multiplier, that is, has no equation of its own.

The linear systems are preconditioned by `schur.py`, in test functions that vanish at the walls; what these lack of the pressure is fitted
to the momentum equations in all test functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along, contract
from pdelang.runtime.solve.product.damped import Linearised, Solve, damped_newton
from pdelang.runtime.solve.product.derivative import Derivative
from pdelang.runtime.solve.product.linear import gmres
from pdelang.runtime.solve.product.program import LARGEST_MULTIPLIER, Program
from pdelang.runtime.solve.product.schur import UNSEEN, Cache, Schur
from pdelang.runtime.solve.product.solved import Solved, magnitude
from pdelang.runtime.solve.product.system import SlabSystem, Space

FINER = 2.0  # corrections and sensitivities take a finer layout than a solution may have
NET = 1e-3  # of what the equation's terms are at the walls, or at the start, beyond which data contradict it
RTOL, ITERATIONS = 1e-4, 120  # of the linear systems
"""Newton's monotonicity test needs no more."""


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
            inverse = known[key] = Schur(system, partials, known)
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


def contradiction(system: SlabSystem, starting: bool = False) -> str:
    """Words, where the values at the walls, or those at the start, cannot satisfy the multiplier's equation (div U = 0); else empty.

    Its integral is a flux through the walls, the same for all velocities that have the given values there. starting: time begins."""
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
    moves = any(np.abs(s).max() > 0.0 for f in kind.axis for s in system.starts[f])
    if starting and moves and np.linalg.norm(first[0]) > NET**0.5 * np.linalg.norm(first[1]):
        return f"the initial values do not satisfy {label}"
    return ""


def _mean(system: SlabSystem, values: Array) -> Array:
    """Over space, (times,)."""
    first, second = (f.weights / f.weights.sum() for f in system.space.factors)
    return np.asarray(np.einsum("xyt,x,y->t", values, first, second))
