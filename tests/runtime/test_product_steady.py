"""Steady problems on product layouts: layers, continuation, folds, singular problems, mixed derivatives."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pdelang
from pdelang.runtime.layout.factor import gauss_legendre, interval
from pdelang.runtime.layout.monitor import Monitor, graded, limited
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve.product.continuation import multiplier
from pdelang.runtime.solve.product.damped import Linearised, damped_newton
from pdelang.runtime.solve.product.estimate import tail
from pdelang.runtime.solve.product.factorised import least_squares, soft_lu
from pdelang.runtime.solve.product.gauss_newton import elliptic
from pdelang.runtime.solve.product.layouts import first_layout
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.singular import softest
from pdelang.runtime.solve.product.stage import stage
from pdelang.runtime.status import Status

LAYERS = {
    "at a wall": ("x in [0, 1]\nparam eps in [1e-8, 1] log = 1e-6\neps*u_xx + u_x = 1\nu(0) = 0\nu(1) = 0\n"
                  "exact u = x - (1 - exp(-x/eps))/(1 - exp(-1/eps))", 1e-9),
    "turning point": ("x in [-1, 1]\nparam eps in [1e-8, 1] log = 1e-4\neps*u_xx + x*u_x = 0\nu(-1) = -1\nu(1) = 1\n"
                      "exact u = erf(x/sqrt(2*eps))/erf(1/sqrt(2*eps))", 1e-10),
    "nonlinear": ("x in [0, 1]\nparam nu in [1e-8, 1] log = 1e-4\nu*u_x = nu*u_xx\nu(0) = 0\nu(1) = -1\n"
                  "exact u = -tanh(x/(2*nu))", 1e-9),
    "two dimensions": ("x in [0, 1]; y in [0, 1]\nparam eps in [1e-8, 1] log = 0.01\n-eps*laplacian(u) + u_x + 0.5*u_y = source(exact)\n"
                       "on boundary: u = exact\nexact u = (x - (exp((x-1)/eps) - exp(-1/eps))/(1 - exp(-1/eps)))*sin(pi*y)", 1e-10),
}  # fmt: skip


def solve(text: str, tolerance: float = 1e-8, **parameters: float) -> Solution:
    return pdelang.solve(pdelang.parse(text), tolerance=tolerance, time_limit=600, **parameters)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_found(name: str) -> None:
    text, bound = LAYERS[name]
    solution = solve(text)
    assert solution.status is Status.CONVERGED, solution.message
    assert solution.relative_l2["u"] < bound


def test_what_was_continued_is_said() -> None:
    assert "continued in nu, from 0.016 to 0.001" in solve(LAYERS["nonlinear"][0], nu=1e-3).reason


SMOOTH = {
    "full diffusion tensor": "x in [-1, 1]; y in [-1, 1]\n(2 + sin(x*y))*u_xx + (1 + 0.6*x)*u_xy + (1 + y^2)*u_yy + u_x = source(exact)\n"
    "on boundary: u = exact\nexact u = exp(x*y)*sin(2*x + y)",
    "three dimensions": "x in [0, 1]; y in [0, 1]; z in [0, 1]\n-laplacian(u) = source(exact)\non boundary: u = exact\n"
    "exact u = exp(x)*sin(2*pi*y)*cos(3*z) + x*y^2",
    "far from zero": "x in [0, 1]; y in [0, 1]\n-laplacian(u) + u_x^2 + u_y^2 = source(exact)\non boundary: u = exact\n"
    "exact u = exp(x*y) + 2*sin(3*x)",
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_solutions_to_rounding(name: str) -> None:
    solution = solve(SMOOTH[name], 1e-9)
    assert solution.status is Status.CONVERGED, solution.message
    assert solution.relative_l2["u"] < 1e-11


BRATU = "x in [0, 1]\nparam lam in [0, 9] = 2\n-u_xx = lam*exp(u)\nu(0) = 0\nu(1) = 0"


def test_a_fold_is_named() -> None:
    """In one dimension Bratu's equation has solutions up to lam = 3.513830719."""
    assert solve(BRATU, lam=3.5).status is Status.CONVERGED
    beyond = solve(BRATU, lam=3.7)
    assert beyond.status is Status.STAGNATED
    found = re.search(r"continued in lam, from \S+ to ([\d.]+)", beyond.message)
    assert found is not None, beyond.message
    assert 3.3 < float(found[1]) <= 3.514


@pytest.mark.parametrize(("equation", "named"), [
    ("c*u_xx + u*u_x = 0", ("c", 1.0)),
    ("u_xx/c + u*u_x = 1", ("c", -1.0)),
    ("u_xx + c*exp(u) = 0", ("c", -1.0)),
    ("c*u_xx + c*u^3 + u = 1", None),
])  # fmt: skip
def test_what_is_continued_is_named(equation: str, named: tuple[str, float] | None) -> None:
    compiled = pdelang.compile(pdelang.parse(f"x in [0, 1]\nparam c in [0.1, 10] = 2\n{equation}\nu(0) = 0\nu(1) = 0"))
    assert multiplier(Program(compiled, compiled.parameters())) == named


SINGULAR = {
    "fluxes only": ("x in [0, 1]; y in [0, 1]\nlaplacian(u) = cos(pi*x)*cos(pi*y)\non boundary: dn(u) = 0", "any constant"),
    "resonance": ("x in [0, pi]\nu_xx + u = 1\nu(0) = 0\nu(pi) = 0", "largest at x = 1."),
    "a front anywhere": ("x in [-1, 1]\n0.001*u_xx + u - u^3 = 0\nu(-1) = -1\nu(1) = 1", "largest at x = "),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_what_is_not_determined_is_not_converged(name: str) -> None:
    text, words = SINGULAR[name]
    solution = solve(text)
    assert not solution.status.converged
    assert "singular" in solution.message
    assert words in solution.message


def test_distance_to_a_resonance() -> None:
    """u'' + (1 + d) u on [0, pi]: the smallest singular value is d."""
    shares = []
    for d in (1e-2, 1e-4, 1e-6):
        compiled = pdelang.compile(pdelang.parse(f"x in [0, pi]\nu_xx + {1 + d!r}*u = 1\nu(0) = 0\nu(pi) = 0"))
        soft = softest(stage(first_layout(Program(compiled, {}), None), 1e-8, [], 5))
        assert soft is not None
        shares.append(soft.share)
    assert np.allclose(np.diff(np.log10(shares)), -2, atol=0.05)


TORSION = "x in [0, 1]; y in [0, 1]\n-laplacian(u) = 1\non boundary: u = 0"
"""r^2 log r in the corners: the solution is good, the residual falls like 1/n. Timoshenko and Goodier, torsion of a square bar."""


def torsion(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x, 1), (1, y): the series along x of the part that the walls at y = 0 and 1 make."""
    k = np.arange(1, 40000, 2) * np.pi
    across = (np.exp(-k * y.T) + np.exp(-k * (1 - y.T))) / (1 + np.exp(-k))
    return 0.5 * x * (1 - x) - np.sin(x * k) @ (4 / k**3 * across).T


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-9])
def test_at_a_corner_the_estimate_decides(tolerance: float) -> None:
    solution = solve(TORSION, tolerance)
    points, weights = gauss_legendre(101)
    x, y = 0.5 * (1 + points[:, None]), 0.5 * (1 + points[None])
    exact, found = torsion(x, y), solution(x=x, y=y)
    error = np.sqrt(weights @ (found - exact) ** 2 @ weights / (weights @ exact**2 @ weights))
    assert solution.converged
    assert "corners" in solution.reason
    assert tolerance < solution.residual < tolerance**0.3 or tolerance == 1e-4
    assert error < 0.3 * tolerance
    assert error < solution.error_estimate < 10 * error


def test_a_corner_that_spoils_the_residual_is_not_accepted() -> None:
    """u_x = 1 along one wall meets u_x = 0: second derivatives are infinite, and at no number of kernels is the residual small."""
    solution = solve(
        "x in [0, 1]; y in [0, 1]\n-laplacian(u) = 1\non x = 0: u = 0\non x = 1: u_x = 0\non y = 0: u = x\non y = 1: u = 0", 1e-6
    )
    assert not solution.converged
    assert "corners" in solution.message


def test_the_tail_of_what_falls_like_a_power() -> None:
    counts, size = np.array([10.0, 14, 20, 27]), np.ones(1)
    for order in (1.5, 4.0):
        errors = 3 * counts**-order
        assert tail(-np.diff(errors)[:, None], counts, size) == pytest.approx(max(errors[-1], errors[-2] - errors[-1]), rel=0.2)
    assert tail([np.array([1e-3])] * 3, counts, size) is None
    assert tail([np.array([1e-14])] * 3, counts, size) == pytest.approx(1e-12, rel=20)


def arctangent(y: np.ndarray) -> Linearised:
    return Linearised(np.arctan(y), lambda: lambda b: b * (1 + y**2))


def test_damping() -> None:
    """Newton's own iteration for arctan(y) = 0 diverges from |y| > 1.39."""
    found = damped_newton(arctangent, np.array([20.0]), lambda y: 1.0, 1e-14, 30)
    assert found.converged
    assert abs(found.place[0]) < 1e-14


def test_one_factorisation_serves_a_linear_problem() -> None:
    A = np.array([[2.0, 1.0], [0.5, 3.0]])
    found = damped_newton(lambda y: Linearised(A @ y - 1, lambda: soft_lu(A, np.inf)), np.zeros(2), lambda y: 1.0, 1e-14, 9)
    assert found.factorisations == 1
    assert np.allclose(A @ found.place, 1)


def test_soft_modes_take_bounded_steps() -> None:
    """A mode with a singular value of 1e-10 would move by 1e10."""
    matrix = np.diag([1.0, 2.0, 3.0, 1e-10])
    step = soft_lu(matrix, 1.0)(np.ones((4, 1)))[:, 0]
    assert np.allclose(step[:3], [1, 1 / 2, 1 / 3])
    assert 0 < step[3] < 1


def test_least_squares_of_dependent_columns() -> None:
    rng = np.random.default_rng(0)
    A = rng.standard_normal((9, 5))
    b = rng.standard_normal(9)
    assert np.allclose(least_squares(A)(b), np.linalg.lstsq(A, b)[0])
    A[:, 4] = A[:, 3]
    assert np.allclose(A @ least_squares(A)(b), A @ np.linalg.lstsq(A, b)[0])


def test_narrow_kernels_keep_their_rank() -> None:
    """Spacings from 1e-7 to 0.1 on one axis: the truncation counts kernels by their shape, not by their width."""
    x = np.unique(np.concatenate([[0.0], np.logspace(-9, 0, 2000)]))
    lengths = limited(x, np.maximum(1e-6, 0.25 * x), False)
    factor = interval(0.0, 1.0, 160, 2, graded(Monitor(x, lengths), False))
    assert factor.rank > 150
    layer = np.exp(-factor.points / 1e-6)
    assert np.abs(factor.values[0] @ (factor.test @ layer) - layer).max() < 1e-9


@pytest.mark.parametrize("kernels", [24, 56, 150, 400])
def test_no_mode_hides_between_the_points(kernels: int) -> None:
    """Gauss-Legendre points are pi/2 times as far apart in the middle as on average."""
    factor = interval(-1.0, 1.0, kernels, 0, oversampling=1.25)
    between = np.linspace(-1, 1, 7 * kernels)
    assert np.abs(factor.evaluate(between, np.eye(factor.rank))).max() < 3 * np.abs(factor.values[0]).max()


def test_narrow_data_are_found_by_finer_layouts() -> None:
    """Three layouts in a row see nothing, and no factor of the highest derivatives makes it easier."""
    text = """
x in [0, 1]
param l in [0.001, 0.1] = 0.004
u - l^2*u_xx = source(exact)
u(0) = exact
u(1) = exact
exact u = exp(-(x - 0.3)^2/(2*0.01^2)) + exp(-(x - 0.8)^2/(2*0.02^2))
"""
    solution = pdelang.solve(pdelang.parse(text), tolerance=1e-8, time_limit=600)
    assert solution.converged
    assert solution.relative_l2["u"] < 1e-8


COUPLED = """x in [0, 1]; y in [0, 1]
field u, v
-laplacian(u) + v + u^3 = source(exact)
-laplacian(v) + 2*laplacian(u) - u*v = source(exact)
on boundary: u = exact
on boundary: v = exact
exact u = sin(pi*x)*exp(y)
exact v = cos(2*x*y)
"""
UNEVEN = "x in [0, 1]\nfield u, v\nu_xx - v = 1\nv_xx + u = x\nu(0) = 0; u(1) = 0; u_x(0) = 0; v_x(1) = 1"
FIRST_ORDER = "x in [0, 1]\nfield u, v\nu_x - v = 0\nv_x + u = x\nu(0) = 0; u(1) = 0"
CLAMPED = """x in [0, 1]; y in [0, 1]
field U[2]
laplacian(U) + 1.8*grad(div(U)) = (0, 1)
on boundary: U = (0, 0)
"""


@pytest.mark.parametrize(("text", "expected"), [(COUPLED, True), (CLAMPED, True), (UNEVEN, False), (FIRST_ORDER, False), (TORSION, True)])
def test_which_systems_have_test_functions_of_their_own(text: str, expected: bool) -> None:
    compiled = pdelang.compile(pdelang.parse(text))
    assert elliptic(first_layout(Program(compiled, {}), None).space()) is expected


def test_an_elliptic_system_to_rounding() -> None:
    solution = solve(COUPLED)
    assert solution.converged
    assert max(solution.relative_l2.values()) < 1e-12


def test_an_elastic_square_is_known_better_than_its_corners() -> None:
    """Clamped all around, under its weight: by least squares the error is a hundred times as large (1e-3), and the residual decides."""
    solution = solve(CLAMPED, 1e-4)
    assert solution.converged
    assert "the estimate of the error decides" in solution.reason
    assert solution.error_estimate is not None
    coarser = pdelang.solve(pdelang.parse(CLAMPED), kernels=900)
    points, weights = gauss_legendre(101)
    x = 0.5 * (1 + points)
    coarse, fine = (own(x=x[:, None], y=x)["U"][0] for own in (coarser, solution))
    apart = np.sqrt(weights @ (coarse - fine) ** 2 @ weights / (weights @ fine**2 @ weights))
    assert coarser.error_estimate is not None
    assert 0.1 * coarser.error_estimate < apart < coarser.error_estimate
