"""Methods that move whole kernels, on compiled programs: eq. (3), its derivative, and descent."""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.objective import build, flatten, jacobian, loss, residuals, unflatten
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import silent
from pdelang.runtime.solve.first_order import first_order, optimiser
from pdelang.runtime.solve.kernels import start
from pdelang.runtime.solve.levenberg_marquardt import levenberg_marquardt
from pdelang.runtime.status import Status

BURGERS = """
x in [-1, 1]
t in [0, 0.5]
param nu in [0.01, 1] log = 0.1
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""
PARAMS = {"nu": 0.1}


@lru_cache
def burgers() -> CompiledProblem:
    return compile_problem(pdelang.parse(BURGERS, "burgers"))


def test_the_objective_is_the_square_of_its_residuals_and_its_jacobian_is_exact() -> None:
    options = SolveOptions(kernels=16)
    expansion = start(burgers(), PARAMS, options, project=True)
    theta = {name: jnp.asarray(value) for name, value in expansion.theta.items()}
    objective = build(burgers(), PARAMS, options, theta, 40)
    module, data = objective.module, objective.data()
    r = residuals(module, theta, data)
    np.testing.assert_allclose(loss(module, theta, data), r @ r, rtol=1e-12)
    automatic = jax.jacfwd(lambda v: residuals(module, unflatten(v, theta), data))(flatten(theta))
    np.testing.assert_allclose(jacobian(module, theta, data), automatic, rtol=1e-9, atol=1e-9 * float(jnp.abs(automatic).max()))


def test_alpha_weighs_its_own_term_alone() -> None:
    options = SolveOptions(kernels=16)
    expansion = start(burgers(), PARAMS, options, project=False)
    theta = {name: jnp.asarray(value) for name, value in expansion.theta.items()}
    plain = build(burgers(), PARAMS, options, theta, 40)
    heavy = build(burgers(), PARAMS, SolveOptions(kernels=16, alpha_initial=4 * options.alpha_initial), theta, 40)
    np.testing.assert_allclose(heavy.condition_weights[0], 4 * plain.condition_weights[0])
    np.testing.assert_allclose(heavy.weights, plain.weights)
    np.testing.assert_allclose(heavy.condition_weights[1], plain.condition_weights[1])


def test_levenberg_marquardt_improves_on_the_projected_weights() -> None:
    result = levenberg_marquardt(burgers(), PARAMS, SolveOptions(kernels=49, max_iterations=25), silent)
    assert result.status in (Status.ITERATION_LIMIT, Status.STAGNATED)
    values = [h["objective"] for h in result.history]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.5 * values[0]


@pytest.mark.parametrize("name", ["sgd", "adam", "lbfgs"])
def test_first_order_descends(name: str) -> None:
    rate = {"sgd": 1e-4, "adam": 1e-2, "lbfgs": 1.0}[name]
    options = SolveOptions(kernels=36, optimizer=name, learning_rate=rate, steps=110)
    result = first_order(burgers(), PARAMS, options, silent)
    assert result.iterations == 110
    values = [h["objective"] for h in result.history]
    assert len(values) == 3
    assert values[-1] < 0.9 * values[0]


def test_sgd_is_equation_five() -> None:
    """theta_1 = theta_0 - eta grad L(theta_0)."""
    options = SolveOptions(kernels=16, optimizer="sgd", learning_rate=1e-5, steps=1)
    expansion = start(burgers(), PARAMS, options, project=False)
    theta = {name: jnp.asarray(value) for name, value in expansion.theta.items()}
    from pdelang.runtime.solve.kernels import points_for

    objective = build(burgers(), PARAMS, options, theta, points_for(expansion, 1, options))
    gradient = jax.grad(lambda t: loss(objective.module, t, objective.data()))(theta)
    result = first_order(burgers(), PARAMS, options, silent)
    assert result.representation is not None
    for name, value in result.representation.theta.items():  # type: ignore[attr-defined]
        np.testing.assert_allclose(value, theta[name] - 1e-5 * gradient[name], rtol=1e-12, atol=1e-15)


def test_a_diverging_descent_says_so_and_keeps_the_last_finite_kernels() -> None:
    options = SolveOptions(kernels=16, optimizer="sgd", learning_rate=1e6, steps=100)
    result = first_order(burgers(), PARAMS, options, silent)
    assert result.status is Status.NON_FINITE
    assert "learning_rate" in result.message
    assert result.representation is not None
    assert all(np.isfinite(a).all() for a in result.representation.arrays().values())


@pytest.mark.parametrize("name", ["no_such", "chain", "_private", "apply_updates", "lbfgs_"])
def test_an_optimizer_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="optimizer"):
        optimiser(name, 1e-3)
