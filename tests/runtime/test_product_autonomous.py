"""Slabs of linear problems whose coefficients vary in space alone, by one Krylov space of space for all modes of time."""

from __future__ import annotations

import numpy as np
import pytest

import pdelang
from pdelang.compiler.pipeline import compile
from pdelang.runtime.solve.product.autonomous import LOOK, Autonomous, autonomous_wanted
from pdelang.runtime.solve.product.derivative import Derivative
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import first_layout, initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.system import SlabSystem

BOX = """problem p
x in [-1, 1]
y in [0, 2] periodic
t in [0, 1]
{equations}
on x = -1: u = exact
on x = 1: u = exact
u(x, y, 0) = exact
exact u = sin(x + 1)*cos(pi*y)*exp(-t)*cos(2*t)
"""
TRANSPORT = "u_t + sin(pi*y)*u_x + cos(x)*u_y = source(exact)"
WAVE = "u_tt + u_t/2 = (2 + x)*u_xx/8 + u_yy/9 + source(exact)\nu_t(x, y, 0) = -sin(x + 1)*cos(pi*y)"
PAIR = """problem p
x in [0, 2] periodic
y in [0, 2] periodic
t in [0, 1/4]
field u, v
u_t = (1 + sin(pi*x)/2)*v_x + v_y
v_t = u_x + u_y/2
u(x, y, 0) = sin(pi*x)
v(x, y, 0) = cos(pi*y)
"""


def slab_of(text: str) -> SlabSystem:
    program = Program(compile(pdelang.parse(text)), {})
    layout = first_layout(program, None)
    space = layout.space()
    return SlabSystem(space, layout.time_factor(12), 0.0, 0.2, initial_coefficients(space)[0])


@pytest.mark.parametrize("text", [BOX.format(equations=TRANSPORT), BOX.format(equations=WAVE), PAIR])
def test_any_right_hand_side_is_solved_for(text: str) -> None:
    """Two products, one of them no polynomial of time: R'(W) = B to 1e-9, for both orders in time, damping and coupled fields."""
    system, random = slab_of(text), np.random.default_rng(1)
    assert autonomous_wanted(system)
    derivative = Derivative.of(system, system.evaluate(system.lifting())[1])
    operator = Autonomous.of(derivative)
    assert operator is not None
    constraints, T = system.space.constraints, system.time
    smooth, rough = random.normal(size=(2, constraints.size))
    B = np.outer(smooth, T.unit) + np.outer(rough, T.test @ np.sin(9 * T.points))
    Y, vectors, remains = operator.solve(B, 1e-10 * float(np.linalg.norm(B)))
    applied = constraints.restrict(derivative(constraints.expand(Y)))
    assert np.linalg.norm(applied - B) < 1e-9 * np.linalg.norm(B)
    assert remains <= 1e-10 * np.linalg.norm(B)
    assert vectors < 10 * T.modes


def test_data_that_are_polynomials_of_time_take_one_space() -> None:
    system, random = slab_of(BOX.format(equations=TRANSPORT)), np.random.default_rng(1)
    operator = Autonomous.of(Derivative.of(system, system.evaluate(system.lifting())[1]))
    assert operator is not None
    a, T = random.normal(size=(3, system.space.constraints.size)), operator.time
    unit = system.time.unit
    one = operator.solve(np.outer(a[0], unit), 1e-9)[1]
    three = operator.solve(np.outer(a[0], unit) + np.outer(a[1], T @ unit) + np.outer(a[2], T @ T @ unit), 1e-9)[1]
    assert three <= one + 2 * LOOK


def test_right_hand_sides_that_vanish() -> None:
    """All of it, or a coefficient of the polynomial of time."""
    system = slab_of(BOX.format(equations=TRANSPORT))
    derivative = Derivative.of(system, system.evaluate(system.lifting())[1])
    operator, constraints = Autonomous.of(derivative), system.space.constraints
    assert operator is not None
    a, T, unit = np.random.default_rng(1).normal(size=constraints.size), operator.time, system.time.unit
    assert not operator.solve(np.outer(0 * a, unit), 1e-9)[0].any()
    B = np.outer(a, T @ T @ unit)
    Y = operator.solve(B, 1e-10)[0]
    assert np.linalg.norm(constraints.restrict(derivative(constraints.expand(Y))) - B) < 1e-8 * np.linalg.norm(B)


def test_moving_or_constant_coefficients_are_left_to_others() -> None:
    for advection, wanted in [("(1 + t)*x*u_x", True), ("u_x", False), ("u*u_x", False)]:
        system = slab_of(BOX.format(equations=f"u_t + {advection} = source(exact)"))
        assert autonomous_wanted(system) is wanted
        assert Autonomous.of(Derivative.of(system, system.evaluate(system.lifting())[1])) is None


def test_a_guess_decides_how_much_is_enough() -> None:
    """From a good guess three digits are gained, whatever the tolerance."""
    system = slab_of(BOX.format(equations=TRANSPORT))
    best, size = solve_slab(system, 1e-10, {}).W, np.linalg.norm(system.lifting())
    guess = best + 1e-6 * size / np.sqrt(best.size) * np.random.default_rng(1).normal(size=best.shape)
    found = solve_slab(system, 1.0, {}, guess, 1)
    assert found.converged
    assert found.change < 1e-3
    assert np.linalg.norm(found.W - best) < 1e-2 * np.linalg.norm(guess - best)


@pytest.mark.parametrize("equations", [TRANSPORT, WAVE, "u_t = (2 + x)*u_xx/8 + u_yy/9 + sin(pi*y)*u_x + source(exact)"])
def test_solved_to_the_tolerance(equations: str) -> None:
    solution = pdelang.solve(pdelang.parse(BOX.format(equations=equations)), tolerance=1e-6, time_limit=600)
    assert solution.converged, solution.message
    assert solution.relative_l2 is not None
    assert solution.relative_l2["u"] < 1e-6
