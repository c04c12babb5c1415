"""Physics-informed Kolmogorov-Arnold network in Chebyshev form (Liu et al., 2024; SS et al., 2024): learned functions on the edges.

    a_(l+1),j = sum_i sum_(n <= degree) c_l,i,j,n T_n(tanh a_l,i)

The Chebyshev basis stands for the splines of the first papers: the same kind of functions on an edge, by one product instead of a
recursion over knots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp

from pdelang.runtime.baselines.seam import Box, PointNetwork, Theta, hidden, matched

DEGREE = 5
DEPTH = 3


def chebyshev(z: Any, degree: int) -> Any:
    """T_0 ... T_degree at z (N, inputs): (N, inputs, degree + 1)."""
    terms = [jnp.ones_like(z), z]
    for _ in range(degree - 1):
        terms.append(2 * z * terms[-1] - terms[-2])
    return jnp.stack(terms[: degree + 1], axis=-1)


@dataclass(frozen=True)
class PIKAN(PointNetwork):
    """width nodes in each of depth hidden layers, `last` in the last one, 0 for as many; polynomials of `degree` on each edge."""

    width: int = 12
    last: int = 0
    depth: int = DEPTH
    degree: int = DEGREE

    @classmethod
    def sized(cls, box: Box, unknowns: int, **shape: Any) -> Self:
        network: Self = matched(lambda width, last: cls(box, width, last, **shape), unknowns)
        return network

    def init(self, key: jax.Array) -> Theta:
        """Standard deviation 1/(inputs (degree + 1)), as SS et al. draw them: with the square root of it, which keeps the variance, the
        polynomials of high degree dominate from the start, and heat.pde is at 0.55 after 600 steps where this is at 0.01."""
        sizes = [self.box.inputs, *hidden(self.width, self.last, self.depth), self.box.fields]
        shapes = zip(jax.random.split(key, len(sizes) - 1), sizes, sizes[1:])
        return [jax.random.normal(k, (a * (self.degree + 1), b)) / (a * (self.degree + 1)) for k, a, b in shapes]

    def values(self, theta: Theta, points: Any) -> Any:
        out = self.box.embedded(points)
        for number, coefficients in enumerate(theta):
            z = jnp.tanh(out) if number else out  # the box is [-1, 1] already
            out = chebyshev(z, self.degree).reshape(len(points), -1) @ coefficients
        return out.T
