"""Fresh points of every step, drawn inside the compiled function: a shifted low-discrepancy set, and points where the kernels are.

Half of the points of a nonlinear problem are draws from the kernels, folded back into the box: where kernels crowd the solution is
steep, and that is where equations have to be asked for. Deterministic in the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.devices import divided
from pdelang.runtime.sampling import sobol


def linear(compiled: CompiledProblem) -> bool:
    """Whether weights follow from one least-squares solve."""
    return all(e.linear for e in (*compiled.equations, *compiled.conditions))


@dataclass(frozen=True, eq=False)
class Points:
    """interior (N, d) and faces, one (N_i, d) a condition: low-discrepancy sets in [0, 1)^d. followed: points of the interior, of which
    so many are replaced by draws from the kernels; of a face the same share. periodic: one flag a coordinate."""

    interior: np.ndarray
    faces: tuple[np.ndarray, ...]
    share: float
    periodic: tuple[bool, ...]

    @classmethod
    def of(cls, compiled: CompiledProblem, count: int, seed: int = 0) -> Points:
        """count: of the interior; 4 sqrt(count) on each condition of a plane problem, a quarter of the interior in more dimensions."""
        d = len(compiled.problem.coordinates)
        each = max(16, round(4 * count**0.5)) if d <= 2 else max(64, count // 4)
        faces = tuple(sobol(each if c.free else 1, d, seed + 1 + n) for n, c in enumerate(compiled.conditions))
        return cls(sobol(count, d, seed), faces, 0.0 if linear(compiled) else 0.5, tuple(c.periodic for c in compiled.problem.coordinates))

    def draw(self, key: Any, geometry: dict[str, Any]) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        """In the reference box [-1, 1]^d: interior and faces, divided between the devices that share a condition."""
        keys = jax.random.split(key, 1 + len(self.faces))
        sets = [divided(self._one(k, s, geometry)) for k, s in zip(keys, (self.interior, *self.faces))]
        return sets[0], tuple(sets[1:])

    def _one(self, key: Any, base: np.ndarray, geometry: dict[str, Any]) -> jax.Array:
        shift, how = jax.random.split(key)
        even = 2 * jnp.mod(base + jax.random.uniform(shift, (1, base.shape[1])), 1.0) - 1
        followed = int(self.share * len(base))
        if not followed:
            return even
        return jnp.concatenate([even[followed:], folded(near(how, followed, geometry), self.periodic)])


def near(key: Any, count: int, geometry: dict[str, Any]) -> jax.Array:
    """Draws from the kernels as if they were one density: (count, d)."""
    which, how = jax.random.split(key)
    k = jax.random.randint(which, (count,), 0, geometry["centres"].shape[0])
    chosen = {name: jax.lax.stop_gradient(geometry[name][k]) for name in ("centres", "log_scales", "shears")}
    return moved(chosen, jax.random.normal(how, chosen["centres"].shape))


def moved(geometry: dict[str, Any], s: jax.Array) -> jax.Array:
    """Centres (K, d) moved by s (K, d) in units of the kernels' own widths, along their own axes."""
    y: list[Any] = [None] * s.shape[1]
    pairs = list(combinations(range(len(y)), 2))
    scaled = jnp.exp(geometry["log_scales"]) * s
    for i in reversed(range(len(y))):
        shears = (geometry["shears"][:, pairs.index((i, j))] * y[j] for j in range(i + 1, len(y)))
        y[i] = scaled[:, i] - sum(shears, jnp.zeros(len(s)))
    return jnp.asarray(geometry["centres"] + jnp.stack(y, axis=1))


def folded(z: jax.Array, periodic: tuple[bool, ...]) -> jax.Array:
    """Into [-1, 1]^d: by periods where a coordinate has them, by reflection at the ends elsewhere."""
    wrapped = (z + 1) % 2 - 1
    reflected = jnp.abs((z - 1) % 4 - 2) - 1
    return jnp.where(jnp.array(periodic), wrapped, reflected)
