"""Scattered kernels generated from the condition, behind the seam: the trained network, and its answer to one condition.

    theta_0 = G(z; c), z ~ q(z|c);   then weights projected (one least-squares solve, or Gauss-Newton steps), or gradient steps of eq. (5)

One compiled function answers every condition: geometry, points and parameters are its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
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
from pdelang.runtime.generator.quick_defect import estimated
from pdelang.runtime.generator.refinement import Refinement
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status
from pdelang.runtime.validation import VANISHING

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


@dataclass(frozen=True)
class Effort:
    """steps: Gauss-Newton steps in the weights where `projected`, else gradient steps of eq. (5). more: kernels of a refinement."""

    steps: int
    projected: bool
    more: int = 0

    def __str__(self) -> str:
        steps = f"{self.steps} gradient step{'s' if self.steps != 1 else ''}"
        how = "projected" if self.projected else f"adapted by {steps}"
        more = f", then {self.more} more where it is worst" if self.more else ""
        return f"generated and {how}{more}" if self.steps else f"as generated{more}"


@dataclass(frozen=True, eq=False)
class Found:
    """thetas: of the posterior's mean, or one a sample. figures (2, F, places): mean of their errors and of their values.
    refined: the one with more kernels, whose figures they are then."""

    thetas: list[dict[str, np.ndarray]]
    figures: np.ndarray
    refined: list[dict[str, np.ndarray]] = field(default_factory=list)

    @property
    def absolute(self) -> np.ndarray | None:
        """Estimated root mean square of the error, one a field; None where there is no finite one."""
        found = np.sqrt(np.mean(self.figures[0] ** 2, axis=-1))
        return found if np.isfinite(found).all() else None

    @property
    def error(self) -> np.ndarray:
        """The same, relative; inf where there is none."""
        sizes = np.sqrt(np.mean(self.figures[1] ** 2, axis=-1))
        found = np.sqrt(np.mean(self.figures[0] ** 2, axis=-1)) / np.maximum(sizes, VANISHING * np.max(sizes, initial=1e-300))
        return np.where(np.isfinite(found), found, np.inf)


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
        """With the effort that the options ask for."""
        steps = self._steps if options.adapt_steps is None else options.adapt_steps
        effort = Effort(steps, self.design.objective == "projected", options.refine)
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
        )

    def _found(self, parameters: Parameters, options: QueryOptions, effort: Effort, samples: int | None = None) -> Found:
        """Of the posterior's mean; or one theta a sample."""
        latent, count = self.architecture.latent, options.samples if samples is None else samples
        noise = np.random.default_rng(options.seed).standard_normal((count, latent)) if count and latent else np.zeros((1, latent))
        function, c = self._adapting(effort.steps, effort.projected), Conditions.of(self.compiled.problem).unit(parameters)
        pairs = [jax.device_get(function(self.tree, c, n, _floats(parameters))) for n in noise]
        return Found([theta for theta, _ in pairs], np.mean([figures for _, figures in pairs], axis=0))

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
        theta, figures = jax.device_get(self._refining(more, by)(base.thetas[0], stacked, _floats(parameters)))
        return Found(found.thetas, figures, [theta])

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
        """tree, c, noise, parameters -> theta, and its error and values (`quick_defect`)."""

        def made() -> Any:
            instance, network, estimate = self._instance, self.architecture, estimated(self.compiled, self.layout)
            places, key = jnp.asarray(self.layout.centres), jax.random.key(SEED)

            def adapted(tree: Tree, c: jax.Array, noise: jax.Array, params: Any) -> Any:
                slots, _ = network(tree, c, noise, places)
                if projected and steps:
                    theta = instance.projected(slots, key, params, _projection(steps))[0]
                else:
                    theta = self.layout.theta(instance.descended(slots, jax.random.split(key, steps), params, self.design.inner_rate))
                return theta, estimate(theta, params)

            return adapted

        return self._compiled((steps, projected), made)

    def _refining(self, more: int, by: str) -> Any:
        """theta, samples, parameters -> theta with more kernels, and its error and values."""

        def made() -> Any:
            estimate, key = estimated(self.compiled, self.layout), jax.random.key(SEED + 1)
            refinement = Refinement(self._instance, more, by, _projection(self._projection))

            def refined(theta: Any, samples: Any, params: Any) -> Any:
                theta = refinement(theta, samples, key, params)
                return theta, estimate(theta, params)

            return refined

        return self._compiled((more, by), made)

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """One answer after the other, all by the same compiled functions."""
        conditions, fixed = Conditions.of(compiled.problem), compiled.parameters()
        orders = [(f, (0,) * len(axes)) for f in range(len(compiled.problem.fields))]
        values, estimates = np.empty((len(z), len(orders), *(len(a) for a in axes))), np.empty(len(z))
        effort = Effort(self._steps, self.design.objective == "projected")
        for n, one in enumerate(z):
            found = self._found(fixed | {name: np.asarray(v) for name, v in conditions.values(one).items()}, QueryOptions(), effort)
            unit = np.zeros(len(axes)), np.ones(len(axes))
            values[n] = _expansion(compiled, found.thetas[0], *unit).grid_jets(axes, orders)
            estimates[n] = max(found.error)
        return values, estimates

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
