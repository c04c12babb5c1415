"""Sweeps against exact solutions and against single solves: every instance is as good as it claims."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.sweep import drive

GRID = {"x": 33, "t": 11}


def swept(text: str, tolerance: float = 1e-7, grid: dict[str, int] | None = None, **values: object) -> xarray.Dataset:
    return pdelang.sweep(pdelang.parse(text), tolerance=tolerance, grid=grid or GRID, workers=2, time_limit=600, **values)


def errors(data: xarray.Dataset, exact: Callable[..., xarray.DataArray], name: str = "u") -> np.ndarray:
    known = exact(data).transpose(*data[name].dims)
    axes = [d for d in data[name].dims if d not in data.status.dims]
    return (np.sqrt(((data[name] - known) ** 2).sum(axes)) / np.sqrt((known**2).sum(axes))).values


def all_good(data: xarray.Dataset, true: np.ndarray, tolerance: float) -> None:
    """Converged, and neither the tolerance nor the estimate is a lie."""
    assert (data.status == "converged").all()
    assert true.max() < 3 * tolerance
    assert (true < 10 * data.error_estimate.values).all()
    assert (data.error_estimate <= tolerance).all()


HEAT = """x in [0, 1]
t in [0, 0.5]
param k in [0.1, 4] log = 1
param a in [-2, 2] = 1
u_t = k*u_xx
u(x, 0) = sin(pi*x) + a
u(0, t) = a
u(1, t) = a
"""

ROBIN = """x in [0, 1]
t in [0, 0.2]
param h in [0, 2] = 1
param k in [0.5, 2] = 1
u_t = k*u_xx
u(x, 0) = 1 + x
u_x(0, t) = 1 + h*(u(0, t) - 1)
u_x(1, t) = 1
"""


def test_heat_over_two_parameters_one_of_them_in_the_data() -> None:
    data = swept(HEAT, k=np.geomspace(0.1, 4, 7), a=[-2, 0, 0.5])
    assert data.u.dims == ("k", "a", "x", "t")
    assert data.batched.all()
    all_good(data, errors(data, lambda d: d.a + np.exp(-d.k * np.pi**2 * d.t) * np.sin(np.pi * d.x)), 1e-7)


def test_convection_and_diffusion_share_the_eigenvectors_of_the_circle() -> None:
    text = """x in [0, 2*pi] periodic
t in [0, 1]
param beta in [1, 50] = 30
param nu in [0.01, 0.1] = 0.05
u_t + beta*u_x = nu*u_xx
u(x, 0) = sin(x)
"""
    data = swept(text, beta=np.linspace(1, 50, 9), nu=[0.01, 0.04, 0.1])
    assert data.batched.all()
    assert data.attrs["pilots"] <= 3
    all_good(data, errors(data, lambda d: np.exp(-d.nu * d.t) * np.sin(d.x - d.beta * d.t)), 1e-7)


def test_waves_are_of_second_order_in_time() -> None:
    text = """x in [0, 1]
t in [0, 1]
param c in [0.5, 2] = 1
u_tt = c^2*u_xx
u(x, 0) = sin(pi*x)
u_t(x, 0) = 0
u(0, t) = 0
u(1, t) = 0
"""
    data = swept(text, c=np.linspace(0.5, 2, 6))
    assert data.batched.all()
    all_good(data, errors(data, lambda d: np.cos(np.pi * d.c * d.t) * np.sin(np.pi * d.x)), 1e-7)


def test_a_parameter_of_a_robin_condition_makes_groups() -> None:
    data = swept(ROBIN, h=[0.0, 1.0, 2.0], k=[0.5, 1.0, 2.0])  # 1 + x for all of them
    assert data.batched.all()
    assert data.attrs["pilots"] >= 3
    all_good(data, errors(data, lambda d: 1 + d.x + 0 * (d.t + d.h + d.k)), 1e-7)


def test_burgers_is_what_single_solves_give() -> None:
    text = """x in [-1, 1]
t in [0, 1]
param nu in [0.03, 0.3] log = 0.1
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
on boundary: u = 0
"""
    data = swept(text, 1e-5, nu=np.geomspace(0.03, 0.3, 5))
    assert data.batched.all()
    assert (data.status == "converged").all()
    for nu, estimate in zip(data.nu.values, data.error_estimate.values):
        single = pdelang.solve(pdelang.parse(text), nu=nu, tolerance=1e-8, time_limit=600).to_xarray(GRID).u.values
        own = data.u.sel(nu=nu).values
        assert np.linalg.norm(own - single) / np.linalg.norm(single) < min(1e-5, 10 * estimate)


def test_systems_in_two_space_coordinates() -> None:
    text = """x in [0, 2*pi] periodic
y in [0, 2*pi] periodic
t in [0, 0.5]
field u, v
param w in [0.5, 2] = 1
u_t = w*v + 0.1*laplacian(u)
v_t = -w*u + 0.1*laplacian(v)
u(x, y, 0) = sin(x)*cos(y)
v(x, y, 0) = 0
"""
    data = swept(text, 1e-6, {"x": 9, "y": 9, "t": 5}, w=[0.5, 1.0, 2.0])
    all_good(data, errors(data, lambda d: np.exp(-0.2 * d.t) * np.cos(d.w * d.t) * np.sin(d.x) * np.cos(d.y)), 1e-6)


def test_steady_problems_are_solved_one_by_one() -> None:
    text = """x in [0, 1]
param k in [1, 3] = 1
u_xx + k^2*u = 0
u(0) = 0
u_x(0) = k
"""
    data = swept(text, grid={"x": 33}, k=[1.0, 2.0, 3.0])
    assert not data.batched.any()
    all_good(data, errors(data, lambda d: np.sin(d.k * d.x)), 1e-7)


def test_more_workers_change_nothing() -> None:
    problem = pdelang.parse(HEAT)
    one, three = (pdelang.sweep(problem, k=np.linspace(0.5, 1, 7), grid=GRID, workers=n, time_limit=600) for n in (1, 3))
    np.testing.assert_allclose(one.u, three.u, atol=1e-11)


def test_an_interrupt_keeps_what_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    real = drive.Run._led
    calls: list[int] = []

    def led(run: drive.Run, group: drive._Group, pool: object) -> list[drive._Group]:
        calls.append(len(group.numbers))
        return real(run, group, pool) if len(calls) == 1 else interrupted()  # type: ignore[arg-type, func-returns-value]

    monkeypatch.setattr(drive.Run, "_led", led)
    data = swept(ROBIN, h=[0.0, 2.0], k=[0.5, 1.0])
    assert calls == [2, 2]
    assert not data.attrs["finished"]
    done = (data.status != "interrupted").values
    assert 0 < done.sum() < done.size
    assert np.isfinite(data.u.values[done]).all()
    assert np.isnan(data.u.values[~done]).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"k": [0.01, 1]}, r"parameter `k` = 0.01 lies outside its range \[0.1, 4\]"),
        ({"q": [0.5, 1]}, "unknown parameter `q`"),
        ({"k": 1.0}, "nothing to sweep"),
        ({"k": [[0.5, 1]]}, "a number or a list of numbers"),
    ],
)
def test_wrong_calls(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        swept(HEAT, **values)


def test_a_domain_that_moves_has_no_common_grid() -> None:
    text = "x in [0, L]\nt in [0, 1]\nparam L in [1, 2] = 1\nu_t = u_xx\nu(x, 0) = sin(pi*x/L)\nu(0, t) = 0\nu(L, t) = 0\n"
    with pytest.raises(UsageError, match="the domain depends on L"):
        swept(text, L=[1.0, 2.0])


def test_the_estimate_does_not_depend_on_the_points_of_the_output() -> None:
    """At the ends of the interval u = 0, and no error can be seen."""
    text = (
        "x in [-1, 1]; t in [0, 1]; param nu in [0.01, 0.3] log = 0.05\nu_t + u*u_x = nu*u_xx\nu(x, 0) = -sin(pi*x)\non boundary: u = 0\n"
    )
    values = np.geomspace(0.03, 0.3, 8)
    few, many = (swept(text, 1e-4, {"x": x, "t": t}, nu=values).error_estimate.values for x, t in ((2, 2), (33, 17)))
    np.testing.assert_allclose(few, many, rtol=0.3)
