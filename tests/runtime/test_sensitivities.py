"""du/dc against exact derivatives and against differences of solves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray

import pdelang
from pdelang.runtime.sensitivities import relative_sizes
from pdelang.runtime.solution import Solution


def solved(text: str, tolerance: float = 1e-9, **parameters: object) -> Solution:
    return pdelang.solve(pdelang.parse(text), tolerance=tolerance, sensitivities=True, time_limit=600, **parameters)


def error(solution: Solution, parameter: str, exact: Callable[..., np.ndarray], points: int = 21) -> float:
    """Relative L2 on a grid."""
    axes = solution.axes(points)
    mesh = np.meshgrid(*axes, indexing="ij")
    found = solution.sensitivities[parameter](**{c.name: m for c, m in zip(solution.problem.coordinates, mesh)})
    known = exact(*mesh)
    return float(np.linalg.norm(found - known) / np.linalg.norm(known))


HEAT = """x in [0, 1]
t in [0, 0.1]
param k in [0.5, 2] = 1
param a[2] in [-1, 2] = 0.5
u_t = k*u_xx
u(x, 0) = a[1]^2 + a[2]*sin(pi*x)
u(0, t) = a[1]^2
u(1, t) = a[1]^2
"""


def test_heat_equation_in_its_coefficient_and_in_its_data() -> None:
    solution = solved(HEAT, a=[0.5, 1.0])
    assert list(solution.sensitivities) == ["k", "a[1]", "a[2]"]
    assert error(solution, "k", lambda x, t: -(np.pi**2) * t * np.exp(-(np.pi**2) * t) * np.sin(np.pi * x)) < 1e-9
    assert error(solution, "a[1]", lambda x, t: np.ones_like(x)) < 1e-9
    assert error(solution, "a[2]", lambda x, t: np.exp(-(np.pi**2) * t) * np.sin(np.pi * x)) < 1e-9


def test_convection_in_its_speed() -> None:
    text = "x in [0, 2*pi] periodic\nt in [0, 1]\nparam beta in [1, 50] = 30\nu_t + beta*u_x = 0\nu(x, 0) = sin(x)\n"
    assert error(solved(text), "beta", lambda x, t: -t * np.cos(x - 30 * t)) < 1e-8


def test_waves_in_their_speed_and_in_the_velocity_at_the_start() -> None:
    text = """x in [0, 1]
t in [0, 1]
param c in [0.5, 2] = 1
param v in [0, 1] = 0.5
u_tt = c^2*u_xx
u(x, 0) = sin(pi*x)
u_t(x, 0) = v*pi*sin(pi*x)
u(0, t) = 0
u(1, t) = 0
"""
    solution, p = solved(text), np.pi
    assert error(solution, "v", lambda x, t: np.sin(p * t) * np.sin(p * x)) < 1e-8
    slope = lambda x, t: (-p * t * np.sin(p * t) + 0.5 * (p * t * np.cos(p * t) - np.sin(p * t))) * np.sin(p * x)
    assert error(solution, "c", slope) < 1e-8


def test_steady_problems() -> None:
    text = "x in [0, 1]\nparam k in [1, 3] = 2\nu_xx + k^2*u = 0\nu(0) = 0\nu_x(0) = k\n"
    assert error(solved(text), "k", lambda x: x * np.cos(2 * x)) < 1e-8


def test_two_coordinates_and_a_solution_that_is_linear_in_its_parameter() -> None:
    text = "x in [0, 1]\ny in [0, 1]\nparam k in [1, 3] = 2\nlaplacian(u) = -k*sin(pi*x)*sin(pi*y)\non boundary: u = 0\n"
    solution = solved(text)
    assert error(solution, "k", lambda x, y: np.sin(np.pi * x) * np.sin(np.pi * y) / (2 * np.pi**2)) < 1e-8
    assert relative_sizes(solution)["k"]["u"] == pytest.approx(1.0, abs=1e-8)


BURGERS = """x in [-1, 1]
t in [0, 1]
param nu in [0.02, 0.3] log = 0.05
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
on boundary: u = 0
"""
FLUX = """x in [0, 1]
t in [0, 0.5]
param s in [0, 2] = 1
u_t = u_xx
u(x, 0) = 1 + x
u_x(0, t) = 1
u_x(1, t) = u(1, t)^2/4 + (s - 1)*t^4
"""


@pytest.mark.parametrize(
    ("text", "name", "value", "step", "tolerance"),
    [(BURGERS, "nu", 0.15, 3e-3, 1e-7), (FLUX, "s", 1.0, 0.1, 1e-5)],
    ids=["equation", "condition"],
)
def test_nonlinear_problems_against_differences(text: str, name: str, value: float, step: float, tolerance: float) -> None:
    """In the equation, and in a nonlinear condition that is a row of its own. Fourth order in the step."""
    problem = pdelang.parse(text)
    solution = solved(text, tolerance, **{name: value})
    axes = solution.axes(25)

    def values(at: float) -> np.ndarray:
        other = pdelang.solve(problem, tolerance=0.1 * tolerance, time_limit=600, **{name: at})
        assert other.representation is not None
        return other.representation.grid_jets(axes, [(0, (0, 0))])[0]

    near, far = (values(value + k * step) - values(value - k * step) for k in (1, 2))
    difference = (8 * near - far) / (12 * step)
    assert error(solution, name, lambda *_: difference, 25) < 100 * tolerance


def test_a_parameter_that_moves_the_domain_is_refused_in_words() -> None:
    text = "x in [0, L]\nt in [0, 0.1]\nparam L in [1, 2] = 1\nu_t = u_xx\nu(x, 0) = sin(pi*x/L)\nu(0, t) = 0\nu(L, t) = 0\n"
    solution = solved(text, 1e-6)
    assert not solution.sensitivities
    assert solution.sensitivity_notes["L"].startswith("it moves the domain")
    assert solution.to_json()["sensitivities"] == {"L": None}


def test_scattered_kernels_are_refused_in_words() -> None:
    solution = solved(HEAT, 1e-4, method="least_squares")
    assert "need the method product" in solution.sensitivity_notes["k"]


def test_in_json_and_in_files(tmp_path: Path) -> None:
    solution = solved(HEAT, 1e-6)
    figures = solution.to_json()["sensitivities"]
    assert figures["a[2]"]["u"] > 0.1
    solution.save(tmp_path / "u.nc")
    with xarray.open_dataset(tmp_path / "u.nc", engine="h5netcdf") as data:
        assert {"u", "du_dk", "du_da_1", "du_da_2"} <= set(data.data_vars)
        np.testing.assert_allclose(data.du_da_1, 1.0, atol=1e-6)  # 2 a[1] = 1
        assert data.attrs["sensitivity_k"].endswith("of u")
    assert "sensitivities" not in pdelang.solve(pdelang.parse(HEAT), tolerance=1e-4).to_json()
