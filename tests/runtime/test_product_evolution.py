"""Evolution by passes: the estimate is the error, transfers lose nothing, a pass follows the one before, long times keep their phase."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import resolve
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import silent
from pdelang.runtime.solve.product.correction import correction
from pdelang.runtime.solve.product.layouts import Layout, first_layout, initial_coefficients
from pdelang.runtime.solve.product.march import March, march
from pdelang.runtime.solve.product.newton import product_newton
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.schedule import Schedule
from pdelang.runtime.solve.product.smoothing import smooths
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.transfer import transfer
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status

NEVER = Limits(np.inf)
CONVECTION = """
x in [0, 2*pi] periodic; t in [0, {end}]
u_t = -3*u_x
u(x, 0) = exp(sin(x))
exact u = exp(sin(x - 3*t))
"""
HEAT = """
x in [0, 1]; t in [0, {end}]
u_t = 0.02*u_xx + cos(t)*sin(pi*x)
u(0, t) = 0
u(1, t) = 0
u(x, 0) = sin(2*pi*x)
exact u = exp(-0.08*pi^2*t)*sin(2*pi*x) + sin(pi*x)*(0.02*pi^2*cos(t) + sin(t) - 0.02*pi^2*exp(-0.02*pi^2*t))/(0.0004*pi^4 + 1)
"""
WAVE = """
x in [0, 1]; t in [0, {end}]
d(u, t, 2) = u_xx
u(0, t) = 0
u(1, t) = 0
u(x, 0) = sin(pi*x)
u_t(x, 0) = 0
exact u = sin(pi*x)*cos(pi*t)
"""
GROWING = """
x in [0, 2*pi] periodic; t in [0, 1]
u_t = 8*u - u_x
u(x, 0) = exp(cos(x))
exact u = exp(8*t + cos(x - t))
"""
KINK = """
x in [-1, 1] periodic; t in [0, 1]
u_t = 0.01*u_xx
u(x, 0) = abs(x)
"""


def compiled(text: str, end: str = "1") -> CompiledProblem:
    return pdelang.compile(pdelang.parse(text.format(end=end)))


def passed(problem: CompiledProblem, tolerance: float) -> tuple[Program, March]:
    program = Program(problem, resolve(problem.problem, {}))
    return program, march(program, first_layout(program, None), tolerance, silent, NEVER)


@pytest.mark.parametrize("text", [CONVECTION, HEAT, WAVE, GROWING], ids=["convection", "heat", "wave", "growing"])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-8])
def test_the_estimate_is_the_error(text: str, tolerance: float) -> None:
    """Within a factor of three, of both sides; an instability that multiplies errors by 3000 is in it."""
    solution = pdelang.solve(compiled(text), tolerance=tolerance, time_limit=600)
    assert solution.status is Status.CONVERGED
    estimate, error = solution.error_estimate, solution.relative_l2["u"]
    assert estimate is not None
    assert error < tolerance
    assert 1 / 3 < max(estimate, 1e-12) / max(error, 1e-12) < 3


def test_the_correction_sees_what_a_transfer_loses() -> None:
    """A march whose second half begins 1e-3 away from where the first ended: no residual sees it, the correction does."""
    program, done = passed(compiled(CONVECTION), 1e-6)
    before = correction(program, done, silent, NEVER, (0.0, 1.0))
    assert done.representation is not None
    assert before is not None
    half = len(done.representation.parts) // 2
    parts = list(done.representation.parts)
    for s in range(half, len(parts)):
        part = parts[s]
        assert isinstance(part, ProductExpansion)
        parts[s] = replace(part, coefficients=tuple(1.001 * c for c in part.coefficients))
    broken = replace(done, representation=Slabs(done.representation.edges, tuple(parts)))
    after = correction(program, broken, silent, NEVER, (0.0, 1.0))
    assert after is not None
    share = 1.0 - done.representation.edges[half]
    assert float(after.error[0] / after.size[0]) == pytest.approx(1e-3 * np.sqrt(share), rel=0.05)
    assert before.error[0] < 1e-3 * after.error[0]


def test_a_transfer_tells_what_it_loses() -> None:
    """Onto more kernels nothing; onto too few what the projection leaves, at the place of the front."""
    problem = compiled("x in [0, 1]; t in [0, 1]\nu_t = u_xx\nu(0, t) = tanh(-25)\nu(1, t) = tanh(25)\nu(x, 0) = tanh(50*(x - 0.5))")
    program = Program(problem, {})
    fine, finer, coarse = (Layout(program, (n,), (None,)).space() for n in (220, 260, 60))
    starts, defects, _ = initial_coefficients(fine)
    assert defects.max() < 1e-9
    assert transfer(fine, finer, starts).loss < 1e-11
    lost = transfer(fine, coarse, starts)
    kept = initial_coefficients(coarse)
    assert lost.loss == pytest.approx(float(kept[1].max()), rel=0.3)
    assert abs(fine.factors[0].points[np.argmax(lost.lost[0])] - 0.5) < 0.05


def test_a_pass_follows_the_one_before() -> None:
    """Fewer Newton steps, though the tolerance is a hundred times finer; slabs as long as the schedule says."""
    problem = compiled("x in [-1, 1] periodic; t in [0, 0.6]\nu_t = -u*u_x + 0.02*u_xx\nu(x, 0) = -sin(pi*x)")
    program, coarse = passed(problem, 1e-4)
    assert coarse.representation is not None
    schedule = Schedule(coarse.stages, coarse.representation, 0.5e-6)
    alone = march(program, first_layout(program, None), 1e-6, silent, NEVER)
    after = march(program, first_layout(program, None), 1e-6, silent, NEVER, schedule)
    assert after.status is alone.status is Status.CONVERGED
    assert after.residual <= 1e-6
    assert after.newton < 0.9 * alone.newton
    assert len(after.stages) <= len(alone.stages) + 2


def test_slabs_grow_geometrically_from_a_kink() -> None:
    """|x| under the heat equation, by its Fourier series: a slab begins within an order of magnitude of where the one before did."""
    done = passed(compiled(KINK), 1e-3)[1]
    assert done.representation is not None
    assert done.status is Status.CONVERGED
    edges = done.representation.edges
    assert len(edges) < 25
    k = np.pi * np.arange(1, 400, 2)
    x, t = np.linspace(-1, 1, 101), np.array([0.01, 0.3, 1.0])
    exact = 0.5 - 4 * np.einsum("k,kx,kt->xt", 1 / k**2, np.cos(np.outer(k, x)), np.exp(-0.01 * np.outer(k**2, t)))
    u = done.representation.grid_jets([x, t], [(0, (0, 0))])[0]
    assert np.abs(u - exact).max() < 1e-3


PROBLEMS = Path(__file__).parents[2] / "benchmarks" / "problems"
LONG = {"convection": (CONVECTION, "20"), "heat": (HEAT, "20"), "wave": (WAVE, "40")}


@pytest.mark.parametrize("name", LONG)
def test_long_times(name: str) -> None:
    """Sixty radians of convection, twenty periods of a wave: phase and amplitude stay, and memory grows with the slabs only."""
    text, end = LONG[name]
    problem = compiled(text, end)
    solution = pdelang.solve(problem, tolerance=1e-6, time_limit=600)
    assert solution.status is Status.CONVERGED
    assert solution.relative_l2["u"] < 1e-6
    late = [np.linspace(*b, n) for b, n in zip(zip(solution.lower, solution.upper), (33, 2))]
    late[1] = late[1][1:]
    assert solution.representation is not None
    u = solution.representation.grid_jets(late, [(0, (0, 0))])[0, :, 0]
    points = np.stack([late[0], np.full(33, late[1][0])], axis=1)
    assert problem.exact is not None
    exact = np.asarray(problem.exact(points, {}))[0]
    assert np.abs(u - exact).max() < 1e-5
    assert isinstance(solution.representation, Slabs)
    for edge, *sides in zip(solution.representation.edges[1:-1], solution.representation.parts, solution.representation.parts[1:]):
        before, after = (part.grid_jets([late[0], np.array([edge])], [(0, (1, 0)), (0, (0, 1))]) for part in sides)
        assert np.abs(before - after).max() < 1e-4 * np.abs(after).max()


def test_rounding_is_said_to_be_rounding() -> None:
    """u_xxx on a fine layout has more noise than the tolerance allows; the solution has not."""
    problem = compiled("x in [-1, 1] periodic; t in [0, 0.15]\nu_t = -u*u_x - 0.0025*u_xxx\nu(x, 0) = exp(sin(2*pi*x))")
    result = product_newton(problem, {}, SolveOptions(tolerance=3e-13, time_limit=600), silent)
    assert result.error_estimate is not None
    assert result.accepted > 0
    assert result.status is Status.CONVERGED
    assert "rounding" in result.message


def test_what_cannot_be_in_time_is_given_up_early() -> None:
    """A kink that nothing smooths: waves of ever shorter length, none of which dies out."""
    text = "x in [0, 1] periodic; t in [0, 1]\nu_t = v_xx\nv_t = -u_xx\nu(x, 0) = abs(x - 0.5)\nv(x, 0) = 0"
    solution = pdelang.solve(compiled(text), tolerance=1e-6, time_limit=6)
    assert solution.status is not Status.CONVERGED
    assert solution.message


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        ("u_t = u_xx", True),
        ("u_t = u_xx - 5*u_x + u^2", True),
        ("u_t = -u_xx - u_xxxx", True),
        ("u_t = -2*u_x", False),
        ("u_t = -u_xxx", False),
        ("u_t = -u*u_x + 0.1*u_xx", True),
        ("u_tt = u_xx", False),
        ("u_tt = u_xx - u_t", False),
        ("u_t = v_xx; v_t = -u_xx", False),
        ("u_t = 0.1*u_xx + v_xx; v_t = 0.1*v_xx - u_xx", True),
        ("u_t = u_xx; v_t = -v_x", False),
    ],
)
def test_what_smooths_a_kink(equations: str, expected: bool) -> None:
    starts = "u(x, 0) = sin(x)" + "; u_t(x, 0) = 0" * ("u_tt" in equations) + "; v(x, 0) = 0" * ("v" in equations)
    text = f"x in [0, 2*pi] periodic; t in [0, 1]\n{equations}\n{starts}\n"
    program = Program(compiled(text), {})
    layout = first_layout(program, None)
    space = layout.space()
    assert smooths(space, layout.time_factor(9), initial_coefficients(space)[0], 0.0) is expected


def test_a_kink_that_disperses_is_held_evenly() -> None:
    """Grading where it is at the start took slabs of 1e-7 of the time, and ended there."""
    text = "x in [-1, 1] periodic; t in [0, 0.3]\nu_t + 0.0025*u_xxx = 0\nu(x, 0) = x^2\n"
    solution = pdelang.solve(compiled(text), tolerance=1e-2, time_limit=30)
    assert solution.status is Status.CONVERGED
    x, t, k = np.linspace(-1, 1, 256, endpoint=False), np.linspace(0, 0.3, 31), np.arange(1, 4000)[:, None]
    parts = 4 * (-1.0) ** k / (np.pi * k) ** 2 * np.exp(1j * np.pi * k * x)  # coefficients of x^2, exp(i k x + i 0.0025 k^3 t)
    true = np.array([1 / 3 + np.sum(parts * np.exp(0.0025j * (np.pi * k) ** 3 * s), axis=0).real for s in t]).T
    assert solution.representation is not None
    given = solution.representation.grid_jets([x, t], [(0, (0, 0))])[0]
    assert np.linalg.norm(given - true) < 1e-2 * np.linalg.norm(true)


def test_two_solitons_whose_period_leaves_a_kink() -> None:
    """Graded at the seam it took slabs of 1e-7 of the time, and had no end."""
    solution = pdelang.solve(PROBLEMS / "schroedinger_kink.pde", tolerance=1e-4, time_limit=600)
    assert solution.converged
    solution = solution.compared_with(PROBLEMS.parent.parent / "examples" / "references" / "schroedinger_kink.nc")
    assert max(solution.relative_l2.values()) < 1e-4
