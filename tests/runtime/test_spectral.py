"""Spectral families: grids that adapt, resonances, checks by the residual, and words where a family is not smooth."""

from __future__ import annotations

import numpy as np
import pytest

import pdelang
from pdelang.runtime.generator import sparse_grid as grid
from pdelang.runtime.generator import spectral_training
from pdelang.runtime.generator.adaptive_grid import AdaptiveGrid
from pdelang.runtime.generator.poles import denominator, poles
from pdelang.runtime.generator.seam import QueryOptions
from pdelang.runtime.training import train

STRING = """
problem string
x in [0, 1]
param k in [1, 8] = 2
u_xx + k^2*u = 1
u(0) = 0
u(1) = 0
"""

BURGERS = """
problem burgers
x in [-1, 1]
t in [0, 0.3]
param nu in [0.2, 0.4] log = 0.3
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""

GROWTH = """
problem growth
x in [0, 1]
param c in [0.5, 2] = 1
u_x = c*u
u(0) = 1
"""


def test_poles_of_a_function_with_two_are_found_and_none_of_an_entire_one() -> None:
    z = grid.leja()[:17]
    several = np.array([1.0, 2.0, -1.0])
    found = poles(z, several / (z[:, None] - 0.3) + several**2 * np.exp(z[:, None]) / (z[:, None] + 0.71))
    assert found == pytest.approx((-0.71, 0.3), abs=1e-6)
    assert poles(z, np.exp(several * z[:, None])) == ()
    assert poles(z, np.abs(z[:, None] - 0.123) ** 0.5 * several) is None


def test_denominator_vanishes_at_the_poles() -> None:
    assert np.array_equal(denominator(np.array([[0.5, 9.0], [0.0, 2.0]]), ((0.5,), (1.0, 3.0))), [0.0, 0.5])


def test_the_grid_follows_the_parameter_that_matters() -> None:
    """f = exp(3 x) + y: many levels in x, and no more than the lowest ones in y or in both."""
    adaptive, table, before = AdaptiveGrid(2), np.empty((0, 1)), []
    while not adaptive.explored() or adaptive.border()[1].sum() > 1e-8:
        for level in adaptive.next():
            new = grid.new_nodes(level)
            z = grid.places(new)
            table = grid.extended(table, before, new, (np.exp(3 * z[:, 0]) + z[:, 1])[:, None])
            adaptive.indicators[level] = float(np.abs(table[-len(new) :]).max())
            adaptive.levels.append(level)
            before += new
    assert max(level[0] for level in adaptive.levels) >= 6
    assert max(level[1] for level in adaptive.levels) == 2
    z = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    assert np.abs((grid.products(z, before) @ table)[:, 0] - np.exp(3 * z[:, 0]) - z[:, 1]).max() < 1e-8


def test_a_family_through_resonances_is_rational() -> None:
    """u = (cos kx + tan(k/2) sin kx - 1)/(-k^2) has poles at odd multiples of pi: k = pi alone lies in [1, 8]."""
    family = train(pdelang.parse(STRING), generator="spectral", tolerance=1e-6)
    places = 4.5 + 3.5 * np.array(family.model.resonances[0])
    assert places == pytest.approx([np.pi], abs=1e-7)
    x = np.linspace(0, 1, 33)
    for k in (1.3, 3.1, 3.2, 6.2, 7.9):
        exact = (1 - np.cos(k * x) - np.tan(k / 2) * np.sin(k * x)) / k**2
        solution = family.query(k=k, fallback=False)
        assert np.linalg.norm(solution(x=x) - exact) < 1e-5 * np.linalg.norm(exact)


def test_queries_inside_pass_by_the_rule_of_solves() -> None:
    family = train(pdelang.parse(BURGERS), generator="spectral", tolerance=1e-5)
    assert family.record.figures["residual"] < 1e-5
    for nu in np.geomspace(0.2, 0.4, 6):
        assert family.query(nu=nu, fallback=False).converged


def test_what_is_not_smooth_is_said_in_words_and_quickly() -> None:
    program = """
    problem kink
    x in [0, 1]
    param c in [0, 1] = 0.3
    u_x = sqrt(abs(c - 0.37))
    u(0) = 1
    """
    family = train(pdelang.parse(program), generator="spectral", tolerance=1e-6)
    assert "not smooth in c" in family.record.message
    assert family.record.figures["solves"] < 60
    assert not family.query(c=0.4, fallback=False).converged
    assert family.query(c=0.4).converged


def test_the_estimate_of_many_is_that_of_one() -> None:
    family = train(pdelang.parse(STRING.replace("[1, 8]", "[0.5, 2.5]")), generator="spectral", tolerance=1e-6)
    z = np.array([[-0.4], [0.9], [1.2]])
    values, estimates = family.model.grids(family.compiled, z, [np.linspace(0, 1, 9)])
    for row, own, error in zip(z[:2], values, estimates):
        k = float(family.conditions.values(row)["k"])
        answer = family.model.answer(family.compiled, {"k": k}, QueryOptions())
        assert np.allclose(answer.representation.grid_jets([np.linspace(0, 1, 9)], [(0, (0,))])[0], own[0], atol=1e-12)
        assert error < 1e-5
    assert np.isnan(estimates[2])


def test_too_few_solves_still_know_what_they_lack() -> None:
    """The training misses its tolerance, and the family answers what it can."""
    family = train(pdelang.parse(BURGERS), generator="spectral", tolerance=1e-9, kernels=9)
    assert family.record.message
    solution = family.query(nu=0.27, fallback=False, tolerance=1e-2)
    assert solution.converged
    assert 0 < solution.error_estimate < 1e-2
    assert not family.query(nu=0.27, fallback=False).converged


def test_a_residual_that_does_not_follow_the_estimate_ends_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not hand over: no other generator would do better."""
    monkeypatch.setattr(spectral_training, "LEAST_PATIENCE", 20)
    monkeypatch.setattr(spectral_training, "ENOUGH", 0.0)
    monkeypatch.setattr(spectral_training.SpectralTraining, "_residual", lambda self, family, z: 2e-3)
    family = train(pdelang.parse(GROWTH), tolerance=1e-3)
    assert family.record.generator == "spectral"
    assert "leave an estimated error of" in family.record.message
    assert "the residual at held-out parameters is 2.0e-03" in family.record.message
    assert 20 <= family.record.figures["solves"] < 30
    assert family.query(c=1.3, fallback=False).converged, "by its own residual"
