"""The derivative of the discrete problem in two dimensions and time, term by term and whole."""

from __future__ import annotations

import numpy as np
import pytest

import pdelang
from pdelang.compiler.pipeline import compile
from pdelang.runtime.layout.product import jet_grids
from pdelang.runtime.solve.product.derivative import Derivative, reduced
from pdelang.runtime.solve.product.layouts import first_layout, initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.system import SlabSystem

BOX = """problem p
x in [0, 1]
y in [0, 2] periodic
t in [0, 1]
{equations}
on x = 0: u = 0
on x = 1: u = 0
u(x, y, 0) = x*(1 - x)*cos(pi*y)
"""
LINEAR = "u_t = (1 + x*t)*u_xx + u_xy/3 + (2 + sin(pi*y))*u_yy - 3*u_x + exp(x)*u"
SECOND = "u_tt + t*u_t = u_xx + (2 + x)*u_yy - 4*u\nu_t(x, y, 0) = x*(1 - x)"
BURGERS = "u_t + u*(u_x + u_y) = laplacian(u)/20"


def system_of(equations: str) -> SlabSystem:
    program = Program(compile(pdelang.parse(BOX.format(equations=equations))), {})
    layout = first_layout(program, None)
    space = layout.space()
    return SlabSystem(space, layout.time_factor(9), 0.0, 0.2, initial_coefficients(space)[0])


@pytest.mark.parametrize("equations", [LINEAR, SECOND])
def test_linear_problems_differ_by_their_derivative(equations: str) -> None:
    """R(W + V) - R(W) = R'(V): coefficients that are constant, steady and moving, mixed derivatives, both orders in time."""
    system, random = system_of(equations), np.random.default_rng(3)
    W, V = random.normal(size=(2, *system.shape))
    (before, partials, _), after = system.evaluate(W), system.evaluate(W + V)[0]
    applied = Derivative.of(system, partials)(V)
    assert np.abs(after - before - applied).max() < 1e-10 * np.abs(after).max()


def test_nonlinear_problems_too_to_second_order() -> None:
    """R(W + eV) - R(W - eV) = 2 e R'(V) exactly for a quadratic R."""
    system, random = system_of(BURGERS), np.random.default_rng(3)
    W, V = random.normal(size=(2, *system.shape))
    apart = (system.evaluate(W + V)[0] - system.evaluate(W - V)[0]) / 2
    applied = Derivative.of(system, system.evaluate(W)[1])(V)
    assert np.abs(apart - applied).max() < 1e-10 * np.abs(apart).max()


def test_terms_know_what_they_depend_on() -> None:
    system = system_of(LINEAR)
    terms = Derivative.of(system, system.evaluate(np.zeros(system.shape))[1]).terms
    kinds = {(t.alpha, t.k): (t.constant, t.moving) for t in terms}
    assert kinds[(0, 0), 1] == (True, False)  # u_t
    assert kinds[(1, 1), 0] == (True, False)  # u_xy/3
    assert kinds[(0, 2), 0] == (False, False)  # (2 + sin(pi*y))*u_yy
    assert kinds[(2, 0), 0] == (False, True)  # (1 + x*t)*u_xx


def test_reduced_keeps_what_changes() -> None:
    values = np.arange(12.0).reshape(2, 2, 3)
    assert reduced(values) is values
    assert reduced(np.broadcast_to(values[..., :1], values.shape)).shape == (2, 2, 1)
    assert reduced(np.full((2, 2, 3), 7.0)) == 7.0


def test_jets_skip_the_identity() -> None:
    random = np.random.default_rng(1)
    c, D = random.normal(size=(3, 4, 2)), random.normal(size=(3, 3))
    jets = jet_grids([[None, D], [None]], c, [(0, 0), (1, 0)])
    assert jets[0, 0] is c
    assert np.allclose(jets[1, 0], np.einsum("ij,jkl->ikl", D, c))


@pytest.mark.parametrize("equations", [LINEAR, SECOND, BURGERS])
def test_on_free_unknowns_it_is_the_same_operator(equations: str) -> None:
    system = system_of(equations)
    random, constraints = np.random.default_rng(3), system.space.constraints
    derivative = Derivative.of(system, system.evaluate(random.normal(size=system.shape))[1])
    Y = random.normal(size=(constraints.size, system.time.modes))
    whole = constraints.restrict(derivative(constraints.expand(Y)))
    assert np.abs(derivative.on_free(Y) - whole).max() < 1e-11 * np.abs(whole).max()
