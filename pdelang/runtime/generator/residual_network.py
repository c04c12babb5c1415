"""A network with residual blocks, from a condition to numbers: what `Coefficients` guesses by.

    h_0 = A z + a,    h_{k+1} = h_k + B_k g(A_k g(h_k) + a_k) + b_k,    y = C g(h_D) + c,    g: GELU

Single precision: it is a guess, a hundredth off, that the equation corrects.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from pdelang.runtime.generator.networks import Tree, affine, dense

SMALL = 0.3
"""Of a block's last layer at the start: blocks begin close to the identity."""


def initial(key: Any, inputs: int, width: int, depth: int, outputs: int) -> Tree:
    keys = jax.random.split(key, 2 * depth + 2)
    blocks = [{"in": dense(a, width, width), "out": dense(b, width, width, SMALL)} for a, b in zip(keys[2::2], keys[3::2])]
    tree = {"first": dense(keys[0], inputs, width), "blocks": blocks, "last": dense(keys[1], width, outputs)}
    single: Tree = jax.tree.map(lambda a: a.astype(jnp.float32), tree)
    return single


def network(tree: Any, z: Any) -> Any:
    """y (M, outputs) at z (M, inputs)."""
    h = affine(tree["first"], z)
    for block in tree["blocks"]:
        h = h + affine(block["out"], jax.nn.gelu(affine(block["in"], jax.nn.gelu(h))))
    return affine(tree["last"], jax.nn.gelu(h))
