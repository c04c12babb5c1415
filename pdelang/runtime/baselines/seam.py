"""What a network must be able to do, and what all of them share: coordinates of the reference box, hard periodicity, sizes by a count.

A network takes z = 2 (xi - lower)/(upper - lower) - 1. A periodic coordinate enters as (cos pi z, sin pi z), so that the wrap is exact,
as it is for wrapped Gaussians; all other conditions are terms of eq. (3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import jax
import jax.numpy as jnp

from pdelang.compiler.ansatz import Index
from pdelang.runtime.baselines.derivatives import point_jets

Theta = Any
"""A pytree of float64 arrays."""


@dataclass(frozen=True)
class Box:
    """lower, upper: of each coordinate. periodic: one flag a coordinate. fields: how many scalar fields there are. Static under jit."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    periodic: tuple[bool, ...]
    fields: int

    @property
    def dimension(self) -> int:
        return len(self.lower)

    @property
    def inputs(self) -> int:
        """Numbers that `embedded` makes of a point."""
        return self.dimension + sum(self.periodic)

    def reference(self, points: Any) -> Any:
        """(N, d) -> z (N, d)."""
        lower, upper = jnp.asarray(self.lower), jnp.asarray(self.upper)
        return 2 * (points - lower) / (upper - lower) - 1

    def embedded(self, points: Any) -> Any:
        """(N, d) -> (N, inputs)."""
        return jnp.stack([e for i, z in enumerate(self.reference(points).T) for e in embedding(z, self.periodic[i])], axis=1)


def embedding(z: Any, periodic: bool) -> list[Any]:
    """What one coordinate of the reference box becomes, arrays of its shape."""
    return [jnp.cos(jnp.pi * z), jnp.sin(jnp.pi * z)] if periodic else [z]


class Network(Protocol):
    """A frozen dataclass (static under jit): sizes and box. Its parameters are a pytree of its own."""

    box: Box

    @classmethod
    def sized(cls, box: Box, unknowns: int, **shape: Any) -> Self:
        """The network whose number of parameters is nearest to `unknowns`; shape: its other sizes, such as depth."""

    def init(self, key: jax.Array) -> Theta:
        """Parameters to start from, as the network's authors draw them."""

    def values(self, theta: Theta, points: Any) -> Any:
        """(N, d) -> (F, N)."""

    def jets(self, theta: Theta, points: Any, indices: Sequence[Index]) -> Any:
        """D^orders u_f at points (N, d): (len(indices), N), in physical coordinates."""


@dataclass(frozen=True)
class PointNetwork:
    """A network of whole points: jets by forward-mode differentiation of `values`."""

    box: Box = field()

    def values(self, theta: Theta, points: Any) -> Any:
        raise TypeError(f"{type(self).__name__} does not say what its values are")

    def jets(self, theta: Theta, points: Any, indices: Sequence[Index]) -> Any:
        return point_jets(lambda p: self.values(theta, p), points, indices)


def count(theta: Theta) -> int:
    """Trainable numbers."""
    return sum(int(leaf.size) for leaf in jax.tree.leaves(theta))


def nearest(make: Callable[[int], Any], unknowns: int, largest: int = 4096) -> Any:
    """The network make(width), width = 1, 2, ..., whose count of parameters is nearest to `unknowns`; counts grow with the width."""

    def size(width: int) -> int:
        return count(jax.eval_shape(make(width).init, jax.random.key(0)))

    low, high = 1, 1
    while size(high) < unknowns and high < largest:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < unknowns else (low, middle)
    return make(min((low, high), key=lambda width: abs(size(width) - unknowns)))


def matched(make: Callable[[int, int], Any], unknowns: int) -> Any:
    """The network make(width, last): the width that comes nearest alone, then the last hidden layer's own, which counts only linearly."""
    width = nearest(lambda w: make(w, 0), unknowns).width
    return nearest(lambda last: make(width, last), unknowns)


def hidden(width: int, last: int, depth: int) -> list[int]:
    """Units of each hidden layer; `last` in the last one, 0 for as many."""
    return [*[width] * (depth - 1), last or width]


def glorot(key: jax.Array, rows: int, columns: int) -> jax.Array:
    """Glorot's normal initialisation (Glorot and Bengio, 2010)."""
    return jax.random.normal(key, (rows, columns), dtype=jnp.float64) * jnp.sqrt(2.0 / (rows + columns))
