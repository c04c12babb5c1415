"""Latent flow matching: codes of kernel sets, transported from a normal distribution by the flow of an ordinary differential equation.

    z = e(c) + scale y(1),    dy/ds = v(s, y; c),  y(0) ~ N(0, I);    theta_0 = G(z)
    v(s, y; c) = (m(s, y; c) - y)/(1 - s)

Eq. (4) of the paper with the distribution q(z|c) that data have in place of a diagonal Gaussian. v is learned by the regression of
conditional flow matching on straight paths (Lipman et al., ICLR 2023, eq. 21 to 23 with sigma_min = 0; Liu et al., ICLR 2023, eq. 1), in
the form that
predicts the end of the path: m = E[y(1) | y(s)], which is bounded where v is not. Straight paths need few steps.

Why codes and not kernels: a set of K kernels has 6 K numbers that a posterior of a few dimensions explains, and a regression that misses
each of them by a percent is felt by the projection. The decoder is learned first, by the objective after projection, round codes that are
blurred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.runtime.generator.encoder import FEATURES, divergence, features
from pdelang.runtime.generator.networks import Tree, affine, dense

if TYPE_CHECKING:
    from pdelang.runtime.generator.architectures import Sizes

CODE, CODE_A_CONDITION = 8, 2
"""Length of a code: the first, or the second times the conditions, whichever is more."""
BLUR = 0.05
"""Deviation of codes while the decoder is learned: it has to answer for the codes near e(c), too."""
STEPS = 8
"""Of the midpoint rule along a path; Euler's method pulls two modes at +-1 in to +-0.88."""
TIMES = 4
"""Frequencies of s in the features of v."""
SMOOTH = 2
"""Frequencies of c there: with more, the regression learns by heart (Burgers, one code a condition: a loss of 8e-4, and no spread)."""


def perceptron(key: Any, inputs: int, hidden: int, outputs: int, scale: float) -> Tree:
    """Two hidden layers."""
    a, b, c = jax.random.split(key, 3)
    return {"in": dense(a, inputs, hidden), "middle": dense(b, hidden, hidden), "out": dense(c, hidden, outputs, scale)}


def evaluated(tree: Tree, x: jax.Array) -> jax.Array:
    return affine(tree["out"], jnp.tanh(affine(tree["middle"], jnp.tanh(affine(tree["in"], x)))))


@dataclass(frozen=True)
class Velocity:
    """The field v for codes of `size` numbers under so many conditions."""

    size: int
    conditions: int
    hidden: int = 64

    def init(self, key: Any) -> Tree:
        return perceptron(key, self.size + 2 * TIMES + 1 + self.conditions * (1 + 2 * SMOOTH), self.hidden, self.size, 0.1)

    def end(self, tree: Tree, s: Any, y: jax.Array, c: jax.Array) -> jax.Array:
        """m(s, y; c): (size,)."""
        phase = jnp.pi * jnp.arange(1, TIMES + 1) * s
        return evaluated(tree, jnp.concatenate([y, jnp.array([s]), jnp.sin(phase), jnp.cos(phase), features(c, SMOOTH).ravel()]))

    def loss(self, tree: Tree, s: Any, start: jax.Array, end: jax.Array, c: jax.Array) -> jax.Array:
        """(1 - s)^2 |v(s, y(s)) - (y(1) - y(0))|^2 / size on the straight path y(s) = (1 - s) y(0) + s y(1)."""
        return jnp.mean((self.end(tree, s, (1 - s) * start + s * end, c) - end) ** 2)

    def transported(self, tree: Tree, y: jax.Array, c: jax.Array) -> jax.Array:
        """y(1) from y(0)."""
        step = 1 / STEPS
        for s in step * np.arange(STEPS):
            half = y + step / 2 * self.field(tree, s, y, c)
            y = y + step * self.field(tree, s + step / 2, half, c)
        return y

    def field(self, tree: Tree, s: float, y: jax.Array, c: jax.Array) -> jax.Array:
        """v(s, y; c): (size,), s < 1."""
        return (self.end(tree, s, y, c) - y) / (1 - s)


@dataclass(frozen=True)
class Coded:
    """c -> code -> slots, a plain network with a waist: what the decoder is learned in. noise 0: the code e(c)."""

    sizes: Sizes
    hidden: int = 64

    @property
    def latent(self) -> int:
        return max(CODE, CODE_A_CONDITION * self.sizes.conditions)

    def init(self, key: Any) -> Tree:
        a, b = jax.random.split(key)
        s = self.sizes
        return {
            "encoder": perceptron(a, s.conditions * FEATURES, self.hidden, self.latent, 1.0),
            "decoder": perceptron(b, self.latent, self.hidden, s.kernels * s.outputs, 0.01),
        }

    def code(self, tree: Tree, c: jax.Array) -> jax.Array:
        """e(c)."""
        return evaluated(tree["encoder"], features(c).ravel())

    def slots(self, tree: Tree, z: jax.Array) -> jax.Array:
        """G(z): (K, Q)."""
        return evaluated(tree["decoder"], z).reshape(self.sizes.kernels, self.sizes.outputs)

    def __call__(self, tree: Tree, c: jax.Array, noise: jax.Array, places: jax.Array) -> tuple[jax.Array, jax.Array]:
        mean = self.code(tree, c)
        return self.slots(tree, mean + BLUR * noise), divergence(mean, jnp.full(self.latent, np.log(BLUR)))


@dataclass(frozen=True)
class Flow:
    """Codes by the flow. noise is y(0); 0: the path that starts in the middle."""

    sizes: Sizes

    @property
    def coded(self) -> Coded:
        return Coded(self.sizes)

    @property
    def latent(self) -> int:
        return self.coded.latent

    @property
    def velocity(self) -> Velocity:
        return Velocity(self.latent, self.sizes.conditions)

    def init(self, key: Any) -> Tree:
        a, b = jax.random.split(key)
        return self.coded.init(a) | {"velocity": self.velocity.init(b), "scale": jnp.ones(self.latent)}

    def __call__(self, tree: Tree, c: jax.Array, noise: jax.Array, places: jax.Array) -> tuple[jax.Array, jax.Array]:
        moved = self.velocity.transported(tree["velocity"], noise, c)
        return self.coded.slots(tree, self.coded.code(tree, c) + tree["scale"] * moved), jnp.zeros(())
