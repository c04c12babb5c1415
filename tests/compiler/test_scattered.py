"""Emitted jets of scattered Gaussians against automatic differentiation of the plain sum."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdelang.compiler import pipeline
from pdelang.compiler.gaussian import monomials
from pdelang.language.semantics import parse
from tests.compiler import expansions as ex

module_of = cache(ex.module_of)


def targets_of(module: Any, wanted: Any, params: dict) -> list[Any]:
    scales = module._scales(params)
    return [((field, m, module._physical(m, scales)),) for field, m in wanted]


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("dimension", range(1, 5))
def test_jets_are_derivatives_of_the_sum(dimension: int, order: int) -> None:
    """Every multi-index, widths from a 200th of the box to its size: 1e-11 of the largest sum of terms, whatever form is taken."""
    module = module_of(ex.every_jet(dimension, 1))
    wanted = tuple((0, m) for m in monomials(order, dimension) if sum(m) == order)

    @jax.jit
    def errors(theta: dict, points: jax.Array) -> tuple[jax.Array, jax.Array]:
        emitted = module._evaluate(targets_of(module, wanted, {}), theta, module._reference(points, {}))
        direct, scale = ex.summed(module, theta, points, {}, wanted)
        exact = ex.automatic(module, theta, points, {}, wanted)
        return jnp.max(jnp.abs(emitted - exact) / scale), jnp.max(jnp.abs(direct - exact) / scale)

    @given(st.integers(0, 2**32 - 1), st.floats(-5.3, 0.5), st.floats(0.0, 1.5))
    @settings(max_examples=25, deadline=None, derandomize=True)
    def check(seed: int, log_sigma: float, spread: float) -> None:
        theta = ex.kernels(module, 6, seed, (np.exp(log_sigma), np.exp(log_sigma + spread)))
        lower, upper = module.bounds({})
        rng = np.random.default_rng(seed)
        near = np.asarray(theta["centres"])[rng.integers(6, size=20)] + rng.normal(scale=np.exp(log_sigma), size=(20, dimension))
        points = lower + (upper - lower) * (jnp.clip(jnp.asarray(near), -1, 1) + 1) / 2
        emitted, direct = errors(theta, points)
        assert emitted < 1e-11
        assert direct < 1e-12  # the rounding of (point - centre) / sigma, which the plain sum has as well

    check()


@pytest.mark.parametrize(("dimension", "orders"), [(1, (6,)), (1, (8,)), (2, (4, 2)), (2, (3, 5))])
def test_high_orders(dimension: int, orders: tuple[int, ...]) -> None:
    module = module_of(ex.every_jet(dimension, 1))
    wanted = [(0, orders)]
    for sigma in (0.05, 1.0):
        theta, points = ex.kernels(module, 5, sigma=(sigma, 2 * sigma)), ex.points_of(module, 20, {})
        direct, scale = ex.summed(module, theta, points, {}, wanted)
        emitted = jax.jit(lambda theta, points: module._evaluate(targets_of(module, wanted, {}), theta, module._reference(points, {})))
        exact = along(module, theta, points, orders)
        assert float(jnp.max(jnp.abs(emitted(theta, points) - exact) / scale)) < 1e-11
        assert float(jnp.max(jnp.abs(direct - exact) / scale)) < 1e-12


def along(module: Any, theta: dict, points: jax.Array, orders: tuple[int, ...]) -> jax.Array:
    """One high derivative, by forward mode in one direction after the other."""
    u = ex.plain_sum(module, theta, {})
    for i, n in enumerate(orders):
        for _ in range(n):
            u = lambda p, u=u, i=i: jax.jvp(u, (p,), (jnp.eye(len(orders))[i],))[1]
    return jax.jit(jax.vmap(u))(points)


def test_form_follows_the_narrowest_kernel() -> None:
    module = module_of(ex.every_jet(2, 1))
    targets, z = targets_of(module, [(0, (2, 0)), (0, (1, 1))], {}), module._reference(ex.points_of(module, 10, {}), {})
    for sigma, form in ((0.1, module._by_moments), (0.002, module._directly)):
        theta = ex.kernels(module, 6, sigma=(sigma, sigma))
        assert bool(module._resolved(module._narrowness(theta), 2)) is (form is module._by_moments)
        assert ex.difference(module._evaluate(targets, theta, z), form(targets, theta, z)) < 1e-13


def test_form_stays_one_branch_under_vmap() -> None:
    """Without the rule of `_narrowest`, a batched condition would become a select that computes both forms."""
    module = module_of(ex.BURGERS)
    theta, points = ex.kernels(module, 6), ex.points_of(module, 10, {"nu": 0.01})
    stacked = jax.tree.map(lambda leaf: jnp.stack([leaf, 1.1 * leaf]), theta)
    batched = jax.vmap(lambda theta: module.jets(theta, points, {"nu": 0.01}))
    assert "cond[" in str(jax.make_jaxpr(batched)(stacked))
    assert ex.difference(batched(stacked)[0], module.jets(theta, points, {"nu": 0.01})) < 1e-13


def test_jet_basis_has_no_part_of_the_weights() -> None:
    module = module_of(ex.SYSTEM)
    params = {"a": 1.3}
    theta, points = ex.kernels(module, 5), ex.points_of(module, 12, params)
    basis = module.jet_basis(theta, points, params, tuple(orders for _, orders in module.JETS))
    weights = theta["weights"][jnp.array([field for field, _ in module.JETS])]
    assert basis.shape == (len(module.JETS), 12, 5)
    assert ex.difference(jnp.einsum("ank,ak->an", basis, weights), module.jets(theta, points, params)) < 1e-12


def test_periodic_coordinates_wrap() -> None:
    """Against five images, and the same on both ends; centres may lie any number of periods away."""
    module = module_of(ex.SYSTEM)
    params = {"a": 1.3}
    theta, points = ex.kernels(module, 5, sigma=(0.1, 0.22)), ex.points_of(module, 12, params)
    theta["shears"] = 0.2 * theta["shears"]
    jets = jax.jit(lambda theta, points: module.jets(theta, points, params))
    values = jets(theta, points)
    exact = jax.jit(lambda theta, points: ex.automatic(module, theta, points, params, module.JETS, images=2))
    assert ex.difference(values, exact(theta, points)) < 1e-12
    assert ex.difference(*(jets(theta, points.at[:, 0].set(x)) for x in (-2.0, 3.0))) < 1e-12
    moved = {**theta, "centres": theta["centres"] + jnp.array([[6.0, 0.0]])}
    assert ex.difference(jets(moved, points), values) < 1e-12


def test_copies_of_kernels_that_are_sheared_round_the_period() -> None:
    """Wherever a kernel's axis has gone: jets and the fused gradient by chosen copies, block by block, against the direct form."""
    module = module_of(ex.CONVECTION)
    params, count = {"beta": 30.0}, 512
    random = np.random.default_rng(4)
    theta = {
        "weights": jnp.asarray(random.normal(size=(1, 12))),
        "centres": jnp.asarray(random.uniform(-1, 1, (12, 2))),
        "log_scales": jnp.log(jnp.asarray(random.uniform(0.1, 0.3, (12, 2)))),
        "shears": jnp.asarray(random.uniform(-3, 3, (12, 1))),
    }
    points = jnp.asarray(np.sort(random.uniform(size=(count, 2)), axis=0))  # blocks are tiles along the diagonal
    blocks = module._blocks(module._reference(points, params), module._block_size(count, 12))
    assert len(blocks) == 4
    felt = module._felt(theta, blocks)
    assert bool(felt["covered"])
    assert 0 < int(felt["count"].sum(axis=1).max()) <= module._room(12, module._ROOMS[-1][0])
    weights = jnp.ones((1, count))
    value, gradient = jax.jit(jax.value_and_grad(lambda theta: module.loss(theta, points, params)))(theta)
    plain = jax.value_and_grad(lambda theta: module._plain(-1, theta, points, params, weights, module._directly))
    wanted, exact = jax.jit(plain)(theta)
    assert float(value) == pytest.approx(float(wanted), rel=1e-10)
    for name in theta:
        assert ex.difference(gradient[name], exact[name]) < 1e-9, name
    ends = [module.jet_basis(theta, points.at[:, 0].set(x), params, ((0, 0), (1, 0))) for x in (0.0, 1.0)]
    assert ex.difference(*ends) < 1e-12


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 points in three blocks of 15, the last padded, against one block."""
    module = module_of(ex.BURGERS)
    theta, points = ex.kernels(module, 8), ex.points_of(module, 40, {"nu": 0.01})
    assert module._block_size(5000, 400) == 625
    assert module._block_size(3, 2**20) == 3
    whole = jax.jit(lambda: module.jets(theta, points, {"nu": 0.01}))()
    monkeypatch.setattr(module, "_block_size", lambda points, columns: 15)
    assert ex.difference(jax.jit(lambda: module.jets(theta, points, {"nu": 0.01}))(), whole) < 1e-13


def test_permuting_kernels_changes_nothing() -> None:
    module = module_of(ex.BURGERS)
    theta, points = ex.kernels(module, 9), ex.points_of(module, 11, {"nu": 0.01})
    order = jnp.asarray(np.random.default_rng(5).permutation(9))
    permuted = {name: leaf[:, order] if name == "weights" else leaf[order] for name, leaf in theta.items()}
    assert ex.difference(module.residual(permuted, points, {"nu": 0.01}), module.residual(theta, points, {"nu": 0.01})) < 1e-13


def test_lowered_text_counts_columns() -> None:
    import pdelang

    text = pipeline.emit(pdelang.parse(ex.BURGERS), "lowered")
    assert "h = g_x^2 - P_xx" in text
    assert "columns of W: 10 (13 without merging)" in text


def test_the_lowered_stage_speaks_in_the_programs_names() -> None:
    text = pipeline.emit(parse("x in [0, 1]; t in [0, 1]\nparam nu in [1, 2]\nu_t = nu*u_xx\nu(x, 0) = 0\n"), "lowered")
    assert "merged in equation 1, 6 columns: (1) u_t + (-nu) u_xx" in text
