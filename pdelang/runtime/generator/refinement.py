"""More kernels where an answer is worst: places by score, one after the other, then weights and points anew.

    score(xi) = |r(xi)| spread(xi),     a place that is taken lowers the score round it by 1 - phi(xi)

r: the balanced residual of all equations and conditions; spread: the deviation of the posterior's samples. A new kernel has the shape of
the one that is felt most where it stands, and is half as wide; phi is as wide as that one. Measured (`benchmarks/uncertainty.py`): a
layer that twelve kernels cannot hold, six more: at even places 1e-1, by the residual 1e-1, by both 6e-3. Where the geometry was learned
well, its residual is the same everywhere and the three differ little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.runtime.bilevel import Instance
from pdelang.runtime.generator.basis import jet_basis
from pdelang.runtime.generator.points import Points, folded, near
from pdelang.runtime.generator.projection import Projection
from pdelang.runtime.generator.rows import Theta, calmed, system

CANDIDATES = 1024
NARROWER = 0.5
POINTS_A_KERNEL = 12
"""Collocation points more for each new kernel, drawn from it."""
SCORES = ("spread", "residual", "even")
"""What places are chosen by: residual and spread, the residual alone, or nothing (places drawn evenly, to compare with)."""


@dataclass(frozen=True, eq=False)
class Refinement:
    """count: kernels more. by: a name of `SCORES`."""

    instance: Instance
    count: int
    by: str
    projection: Projection

    def __call__(self, theta: Theta, samples: Theta, key: Any, params: Any) -> Theta:
        """theta: K kernels with their weights. samples: the same arrays with a leading axis; only `spread` looks at them."""
        seen, again = jax.random.split(key)
        places, score = self._scored(theta, samples, seen, params)
        new = self._placed(theta, places, score, params)
        merged = {name: jnp.concatenate([theta[name], new[name]], axis=1 if name == "weights" else 0) for name in new}
        return self._projected(merged, new, again, params)

    def _scored(self, theta: Theta, samples: Theta, key: Any, params: Any) -> tuple[jax.Array, jax.Array]:
        """Candidates (C, d) in the reference box, and their scores (C,)."""
        compiled, spacing = self.instance.compiled, jnp.asarray(self.instance.layout.spacing)
        candidates = Points.of(compiled, CANDIDATES, seed=23)
        even = Points(candidates.interior, candidates.faces, 0.0, candidates.periodic)
        lower, upper = compiled.bounds(params)
        rows = system(compiled, theta, *even.draw(key, theta), params, spacing)
        count = len(compiled.equations)
        sizes = [b.evaluated(theta["weights"], params)[0] ** 2 * len(b.points) for b in rows.blocks]
        points = jnp.concatenate([rows.blocks[0].points, *(b.points for b in rows.blocks[count:])])
        residual = jnp.sqrt(jnp.concatenate([sum(sizes[:count], jnp.zeros(())), *sizes[count:]]))
        places = 2 * (points - lower) / (upper - lower) - 1
        if self.by == "even":
            return places, jax.random.uniform(key, (len(points),)) * (jnp.arange(len(points)) < len(rows.blocks[0].points))
        return places, residual * self._spread(samples, points, params) if self.by == "spread" else residual

    def _spread(self, samples: Theta, points: jax.Array, params: Any) -> jax.Array:
        """(N,), of the field where it is largest relative to its own root mean square."""
        spread = jnp.std(jax.vmap(lambda s: self._values(s, points, params))(samples), axis=0)
        return jnp.max(spread / jnp.sqrt(jnp.maximum(jnp.mean(spread**2, axis=1, keepdims=True), 1e-300)), axis=0)

    def _values(self, theta: Theta, points: jax.Array, params: Any) -> jax.Array:
        """(F, N)."""
        return theta["weights"] @ jet_basis(self.instance.compiled, theta, points, params, [(0,) * points.shape[1]])[0].T

    def _placed(self, theta: Theta, places: jax.Array, score: jax.Array, params: Any) -> Theta:
        """The new kernels, without weights."""
        compiled = self.instance.compiled
        lower, upper = compiled.bounds(params)
        points, zero = lower + (upper - lower) * (places + 1) / 2, [(0,) * places.shape[1]]
        felt = jnp.argmax(jet_basis(compiled, theta, points, params, zero)[0], axis=1)
        scales = theta["log_scales"][felt] + np.log(NARROWER)

        def place(score: jax.Array, _: Any) -> tuple[jax.Array, jax.Array]:
            n = jnp.argmax(score)
            kernel = {name: theta[name][felt[n]][None] for name in ("log_scales", "shears")} | {"centres": places[n][None]}
            return score * (1 - jet_basis(compiled, kernel, points, params, zero)[0, :, 0]), n

        _, chosen = jax.lax.scan(place, score, None, self.count)
        weights = jnp.zeros((theta["weights"].shape[0], self.count))
        return {"weights": weights, "centres": places[chosen], "log_scales": scales[chosen], "shears": theta["shears"][felt[chosen]]}

    def _projected(self, theta: Theta, new: Theta, key: Any, params: Any) -> Theta:
        instance = self.instance
        drawn, close = jax.random.split(key)
        interior, faces = instance.points.draw(drawn, theta)
        more = folded(near(close, POINTS_A_KERNEL * self.count, new), instance.points.periodic)
        rows = system(instance.compiled, theta, jnp.concatenate([interior, more]), faces, params, jnp.asarray(instance.layout.spacing))
        if not instance.linear:
            rows = calmed(instance.compiled, rows, theta, theta["weights"])
        return theta | {"weights": self.projection(rows.linearised, theta["weights"])}
