"""Kernels that stand where they are, answering in the directions that a family's weights take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.family import Family, Record
from pdelang.runtime.generator import standing
from pdelang.runtime.generator.directions import Directions, independent, relative_error, stands
from pdelang.runtime.generator.kernels_training import KernelsTraining
from pdelang.runtime.generator.standing import Standing
from pdelang.runtime.training import TrainOptions

WAVES = """
problem waves
x in [0, 1]
param k in [2, 14]
param a in [0.5, 2]
u_xx + k^2*u = 0
u(0) = 0
u(1) = a*sin(k)
exact u = a*sin(k*x)
"""
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def waves() -> CompiledProblem:
    return compile_problem(pdelang.parse(WAVES))


@pytest.fixture(scope="module")
def trained(waves: CompiledProblem) -> KernelsTraining:
    training = KernelsTraining.start(waves, TrainOptions(generator="plain", kernels=24, tolerance=TOLERANCE))
    assert training._stood()
    while not training.done:
        training.advance()
    return training


def test_what_stands(waves: CompiledProblem) -> None:
    assert stands(waves)
    without = WAVES.partition("exact")[0]
    moved = without.replace("x in [0, 1]\n", "").replace("a in [0.5, 2]\n", "a in [0.5, 2]\nx in [0, a]\n").replace("u(1)", "u(a)")
    for other in (moved, without.replace("u(1)", "u(a/2)")):
        assert not stands(compile_problem(pdelang.parse(other)))


def test_independent_functions_of_a_layout(trained: KernelsTraining, waves: CompiledProblem) -> None:
    """Wide kernels far beyond the box depend on each other: fewer functions, and all that was asked for in them."""
    functions = independent(waves, trained.layout)
    assert functions.count <= trained.layout.kernels
    _, theta, figures, _ = functions.found(waves.parameters(k=9.0, a=1.0))
    assert theta["weights"].shape == (1, trained.layout.kernels)
    assert relative_error(figures) < 1e-4


def test_a_few_directions_answer_everywhere(trained: KernelsTraining, waves: CompiledProblem) -> None:
    model = trained.generator()
    directions, family = model.directions, Family(waves, model, Record("plain", "", {"tolerance": TOLERANCE}))
    assert directions is not None
    ratios = []
    for z in family.conditions.sample(12, np.random.default_rng(5)):
        solution = family.query(fallback=False, **family.conditions.values(z))
        error = solution.relative_l2["u"]
        assert error < TOLERANCE
        assert solution.error_estimate is not None
        ratios.append(solution.error_estimate / error)
    assert 0.3 < np.exp(np.mean(np.log(ratios))) < 100
    assert min(ratios) > 0.1
    assert directions._answer._cache_size() == 1
    assert f"in {directions.count} directions" in solution.reason


def test_many_answers_on_a_grid_are_those_of_queries(trained: KernelsTraining, waves: CompiledProblem) -> None:
    model = trained.generator()
    family, x = Family(waves, model, Record("plain", "", {"tolerance": TOLERANCE})), np.linspace(0, 1, 11)
    z = family.conditions.sample(3, np.random.default_rng(6))
    values, estimates = model.grids(waves, z, [x])
    for one, own, estimate in zip(z, values, estimates):
        solution = family.query(fallback=False, **family.conditions.values(one))
        np.testing.assert_allclose(own[0], solution(x=x), atol=1e-9)
        assert 0 < estimate < TOLERANCE


def test_labels_make_the_directions_better(trained: KernelsTraining) -> None:
    assert trained.standing is not None
    own = trained.standing
    begun = replace(own, conditions=own.conditions[:4], coefficients=own.coefficients[:4], worst=np.inf, round=0, ratio=1.0)
    first = begun.advance()
    second = begun.advance()
    assert second["directions"] > first["directions"]
    assert second["error"] < 0.1 * first["error"]
    assert begun.done == (second["error"] <= begun.goal)


def test_taken_up_again_and_restored_to_the_same_bits(trained: KernelsTraining, waves: CompiledProblem) -> None:
    again = KernelsTraining.resumed(waves, trained.options, *trained.state())
    assert again.done
    parameters = waves.parameters(k=5.0, a=1.0)
    own, other = trained.generator().directions, again.generator().directions
    assert own is not None
    assert other is not None
    np.testing.assert_array_equal(own.found(parameters)[0], other.found(parameters)[0])
    kept = Directions.restored(waves, trained.layout, own.arrays())
    np.testing.assert_array_equal(own.found(parameters)[0], kept.found(parameters)[0])


def test_a_layout_that_is_too_coarse_says_so(waves: CompiledProblem) -> None:
    coarse = Standing.chosen(waves, 5, 8, TOLERANCE, 0)
    assert coarse is not None
    assert coarse.layout.kernels == 8
    assert coarse.errors.max() > TOLERANCE


BURGERS = """
problem front
x in [-1, 1]
t in [0, 0.5]
param nu in [0.05, 0.2] log
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""


def test_nonlinear_families_learn_directions_from_fits_of_direct_solves(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_problem(pdelang.parse(BURGERS))
    monkeypatch.setattr(standing, "CANDIDATES", 12)
    learned = Standing.chosen(compiled, 60, 300, 1e-2, 0)
    assert learned is not None
    learned.advance()
    directions = learned.directions()
    for nu in (0.06, 0.13):
        parameters, truth = compiled.parameters(nu=nu), pdelang.solve(compiled, nu=nu, tolerance=1e-5)
        assert truth.representation is not None
        values = truth.representation.jets(directions.places, directions.fields)
        figures = directions.found(parameters)[2]
        error = relative_error(np.stack([figures[1] - values, values]))
        assert error < 5e-3
        assert 0.3 * error < relative_error(figures)
