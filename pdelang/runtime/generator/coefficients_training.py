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
from pdelang.runtime.generator.labelling import Labelling
from pdelang.runtime.generator.networks import Tree, filled, flattened
from pdelang.runtime.generator.polish import Plan, Plans, planned, plans_for, steepness
from pdelang.runtime.generator.residual_network import initial, network
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.generator.span import Span
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class

LABELS, SWEPT_LABELS, LABELS_A_UNIT = 1200, 8000, 8
"""How many where direct solves are made one by one, and where they are swept. Burgers with nine parameters: 31 ms, and 13 ms in a sweep;
the network alone errs by 0.05 from 1,080 labels, 0.014 from 7,000."""
LABEL_TOLERANCE = 3e-3
"""Labels are cheap ones: they are a hundred times better than asked for as a rule."""
LAYOUT_LOST = 1e-4
"""Relative: what the common layout may lose of a label. Smaller than what the directions lose, for residuals differentiate it."""
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


@dataclass(eq=False)
class CoefficientsTraining:
    """One unit of work: eight labels, or a sweep of them once there is a layout, until there are enough; then some hundreds of steps of
    Adam on a falling rate; then some plans.

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
        own = cls(
            compiled, options.seed, 1, options.steps or STEPS, options.batch or BATCH, RATE * options.learning_rate, options.tolerance
        )
        own.wanted = options.kernels or (SWEPT_LABELS if own.labelling.sweeps else LABELS)
        return own

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def labelling(self) -> Labelling:
        return Labelling(self.compiled, SolveOptions(tolerance=LABEL_TOLERANCE, seed=self.seed))

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
        layout, by = (self.layout if self.labelling.sweeps else None), self.labelling
        new = every[self.drawn : self.drawn + (LABELS_A_UNIT if layout is None else by.at_once(layout))]
        found = by.solved(new) if layout is None else by.swept(layout, new)
        self.drawn += len(new)
        for number, label in found:
            self.z.append(new[number])
            self._keep(label)
        last = self.drawn >= self.wanted
        if last:
            self.labelling.close()
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

    def _keep(self, label: Sample | np.ndarray) -> None:
        """As much of it as is needed later; (P,) of one that was swept."""
        if isinstance(label, Sample) and self.layout is None:
            self.samples.append(label)
            return
        assert self.layout is not None
        C = self.layout.coefficients(label) if isinstance(label, Sample) else label
        if not self.y:
            self.C.append(C)
        else:
            y, size = self.span.coordinates(C[None])
            self.y.append(y[0])
            self.size.append(float(size[0]))

    def _plan(self) -> None:
        """Of labels, from the first on. Where the first few have none (steady, graded), no query would find one."""
        done = len(self.plans)
        for number in range(done, min(done + LABELS_A_UNIT, PLANS, len(self.C))):
            own = steepness(self.span.layout, self.C[number])
            self.plans.append(planned(self.compiled, self.labelling.parameters(self.z[number]), own))
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
        family, layout = self._family(), self.span.layout
        errors = []
        for number in range(0, len(self.C), HELD_OUT)[: REFINED if steps else None]:
            parameters, exact = self.labelling.parameters(self.z[number]), self.C[number]
            got = family.adapted(self.compiled, parameters, steps)
            errors.append(float(np.max(norms(layout, got - exact) / np.maximum(norms(layout, exact), 1e-300))))
        return float(np.quantile(errors, QUANTILE))

    def _family(self) -> Coefficients:
        s = self.span
        learned = s.layout, self.tree, s.mean, s.directions, s.scale, s.norm, self.conditions.bounded
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
        nothing, bounded = np.zeros((1, len(mean))), self.conditions.bounded
        return Coefficients(layout, tree, mean, nothing, np.ones(1), norms(layout, mean), bounded, float("inf"), float("inf"))

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
