"""`where` on conditions and equations: manufactured solutions with parts of faces, faces left out, and jumps."""

from __future__ import annotations

import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.language.semantics import parse
from pdelang.runtime.objective import build
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult
from pdelang.runtime.sampling import EmptyPointSetError, on_conditions, on_equation
from pdelang.runtime.solve.kernels import start
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.switches import moving_edges, switches
from pdelang.runtime.status import Status
from pdelang.runtime.validation import validate

SPLIT = """
x in [0, 1]; y in [0, 1]
param a in [-1, 2] = 0.5
-laplacian(u) = source(exact)
exact u = sin(x)*y
on boundary: u = exact where x > a
on boundary: u = exact where x <= a
"""
MIXED = """
x in [0, 1]; y in [0, 1]
-laplacian(u) = source(exact)
exact u = sin(x)*cosh(y) + x*y
on y = 0: u = exact where x < 0.4
on y = 0: dn(u) = exact where x >= 0.4
on y = 1: u = exact
on x = 0: u = exact
on x = 1: u = exact
"""
HEAT = """
x in [0, 1]; y in [0, 1]; t in [0, 0.05]
u_t = laplacian(u) + source(exact)
exact u = sin(x)*y*exp(-t)
u(x, y, 0) = exact
on boundary: u = exact where x > 0.5
on boundary: u = exact where x <= 0.5
"""
ROBIN = """
x in [0, 1]; y in [0, 1]; t in [0, 0.02]
u_t = laplacian(u) + source(exact)
exact u = sin(x)*cosh(y)*exp(-t)
u(x, y, 0) = exact
on boundary: u = exact
on y = 0: dn(u) + (1 + x)*u = exact
"""


@pytest.mark.parametrize("method", ["product", "least_squares"])
@pytest.mark.parametrize(
    "program", [SPLIT, SPLIT.replace("param a", "let a").replace(" in [-1, 2] =", " ="), MIXED], ids=["parameter", "number", "mixed"]
)
def test_conditions_may_share_the_boundary(program: str, method: str) -> None:
    solution = pdelang.solve(parse(program), method=method, time_limit=600)
    assert solution.converged, solution.message
    assert solution.relative_l2["u"] < 1e-9


@pytest.mark.parametrize("program", [HEAT, ROBIN], ids=["where", "beside a constrained face"])
def test_conditions_that_depend_on_each_other_are_solved_in_time(program: str) -> None:
    solution = pdelang.solve(parse(program), method="product", tolerance=1e-4, time_limit=600)
    assert solution.converged, solution.message
    assert solution.relative_l2["u"] < 1e-6


def test_a_statement_that_holds_on_no_face_is_a_mistake_of_the_call() -> None:
    with pytest.raises(UsageError, match=r"line 6, u on x = [01]: no point of the domain"):
        pdelang.solve(parse(SPLIT), a=1.5, method="least_squares", kernels=200)


def test_faces_that_are_left_out_have_no_points() -> None:
    compiled = pdelang.compile(parse(SPLIT))
    lower, upper = np.zeros(2), np.ones(2)
    sets = on_conditions(compiled, {"a": 0.5}, lower, upper, 64, 0)
    assert {c.label: len(s) > 0 for c, s in zip(compiled.conditions[:4], sets)} == {
        "u on x = 0": False,
        "u on x = 1": True,
        "u on y = 0": True,
        "u on y = 1": True,
    }
    with pytest.raises(EmptyPointSetError):
        on_equation(compiled.conditions[0], {"a": 0.5}, lower, upper, 64, 0)
    with pytest.raises(EmptyPointSetError):
        on_conditions(compiled, {"a": 1.0}, lower, upper, 64, 0)


def test_what_was_interrupted_need_not_reach_every_condition() -> None:
    compiled = pdelang.compile(parse(SPLIT))
    expansion = start(compiled, {"a": 1.5}, SolveOptions(kernels=64), project=False)
    result = MethodResult(expansion, Status.INTERRUPTED, "test", 0)
    certificate = validate(compiled, {"a": 1.5}, result, 1e-6)
    assert certificate is not None
    assert [c.line for c in certificate.conditions] == [7] * 4


def test_moving_kernels_give_faces_that_are_left_out_no_weight() -> None:
    compiled, options = pdelang.compile(parse(SPLIT)), SolveOptions(kernels=16)
    theta = start(compiled, {"a": 0.5}, options, project=False).theta
    objective = build(compiled, {"a": 0.5}, options, theta, 64)
    left_out = [not np.asarray(w).any() for w in objective.condition_weights]
    assert [c.label for c, out in zip(compiled.conditions, left_out) if out] == ["u on x = 0", "u on x = 1"]


JUMP = """
x in [0, 1]
-1*u_xx = 1 where x < 0.5
-2*u_xx = 1 where x >= 0.5
u(0) = 0; u(1) = 0
"""
FLUX = """
x in [0, 1]
field u, q
if(x < 0.5, 1, 2)*u_x = q
-q_x = 1
u(0) = 0; u(1) = 0
"""


def flux_continuous(x: np.ndarray) -> np.ndarray:
    """(k u')' = -1, k = 1 and 2: k u' = c - x on both sides, c from u(0) = u(1) = 0."""
    c = 5 / 12
    left = c * x - x**2 / 2
    middle = c / 2 - 1 / 8
    return np.where(x < 0.5, left, middle + (left - middle) / 2)


def slope_continuous(x: np.ndarray) -> np.ndarray:
    """-u'' = 1 and 1/2 with u and u' continuous at 1/2: u'(0) = 7/16, u'(1) = -5/16."""
    return np.where(x < 0.5, 7 / 16 * x - x**2 / 2, -((x - 1) ** 2) / 4 - 5 / 16 * (x - 1))


def test_two_equations_keep_the_slope_continuous_and_a_flux_of_its_own_the_flux() -> None:
    x = np.linspace(0, 1, 401)
    jump = pdelang.solve(parse(JUMP), kernels=200)
    flux = pdelang.solve(parse(FLUX), kernels=200)
    slope, right = slope_continuous(x), flux_continuous(x)
    assert np.abs(jump(x=x) - slope).max() < 1e-3 * np.abs(slope).max()
    assert np.abs(jump(x=x) - right).max() > 0.05 * np.abs(right).max()
    assert np.abs(flux(x=x)["u"] - right).max() < 2e-3 * np.abs(right).max()
    assert not jump.converged  # u'' jumps: smooth kernels cannot follow it, and it is said
    assert not flux.converged


SWITCHED = """x in [0, 2] periodic; t in [0, 1]
param s in [0.1, 0.9] = 1/3
u_t = u_xx/9 + 1 where t < s
u_t = u_xx/9 - 1 where t >= s
u(x, 0) = sin(pi*x)
"""


def test_slabs_end_where_the_equations_turn_over() -> None:
    """u = exp(-pi^2 t/9) sin(pi x) + min(t, 2 s - t): u_t jumps at t = s, to rounding between two slabs."""
    problem = pdelang.compile(parse(SWITCHED))
    assert switches(Program(problem, problem.parameters(s=0.4))) == pytest.approx([0.4], abs=1e-15)
    solution = pdelang.solve(problem, tolerance=1e-8, time_limit=600)
    assert solution.converged, solution.message
    x, t = np.linspace(0, 2, 21), np.linspace(0, 1, 31)
    exact = np.exp(-(np.pi**2) * t / 9) * np.sin(np.pi * x[:, None]) + np.minimum(t, 2 / 3 - t)
    np.testing.assert_allclose(solution.to_xarray({"x": x, "t": t})["u"], exact, atol=1e-8)


def test_an_edge_that_moves_is_no_switch() -> None:
    problem = pdelang.compile(parse(SWITCHED.replace("t < s", "t < s*x").replace("t >= s", "t >= s*x")))
    program = Program(problem, problem.parameters())
    assert switches(program) == ()
    assert moving_edges(program)
