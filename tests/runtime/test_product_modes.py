"""Inverses of separable operators: exact where they say so, against the dense matrix or the operator itself."""

from __future__ import annotations

import numpy as np
import pytest

import pdelang
from pdelang.compiler.pipeline import compile
from pdelang.runtime.solve.product.derivative import Derivative
from pdelang.runtime.solve.product.layouts import first_layout, initial_coefficients
from pdelang.runtime.solve.product.linear import gmres
from pdelang.runtime.solve.product.march import easy
from pdelang.runtime.solve.product.modes import Blocks, Eliminated, FastDiagonal, InModes, mode_inverse
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.solved import Solved
from pdelang.runtime.solve.product.system import SlabSystem

SQUARE = "problem p; x in [0, 1]; y in [0, 2]; t in [0, 1]; "
TORUS = "problem p; x in [0, 1] periodic; y in [0, 2] periodic; t in [0, 1]; "
PROBLEMS = {
    "diffusion": (FastDiagonal, SQUARE, "u_t = laplacian(u)/3 - u_x - u; u(x, y, 0) = sin(pi*x)*sin(pi*y); on boundary: u = 0"),
    "waves": (
        FastDiagonal,
        SQUARE,
        "u_tt + u_t = laplacian(u); u(x, y, 0) = 1; u_t(x, y, 0) = 0; on x = 0: u = 1; on x = 1: u = 1; "
        "on y = 0: u_y = 0; on y = 2: u_y = 0",
    ),
    "cavity mode": (
        Eliminated,
        SQUARE,
        "e_t = b_x - a_y; a_t = -e_y; b_t = e_x; e(x, y, 0) = 0; a(x, y, 0) = 1; b(x, y, 0) = 1; on boundary: e = 0",
    ),
    "Schroedinger": (
        Blocks,
        SQUARE,
        "u_t = laplacian(v); v_t = -laplacian(u); u(x, y, 0) = 0; v(x, y, 0) = 0; on boundary: u = 0; on boundary: v = 0",
    ),
    "Stokes": (
        Blocks,
        TORUS,
        "u_t + p_x + u_y = laplacian(u)/9; v_t + p_y + v_y = laplacian(v)/9; u_x + v_y + p = 0; u(x, y, 0) = 1; v(x, y, 0) = 1",
    ),
}


def prepared(text: str) -> tuple[SlabSystem, Derivative, InModes]:
    program = Program(compile(pdelang.parse(text)), {})
    layout = first_layout(program, None)
    space = layout.space()
    system = SlabSystem(space, layout.time_factor(10), 0.0, 0.1, initial_coefficients(space)[0])
    partials = system.evaluate(np.zeros(system.shape))[1]
    return system, Derivative.of(system, partials), mode_inverse(system, partials)


@pytest.mark.parametrize("name", PROBLEMS)
def test_inverse_of_constant_coefficients(name: str) -> None:
    """A M^-1 R = R for smooth R, to the accuracy that the eigenvectors of the integration matrix leave."""
    kind, box, statements = PROBLEMS[name]
    system, derivative, inverse = prepared(box + statements)
    assert type(inverse) is kind
    constraints = system.space.constraints
    smooth = np.random.default_rng(5).normal(size=system.shape) / (1 + sum(np.indices(system.shape))[...]) ** 2
    R = constraints.restrict(smooth)
    again = constraints.restrict(derivative(constraints.expand(inverse(R))))
    assert np.linalg.norm(again - R) < 1e-5 * np.linalg.norm(R)


def test_a_singular_mode_is_left_alone() -> None:
    """The constant of a pressure is in no equation: its coefficient stays zero, the others are solved for."""
    system, derivative, inverse = prepared(TORUS + PROBLEMS["Stokes"][2].replace("u_x + v_y + p = 0", "u_x + v_y = 0"))
    constraints = system.space.constraints
    R = constraints.restrict(derivative(np.random.default_rng(2).normal(size=system.shape)))
    found = inverse(R)
    assert np.isfinite(found).all()
    again = constraints.restrict(derivative(constraints.expand(found)))
    assert np.linalg.norm(again - R) < 1e-5 * np.linalg.norm(R)


def test_gmres_solves_and_counts() -> None:
    """A is the identity and a part of rank three: four iterations; the residual that it reports is the true one."""
    random = np.random.default_rng(7)
    U, V, b = random.normal(size=(3, 40)), random.normal(size=(3, 40)), random.normal(size=(8, 5))

    def apply(x: np.ndarray) -> np.ndarray:
        return x + (U.T @ (V @ x.ravel())).reshape(x.shape) / 40

    x, used, left = gmres(apply, lambda r: r, b, rtol=1e-12, limit=30)
    assert used <= 4
    assert np.linalg.norm(apply(x) - b) < 1e-11 * np.linalg.norm(b)
    x, used, left = gmres(apply, lambda r: r, b, rtol=1e-12, limit=2)
    assert np.linalg.norm(apply(x) - b) == pytest.approx(left * np.linalg.norm(b), rel=1e-6)


def test_the_next_slab_is_as_long_as_iterations_are_few() -> None:
    def after(steps: int, krylov: int) -> float:
        return easy(Solved(np.zeros(1), True, steps, krylov, 0.0), 0.1)

    assert after(1, 50) == pytest.approx(0.05)
    assert after(4, 100) == pytest.approx(0.1)
    assert after(2, 10) == np.inf
