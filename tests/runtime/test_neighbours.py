"""Answers between the nearest direct solves: against the truth, on files, taken up again, and where they are chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime import family_sweep
from pdelang.runtime.family import Family
from pdelang.runtime.generator import neighbours_training, spectral_training
from pdelang.runtime.generator.neighbours import interpolating, nearest
from pdelang.runtime.generator.neighbours_training import NeighboursTraining
from pdelang.runtime.training import build, train

BURGERS = """
problem burgers
x in [-1, 1]
t in [0, 0.5]
param nu in [0.05, 0.2] log = 0.1
param A in [0.5, 1.5] = 1
u_t + u*u_x = nu*u_xx
u(x, 0) = -A*sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""
OPTIONS = {"generator": "neighbours", "tolerance": 2e-2, "kernels": 40}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Family:
    out = tmp_path_factory.mktemp("neighbours") / "b.family"
    train(pdelang.parse(BURGERS), out=out, **OPTIONS)
    return Family.load(out)


def test_interpolation_gives_back_values_and_quadratics() -> None:
    random = np.random.default_rng(0)
    known = random.uniform(-1, 1, (40, 3))
    assert interpolating(known[7], known) == pytest.approx(np.eye(40)[7], abs=1e-8)
    quadratic = known[:, 0] * known[:, 1] - 2 * known[:, 2] ** 2 + known[:, 1] + 3
    assert interpolating(np.array([0.3, -0.2, 0.5]), known) @ quadratic == pytest.approx(-0.06 - 0.5 - 0.2 + 3, abs=1e-9)
    assert interpolating(np.array([0.1]), np.array([[0.0], [1.0]])) @ np.ones(2) == pytest.approx(1)
    assert list(nearest(np.zeros(1), np.array([[3.0], [-1.0], [2.0]]), 2)) == [1, 2]


def test_a_query_meets_the_tolerance_and_its_estimate_is_that_of_its_error(family: Family) -> None:
    assert not family.record.message
    estimates, residuals, errors = [], [], {0: [], 1: []}
    for z in family.conditions.sample(6, np.random.default_rng(5)):
        values = {n: float(v) for n, v in family.conditions.values(z).items()}
        exact = pdelang.solve(pdelang.parse(BURGERS), tolerance=1e-5, **values).to_xarray({"x": 65, "t": 21})
        for steps, own in errors.items():
            made = family.query(fallback=False, adapt_steps=steps, **values)
            own.append(made.compared_with(exact).relative_l2["u"])
        estimates.append(made.error_estimate)
        residuals.append(made.residual)
    assert np.median(residuals) < 2e-2
    assert np.median(errors[1]) < np.median(errors[0])
    assert max(errors[1]) < 5e-3
    assert 0.2 < np.mean(estimates) / np.mean(errors[1]) < 10


def test_outside_it_says_so_and_a_sweep_solves_what_misses(family: Family) -> None:
    assert "outside" in family.query(fallback=False, nu=0.1, A=1.55).message
    data = family.sweep(A=[0.6, 1.2], nu=[0.05, 0.1], grid={"x": 17, "t": 5}, tolerance=1e-4)
    assert (data.status == "converged").all()
    assert data.attrs["how"] == "0 as learned, 4 solved directly: 4 by the family's estimate"


def test_a_sweep_asks_for_what_its_guess_misses_where_solves_are_dear(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    """As queries are: the same values."""
    monkeypatch.setattr(family_sweep, "DEAR", 2)
    given = {"A": [0.7, 1.3], "nu": [0.08, 0.15], "grid": {"x": 17, "t": 5}}
    data = family.sweep(tolerance=2e-2, **given)
    assert "as queries are" not in data.attrs["how"]
    distrusting = replace(family, model=replace(family.model, errors=family.model.errors * np.array([[1e3], [1.0]])))
    asked = distrusting.sweep(tolerance=2e-2, **given)
    assert asked.attrs["how"].startswith("0 as learned, 4 as queries are")
    one = family.query(A=1.3, nu=0.08, tolerance=2e-2).to_xarray({"x": asked.x.values, "t": asked.t.values})
    assert np.allclose(asked.u.sel(A=1.3, nu=0.08), one.u, atol=1e-12)


def test_labels_are_asked_for_where_they_are_missed_and_cheap() -> None:
    """Errors at small nu, dear ones at large A: most further labels lie where nu is small, more of them at small A, and none twice."""
    own = NeighboursTraining.start(compile_problem(pdelang.parse(BURGERS)), build(None, OPTIONS))
    own.z = list(own.planned)
    z = np.array(own.z)
    own.costs = np.where(z[:, 1] > 0, 100.0, 1.0).tolist()
    planned = own._planned(np.where(z[:, 0] < -0.5, 1e-1, 1e-5), 24)
    assert np.mean(planned[:, 0] < -0.4) > 0.7
    assert np.mean(planned[:, 1] < 0.1) > 0.6
    assert len(np.unique(planned, axis=0)) == 24


def test_training_taken_up_again_ends_in_the_same_bits(family: Family) -> None:
    compiled, options = compile_problem(pdelang.parse(BURGERS)), build(None, OPTIONS)
    own = NeighboursTraining.start(compiled, options)
    for units in (2, 4):
        for _ in range(units):
            own.advance()
        own = NeighboursTraining.resumed(compiled, options, *own.state())
    while not own.done:
        own.advance()
    assert all(np.array_equal(a, own.generator().arrays()[name]) for name, a in family.model.arrays().items())


def test_a_file_holds_the_functions_of_its_layout_as_they_are(family: Family, tmp_path: Path) -> None:
    again = Family.load(family.save(tmp_path / "again.family"))
    for piece, other in zip(family.model.layout.pieces, again.model.layout.pieces):
        for line, same in zip(piece.lines, other.lines):
            assert np.array_equal(line.factor.to_weights, same.factor.to_weights)
    x = np.linspace(-1, 1, 11)
    assert np.array_equal(
        again.query(fallback=False, nu=0.07, A=1.1)(x=x, t=0.25), family.query(fallback=False, nu=0.07, A=1.1)(x=x, t=0.25)
    )


def test_auto_hands_over_what_is_not_smooth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kink in the parameter: the sparse grid gives up, and the successor's reason says so; it goes on from what was solved."""
    monkeypatch.setattr(neighbours_training, "FIRST", 8)
    program = "problem kink\nx in [0, 1]\nparam c in [0, 1] = 0.3\nu_x = sqrt(abs(c - 0.37))\nu(0) = 1\n"
    family = train(pdelang.parse(program), tolerance=1e-6)
    assert family.record.generator == "neighbours"
    assert "not smooth in c" in family.record.reason
    assert not family.record.message, "one direction, and the equation gives its weight"
    assert family.record.figures["solves"] > 8
    assert family.query(c=0.2, fallback=False).converged


def test_auto_hands_over_what_is_too_large_for_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours_training, "FIRST", 8)
    monkeypatch.setattr(spectral_training, "MOST_NUMBERS", 1000)
    family = train(pdelang.parse(BURGERS), tolerance=2e-2, kernels=24)
    assert family.record.generator == "neighbours"
    assert "too large for a grid" in family.record.reason
