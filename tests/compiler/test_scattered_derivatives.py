"""Residuals, losses and Jacobians of the emitted module: equal to what automatic differentiation of simpler code gives."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from tests.compiler import expansions as ex

module_of = cache(ex.module_of)
PROGRAMS = {"burgers": (ex.BURGERS, {"nu": 0.02}), "system": (ex.SYSTEM, {"a": 1.3}), "pair": (ex.PAIR, {})}


@pytest.fixture(params=PROGRAMS)
def case(request: pytest.FixtureRequest) -> tuple[Any, dict, jax.Array, dict]:
    program, params = PROGRAMS[request.param]
    module = module_of(program)
    return module, ex.kernels(module, 6), ex.points_of(module, 15, params), params


def directly(module: Any, number: int, theta: dict, points: jax.Array, params: dict) -> jax.Array:
    """Residuals (E, N) by the direct form, whose derivatives JAX makes: equations (-1) or one condition."""
    return module._at_points(number, theta, points, params, module._directly)


def burgers_by_definition(module: Any, theta: dict, points: jax.Array, params: dict) -> jax.Array:
    """u_t + u u_x - nu u_xx, u by the plain sum."""
    u, u_x, u_t, u_xx = ex.automatic(module, theta, points, params, [(0, (0, 0)), (0, (1, 0)), (0, (0, 1)), (0, (2, 0))])
    return u_t + u * u_x - params["nu"] * u_xx


def test_residual_is_the_equation() -> None:
    module, params = module_of(ex.BURGERS), {"nu": 0.02}
    theta, points = ex.kernels(module, 6), ex.points_of(module, 15, params)
    assert ex.difference(module.residual(theta, points, params)[0], burgers_by_definition(module, theta, points, params)) < 1e-12


def test_residual_of_a_system_respects_where() -> None:
    module, params = module_of(ex.SYSTEM), {"a": 1.3}
    theta, points = ex.kernels(module, 6, sigma=(0.1, 0.2)), ex.points_of(module, 15, params)
    wanted = [(f, m) for f in (0, 1) for m in ((0, 0), (0, 1), (2, 0))]
    u, u_t, u_xx, v, v_t, v_xx = ex.automatic(module, theta, points, params, wanted, images=2)
    x = points[:, 0]
    first = jnp.where(x > 0, u_t + 1.3 * v_xx / 2 + (u**2 + v**2) * v, 0.0)
    second = v_t - u_xx / 2 - x * (u**2 + v**2) * u
    assert ex.difference(module.residual(theta, points, params), jnp.stack([first, second])) < 1e-11


def test_conditions_put_their_fixed_coordinates_in() -> None:
    module, params = module_of(ex.BURGERS), {"nu": 0.02}
    theta, points = ex.kernels(module, 6), ex.points_of(module, 15, params)
    x, t = points.T
    start, wall, corner = (points.at[:, i].set(value) for i, value in ((1, 0.0), (0, -1.0), (0, 0.3)))
    initial = ex.automatic(module, theta, start, params, [(0, (0, 0))])[0] + jnp.sin(jnp.pi * x)
    u, u_x = ex.automatic(module, theta, wall, params, [(0, (0, 0)), (0, (1, 0))])
    value = ex.automatic(module, theta, corner.at[:, 1].set(0.7), params, [(0, (0, 0))])[0] - 1
    anywhere = points.at[:, 0].set(jnp.nan)
    for index, at, expected in ((0, points, initial), (1, anywhere, u_x + 2 * u - t), (2, anywhere, value)):
        assert ex.difference(module.condition_residual(index, theta, at, params), expected) < 1e-12


def test_a_pair_of_places_sees_both() -> None:
    module = module_of(ex.PAIR)
    theta, points = ex.kernels(module, 6), ex.points_of(module, 15, {})
    left, right = (ex.automatic(module, theta, points.at[:, 0].set(x), {}, [(0, (0, 0))])[0] for x in (0.0, 2.0))
    assert ex.difference(module.condition_residual(0, theta, points, {}), left - 2 * right) < 1e-12


def test_block_jacobian_is_the_jacobian(case: tuple[Any, dict, jax.Array, dict]) -> None:
    module, theta, points, params = case
    exact = jax.jit(jax.jacfwd(lambda theta: directly(module, -1, theta, points, params)))(theta)
    block = module.residual_jacobian(theta, points, params)
    assert jax.tree.map(jnp.shape, block) == jax.tree.map(jnp.shape, exact)
    assert ex.difference(block, exact) < 1e-12
    for index in range(len(module.CONDITIONS)):
        exact = jax.jit(jax.jacfwd(lambda theta, index=index: directly(module, index, theta, points, params)[0]))(theta)
        assert difference_with_zeros(module.condition_jacobian(index, theta, points, params), exact) < 1e-12


def difference_with_zeros(a: Any, b: Any) -> float:
    """As `difference`, but relative to the whole tree: some columns of a condition vanish."""
    scale = max(float(jnp.max(jnp.abs(leaf))) for leaf in jax.tree.leaves(b) if leaf.size)
    return max(float(jnp.max(jnp.abs(x - y))) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b)) if y.size) / scale


def test_gradient_of_the_loss_is_exact(case: tuple[Any, dict, jax.Array, dict], monkeypatch: pytest.MonkeyPatch) -> None:
    """In one pass over blocks of 15 points (the last padded), for wide kernels and for such that take the direct form."""
    module, _, _, params = case
    points = ex.points_of(module, 40, params)
    monkeypatch.setattr(module, "_block_size", lambda points, columns: 15)
    weights = jnp.linspace(0.5, 2.0, len(module.EQUATIONS) * 40).reshape(-1, 40)

    def plain(theta: dict) -> jax.Array:
        return jnp.mean(jnp.sum(weights * directly(module, -1, theta, points, params) ** 2, axis=0))

    fused = jax.jit(jax.value_and_grad(lambda theta: module.loss(theta, points, params, weights)))
    exact = jax.jit(jax.value_and_grad(plain))
    for sigma in (0.3, 0.002):
        theta = ex.kernels(module, 6, sigma=(sigma, 2 * sigma))
        assert ex.difference(fused(theta), exact(theta)) < 1e-9


@pytest.mark.parametrize(("name", "index"), [("burgers", 1), ("burgers", 2), ("pair", 0)])
def test_gradient_of_a_condition_is_exact(name: str, index: int) -> None:
    program, params = PROGRAMS[name]
    module = module_of(program)
    theta, points = ex.kernels(module, 6), ex.points_of(module, 15, params)
    fused = jax.jit(jax.grad(lambda theta: module.condition_loss(index, theta, points, params)))(theta)
    exact = jax.jit(jax.grad(lambda theta: jnp.mean(directly(module, index, theta, points, params) ** 2)))(theta)
    assert difference_with_zeros(fused, exact) < 1e-11


def test_loss_differentiates_in_every_way() -> None:
    """Forward mode, second order, in parameters and points, and batched."""
    module, params = module_of(ex.BURGERS), {"nu": 0.02}
    theta, points = ex.kernels(module, 6), ex.points_of(module, 15, params)
    step = jax.tree.map(lambda leaf: jnp.cos(jnp.arange(leaf.size, dtype=float)).reshape(leaf.shape), theta)

    def plain(theta: dict, points: jax.Array, params: dict) -> jax.Array:
        return jnp.mean(burgers_by_definition(module, theta, points, params) ** 2)

    def along(f: Any) -> jax.Array:
        return jax.jit(lambda theta: jax.jvp(lambda theta: f(theta, points, params), (theta,), (step,))[1])(theta)

    def curvature(f: Any) -> dict:
        return jax.jit(lambda theta: jax.jvp(jax.grad(lambda theta: f(theta, points, params)), (theta,), (step,))[1])(theta)

    assert ex.difference(along(module.loss), along(plain)) < 1e-12
    assert ex.difference(curvature(module.loss), curvature(plain)) < 1e-11
    assert ex.difference(*(jax.jit(jax.grad(f, argnums=(1, 2)))(theta, points, params) for f in (module.loss, plain))) < 1e-12
    stacked = jax.tree.map(lambda leaf: jnp.stack([leaf, 1.1 * leaf]), theta)
    batched = [jax.jit(jax.vmap(jax.grad(lambda theta, f=f: f(theta, points, params))))(stacked) for f in (module.loss, plain)]
    assert ex.difference(*batched) < 1e-12


def test_merged_jets_make_the_same_residual() -> None:
    module, params = module_of(ex.BURGERS), {"nu": 0.02}
    theta, points = ex.kernels(module, 6), ex.points_of(module, 15, params)
    (equation,) = module.EQUATIONS
    assert [equation["jets"][a][1] for a in module._MERGED[0]] == [(0, 1), (2, 0)]
    separate = equation["residual"](module.jets(theta, points, params), points, params)
    assert ex.difference(module.residual(theta, points, params)[0], separate) < 1e-13
