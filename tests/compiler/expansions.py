"""Programs and kernels for the tests of scattered Gaussians, and the plain sum that every derivative is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import pdelang

Orders = tuple[int, ...]

BURGERS = """
x in [-1, 1]
t in [0, 1]
param nu in [0.001, 0.1] = 0.02
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
u_x(-1, t) + 2*u(-1, t) = t
u(0.3, 0.7) = 1
"""

SYSTEM = """
x in [-2, 3] periodic
t in [0, pi/2]
param a in [0.5, 2] = 1.3
u_t + a*v_xx/2 + (u^2 + v^2)*v = 0 where x > 0
v_t - u_xx/2 - x*(u^2 + v^2)*u = 0
u(x, 0) = 2*sech(x)
v(x, 0) = 0
"""

CONVECTION = """
x in [0, 1] periodic
t in [0, 1]
param beta in [1, 50] = 30
u_t + beta*u_x = 0
u(x, 0) = sin(2*pi*x)
"""

PAIR = """
x in [0, 2]
t in [0, 1]
u_t + 3*u_x = 0
u(0, t) = 2*u(2, t)
u(x, 0) = x
"""


def every_jet(dimension: int, order: int) -> str:
    """A program whose one equation holds every derivative up to `order`, on intervals of several lengths."""
    names = "xyzt"[: dimension - 1] + "t" if dimension > 1 else "x"
    ends = {"x": "[-1, 1]", "y": "[0, 3]", "z": "[-2, 1]", "t": "[0, 0.5]"}
    orders = [m for m in product(range(order + 1), repeat=dimension) if 0 < sum(m) <= order]
    terms = ["u_" + "".join(name * n for name, n in zip(names, m)) for m in orders]
    return "\n".join([*(f"{name} in {ends[name]}" for name in names), f"u + {' + '.join(terms)} = 0", ""])


def module_of(program: str) -> Any:
    return pdelang.compile(pdelang.parse(program), use_cache=False).module


def kernels(module: Any, count: int, seed: int = 0, sigma: tuple[float, float] = (0.2, 0.6)) -> dict[str, jax.Array]:
    rng = np.random.default_rng(seed)
    d, fields = len(module.COORDINATES), len(module.FIELDS)
    theta = {
        "weights": rng.normal(size=(fields, count)),
        "centres": rng.uniform(-1, 1, (count, d)),
        "log_scales": np.log(rng.uniform(*sigma, (count, d))),
        "shears": rng.normal(scale=0.5, size=(count, d * (d - 1) // 2)),
    }
    return {name: jnp.asarray(leaf) for name, leaf in theta.items()}


def points_of(module: Any, count: int, params: dict, seed: int = 1) -> jax.Array:
    lower, upper = module.bounds(params)
    return lower + (upper - lower) * jnp.asarray(np.random.default_rng(seed).uniform(size=(count, len(lower))))


def plain_sum(module: Any, theta: dict, params: dict, field: int = 0, images: int = 0) -> Callable[[jax.Array], jax.Array]:
    """u at one point, from the definition: no derivative in closed form. `images` periods on either side of a periodic coordinate."""
    lower, upper = module.bounds(params)
    d = len(lower)
    shifts = list(product(*(range(-images, images + 1) if p else (0,) for p in module.PERIODIC)))

    def u(point: jax.Array) -> jax.Array:
        total = jnp.zeros(())
        for shift in shifts:
            y = 2 * (point - lower) / (upper - lower) - 1 - theta["centres"] - 2.0 * jnp.array(shift)
            s = [y[:, i] for i in range(d)]
            for n, (i, j) in enumerate(combinations(range(d), 2)):
                s[i] = s[i] + theta["shears"][:, n] * y[:, j]
            exponent = sum((s[i] * jnp.exp(-theta["log_scales"][:, i])) ** 2 for i in range(d))
            total += theta["weights"][field] @ jnp.exp(-exponent / 2)
        return total

    return u


def derivatives(u: Callable[[jax.Array], jax.Array], orders: Sequence[Orders]) -> Callable[[jax.Array], jax.Array]:
    """All D^m u of one point, from the nested forward-mode tensors of their total orders."""

    def tensor(order: int) -> Callable[[jax.Array], jax.Array]:
        return jax.jacfwd(tensor(order - 1)) if order else u

    def entry(m: Orders) -> tuple[int, ...]:
        return tuple(i for i, n in enumerate(m) for _ in range(n))

    def all_of(point: jax.Array) -> jax.Array:
        tensors = {order: tensor(order)(point) for order in {sum(m) for m in orders}}
        return jnp.stack([tensors[sum(m)][entry(m)] for m in orders])

    return all_of


def automatic(
    module: Any, theta: dict, points: jax.Array, params: dict, wanted: Sequence[tuple[int, Orders]], images: int = 0
) -> jax.Array:
    """Derivatives of the plain sum at points: (len(wanted), N)."""
    rows: dict[tuple[int, Orders], jax.Array] = {}
    for field in {field for field, _ in wanted}:
        own = [m for f, m in wanted if f == field]
        values = jax.vmap(derivatives(plain_sum(module, theta, params, field, images), own))(points)
        rows |= {(field, m): value for m, value in zip(own, values.T)}
    return jnp.stack([rows[index] for index in wanted])


def summed(module: Any, theta: dict, points: jax.Array, params: dict, wanted: Sequence[tuple[int, Orders]]) -> tuple[jax.Array, jax.Array]:
    """sum_k w_k D^orders phi_k from `jet_basis` (len(wanted), N), and max_n sum_k |w_k D^orders phi_k(points_n)| (len(wanted), 1):
    the size of the terms, by which the rounding of their sum is measured."""
    basis = module.jet_basis(theta, points, params, tuple(orders for _, orders in wanted))
    weights = theta["weights"][jnp.array([field for field, _ in wanted])]
    scale = jnp.max(jnp.einsum("ank,ak->an", jnp.abs(basis), jnp.abs(weights)), axis=1)
    return jnp.einsum("ank,ak->an", basis, weights), scale[:, None]


def difference(a: Any, b: Any) -> float:
    """Largest difference of two trees, leaf by leaf relative to the largest entry."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return max(float(jnp.max(jnp.abs(x - y)) / jnp.max(jnp.abs(y))) for x, y in pairs if y.size)
