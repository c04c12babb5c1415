"""The training of `Coefficients`: labels from the direct solver, their principal directions, a network, plans for the last march."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.generator.coefficients import ADAPT_STEPS, Coefficients, Tree, flat, initial, network, tree_of
from pdelang.runtime.generator.common_layout import CommonLayout, Sample, below, common_layout, norms
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.polish import Plan, Plans, parameters_of, planned, plans_for, steepness
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.generator.solves import Solves
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class

LABELS, LABELS_A_UNIT = 1200, 8
LABEL_TOLERANCE = 3e-3
"""Labels are cheap ones: they are a hundred times better than asked for as a rule."""
LOST, LAYOUT_LOST = 3e-4, 1e-4
"""Relative: what the principal directions, and the common layout, may lose of a label; residuals differentiate the latter."""
LAYOUT_LABELS = 200
"""Labels that the common layout is made for."""
PLANS = 100
REFINED = 40
"""Held-out labels at which queries are tried."""
HELD_OUT = 10
"""Every tenth label."""
WIDTH, DEPTH = 128, 3
STEPS, STEPS_A_UNIT = 20_000, 500
BATCH = 64
QUANTILE = 0.9
"""Of the held-out labels' errors: the estimate."""


@dataclass(frozen=True, eq=False)
class Labels:
    """z (N, size); y (N, rank), scaled coordinates; the rest as in `Coefficients`."""

    z: np.ndarray
    y: np.ndarray
    layout: CommonLayout
    mean: np.ndarray
    directions: np.ndarray
    scale: np.ndarray
    norm: np.ndarray

    @classmethod
    def of(cls, z: np.ndarray, samples: Sequence[Sample], layout: CommonLayout) -> Labels:
        C = np.stack([layout.coefficients(s) for s in samples])
        norm = np.sqrt(np.mean([norms(layout, c) ** 2 for c in C], axis=0))
        weights = np.sqrt(layout.weights())
        mean = C.mean(axis=0)
        apart = (C - mean) * weights
        energy, U = (
            a[..., ::-1] for a in np.linalg.eigh(apart @ apart.T)
        )  # a tenth of the time of singular values, which LOST does not ask
        energy = np.maximum(energy, 0.0)
        rank = max(1, int(np.sum(np.cumsum(energy[::-1])[::-1] > LOST**2 * energy.sum())))
        directions = U[:, :rank].T @ apart / np.sqrt(np.maximum(energy[:rank, None], 1e-300))
        y = apart @ directions.T
        scale = np.full(rank, np.sqrt(np.mean(np.sum(y**2, axis=1)) / rank))  # one for all: the loss is the distance of functions
        return cls(z, y / scale, layout, mean, directions / weights, scale, norm)


@dataclass(eq=False)
class CoefficientsTraining:
    """One unit of work: eight labels, until there are enough; then some hundreds of steps of Adam on a falling rate; then some plans.

    Parameters whose direct solve gives nothing are left out. tables: of `Reduced`, kept.
    """

    compiled: CompiledProblem
    seed: int
    wanted: int
    steps: int
    batch: int
    rate: float
    tolerance: float
    z: list[np.ndarray] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    drawn: int = 0
    step: int = 0
    tree: Tree | None = None
    optimiser: Any = None
    tables: dict[object, np.ndarray] = field(default_factory=dict)
    loss: float = float("nan")
    error: float = float("inf")
    refined: float = float("inf")
    plans: list[Plan | None] = field(default_factory=list)
    message: str = ""

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        count, steps = options.kernels or LABELS, options.steps or STEPS
        return cls(compiled, options.seed, count, steps, options.batch or BATCH, options.learning_rate, options.tolerance)

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def solves(self) -> Solves:
        return Solves(self.compiled, SolveOptions(tolerance=LABEL_TOLERANCE, seed=self.seed))

    @cached_property
    def labels(self) -> Labels:
        """Once all are there."""
        evolving = self.compiled.problem.time is not None
        periodic = [c.periodic for c in self.compiled.problem.coordinates]
        layout = common_layout(self.samples[:LAYOUT_LABELS], periodic, evolving, LAYOUT_LOST)
        return Labels.of(np.stack(self.z), self.samples, layout)

    @cached_property
    def adam(self) -> optax.GradientTransformation:
        return optax.adam(optax.cosine_decay_schedule(self.rate, self.steps))

    @property
    def done(self) -> bool:
        return bool(self.message) or (self.step >= self.steps and len(self.plans) >= min(PLANS, len(self.samples)))

    @property
    def fraction(self) -> float:
        """Labels are taken for half of the work."""
        return 0.5 * min(self.drawn / self.wanted, 1.0) + 0.5 * self.step / self.steps

    def advance(self) -> dict[str, float]:
        if self.drawn < self.wanted:
            self._label()
        elif self.step < self.steps:
            self.loss = self._learn()
        else:
            self._plan()
        if self.done and not self.message:
            self.refined = self._held_out_error(ADAPT_STEPS)
            if self.refined > self.tolerance:
                self.message = f"the error at held-out parameters is {self.refined:.1e}, of the network alone {self.error:.1e}"
        figures = {"step": self.step, "solves": len(self.samples), "loss": self.loss, "error": self.error, "refined": self.refined}
        return {name: float(v) for name, v in figures.items()}

    def _label(self) -> None:
        every = self.conditions.sample(self.wanted, np.random.default_rng(self.seed))
        new = every[self.drawn : self.drawn + LABELS_A_UNIT]
        fixed = self.compiled.parameters()
        given = [fixed | {n: v if np.ndim(v) else float(v) for n, v in self.conditions.values(z).items()} for z in new]
        for z, answer in zip(new, self.solves(given)):
            if answer.sample is not None:
                self.z.append(z)
                self.samples.append(answer.sample)
        self.drawn += len(new)
        if self.drawn >= self.wanted:
            self.solves.close()
            if len(self.samples) < 2 * HELD_OUT:
                self.message = f"only {len(self.samples)} of {self.drawn} direct solves gave an answer"

    def _plan(self) -> None:
        """Of labels, from the first on. Where the first few have none (steady, graded), no query would find one."""
        fixed, done = self.compiled.parameters(), len(self.plans)
        for number in range(done, min(done + LABELS_A_UNIT, PLANS, len(self.samples))):
            own = steepness(self.labels.layout, self.labels.layout.coefficients(self.samples[number]))
            self.plans.append(planned(self.compiled, parameters_of(fixed, self.conditions.values(self.z[number])), own))
        if not any(self.plans):
            self.plans = [None] * PLANS

    def _begin(self) -> None:
        sizes = [self.conditions.size, *[WIDTH] * DEPTH, self.labels.y.shape[1]]
        self.tree = initial(sizes, self.seed)
        self.optimiser = self.adam.init(self.tree)

    def _learn(self) -> float:
        """Some hundreds of steps, one compiled function."""
        if self.tree is None:
            self._begin()
        learned = np.arange(len(self.labels.z)) % HELD_OUT > 0
        z, y = self.labels.z[learned], self.labels.y[learned]
        count = min(STEPS_A_UNIT, self.steps - self.step)
        rows = np.random.default_rng((self.seed, self.step)).integers(0, len(z), (count, self.batch))
        self.tree, self.optimiser, loss = self._epoch(self.tree, self.optimiser, z, y, rows)
        self.step += count
        self.error = self._held_out_error(0)
        return float(loss)

    @cached_property
    def _epoch(self) -> Any:
        def loss(tree: Any, z: Any, y: Any) -> Any:
            return jnp.mean(jnp.sum((network(tree, z) - y) ** 2, axis=1)) / y.shape[1]

        def run(tree: Any, optimiser: Any, z: Any, y: Any, rows: Any) -> Any:
            def one(carry: Any, row: Any) -> Any:
                value, gradient = jax.value_and_grad(loss)(carry[0], z[row], y[row])
                updates, state = self.adam.update(gradient, carry[1], carry[0])
                return (optax.apply_updates(carry[0], updates), state), value

            (tree, optimiser), values = jax.lax.scan(one, (tree, optimiser), rows)
            return tree, optimiser, jnp.mean(values[-50:])

        return jax.jit(run)

    def _held_out_error(self, steps: int) -> float:
        """Relative error of the largest field, a quantile over labels that were not learned; of some of them, where steps cost."""
        family, layout, fixed = self._family(), self.labels.layout, self.compiled.parameters()
        errors = []
        for number in range(0, len(self.samples), HELD_OUT)[: REFINED if steps else None]:
            parameters = fixed | self.conditions.values(self.labels.z[number])
            got, exact = family.adapted(self.compiled, parameters, steps), layout.coefficients(self.samples[number])
            errors.append(float(np.max(norms(layout, got - exact) / np.maximum(norms(layout, exact), 1e-300))))
        return float(np.quantile(errors, QUANTILE))

    def _family(self) -> Coefficients:
        assert self.tree is not None
        own = self.labels
        return Coefficients(
            own.layout,
            self.tree,
            own.mean,
            own.directions,
            own.scale,
            own.norm,
            self.error,
            self.refined,
            plans_for(self.plans),
            self.tables,
        )

    def generator(self) -> Coefficients:
        if not self.samples:
            raise UsageError(f"none of {self.drawn} direct solves gave an answer") if self.drawn else KeyboardInterrupt
        if self.drawn < self.wanted or len(self.samples) < 2 * HELD_OUT:
            return self._unlearned()
        if self.tree is None:
            self._begin()
        return self._family()

    def _unlearned(self) -> Coefficients:
        """The first label for every parameter, with no bound of its error: what a checkpoint between labels holds."""
        first, evolving = self.samples[:1], self.compiled.problem.time is not None
        layout = common_layout(first, [c.periodic for c in self.compiled.problem.coordinates], evolving, LAYOUT_LOST)
        mean = layout.coefficients(first[0])
        tree = initial([self.conditions.size, 1], self.seed)
        return Coefficients(layout, tree, mean, np.zeros((1, len(mean))), np.ones(1), norms(layout, mean), float("inf"), float("inf"))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {"error": np.array(self.error), "refined": np.array(self.refined)}
        for n, (z, sample) in enumerate(zip(self.z, self.samples)):
            arrays |= {f"{n}/z": z, f"{n}/lower": sample.lower, f"{n}/upper": sample.upper}
            arrays |= {f"{n}/of/{name}": a for name, a in sample.representation.arrays().items()}
        arrays |= {f"plans/{name}": a for name, a in Plans(tuple(p for p in self.plans if p)).arrays().items()}
        numbers = {
            "planned": [p is not None for p in self.plans],
            "kinds": [s.representation.kind for s in self.samples],
            "drawn": self.drawn,
            "step": self.step,
            "message": self.message,
        }
        if self.tree is not None:
            arrays |= flat("tree", self.tree) | flat("optimiser", self.optimiser)
        return numbers, arrays

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        own = cls.start(compiled, options)
        own.drawn, own.step, own.message = int(numbers["drawn"]), int(numbers["step"]), str(numbers["message"])
        own.error, own.refined = float(arrays["error"]), float(arrays["refined"])
        for n, kind in enumerate(numbers["kinds"]):
            mine = below(arrays, str(n))
            own.z.append(mine["z"])
            own.samples.append(Sample(representation_class(kind).from_arrays(below(mine, "of")), mine["lower"], mine["upper"]))
        plans = iter(Plans.restored(below(arrays, "plans")).known)
        own.plans = [next(plans) if there else None for there in numbers["planned"]]
        if tree := below(arrays, "tree"):
            own.tree, kept = tree_of(tree), below(arrays, "optimiser")
            like = own.adam.init(own.tree)
            leaves = [jnp.asarray(kept[str(n)]) for n in range(len(kept))]
            own.optimiser = jax.tree.unflatten(jax.tree.structure(like), leaves)
        return own
