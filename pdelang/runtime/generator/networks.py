"""The few layers that generators of kernels need, as functions of plain trees of arrays.

No library of layers: a training has to be stored and taken up again to the same bits, which is easy for a dict of arrays, and importing
flax.nnx takes two seconds that every query would pay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Tree = dict[str, Any]
"""Arrays by name, nested."""


def dense(key: Any, inputs: int, outputs: int, scale: float = 1.0) -> Tree:
    return {"weight": scale * jax.random.normal(key, (inputs, outputs)) / inputs**0.5, "bias": jnp.zeros(outputs)}


def affine(layer: Tree, x: jax.Array) -> jax.Array:
    return x @ layer["weight"] + layer["bias"]


def normalised(x: jax.Array) -> jax.Array:
    """Zero mean and unit variance over the last axis; gains stand in the layer that follows."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + 1e-6)


def attention_layer(key: Any, width: int) -> Tree:
    keys = jax.random.split(key, 4)
    return {name: dense(k, width, width) for name, k in zip(("query", "key", "value", "out"), keys)}


def attend(layer: Tree, x: jax.Array, context: jax.Array, heads: int) -> jax.Array:
    """Multi-head attention of x (N, width) to context (M, width): (N, width). Blind to the order of the context."""

    def split(name: str, of: jax.Array) -> jax.Array:
        return affine(layer[name], of).reshape(of.shape[0], heads, -1).swapaxes(0, 1)

    query, key, value = split("query", x), split("key", context), split("value", context)
    scores = jax.nn.softmax(query @ key.swapaxes(1, 2) / query.shape[-1] ** 0.5, axis=-1)
    return affine(layer["out"], (scores @ value).swapaxes(0, 1).reshape(x.shape[0], -1))


def flattened(tree: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """Arrays by path, `a/b/c`; what a tree of dicts, tuples and optax's states consists of."""
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {prefix + "/".join(_name(part) for part in path): np.asarray(leaf) for path, leaf in leaves}


def _name(part: Any) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(part, attribute):
            return str(getattr(part, attribute))
    raise TypeError(f"no name for {part!r}")


def filled(like: Any, arrays: Mapping[str, np.ndarray], prefix: str = "") -> Any:
    """A tree shaped as `like` with the arrays of `flattened`. KeyError, ValueError: they belong to another one."""
    leaves, shape = jax.tree_util.tree_flatten_with_path(like)
    found = []
    for path, leaf in leaves:
        value = arrays[prefix + "/".join(_name(part) for part in path)]
        if value.shape != np.shape(leaf):
            raise ValueError(f"an array of shape {value.shape} where {np.shape(leaf)} belongs")
        found.append(jnp.asarray(value, dtype=jnp.asarray(leaf).dtype))
    return jax.tree_util.tree_unflatten(shape, found)
