"""Newton on one slab or steady box: R(lift + N Y) = 0, with the derivative that the compiler emits.

GMRES, preconditioned by the frozen operator. Steady systems of moderate size: `gauss_newton.py`.
"""

from __future__ import annotations

import time as clock

import numpy as np

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.autonomous import Autonomous, autonomous_wanted
from pdelang.runtime.solve.product.derivative import Derivative
from pdelang.runtime.solve.product.linear import (
    LARGEST_DENSE,
    DenseModes,
    Tests,
    frozen_blocks,
    gmres,
    test_space,
)  # fmt: skip
from pdelang.runtime.solve.product.modes import FastDiagonal, mode_inverse
from pdelang.runtime.solve.product.saddle import saddle, solve_saddle
from pdelang.runtime.solve.product.solved import NEWTON_LIMIT, Inverse, Solved, magnitude
from pdelang.runtime.solve.product.system import SlabSystem, UnsupportedError

KRYLOV_LIMIT, KRYLOV_NUMBERS = (60, 100), 4e7  # iterations before a restart: as many as leave their vectors so many numbers
DENSE_STEADY_SQUARE = 3000
DENSE_EVOLUTION = 700  # in two and more dimensions, where a factorisation an eigenvalue is dear
SMALLEST_MODAL = 250  # unknowns up to which dense factorisations cost less than the iterations that they save


def enough(system: SlabSystem, sizes: Array, tolerance: float) -> float:
    """Norm of a tested residual that the tolerance does not see. sizes: root mean squares of the equations' terms."""
    volume = np.prod([f.upper - f.lower for f in system.space.factors])
    return float(0.1 * tolerance * sizes.min() * np.sqrt(volume))


def solve_slab(
    system: SlabSystem,
    tolerance: float,
    cache: dict[object, Inverse | None],
    guess: Array | None = None,
    iterations: int = NEWTON_LIMIT,
    deadline: float = np.inf,
) -> Solved:
    """Newton-GMRES, `saddle.py`, or `Autonomous`. `cache` keeps factorisations of constant operators between slabs of one length."""
    program, space = system.program, system.space
    kind = saddle(program, space)
    if kind is not None:
        return solve_saddle(system, kind, tolerance, guess, iterations, cache)
    constraints = space.constraints
    lift = system.lifting()
    if autonomous_wanted(system) and ("autonomous", id(space)) not in cache:
        solved = _autonomous(system, lift, tolerance, guess)
        if solved is not None:
            return solved
        cache["autonomous", id(space)] = None  # diffusion: its Krylov spaces are too large, the frozen operator is the better way
    Y = np.zeros((constraints.size, system.time.modes)) if guess is None else constraints.restrict(guess - lift)
    constant = program.constant and not space.weak
    inverse: Inverse | None = None
    tests: Tests | None = None
    krylov, change, previous = 0, np.inf, np.inf
    linear = program.linear and all(program.compiled.conditions[n].linear for n in space.weak)
    for step in range(1, (NEWTON_LIMIT if linear else min(NEWTON_LIMIT, iterations)) + 1):
        if clock.monotonic() > deadline:
            break
        W = lift + constraints.expand(Y)
        full, partials, sizes = system.evaluate(W)
        weak = {n: system.weak_residual(n, W) for n in space.weak}
        if not (np.isfinite(full).all() and np.isfinite(sizes).all()):
            return Solved(W, False, step, krylov, np.inf)
        face_partials = {n: w[1] for n, w in weak.items()}
        if inverse is None:
            key = (system.length, system.time.modes, id(space))
            inverse = cache.get(key) if constant else None
            if inverse is None:
                inverse, tests = invert(system, partials, face_partials)
                if constant:
                    cache[key] = inverse

        def rows(full_rows: Array, faces: list[Array], tests: Tests | None = tests) -> Array:
            top = constraints.restrict(full_rows)
            return top if tests is None else tests(top, np.concatenate(faces))

        derivative = Derivative.of(system, partials)

        def apply(V: Array, derivative: Derivative = derivative, face_partials: dict[int, Array] = face_partials) -> Array:
            if isinstance(constraints, AxisConstraints) and not space.weak:
                return derivative.on_free(V)
            expanded = constraints.expand(V)
            return rows(derivative(expanded), [system.weak_derivative(n, expanded, face_partials[n]) for n in space.weak])

        b = -rows(full, [w[0] for w in weak.values()])
        size = magnitude(system, W)
        rtol = max(1e-3 * tolerance, 1e-14) if linear else 1e-3
        if not space.weak and program.time is not None:
            rtol = float(np.clip(enough(system, sizes, tolerance) / max(float(np.linalg.norm(b)), 1e-300), rtol, 1e-3 if linear else 1e-2))
        limit = int(np.clip(KRYLOV_NUMBERS / (2 * b.size), *KRYLOV_LIMIT))
        update, used, left = gmres(apply, inverse, b, rtol=rtol, limit=limit)
        krylov += used
        Y = Y + update
        previous, change = change, float(np.linalg.norm(update)) / size
        if not np.isfinite(change):
            return Solved(lift + constraints.expand(Y), False, step, krylov, np.inf)
        if left > (1e-2 if linear else 0.1):
            break
        if linear and step >= 2 and (change < 10 * tolerance or change > 0.2 * previous):
            return Solved(lift + constraints.expand(Y), change < 1e3 * tolerance, step, krylov, change)
        if linear and (left <= rtol or (used <= 3 and left < 1e-2 * tolerance)):
            return Solved(lift + constraints.expand(Y), True, step, krylov, change)
        if change < 20 * tolerance or (change < 1e-9 and change > 0.3 * previous):
            return Solved(lift + constraints.expand(Y), True, step, krylov, change)
        if change > 2 * previous and step > 3:
            break
    return Solved(lift + constraints.expand(Y), False, step, krylov, change)


def _autonomous(system: SlabSystem, lift: Array, tolerance: float, guess: Array | None) -> Solved | None:
    """From zero: what starts and conditions drive has few modes of time, what a guess leaves has all of them; the guess says how much is
    enough."""
    constraints = system.space.constraints
    full, partials, sizes = system.evaluate(lift)
    operator = Autonomous.of(Derivative.of(system, partials)) if np.isfinite(full).all() else None
    if operator is None:
        return None
    b = -constraints.restrict(full)
    size = float(np.linalg.norm(b))
    left = size if guess is None else float(np.linalg.norm(constraints.restrict(system.evaluate(guess)[0])))
    wanted = float(np.clip(enough(system, sizes, tolerance), max(1e-3 * tolerance, 1e-14) * left, 1e-3 * left))
    Y, vectors, remains = operator.solve(b, max(wanted, 1e-15 * size, 1e-300))
    if not remains < 10 * wanted + 1e-14 * size:
        return None
    W = lift + constraints.expand(Y)
    change = float(np.linalg.norm(W if guess is None else W - guess)) / magnitude(system, W)
    return Solved(W, True, 1, int(np.ceil(vectors / system.time.modes)), change)


def invert(system: SlabSystem, partials: Array, face_partials: dict[int, Array]) -> tuple[Inverse, Tests | None]:
    space = system.space
    size, steady = space.constraints.size, system.program.time is None
    limit = LARGEST_DENSE if space.dimension == 1 else DENSE_STEADY_SQUARE if steady else DENSE_EVOLUTION
    modal = mode_inverse(system, partials) if not (space.weak or steady or space.dimension == 1) and size > SMALLEST_MODAL else None
    if modal is not None and not isinstance(modal, FastDiagonal):
        return modal, None
    if size <= limit and (modal is None or system.program.fields > 1):
        frozen = frozen_blocks(system, partials, face_partials)
        tests = test_space(system, frozen)
        return DenseModes(system, frozen, tests), tests
    if space.weak:
        label = system.program.compiled.conditions[space.weak[0]].label
        raise UnsupportedError(
            f"{label}: not linear with constant coefficients along its face, and {size} unknowns are too many for a dense solve"
        )
    return modal or mode_inverse(system, partials), None
