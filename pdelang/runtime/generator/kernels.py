"""Scattered kernels generated from the condition, behind the seam: the trained network, and its answer to one condition.

    theta_0 = G(z; c), z ~ q(z|c);   then weights projected (one least-squares solve, or Gauss-Newton steps), or gradient steps of eq. (5)

One compiled function answers every condition: geometry, points and parameters are its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.bilevel import Instance
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.generator.architectures import ARCHITECTURES, Architecture, Sizes
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import StandardLayout
from pdelang.runtime.generator.networks import Tree, filled, flattened
from pdelang.runtime.generator.points import Points, linear
from pdelang.runtime.generator.projection import Projection
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status

QUERY_RIDGE, QUERY_REFINEMENTS, QUERY_STEPS = 1e-12, 2, 5
"""Of a query's projection; Gauss-Newton steps where the problem is nonlinear."""
QUERY_POINTS = 1.6
"""Times the points of a training step."""
SLACK = 1e-9
"""A condition that lies outside the range by less than this, in half-widths, lies inside."""


@dataclass(frozen=True)
class Design:
    """What a network and its projection consist of. kind: a name of `ARCHITECTURES`. points: interior points of a training step.
    inner_steps, inner_rate: of eq. (5), where the objective is the paper's."""

    kind: str
    objective: str
    points: int
    inner_steps: int
    inner_rate: float


@dataclass(frozen=True, eq=False)
class Kernels:
    """design, standard layout, and the network's numbers."""

    compiled: CompiledProblem
    design: Design
    layout: StandardLayout
    tree: Tree
    _functions: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def architecture(self) -> Architecture:
        return architecture(self.compiled, self.design.kind, self.layout)

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        c = Conditions.of(compiled.problem).unit(parameters)
        thetas = self._generated(c, parameters, options)
        lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
        parts = [_expansion(compiled, theta, lower, upper) for theta in thetas]
        outside = Conditions.of(compiled.problem).outside(c) > SLACK
        return MethodResult(
            parts[0] if len(parts) == 1 else _mean(parts),
            Status.CONVERGED,
            self.design.kind,
            self._steps(options.adapt_steps),
            f"{self.layout.kernels} kernels, generated and {'adapted' if self.design.objective == 'paper' else 'projected'}"
            + (", outside the range of the training" if outside else ""),
            samples=tuple(parts) if len(parts) > 1 else (),
        )

    def _steps(self, asked: int | None) -> int:
        if asked is not None:
            return asked
        if self.design.objective == "paper":
            return self.design.inner_steps
        return 1 if linear(self.compiled) else QUERY_STEPS

    def _generated(self, c: np.ndarray, parameters: Parameters, options: QueryOptions) -> list[dict[str, np.ndarray]]:
        """One theta, of the posterior's mean; or one a sample."""
        latent = self.architecture.latent
        if not (options.samples and latent):
            noise = np.zeros((1, latent))
        else:
            noise = np.random.default_rng(options.seed).standard_normal((options.samples, latent))
        function = self._function(self._steps(options.adapt_steps))
        values = {name: np.asarray(v, dtype=float) for name, v in parameters.items()}
        return [jax.device_get(function(self.tree, c, n, values)) for n in noise]

    def _function(self, steps: int) -> Any:
        """c, noise, parameters -> theta, adapted: compiled once for each number of steps."""
        if steps not in self._functions:
            self._functions[steps] = jax.jit(self._adapting(steps))
        return self._functions[steps]

    def _adapting(self, steps: int) -> Any:
        points = Points.of(self.compiled, round(QUERY_POINTS * self.design.points), seed=17)
        instance, network = Instance(self.compiled, self.layout, points), self.architecture
        places, key = jnp.asarray(self.layout.centres), jax.random.key(17)

        def adapted(tree: Tree, c: jax.Array, noise: jax.Array, params: Any) -> Any:
            slots, _ = network(tree, c, noise, places)
            if self.design.objective == "paper":
                keys = jax.random.split(key, steps)
                return self.layout.theta(instance.descended(slots, keys, params, self.design.inner_rate))
            if not steps:
                return self.layout.theta(slots)
            return instance.projected(slots, key, params, Projection(steps, QUERY_RIDGE, QUERY_REFINEMENTS))[0]

        return adapted

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """One answer after the other, all by the same compiled functions."""
        conditions, fixed = Conditions.of(compiled.problem), compiled.parameters()
        orders = [(f, (0,) * len(axes)) for f in range(len(compiled.problem.fields))]
        values = np.empty((len(z), len(orders), *(len(a) for a in axes)))
        for n, one in enumerate(z):
            parameters = fixed | {name: np.asarray(v) for name, v in conditions.values(one).items()}
            (theta,) = self._generated(one, parameters, QueryOptions())
            unit = np.zeros(len(axes)), np.ones(len(axes))
            values[n] = _expansion(compiled, theta, *unit).grid_jets(axes, orders)
        return values, np.full(len(z), np.nan)

    def config(self) -> dict[str, Any]:
        return asdict(self.design)

    def arrays(self) -> Arrays:
        return flattened(self.tree, "network/") | {f"layout/{name}": a for name, a in self.layout.arrays().items()}

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        design = Design(**config)
        layout = StandardLayout(**{name: arrays[f"layout/{name}"] for name in ("centres", "log_scales", "weights", "unit")})
        like = architecture(compiled, design.kind, layout).init(jax.random.key(0))
        return cls(compiled, design, layout, filled(like, arrays, "network/"))


def architecture(compiled: CompiledProblem, kind: str, layout: StandardLayout) -> Architecture:
    sizes = Sizes(layout.kernels, layout.outputs, Conditions.of(compiled.problem).size, layout.centres.shape[1])
    made: Architecture = ARCHITECTURES[kind](sizes)
    return made


def _expansion(compiled: CompiledProblem, theta: Mapping[str, np.ndarray], lower: np.ndarray, upper: np.ndarray) -> GaussianExpansion:
    values = {name: np.asarray(a) for name, a in theta.items()}
    return GaussianExpansion(**values, lower=lower, upper=upper, periodic=tuple(c.periodic for c in compiled.problem.coordinates))


def _mean(parts: Sequence[GaussianExpansion]) -> GaussianExpansion:
    """The mean of expansions is one: all their kernels, with their weights divided by how many there are."""

    def joined(name: str, axis: int) -> np.ndarray:
        return np.concatenate([getattr(p, name) for p in parts], axis=axis)

    geometry = {name: joined(name, 0) for name in ("centres", "log_scales", "shears")}
    return GaussianExpansion(
        joined("weights", 1) / len(parts), **geometry, lower=parts[0].lower, upper=parts[0].upper, periodic=parts[0].periodic
    )
