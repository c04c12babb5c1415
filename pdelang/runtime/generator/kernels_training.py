"""The training of a generator of scattered kernels: Adam on eq. (6), or on the residual after projection, over random conditions.

Every step is a function of the seed, its number and what the step before left: conditions, points and noise are drawn from (seed, step),
the optimiser's state is kept as arrays. So a training taken up again goes on to the same bits. One compilation serves all steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime import devices, mesh
from pdelang.runtime.bilevel import Instance, paper_loss, projected_loss
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import HOLDING, StandardLayout, repulsion
from pdelang.runtime.generator.diagnostics import kernel_figures
from pdelang.runtime.generator.directions import stands
from pdelang.runtime.generator.kernels import Design, Kernels, architecture
from pdelang.runtime.generator.networks import Tree, filled, flattened
from pdelang.runtime.generator.points import Points, linear
from pdelang.runtime.generator.projection import Projection
from pdelang.runtime.generator.reach import counts, errors
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.generator.standard import standard_layout
from pdelang.runtime.generator.standing import Labels, Standing

CHUNK = 50
"""Optimiser steps a unit of work."""
KERNELS, NONLINEAR_KERNELS = {1: 32, 2: 64, 3: 216, 4: 256}, {1: 32, 2: 144, 3: 343, 4: 256}
"""By the number of coordinates."""
STEPS, NONLINEAR_STEPS = 6_000, 1_200
"""Burgers in nu, 144 kernels: a mean error of 1.6e-3 after 1,200, 8.5e-2 after 3,000 with a rate that falls more slowly."""
POINTS_PER_KERNEL, FEWEST_POINTS = 4, 500
BATCH = 4
RIDGE, UNROLLED = 1e-8, 3
"""Of the projection in training: a larger ridge keeps gradients finite; Gauss-Newton steps where the problem is nonlinear."""
CLIP = 1.0
PILOT, HOPE = 500, {True: 0.3, False: 0.02}
"""Steps after which a number of kernels that nobody asked for is judged; the error that the hardest held-out condition may have then, of
linear and of nonlinear problems: of these the hardest hardly get better (Burgers)."""
MOST, STANDING = {True: 900, False: 324}, {True: 900, False: 1400}
"""Kernels that a training takes by itself, of linear and of nonlinear problems, where a query solves normal equations of that size; those
that stand still."""
WITHIN = 0.1
"""Share of the tolerance at which an error that is only estimated is small enough."""


@dataclass(eq=False)
class KernelsTraining:
    """step: optimiser steps done. tree, moments: network and optimiser after them. settled: the number of kernels is decided. alone: the
    error of the hardest held-out condition where the standard layout answers as it stands; standing: what is learned then, if the domain
    is the same for all conditions."""

    compiled: CompiledProblem
    options: Any
    layout: StandardLayout
    step: int = 0
    tree: Tree = field(default_factory=dict)
    moments: Any = None
    settled: bool = True
    alone: float | None = None
    standing: Standing | None = None

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        own = cls(compiled, options, standard_layout(compiled, options.kernels or default_kernels(compiled), options.seed))
        own._begin()
        own.settled = bool(options.kernels) or options.objective != "projected"
        return own

    def _begin(self) -> None:
        self.step, self.tree = 0, self.architecture.init(jax.random.key(self.options.seed))
        self.moments = self.optimiser.init(self.tree)

    @property
    def architecture(self) -> Any:
        return architecture(self.compiled, self.design.kind, self.layout)

    @cached_property
    def design(self) -> Design:
        o = self.options
        points = max(FEWEST_POINTS, POINTS_PER_KERNEL * self.layout.kernels)
        return Design(o.generator, o.objective, points, o.inner_steps, o.inner_rate)

    @cached_property
    def instance(self) -> Instance:
        return Instance(self.compiled, self.layout, Points.of(self.compiled, self.design.points, self.options.seed))

    @property
    def conditions_a_step(self) -> int:
        return self.options.batch or BATCH

    @property
    def devices_a_condition(self) -> int:
        return devices.sharing(self.conditions_a_step, self.options.devices_a_condition)

    @property
    def steps(self) -> int:
        return self.options.steps or (STEPS if self.instance.linear else NONLINEAR_STEPS)

    @cached_property
    def optimiser(self) -> optax.GradientTransformation:
        schedule = optax.cosine_decay_schedule(self.options.learning_rate, self.steps)
        return optax.apply_if_finite(optax.chain(optax.clip_by_global_norm(CLIP), optax.adam(schedule)), max_consecutive_errors=100)

    @property
    def done(self) -> bool:
        return self.standing.done if self.standing else self.alone is not None or self.step >= self.steps

    @property
    def fraction(self) -> float:
        if self.standing:
            return self.standing.fraction
        return 1.0 if self.done else self.step / self.steps

    def advance(self) -> dict[str, float]:
        """CHUNK optimiser steps; figures are those of the last, `loss` and `residual` means over all."""
        self._settle()  # an interrupt may have come between
        if self.standing:
            return self.standing.advance()
        seen = []
        for _ in range(min(CHUNK, self.steps - self.step)):
            given = devices.everywhere((self.tree, self.moments, *self._drawn()))
            self.tree, self.moments, figures = self._update(*given)
            self.step += 1
            seen.append(figures)
        self._settle()
        last = {name: float(value) for name, value in jax.device_get(seen[-1]).items()}
        means = {name: float(np.mean([s[name] for s in jax.device_get(seen)])) for name in ("loss", "residual")}
        return {"step": float(self.step), "kernels": float(self.layout.kernels), **last, **means}

    @property
    def message(self) -> str:
        if self.alone is None or self.alone <= self.options.tolerance:
            return ""
        return f"{self.layout.kernels} kernels miss the hardest of the held-out conditions by {self.alone:.1e}"

    def _settle(self) -> None:
        """After PILOT steps: the kernels that were begun with, if learning takes hold of every condition; else kernels that stand; else
        so many that the standard layout holds all, or the most, which are trained anew where the problem is nonlinear: of a linear one they
        are too many for that."""
        if self.settled or self.step < PILOT:
            return
        if self._hardest() > HOPE[self.instance.linear] and not self._stood():
            self._grow()
        self.settled = True

    def _grow(self) -> None:
        for count in counts(self.layout.kernels, MOST[self.instance.linear]):
            self._take(standard_layout(self.compiled, count, self.options.seed, HOLDING))
            missed = self._hardest()
            if missed <= WITHIN * self.options.tolerance:
                self.alone = missed
                return
        if self.instance.linear:
            self.alone = missed

    def _stood(self) -> bool:
        """Kernels that do not move, of which directions are learned; not of codes, whose kernels a flow has to move."""
        o = self.options
        if o.generator == "coded" or not stands(self.compiled):
            return False
        self.standing = Standing.chosen(self.compiled, self.layout.kernels, STANDING[self.instance.linear], o.tolerance, o.seed)
        if self.standing is None:
            return False
        self.alone = float(self.standing.errors.max())
        self._take(self.standing.layout)
        return True

    def _hardest(self) -> float:
        """The largest estimated error at held-out conditions; the first process's, for all have to decide alike."""
        return float(np.frombuffer(mesh.first(lambda: np.max(errors(self.generator())).tobytes()))[0])

    def _take(self, layout: StandardLayout) -> None:
        """Begin anew with another layout: nothing that was made for the old one stays."""
        self.layout = layout
        for made in ("design", "instance", "optimiser", "_update", "_adapted"):
            self.__dict__.pop(made, None)
        self._begin()

    def _drawn(self) -> tuple[Any, np.ndarray, dict[str, np.ndarray]]:
        """Key, conditions (B, size) and parameters of the next step."""
        conditions, batch = Conditions.of(self.compiled.problem), self.conditions_a_step
        c = conditions.sample(batch, np.random.default_rng((self.options.seed, self.step)))
        fixed = {name: np.broadcast_to(value, (batch, *np.shape(value))) for name, value in self.compiled.parameters().items()}
        return jax.random.fold_in(jax.random.key(self.options.seed), self.step), c, fixed | conditions.values(c)

    @cached_property
    def _update(self) -> Any:
        """One step of the optimiser, compiled once."""

        def update(tree: Tree, moments: Any, key: Any, c: jax.Array, params: Any) -> Any:
            (_, figures), slope = jax.value_and_grad(self._objective, has_aux=True)(tree, key, c, params)
            changes, moments = self.optimiser.update(slope, moments, tree)
            return optax.apply_updates(tree, changes), moments, figures

        return jax.jit(update)

    @cached_property
    def _adapted(self) -> Any:
        o = self.options
        if o.objective == "paper":
            return paper_loss(self.instance, o.inner_steps, o.inner_rate, o.w_adapt)
        return projected_loss(self.instance, Projection(1 if self.instance.linear else UNROLLED, RIDGE))

    def _objective(self, tree: Tree, key: Any, c: jax.Array, params: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
        """Eq. (6), the mean over a batch of conditions; its first term is that of the objective."""
        o, network, places = self.options, self.architecture, jnp.asarray(self.layout.centres)

        def one(tree: Tree, key: Any, c: jax.Array, params: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
            drawn, noise = jax.random.split(key)
            slots, divergence = network(tree, c, jax.random.normal(noise, (network.latent,)), places)
            value, figures = self._adapted(slots, drawn, params)
            theta = self.layout.theta(slots)
            total = value + o.beta * divergence + o.repulsion * repulsion(theta["centres"], o.repulsion_scale)
            kernels = kernel_figures(jax.lax.stop_gradient(theta), jnp.asarray(self.layout.spacing))
            return total, {"loss": total, "kl": divergence, **figures, **kernels}

        keys = jax.random.split(key, c.shape[0])
        totals, figures = devices.over_devices(one, self.devices_a_condition)(tree, keys, c, params)
        worst = jnp.max(figures["residual"])
        means = {name: jnp.mean(value) for name, value in figures.items()}
        means |= {"residual_worst": worst, "nearest_least": jnp.min(figures["nearest_least"])}
        return jnp.mean(totals), means

    def generator(self) -> Kernels:
        directions = self.standing.directions() if self.standing else None
        return Kernels(self.compiled, self.design, self.layout, jax.device_get(self.tree), directions)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        numbers: dict[str, Any] = {"step": self.step, "settled": self.settled, "alone": self.alone}
        arrays = flattened(self.tree, "network/") | flattened(self.moments, "optimiser/")
        if self.standing:
            numbers["standing"], labels = self.standing.state()
            arrays |= labels
        return numbers, arrays | {f"layout/{name}": a for name, a in self.layout.arrays().items()}

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        layout = StandardLayout(**{name: arrays[f"layout/{name}"] for name in ("centres", "log_scales", "weights", "unit")})
        own = cls(compiled, options, layout, int(numbers["step"]), settled=bool(numbers["settled"]), alone=numbers["alone"])
        if "standing" in numbers:
            labels = Labels(compiled, layout, options.tolerance, options.seed)
            own.standing = Standing.resumed(labels, numbers["standing"], arrays)
        like = own.architecture.init(jax.random.key(options.seed))
        own.tree = filled(like, arrays, "network/")
        own.moments = filled(own.optimiser.init(like), arrays, "optimiser/")
        return own


def default_kernels(compiled: CompiledProblem) -> int:
    return (KERNELS if linear(compiled) else NONLINEAR_KERNELS)[len(compiled.problem.coordinates)]
