"""The check of queries on grids of points: what `validation` finds, in a fraction of its time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pdelang
from pdelang.runtime.grid_check import OnGrids, drawn, grid_check, quick_jets
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status
from pdelang.runtime.validation import validate

BURGERS = """
x in [-1, 1]
t in [0, 1]
param nu in [0.02, 0.1] = 0.05

u_t + u*u_x = nu*u_xx

u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""
POISSON = """
x in [0, 1]
y in [0, 1]
param s in [0.5, 2] = 1

u_xx + u_yy = -2*pi^2*s*sin(pi*x)*sin(pi*y)
on boundary: u = 0 where x > 0.5 or x <= 0.5
"""


@pytest.mark.parametrize(
    ("text", "claimed"), [(BURGERS, {"nu": 0.05}), (BURGERS, {"nu": 0.051}), (POISSON, {"s": 1.0}), (POISSON, {"s": 1.01})]
)
def test_it_agrees_with_the_certificate_of_a_solve(text: str, claimed: dict[str, float]) -> None:
    """Of the right parameters, and of wrong ones: residuals of rounding, and of per cents."""
    problem = pdelang.parse(text)
    compiled = pdelang.compile(problem)
    solution = pdelang.solve(compiled, tolerance=1e-6)
    assert solution.representation is not None
    result = MethodResult(solution.representation, Status.CONVERGED, "", 0, "", "", np.full(1, 1e-9))
    scattered, grid = validate(compiled, claimed, result, 1e-6), grid_check(compiled, claimed, result, 1e-6)
    assert scattered is not None
    assert len(grid.equations) == len(scattered.equations)
    assert len(grid.conditions) == len(scattered.conditions)
    assert grid.residual == pytest.approx(scattered.residual, rel=1.0, abs=1e-9)
    assert (grid.residual < 1e-6) == (claimed in ({"nu": 0.05}, {"s": 1.0}))
    assert grid.error_estimate["u"] == pytest.approx(scattered.error_estimate["u"], rel=0.1)


def test_jets_on_a_grid_are_those_at_its_points() -> None:
    solution = pdelang.solve(pdelang.parse(BURGERS), tolerance=1e-4)
    lower, upper = np.array([-1.0, 0.0]), np.array([1.0, 1.0])
    points = drawn([0, 1], lower, lower, upper, np.random.default_rng(1), 48)
    tensor, wanted = OnGrids(solution.representation), [(0, (0, 0)), (0, (2, 0)), (0, (0, 1))]
    whole = solution.representation.jets(points, wanted)
    size = np.abs(whole).max(axis=1, keepdims=True)
    assert np.abs((tensor.jets(points, wanted) - whole) / size).max() < 1e-6
    some = points[::7]
    assert np.array_equal(tensor.jets(some, wanted), replace(tensor).representation.jets(some, wanted))


def test_quick_jets_are_good_to_half_of_the_digits() -> None:
    family = pdelang.train(pdelang.parse(BURGERS), generator="spectral", tolerance=1e-3)
    own = family.query(nu=0.03).representation
    axes, wanted = [np.linspace(-0.9, 0.9, 7), np.linspace(0.1, 1, 5)], [(0, (0, 0)), (0, (2, 0)), (0, (0, 1))]
    whole = own.grid_jets(axes, wanted)
    size = np.abs(whole).max(axis=(1, 2), keepdims=True)
    assert np.abs((quick_jets(own, axes, wanted) - whole) / size).max() < 1e-6
