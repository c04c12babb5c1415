"""Incompressible flows: which field is the multiplier, what no velocity sees of it, and that few iterations solve a slab."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import resolve
from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.slab import no_time
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import Layout, initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.saddle import contradiction, saddle, solve_saddle
from pdelang.runtime.solve.product.schur import Schur
from pdelang.runtime.solve.product.system import SlabSystem
from pdelang.runtime.solve.product.transfer import made_admissible

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CHANNEL = """
x in [0, 2*pi] periodic; y in [0, 1]; t in [0, 1]
param nu in [0.001, 1] = 0.05
field U[2], p
let psi = sin(x - t)*sin(pi*y)^2
momentum: U_t + dot(U, grad(U)) + grad(p) - nu*laplacian(U) = source(exact)
mass: div(U) = 0
on y = 0: U = (0, 0)
on y = 1: U = (0, 0)
p(1, 0.5, t) = exact
U(x, y, 0) = exact
exact U = (d(psi, y), -d(psi, x))
exact p = cos(x - t)*y^2
"""
CONVECTION = """
x in [0, 1]; y in [0, 1]; t in [0, 1]
field U[2], p, T
momentum: U_t + dot(U, grad(U)) + grad(p) = 0.05*laplacian(U) + (0, 20*t^3*T)
mass: div(U) = 0
heat: T_t + dot(U, grad(T)) = 0.05*laplacian(T)
on boundary: U = (0, 0)
on x = 0: T = 0
on x = 1: T = 1
on y = 0: dn(T) = 0
on y = 1: dn(T) = 0
p(0.5, 0.5, t) = 0
U(x, y, 0) = (0, 0)
T(x, y, 0) = x
"""


def program(name: str, **parameters: float) -> Program:
    compiled = pdelang.compile(pdelang.parse(name) if "\n" in name else EXAMPLES / f"{name}.pde")
    return Program(compiled, resolve(compiled.problem, parameters))


def slab(own: Program, kernels: tuple[int, int], length: float) -> SlabSystem:
    layout = Layout(own, kernels, (None, None))
    space = layout.space()
    if own.time is None:
        return SlabSystem(space, no_time(), 0.0, 1.0, ((),) * own.fields)
    starts = made_admissible(space, initial_coefficients(space)[0], 0.0)
    return SlabSystem(space, layout.time_factor(14), 0.0, length, starts)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cavity", (2, {0: 0, 1: 1})), ("kovasznay", (2, {0: 0, 1: 1})), ("navier_stokes", (2, {0: 0, 1: 1})), (CHANNEL, (2, {0: 0, 1: 1})),
     (CONVECTION, (2, {0: 0, 1: 1})),
     ("maxwell", None), ("burgers2d", None), ("heat3d", None), ("schroedinger_2d", None)],
)  # fmt: skip
def test_which_field_is_the_multiplier(name: str, expected: object) -> None:
    assert program(name).multiplier == expected


@pytest.mark.parametrize(("name", "kernels", "count"), [("cavity", (24, 26), 8), (CHANNEL, (13, 24), 2)])
def test_what_no_velocity_sees(name: str, kernels: tuple[int, int], count: int) -> None:
    """Four products of 1 and the highest mode, and four corners, between walls; along a channel a constant and the highest mode across."""
    system = slab(program(name), kernels, 0.1)
    kind = saddle(system.program, system.space)
    assert kind is not None
    _, partials, _ = system.evaluate(system.lifting())
    inverse = Schur(system, partials, {})
    right, left = inverse.unseen.right, inverse.unseen.left
    assert right.shape[1] == left.shape[1] == count
    p = right.T.reshape(count, *inverse.complement.shape)
    random = np.random.default_rng(0)
    assert isinstance(system.space.constraints, AxisConstraints)
    for f, shape in enumerate(system.space.constraints.shapes[:2]):
        modes = np.ones(inverse.modes)
        for one in p:
            assert np.abs(inverse.drive[f](one[..., None] * modes)).max() < 1e-9 * np.abs(inverse.drive[f].weights).max()
        velocity = random.standard_normal(shape)[..., None] * modes
        continuity = inverse.gather[f](velocity).reshape(-1, inverse.modes)
        assert np.abs(left.T @ continuity).max() < 1e-9 * np.abs(continuity).max()


@pytest.mark.parametrize("length", [1e-3, 0.2])
def test_few_iterations_solve_a_slab(length: float) -> None:
    """However much of it is viscosity."""
    system = slab(program("navier_stokes", nu=0.05), (24, 24), length)
    solved = solve_slab(system, 1e-8, {}, None)
    assert solved.converged
    assert solved.krylov <= 16 * (solved.steps + 1)


def test_a_cavity_has_the_pressure_of_the_reference() -> None:
    """Of its momentum equations the pressure sees more than test functions that vanish at the walls do."""
    own = program("cavity")
    system = slab(own, (38, 38), 1.0)
    kind = saddle(own, system.space)
    assert kind is not None
    solved = solve_saddle(system, kind, 1e-9, None, 28)
    assert solved.converged
    quality = system.quality(solved.W)
    assert (quality.residual / quality.scale).max() < 2e-4
    assert abs(system.weak_residual(8, solved.W)[0]).max() < 1e-12


def test_waves_in_a_channel() -> None:
    solution = pdelang.solve(pdelang.parse(CHANNEL), tolerance=1e-6, time_limit=600)
    assert solution.converged
    assert max(solution.relative_l2.values()) < 1e-8
    assert solution.error_estimate is not None
    assert solution.error_estimate < 1e-8


BOX = """
x in [0, 1]; y in [0, 1]; t in [0, 1]
field U[2], p
momentum: U_t + dot(U, grad(U)) + grad(p) = 0.05*laplacian(U)
mass: div(U) = 0
on x = 0: U = ({inflow}, 0)
on x = 1: U = (0, 0)
on y = 0: U = (0, 0)
on y = 1: U = (0, 0)
p(0.5, 0.5, t) = 0
U(x, y, 0) = {start}
"""
VORTEX = "(sin(pi*x)^2*sin(2*pi*y), -sin(2*pi*x)*sin(pi*y)^2)"


@pytest.mark.parametrize(
    ("inflow", "start", "words"),
    [
        ("0", VORTEX, ""),
        ("t*sin(2*pi*y)", VORTEX, ""),
        ("t*sin(pi*y)^2", VORTEX, "mass cannot hold: what enters"),
        ("0", "(sin(pi*x)*sin(pi*y), 0)", "the initial values do not satisfy mass"),
    ],
)
def test_what_contradicts_continuity(inflow: str, start: str, words: str) -> None:
    found = contradiction(slab(program(BOX.format(inflow=inflow, start=start)), (24, 24), 0.1), starting=True)
    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_a_temperature_goes_along() -> None:
    """It is driven by no pressure, and drives the flow."""
    system = slab(program(CONVECTION), (24, 24), 0.3)
    solved = solve_slab(system, 1e-8, {}, None)
    assert solved.converged
    assert solved.krylov <= 16 * (solved.steps + 1)
    assert np.abs(solved.W[0]).max() > 0.0
