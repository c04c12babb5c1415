"""A change that is felt in one place: kernels there are adapted, the others keep their bits, and the answer is that of a solve of its
own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

import pdelang
from pdelang import Solution, UsageError

SOURCES = """
x in [0, 1]
param q in [0, 2] = 1
param s in [0.6, 0.8] = 0.7
param m in [0, 1] = 0
let l = 0.012
u - l^2*u_xx + m*u^3 = exp(-(x - 0.3)^2/(2*0.015^2)) + q*exp(-(x - s)^2/(2*0.015^2))
u(0) = 0
u(1) = 0
"""
FAR = "x in [0, 1]; param q in [0, 2] = 1; -u_xx = 10 + q*exp(-(x - 0.3)^2/(2*0.02^2)); u(0) = 0; u(1) = 0"
LINE = np.linspace(0, 1, 1001)


def solved(text: str = SOURCES, **parameters: float) -> Solution:
    method = "gauss_newton" if parameters.get("m") else "least_squares" if "m*u^3" not in text else "gauss_newton"
    return pdelang.solve(pdelang.parse(text, "sources.pde"), method=method, kernels=160, tolerance=1e-5, time_limit=600.0, **parameters)


@cache
def known(m: float) -> Solution:
    return solved(m=m)


@pytest.mark.parametrize(("m", "change"), [(0.0, {"q": 1.3}), (0.0, {"s": 0.73}), (1.0, {"q": 1.3})])
def test_only_kernels_near_the_change_are_adapted(m: float, change: dict[str, float]) -> None:
    old = known(m)
    new = old.resolve(**change)
    assert new.converged
    assert new.method == "local"
    assert new.readapted is not None
    share = float(new.readapted.mean())
    assert 0.02 < share < 0.6
    assert f"{new.readapted.sum():,} of {len(new.readapted):,} kernels adapted anew" in new.reason
    weights = [s.representation.arrays()["weights"][0] for s in (old, new)]
    assert np.array_equal(weights[0][~new.readapted], weights[1][~new.readapted])
    assert new.parameters == {**old.parameters, **change}
    direct = solved(m=m, **change)
    error = np.linalg.norm(new(x=LINE) - direct(x=LINE)) / np.linalg.norm(direct(x=LINE))
    assert error < 1e-5
    assert new.error_estimate is not None
    assert error < 10 * new.error_estimate + 1e-12


def test_a_condition_that_changes_in_one_place() -> None:
    changed = SOURCES.replace("u(1) = 0", "u(1) = 2e-4")
    new = pdelang.resolve(known(0.0), pdelang.parse(changed, "changed.pde"))
    assert new.converged
    assert new.readapted is not None
    assert float(new.readapted.mean()) < 0.45
    assert new(x=1.0) == pytest.approx(2e-4, abs=1e-7)
    centres = new.representation.arrays()["centres"][new.readapted, 0]
    assert centres.min() > 0


def test_nothing_changes_where_nothing_has_changed() -> None:
    new = known(0.0).resolve()
    assert new.converged
    assert new.readapted is not None
    assert not new.readapted.any()


def test_a_file_says_which_kernels_were_adapted(tmp_path: Path) -> None:
    new = known(0.0).resolve(q=1.3)
    assert new.readapted is not None
    again = Solution.load(new.save(tmp_path / "u.nc"))
    assert again.readapted is not None
    assert again.readapted.dtype == bool
    assert np.array_equal(again.readapted, new.readapted)
    assert Solution.load(known(0.0).save(tmp_path / "old.nc")).readapted is None


def test_a_change_that_is_felt_everywhere_is_solved_anew_and_says_so() -> None:
    old = pdelang.solve(pdelang.parse(FAR, "far.pde"), method="least_squares", kernels=100, tolerance=1e-6, time_limit=600.0)
    new = old.resolve(q=1.5)
    assert new.converged
    assert new.method == "least_squares"
    assert new.readapted is None
    assert "the change is not local" in new.reason
    assert "kernels feel it" in new.reason


def test_other_programs_boxes_and_values_are_refused() -> None:
    old = known(0.0)
    with pytest.raises(UsageError, match="another program"):
        pdelang.resolve(old, pdelang.parse("y in [0, 1]; v_yy = 1; v(0) = 0; v(1) = 0", "b.pde"))
    with pytest.raises(UsageError, match="another box"):
        pdelang.resolve(old, pdelang.parse(SOURCES.replace("x in [0, 1]", "x in [0, 2]").replace("u(1)", "u(2)"), "b.pde"))
    with pytest.raises(UsageError, match="outside its range"):
        old.resolve(q=3.0)
    with pytest.raises(UsageError, match="unknown parameter"):
        old.resolve(qq=1.0)


def test_product_layouts_are_solved_anew() -> None:
    problem = pdelang.parse("x in [0, 1]; param q in [0, 2] = 1; u_xx = q; u(0) = 0; u(1) = 0", "p.pde")
    new = pdelang.solve(problem).resolve(q=2.0)
    assert new.converged
    assert "only scattered kernels" in new.reason
    assert new(x=0.5) == pytest.approx(-0.25)


def test_two_coordinates_with_a_picture(tmp_path: Path) -> None:
    text = """
    x in [0, 1]
    y in [0, 1]
    param q in [0, 2] = 1
    u - 0.02^2*laplacian(u) = exp(-((x - 0.25)^2 + (y - 0.7)^2)/(2*0.08^2)) + q*exp(-((x - 0.75)^2 + (y - 0.25)^2)/(2*0.08^2))
    on boundary: u = 0
    """
    problem = pdelang.parse(text, "plane.pde")
    old = pdelang.solve(problem, method="least_squares", kernels=784, tolerance=1e-2, time_limit=600.0)
    new = old.resolve(q=1.1)
    assert old.converged
    assert new.converged
    assert new.method == "local"
    assert new.readapted is not None
    assert float(new.readapted.mean()) < 0.6
    near = new.representation.arrays()["centres"][new.readapted]
    assert near[:, 0].mean() > 0 > near[:, 1].mean()
    picture = matplotlib.image.imread(new.plot_layout(tmp_path / "layout.png"))
    assert picture.shape[0] > 300
