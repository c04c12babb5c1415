"""D^alpha of sheared, periodic Gaussians against automatic differentiation; representations evaluate, grid and store alike."""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.representation import representation_class
from pdelang.runtime.solve.slabs import Slabs


def expansion(
    d: int, periodic: tuple[bool, ...], sheared: bool = True, seed: int = 0, kernels: int = 5, fields: int = 2
) -> GaussianExpansion:
    rng = np.random.default_rng(seed)
    return GaussianExpansion(
        weights=rng.normal(size=(fields, kernels)),
        centres=rng.uniform(-1, 1, (kernels, d)),
        log_scales=rng.uniform(-1.5, -0.5, (kernels, d)) - np.array([1.2 * p for p in periodic]),
        shears=rng.normal(size=(kernels, d * (d - 1) // 2)) * (2.0 if sheared else 0.0),
        lower=np.arange(d) - 1.0,
        upper=np.arange(d) + 1.5,
        periodic=periodic,
    )


def plain(e: GaussianExpansion, field: int, x: jax.Array) -> jax.Array:
    """u_f(x) from the definition, one point (d,): images so many that a kernel may be sheared round a period several times."""
    d = e.dimension
    z = 2 * (x - e.lower) / (e.upper - e.lower) - 1
    total = 0.0
    for image in product(*(2.0 * np.arange(-9, 10) if p else (0.0,) for p in e.periodic)):
        y = z - e.centres - jnp.array(image)
        pairs = [(i, j) for i in range(d) for j in range(i + 1, d)]
        s = [y[:, i] + sum(e.shears[:, pairs.index((i, j))] * y[:, j] for j in range(i + 1, d)) for i in range(d)]
        exponent = sum((s[i] / jnp.exp(e.log_scales[:, i])) ** 2 for i in range(d))
        total += jnp.sum(e.weights[field] * jnp.exp(-exponent / 2))
    return total


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("sheared", [False, True])
def test_jets_equal_automatic_derivatives(d: int, sheared: bool) -> None:
    e = expansion(d, tuple(i == 0 for i in range(d)), sheared)
    points = e.lower + (e.upper - e.lower) * np.random.default_rng(1).uniform(size=(4, d))
    for orders in product(range(3), repeat=d):
        if sum(orders) > 5 - d:
            continue
        f = lambda x: plain(e, 1, x)
        for i, n in enumerate(orders):
            for _ in range(n):
                f = lambda x, f=f, i=i: jax.grad(f)(x)[i]
        expected = jax.jit(jax.vmap(f))(jnp.asarray(points))
        np.testing.assert_allclose(e.jets(points, [(1, orders)])[0], expected, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("sheared", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_grid_jets_are_jets(d: int, sheared: bool) -> None:
    e = expansion(d, (False,) * d, sheared)
    axes = [np.linspace(a, b, 3 + i) for i, (a, b) in enumerate(zip(e.lower, e.upper))]
    indices = [(0, (0,) * d), (1, (1,) + (0,) * (d - 1)), (0, (0,) * (d - 1) + (2,))]
    points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    np.testing.assert_allclose(e.grid_jets(axes, indices).reshape(3, -1), e.jets(points, indices), rtol=1e-12, atol=1e-12)


def test_blocks_of_points_do_not_show() -> None:
    e = expansion(2, (False, False), kernels=1500)
    points = np.random.default_rng(0).uniform(size=(3000, 2))
    one_by_one = np.concatenate([e.jets(points[i : i + 500], [(0, (1, 1))]) for i in range(0, 3000, 500)], axis=1)
    np.testing.assert_allclose(e.jets(points, [(0, (1, 1))]), one_by_one, rtol=1e-12)


def test_an_expansion_is_a_pytree() -> None:
    e = expansion(2, (True, False))
    doubled = jax.tree.map(lambda leaf: 2 * leaf, e)
    assert isinstance(doubled, GaussianExpansion)
    assert doubled.periodic == (True, False)
    np.testing.assert_allclose(doubled.weights, 2 * e.weights)


def test_slabs_answer_by_time_and_survive_storage() -> None:
    first, second = (expansion(2, (False, False), seed=s) for s in (0, 1))
    slabs = Slabs(np.array([0.0, 1.0, 2.5]), (first, second))
    points = np.array([[0.0, -0.3], [0.0, 0.4], [0.2, 1.0], [0.2, 1.0 + 1e-9], [0.1, 9.0]])
    values = slabs.jets(points, [(0, (1, 0))])[0]
    np.testing.assert_allclose(values[:3], first.jets(points[:3], [(0, (1, 0))])[0])
    np.testing.assert_allclose(values[3:], second.jets(points[3:], [(0, (1, 0))])[0])
    axes = [np.linspace(0, 1, 3), np.array([0.5, 1.0, 2.0])]
    mesh = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    np.testing.assert_allclose(slabs.grid_jets(axes, [(1, (0, 1))]).ravel(), slabs.jets(mesh, [(1, (0, 1))]).ravel(), rtol=1e-12)
    again = representation_class("slabs").from_arrays(slabs.arrays())
    np.testing.assert_array_equal(again.jets(points, [(0, (0, 0))]), slabs.jets(points, [(0, (0, 0))]))
    assert again.kernels == 10
    assert all(isinstance(a, np.ndarray) for a in slabs.arrays().values())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        representation_class("os.system")
