"""Statistics and sweeps of a family against exact integrals and single queries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.family import Family
from pdelang.runtime.training import train

HEAT = """
problem heat
x in [0, pi]
t in [0, 1]
param alpha in [0.2, 1] = 0.5
u_t = alpha*u_xx
u(x, 0) = sin(x)
u(0, t) = 0
u(pi, t) = 0
"""
LOW, HIGH = 0.2, 1.0


@pytest.fixture(scope="module")
def family() -> Family:
    return train(pdelang.parse(HEAT), generator="spectral", tolerance=1e-6)


def mean_exponential(rate: np.ndarray) -> np.ndarray:
    """E[exp(-alpha r)] for alpha uniform on [LOW, HIGH]."""
    return (np.exp(-LOW * rate) - np.exp(-HIGH * rate)) / (rate * (HIGH - LOW))


def test_mean_variance_and_quantiles_are_those_of_the_exact_solution(family: Family) -> None:
    data = family.statistics(grid={"x": 21, "t": [0.25, 0.5, 1.0]}, quantiles=(0.1, 0.9))
    x, t = data.x.values[:, None], data.t.values
    first, second = mean_exponential(t), mean_exponential(2 * t)
    assert np.abs(data.u_mean - np.sin(x) * first).max() < 1e-6
    assert np.abs(data.u_variance - np.sin(x) ** 2 * (second - first**2)).max() < 1e-6
    for level in (0.1, 0.9):  # u falls with alpha: its quantile is that of 1 - level in alpha
        exact = np.sin(x) * np.exp(-(LOW + (1 - level) * (HIGH - LOW)) * t)
        assert np.abs(data.u_quantile.sel(quantile=level) - exact).max() < 0.02
    assert (data.u_quantile.sel(quantile=0.1) <= data.u_mean + 1e-9).all()


def test_a_sweep_is_many_queries(family: Family) -> None:
    alpha = np.linspace(0.2, 1, 7)
    data = family.sweep(alpha=alpha, grid={"x": 17, "t": 5})
    assert dict(data.sizes) == {"alpha": 7, "x": 17, "t": 5}
    assert (data.status == "converged").all()
    assert data.batched.all()
    exact = np.exp(-alpha[:, None, None] * data.t.values) * np.sin(data.x.values)[:, None]
    assert np.abs(data.u.values - exact).max() < 1e-6
    one = family.query(alpha=alpha[2]).to_xarray({"x": data.x.values, "t": data.t.values})
    assert np.allclose(data.u.values[2], one.u.values, atol=1e-12)


def test_a_sweep_beyond_what_was_learned_is_solved(family: Family) -> None:
    given = {"alpha": [0.3, 0.7], "grid": {"x": 9, "t": 3}, "tolerance": 1e-11}
    learned, solved = family.sweep(fallback=False, **given), family.sweep(**given)
    assert (learned.status == "tolerance_not_met").all()
    exact = np.exp(-solved.alpha.values[:, None, None] * solved.t.values) * np.sin(solved.x.values)[:, None]
    assert np.abs(solved.u.values - exact).max() < 1e-9
    assert (solved.status == "converged").all()


def test_a_sweep_solves_those_alone_whose_residual_misses(family: Family) -> None:
    """The estimate is made to let all of them pass."""
    model = replace(family.model, border=replace(family.model.border, amounts=0 * family.model.border.amounts, solves=0.0))
    trusting, alpha, grid = replace(family, model=model), np.linspace(0.2, 1, 9), {"x": 9, "t": 3}
    residuals = np.array([trusting.checked(1e-6, alpha=a).residual for a in alpha])
    tolerance = float(np.sort(residuals)[5:7].mean())
    learned = trusting.sweep(alpha=alpha, grid=grid, tolerance=tolerance, fallback=False)
    assert np.array_equal(learned.status == "converged", residuals <= tolerance)
    assert learned.residual.values == pytest.approx(residuals, rel=1e-3)
    solved = trusting.sweep(alpha=alpha, grid=grid, tolerance=tolerance)
    assert (solved.status == "converged").all()
    assert solved.attrs["how"] == "6 as learned, 3 solved directly: 3 by the residual"
    same = residuals <= tolerance
    assert np.array_equal(solved.u.values[same], learned.u.values[same])
    assert not np.array_equal(solved.u.values[~same], learned.u.values[~same])


def test_wrong_questions_are_refused(family: Family) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        family.statistics(quantiles=[2.0])
    with pytest.raises(UsageError, match="nothing to sweep"):
        family.sweep(alpha=0.3)
    with pytest.raises(UsageError, match="outside its range"):
        family.sweep(alpha=[0.3, 7.0])
