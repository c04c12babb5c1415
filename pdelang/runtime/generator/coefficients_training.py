"""The training of `Coefficients`: labels from the direct solver, their principal directions, a network, plans for the last march."""

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
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.generator.coefficients import ADAPT_STEPS, Coefficients
from pdelang.runtime.generator.common_layout import CommonLayout, Sample, below, common_layout, norms, packed, unpacked
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.networks import Tree, filled, flattened
from pdelang.runtime.generator.polish import Plan, Plans, parameters_of, planned, plans_for, steepness
from pdelang.runtime.generator.residual_network import initial, network
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.generator.solves import Solves
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class

LABELS, LABELS_A_UNIT = {1: 8000, 2: 8000, 3: 1200, 4: 400}, 8
"""By the number of coordinates. Burgers with nine parameters: a direct solve takes 31 ms, and the network alone errs by 0.05 from 1,080
labels, 0.014 from 7,000."""
LABEL_TOLERANCE = 3e-3
"""Labels are cheap ones: they are a hundred times better than asked for as a rule."""
LOST, LAYOUT_LOST = 3e-4, 1e-4
"""Relative: what the principal directions, and the common layout, may lose of a label; residuals differentiate the latter."""
LAYOUT_LABELS, SPANNING = 200, 1200
"""Labels that the common layout, and the principal directions, are made for; those that come later are kept as their coordinates alone."""
PLANS = 100
REFINED = 40
"""Held-out labels at which queries are tried."""
HELD_OUT = 10
"""Every tenth label."""
WIDTH, DEPTH = 256, 3
STEPS, STEPS_A_UNIT = 20_000, 500
BATCH, RATE = 256, 0.5
"""RATE: of the options' learning rate, which suits kernels."""
LEAST_SIZE = 0.1
"""Labels smaller than so much of all labels' root mean square weigh as if they had it."""
QUANTILE = 0.9
"""Of the held-out labels' errors: the estimate."""


@dataclass(frozen=True, eq=False)
class Span:
    """The labels' common layout and principal directions, scaled so that the distance of y is the distance of functions."""

    layout: CommonLayout
    mean: np.ndarray
    directions: np.ndarray
    scale: np.ndarray
    norm: np.ndarray

    @classmethod
    def of(cls, layout: CommonLayout, C: np.ndarray) -> Span:
        """Of coefficients (N, P)."""
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
        scale = np.full(rank, np.sqrt(energy[:rank].sum() / (len(C) * rank)))  # one for all: the loss is the distance of functions
        return cls(layout, mean, directions / weights, scale, norm)

    def coordinates(self, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y (N, rank) of coefficients (N, P), and the size of each solution beside that of all, (N,)."""
        weights = self.layout.weights()
        y = ((C - self.mean) * weights) @ self.directions.T / self.scale
        return y, np.sqrt(np.sum(C**2 * weights, axis=1) / np.sum(self.norm**2))


@dataclass(eq=False)
class CoefficientsTraining:
    """One unit of work: eight labels, until there are enough; then some hundreds of steps of Adam on a falling rate; then some plans.

    Parameters whose direct solve gives nothing are left out. z: of all labels. samples: of the first, until they have made the layout; C:
    coefficients of those that span; y, size: of all once the directions are there (`Span`). tables: of `Reduced`, kept.
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
    layout: CommonLayout | None = None
    C: list[np.ndarray] = field(default_factory=list)
    y: list[np.ndarray] = field(default_factory=list)
    size: list[float] = field(default_factory=list)
    drawn: int = 0
    step: int = 0
    tree: Tree = field(default_factory=dict)
    optimiser: Any = None
    tables: dict[object, np.ndarray] = field(default_factory=dict)
    loss: float = float("nan")
    error: float = float("inf")
    refined: float = float("inf")
    plans: list[Plan | None] = field(default_factory=list)
    message: str = ""

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        count, steps = options.kernels or LABELS[len(compiled.problem.coordinates)], options.steps or STEPS
        return cls(compiled, options.seed, count, steps, options.batch or BATCH, RATE * options.learning_rate, options.tolerance)

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def solves(self) -> Solves:
        return Solves(self.compiled, SolveOptions(tolerance=LABEL_TOLERANCE, seed=self.seed))

    @cached_property
    def span(self) -> Span:
        """Of the labels that span, those that are held out left out: they say what it misses."""
        assert self.layout is not None
        return Span.of(self.layout, np.stack(self.C)[_learned(len(self.C))])

    @cached_property
    def adam(self) -> optax.GradientTransformation:
        return optax.adam(optax.cosine_decay_schedule(self.rate, self.steps))

    @property
    def done(self) -> bool:
        return bool(self.message) or (self.step >= self.steps and len(self.plans) >= min(PLANS, len(self.C)))

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
        figures = {"step": self.step, "solves": len(self.z), "loss": self.loss, "error": self.error, "refined": self.refined}
        return {name: float(v) for name, v in figures.items()}

    def _label(self) -> None:
        every = self.conditions.sample(self.wanted, np.random.default_rng(self.seed))
        new = every[self.drawn : self.drawn + LABELS_A_UNIT]
        fixed = self.compiled.parameters()
        given = [fixed | {n: v if np.ndim(v) else float(v) for n, v in self.conditions.values(z).items()} for z in new]
        self.drawn += len(new)
        for z, answer in zip(new, self.solves(given)):
            if answer.sample is not None:
                self.z.append(z)
                self._keep(answer.sample)
        last = self.drawn >= self.wanted
        if last:
            self.solves.close()
        if last and len(self.z) < 2 * HELD_OUT:
            self.message = f"only {len(self.z)} of {self.drawn} direct solves gave an answer"
            return
        if self.layout is None and (last or len(self.samples) >= LAYOUT_LABELS):
            periodic = [c.periodic for c in self.compiled.problem.coordinates]
            self.layout = common_layout(self.samples, periodic, self.compiled.problem.time is not None, LAYOUT_LOST)
            self.C, self.samples = [self.layout.coefficients(s) for s in self.samples], []
        if self.layout is not None and not self.y and (last or len(self.C) >= SPANNING):
            y, size = self.span.coordinates(np.stack(self.C))
            self.y, self.size = list(y), size.tolist()

    def _keep(self, sample: Sample) -> None:
        """As much of it as is needed later."""
        if self.layout is None:
            self.samples.append(sample)
        elif not self.y:
            self.C.append(self.layout.coefficients(sample))
        else:
            y, size = self.span.coordinates(self.layout.coefficients(sample)[None])
            self.y.append(y[0])
            self.size.append(float(size[0]))

    def _plan(self) -> None:
        """Of labels, from the first on. Where the first few have none (steady, graded), no query would find one."""
        fixed, done = self.compiled.parameters(), len(self.plans)
        for number in range(done, min(done + LABELS_A_UNIT, PLANS, len(self.C))):
            own = steepness(self.span.layout, self.C[number])
            self.plans.append(planned(self.compiled, parameters_of(fixed, self.conditions.values(self.z[number])), own))
        if not any(self.plans):
            self.plans = [None] * PLANS

    def _begin(self) -> None:
        self.tree = initial(jax.random.key(self.seed), self.conditions.size, WIDTH, DEPTH, len(self.span.scale))
        self.optimiser = self.adam.init(self.tree)

    def _learn(self) -> float:
        """Some hundreds of steps, one compiled function; the root of the loss, a relative error."""
        if not self.tree:
            self._begin()
        count, data = min(STEPS_A_UNIT, self.steps - self.step), self._data
        rows = np.random.default_rng((self.seed, self.step)).integers(0, len(data[0]), (count, self.batch))
        self.tree, self.optimiser, loss = self._epoch(self.tree, self.optimiser, *data, rows)
        self.step += count
        self.error = self._held_out_error(0)
        return float(loss) ** 0.5

    @cached_property
    def _data(self) -> tuple[np.ndarray, ...]:
        """z, y and weights of what is learned."""
        learned = _learned(len(self.y))
        share = 1 / np.maximum(np.array(self.size), LEAST_SIZE) ** 2
        return tuple(a[learned].astype(np.float32) for a in (np.stack(self.z), np.stack(self.y), share))

    @cached_property
    def _epoch(self) -> Any:
        def loss(tree: Any, z: Any, y: Any, share: Any) -> Any:
            """Mean of the squares of relative errors: scaled coordinates have a mean square of one each."""
            return jnp.mean(share * jnp.sum((network(tree, z) - y) ** 2, axis=1)) / y.shape[1]

        def run(tree: Any, optimiser: Any, z: Any, y: Any, share: Any, rows: Any) -> Any:
            def one(carry: Any, row: Any) -> Any:
                value, gradient = jax.value_and_grad(loss)(carry[0], z[row], y[row], share[row])
                updates, state = self.adam.update(gradient, carry[1], carry[0])
                return (optax.apply_updates(carry[0], updates), state), value

            (tree, optimiser), values = jax.lax.scan(one, (tree, optimiser), rows)
            return tree, optimiser, jnp.mean(values[-50:])

        return jax.jit(run)

    def _held_out_error(self, steps: int) -> float:
        """Relative error of the largest field, a quantile over labels that were not learned; of some of them, where steps cost."""
        family, layout, fixed = self._family(), self.span.layout, self.compiled.parameters()
        errors = []
        for number in range(0, len(self.C), HELD_OUT)[: REFINED if steps else None]:
            parameters, exact = fixed | self.conditions.values(self.z[number]), self.C[number]
            got = family.adapted(self.compiled, parameters, steps)
            errors.append(float(np.max(norms(layout, got - exact) / np.maximum(norms(layout, exact), 1e-300))))
        return float(np.quantile(errors, QUANTILE))

    def _family(self) -> Coefficients:
        s = self.span
        learned = s.layout, self.tree, s.mean, s.directions, s.scale, s.norm
        return Coefficients(*learned, self.error, self.refined, plans_for(self.plans), self.tables)

    def generator(self) -> Coefficients:
        if not self.z:
            raise UsageError(f"none of {self.drawn} direct solves gave an answer") if self.drawn else KeyboardInterrupt
        if self.drawn < self.wanted or not self.y:
            return self._unlearned()
        if not self.tree:
            self._begin()
        return self._family()

    def _unlearned(self) -> Coefficients:
        """The first label for every parameter, with no bound of its error: what a checkpoint between labels holds."""
        evolving, layout = self.compiled.problem.time is not None, self.layout
        if layout is None:
            layout = common_layout(self.samples[:1], [c.periodic for c in self.compiled.problem.coordinates], evolving, LAYOUT_LOST)
        mean = layout.coefficients(self.samples[0]) if self.samples else self.C[0]
        tree = initial(jax.random.key(self.seed), self.conditions.size, 1, 0, 1)
        return Coefficients(layout, tree, mean, np.zeros((1, len(mean))), np.ones(1), norms(layout, mean), float("inf"), float("inf"))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {"error": np.array(self.error), "refined": np.array(self.refined)}
        for n, sample in enumerate(self.samples):
            arrays |= {f"{n}/lower": sample.lower, f"{n}/upper": sample.upper}
            arrays |= {f"{n}/of/{name}": a for name, a in sample.representation.arrays().items()}
        arrays |= {name: np.stack(rows) for name, rows in (("z", self.z), ("C", self.C), ("y", self.y)) if rows}
        arrays |= {"size": np.array(self.size)}
        arrays |= {f"plans/{name}": a for name, a in Plans(tuple(p for p in self.plans if p)).arrays().items()}
        arrays |= flattened(self.tree, "tree/") | (flattened(self.optimiser, "optimiser/") if self.tree else {})
        numbers = {
            "planned": [p is not None for p in self.plans],
            "kinds": [s.representation.kind for s in self.samples],
            "drawn": self.drawn,
            "step": self.step,
            "message": self.message,
        }
        if self.layout is not None:
            numbers["layout"], layout = packed(self.layout)
            arrays |= {f"layout/{name}": a for name, a in layout.items()}
        return numbers, arrays

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        own = cls.start(compiled, options)
        own.drawn, own.step, own.message = int(numbers["drawn"]), int(numbers["step"]), str(numbers["message"])
        own.error, own.refined = float(arrays["error"]), float(arrays["refined"])
        own.z, own.C, own.y = (list(arrays.get(name, ())) for name in ("z", "C", "y"))
        own.size = arrays["size"].tolist()
        for n, kind in enumerate(numbers["kinds"]):
            mine = below(arrays, str(n))
            own.samples.append(Sample(representation_class(kind).from_arrays(below(mine, "of")), mine["lower"], mine["upper"]))
        if "layout" in numbers:
            own.layout = unpacked(numbers["layout"], below(arrays, "layout"))
        plans = iter(Plans.restored(below(arrays, "plans")).known)
        own.plans = [next(plans) if there else None for there in numbers["planned"]]
        if below(arrays, "tree"):
            own._begin()
            own.tree, own.optimiser = filled(own.tree, arrays, "tree/"), filled(own.optimiser, arrays, "optimiser/")
        return own


def _learned(count: int) -> np.ndarray:
    """Which of so many labels are not held out."""
    return np.arange(count) % HELD_OUT > 0
