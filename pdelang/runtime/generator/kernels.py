"""Scattered kernels generated from the condition, behind the seam: the trained network, and its answer to one condition.

    theta_0 = G(z; c), z ~ q(z|c);   then weights projected (one least-squares solve, or Gauss-Newton steps), or gradient steps of eq. (5)

One compiled function answers every condition: geometry, points and parameters are its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Self, cast

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.bilevel import Instance
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.generator.architectures import ARCHITECTURES, Architecture, Sizes
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import StandardLayout
from pdelang.runtime.generator.directions import Directions
from pdelang.runtime.generator.effort import Effort, Found
from pdelang.runtime.generator.networks import Tree, filled, flattened
from pdelang.runtime.generator.points import Points, linear
from pdelang.runtime.generator.projection import Projection
from pdelang.runtime.generator.quick_defect import estimated
from pdelang.runtime.generator.refinement import Refinement
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.quick_check import QuickCheck
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status

QUERY_RIDGE, QUERY_REFINEMENTS, QUERY_STEPS, ENOUGH = 1e-12, 2, 5, 0.1
"""Of a query's projection; the most Gauss-Newton steps where the problem is nonlinear, and the share of the residual that each has to take
away for the next one to follow."""
QUERY_POINTS = 1.6
"""Times the points of a training step."""
SEED = 17
AS_IS = 3e-2
"""Tolerance from which an answer is tried before its weights are projected. Guessed weights alone are worse than 1e-2 in every row of
`benchmarks/families.py`, and to look costs an estimate and a check."""
MORE, HOPELESS = 0.25, 30.0
"""Kernels of a refinement, as a share of those that are there; how many times the tolerance the error may be before it."""
REFINING_SAMPLES = 4
"""Of the posterior, for a refinement of a query that asked for none."""
CAUTION = 2.0
"""Times the estimate outside the range: inside it is 0.6 to 1.9 of the error, outside nothing has been learned."""
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
    """design, standard layout, and the network's numbers. directions: of weights, where kernels answer as they stand."""

    compiled: CompiledProblem
    design: Design
    layout: StandardLayout
    tree: Tree
    directions: Directions | None = None
    _functions: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def architecture(self) -> Architecture:
        return architecture(self.compiled, self.design.kind, self.layout)

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        """With the effort that the options ask for."""
        effort = self._default
        if options.adapt_steps is not None:
            effort = Effort(options.adapt_steps, effort.projected)
        effort = replace(effort, more=options.refine)
        found = self._found(parameters, options, effort)
        return self._result(
            parameters, options, effort, self._refined(found, parameters, options, options.refine) if options.refine else found
        )

    def answers(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> Iterator[MethodResult]:
        """One after the other with more effort: as generated, adapted, projected, refined. The last is left out where the one before is
        estimated to be hopelessly far from the tolerance."""
        if options.adapt_steps is not None or options.refine or options.tolerance is None:
            yield self.answer(compiled, parameters, options)
            return
        if self.directions is not None:  # more than that is dearer than a direct solve
            yield self._result(parameters, options, self._default, self._found(parameters, options, self._default))
            return
        for effort in self._efforts(options.tolerance):
            found = self._found(parameters, options, effort)
            yield self._result(parameters, options, effort, found)
        if max(found.error) < HOPELESS * options.tolerance:
            more = max(1, round(MORE * self.layout.kernels))
            refined = self._refined(found, parameters, options, more)
            yield self._result(parameters, options, replace(effort, more=more), refined)

    def projected(self, parameters: Parameters, options: QueryOptions) -> Found:
        """With its weights projected, whatever the objective."""
        return self._found(parameters, options, Effort(self._projection, True))

    @property
    def _default(self) -> Effort:
        """Of an answer that nobody asks more of."""
        count = self.directions.count if self.directions else 0
        return Effort(self._steps, self.design.objective == "projected", directions=count)

    @property
    def _steps(self) -> int:
        return self.design.inner_steps if self.design.objective == "paper" else self._projection

    @property
    def _projection(self) -> int:
        return 1 if linear(self.compiled) else QUERY_STEPS

    def _efforts(self, tolerance: float) -> list[Effort]:
        """Weights of a linear problem are not learned where they are projected: without projection there is nothing."""
        projected = self.design.objective == "projected"
        efforts = [Effort(0, projected)] if tolerance >= AS_IS and not (projected and linear(self.compiled)) else []
        if not projected:
            efforts.append(Effort(self._steps, False))
        return [*efforts, Effort(self._projection, True)]

    def _result(self, parameters: Parameters, options: QueryOptions, effort: Effort, found: Found) -> MethodResult:
        lower, upper = (np.asarray(b, dtype=float) for b in self.compiled.bounds(parameters))
        parts = [_expansion(self.compiled, theta, lower, upper) for theta in found.thetas]
        refined = [_expansion(self.compiled, theta, lower, upper) for theta in found.refined]
        conditions = Conditions.of(self.compiled.problem)
        outside = conditions.outside(conditions.unit(parameters)) > SLACK
        return MethodResult(
            refined[0] if refined else parts[0] if len(parts) == 1 else _mean(parts),
            Status.CONVERGED,
            self.design.kind,
            effort.steps,
            f"{self.layout.kernels} kernels, {effort}" + (", outside the range of the training" if outside else ""),
            error_estimate=None if found.absolute is None else found.absolute * (CAUTION if outside else 1.0),
            samples=tuple(parts) if options.samples and len(parts) > 1 else (),
            checked=found.checked,
        )

    def _found(self, parameters: Parameters, options: QueryOptions, effort: Effort, samples: int | None = None) -> Found:
        """Of the posterior's mean; or one theta a sample."""
        if effort.directions and self.directions is not None:
            _, theta, figures, checked = self.directions.found(parameters)
            return Found([theta], figures, checked)
        latent, count = self.architecture.latent, options.samples if samples is None else samples
        noise = np.random.default_rng(options.seed).standard_normal((count, latent)) if count and latent else np.zeros((1, latent))
        function, c = self._adapting(effort.steps, effort.projected), Conditions.of(self.compiled.problem).unit(parameters)
        found = [jax.device_get(function(self._on_device, c, n, _floats(parameters))) for n in noise]
        figures = np.mean([figures for _, figures, _ in found], axis=0)
        return Found([theta for theta, *_ in found], figures, found[0][2] if len(found) == 1 else None)

    @cached_property
    def _on_device(self) -> Tree:
        return cast(Tree, jax.device_put(self.tree))

    def _refined(self, found: Found, parameters: Parameters, options: QueryOptions, more: int) -> Found:
        """The answer of the posterior's mean with more kernels."""
        effort, without = Effort(self._projection, True), replace(options, samples=0)
        base = found if len(found.thetas) == 1 else self._found(parameters, without, effort)
        if self.architecture.latent:
            samples = found.thetas if len(found.thetas) > 1 else self._found(parameters, options, effort, REFINING_SAMPLES).thetas
        else:
            samples = base.thetas
        stacked = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
        by = options.refine_by or ("spread" if len(samples) > 1 else "residual")
        theta, figures, checked = jax.device_get(self._refining(more, by)(base.thetas[0], stacked, _floats(parameters)))
        return Found(found.thetas, figures, checked, [theta])

    # ------------------------------------------------------------ compiled functions

    def _compiled(self, name: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Once for each effort, whatever the parameters."""
        if name not in self._functions:
            self._functions[name] = jax.jit(make())
        return self._functions[name]

    @cached_property
    def _instance(self) -> Instance:
        return Instance(self.compiled, self.layout, Points.of(self.compiled, round(QUERY_POINTS * self.design.points), seed=SEED))

    def _adapting(self, steps: int, projected: bool) -> Any:
        """tree, c, noise, parameters -> theta, its error and values (`quick_defect`), and the figures of its check."""

        def made() -> Any:
            instance, network, estimate = self._instance, self.architecture, estimated(self.compiled, self.layout)
            places, key, check = jnp.asarray(self.layout.centres), jax.random.key(SEED), QuickCheck(self.compiled)

            def adapted(tree: Tree, c: jax.Array, noise: jax.Array, params: Any) -> Any:
                slots, _ = network(tree, c, noise, places)
                if projected and steps:
                    theta = instance.projected(slots, key, params, _projection(steps))[0]
                else:
                    theta = self.layout.theta(instance.descended(slots, jax.random.split(key, steps), params, self.design.inner_rate))
                return theta, estimate(theta, params), check.of_kernels(theta, params)

            return adapted

        return self._compiled((steps, projected), made)

    def _refining(self, more: int, by: str) -> Any:
        """theta, samples, parameters -> theta with more kernels, its error and values, and the figures of its check."""

        def made() -> Any:
            estimate, key, check = estimated(self.compiled, self.layout), jax.random.key(SEED + 1), QuickCheck(self.compiled)
            refinement = Refinement(self._instance, more, by, _projection(self._projection))

            def refined(theta: Any, samples: Any, params: Any) -> Any:
                theta = refinement(theta, samples, key, params)
                return theta, estimate(theta, params), check.of_kernels(theta, params)

            return refined

        return self._compiled((more, by), made)

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """One answer after the other, all by the same compiled functions."""
        if self.directions is not None:
            return self.directions.grids(z, axes)
        conditions, fixed = Conditions.of(compiled.problem), compiled.parameters()
        orders = [(f, (0,) * len(axes)) for f in range(len(compiled.problem.fields))]
        values, estimates = np.empty((len(z), len(orders), *(len(a) for a in axes))), np.empty(len(z))
        effort = self._default
        for n, one in enumerate(z):
            found = self._found(fixed | {name: np.asarray(v) for name, v in conditions.values(one).items()}, QueryOptions(), effort)
            unit = np.zeros(len(axes)), np.ones(len(axes))
            values[n] = _expansion(compiled, found.thetas[0], *unit).grid_jets(axes, orders)
            estimates[n] = max(found.error)
        return values, estimates

    def config(self) -> dict[str, Any]:
        return asdict(self.design)

    def arrays(self) -> Arrays:
        own = flattened(self.tree, "network/") | {f"layout/{name}": a for name, a in self.layout.arrays().items()}
        return own | {f"directions/{name}": a for name, a in (self.directions.arrays() if self.directions else {}).items()}

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        design = Design(**config)
        layout = StandardLayout(**{name: arrays[f"layout/{name}"] for name in ("centres", "log_scales", "weights", "unit")})
        like = architecture(compiled, design.kind, layout).init(jax.random.key(0))
        own = {name.removeprefix("directions/"): a for name, a in arrays.items() if name.startswith("directions/")}
        directions = Directions.restored(compiled, layout, own) if own else None
        return cls(compiled, design, layout, filled(like, arrays, "network/"), directions)


def architecture(compiled: CompiledProblem, kind: str, layout: StandardLayout) -> Architecture:
    sizes = Sizes(layout.kernels, layout.outputs, Conditions.of(compiled.problem).size, layout.centres.shape[1])
    made: Architecture = ARCHITECTURES[kind](sizes)
    return made


def _projection(steps: int) -> Projection:
    return Projection(steps, QUERY_RIDGE, QUERY_REFINEMENTS, ENOUGH)


def _floats(parameters: Parameters) -> dict[str, np.ndarray]:
    return {name: np.asarray(v, dtype=float) for name, v in parameters.items()}


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
