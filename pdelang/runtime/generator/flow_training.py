"""The training of a flow of codes, in three stages.

1. encoder and decoder, by the objective of the other generators of kernels (`kernels_training`), codes blurred;
2. data: at random conditions codes that start round e(c) descend on that objective, each on points and a condition of its own. What the
   residual determines they agree about, and leave e(c) where that was not the best; what it leaves open stays as wide as it was;
3. flow matching: the regression of the velocity on these codes. No solve takes part in it.

Deterministic: every draw is a function of the seed, the stage and its number, so that a training taken up again goes on to the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.common_layout import below
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.flow import BLUR, Coded, Flow
from pdelang.runtime.generator.kernels import Kernels, architecture
from pdelang.runtime.generator.kernels_training import KernelsTraining
from pdelang.runtime.generator.networks import Tree, filled, flattened
from pdelang.runtime.generator.seam import Arrays

CODES, CODES_A_UNIT, STARTS = 256, 16, 4
"""In all, at a time, and of one condition: from a single start nothing could be learned about what stays open."""
DESCENT, DESCENT_RATE = 20, 0.01
"""Adam's steps of one code, and their size."""
FLOW_STEPS, FLOW_STEPS_A_UNIT, FLOW_BATCH, FLOW_RATE = 4_000, 1_000, 128, 2e-3
SHARES = (0.8, 0.15, 0.05)
"""Of the whole time, by stage, for the progress bar."""


@dataclass(eq=False)
class FlowTraining:
    """teacher: the first stage. z (N, size), codes (N, L): the data so far. step: of the regression; tree, moments: its network."""

    compiled: CompiledProblem
    options: Any
    teacher: KernelsTraining
    z: np.ndarray
    codes: np.ndarray
    step: int = 0
    tree: Tree = field(default_factory=dict)
    moments: Any = None

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        return cls._begun(compiled, options, KernelsTraining.start(compiled, replace(options, generator="coded")))

    @classmethod
    def _begun(cls, compiled: CompiledProblem, options: Any, teacher: KernelsTraining) -> Self:
        size = Conditions.of(compiled.problem).size
        own = cls(compiled, options, teacher, np.zeros((0, size)), np.zeros((0, teacher.architecture.latent)))
        own.tree = own.flow.velocity.init(jax.random.key(options.seed + 1))
        own.moments = own.adam.init(own.tree)
        return own

    @property
    def flow(self) -> Flow:
        found = architecture(self.compiled, "flow", self.teacher.layout)
        assert isinstance(found, Flow)
        return found

    @cached_property
    def adam(self) -> optax.GradientTransformation:
        return optax.adam(optax.cosine_decay_schedule(FLOW_RATE, FLOW_STEPS))

    @property
    def done(self) -> bool:
        return self.step >= FLOW_STEPS

    @property
    def fraction(self) -> float:
        return sum(s * f for s, f in zip(SHARES, (self.teacher.fraction, len(self.z) / CODES, self.step / FLOW_STEPS)))

    def advance(self) -> dict[str, float]:
        """`codes`: so many are there. `matching`: the loss of the regression, nothing before it."""
        if not self.teacher.done:
            figures = self.teacher.advance()
        elif len(self.z) < CODES:
            figures = {"residual": self._gather()}
        else:
            return {"step": float(self.teacher.step), "codes": float(len(self.z)), "matching": self._match()}
        return figures | {"step": float(self.teacher.step), "codes": float(len(self.z)), "matching": float("nan")}

    # ------------------------------------------------------------ data

    def _gather(self) -> float:
        """Some more codes; the geometric mean of their residuals."""
        conditions, rng = Conditions.of(self.compiled.problem), np.random.default_rng((self.options.seed, 1, len(self.z)))
        z = np.repeat(conditions.sample(CODES_A_UNIT // STARTS, rng), STARTS, axis=0)
        fixed = {name: np.broadcast_to(v, (len(z), *np.shape(v))) for name, v in self.compiled.parameters().items()}
        key = jax.random.fold_in(jax.random.key(self.options.seed + 2), len(self.z))
        noise = rng.standard_normal((len(z), self.codes.shape[1]))
        codes, residuals = self._descended(self.teacher.tree, key, z, noise, fixed | conditions.values(z))
        self.z, self.codes = np.concatenate([self.z, z]), np.concatenate([self.codes, np.asarray(codes)])
        return float(np.exp(np.mean(np.log(residuals))))

    @cached_property
    def _descended(self) -> Any:
        """Codes from e(c) + BLUR noise down the objective, each on points of its own that change from step to step."""
        teacher = self.teacher
        coded: Coded = teacher.architecture
        adam = optax.adam(optax.cosine_decay_schedule(DESCENT_RATE, DESCENT))

        def one(tree: Tree, key: Any, c: jax.Array, noise: jax.Array, params: Any) -> tuple[jax.Array, jax.Array]:
            def objective(z: jax.Array, key: Any) -> tuple[jax.Array, jax.Array]:
                value, figures = teacher._adapted(coded.slots(tree, z), key, params)
                return value, figures["residual"]

            def step(carry: Any, key: Any) -> Any:
                (_, residual), slope = jax.value_and_grad(objective, has_aux=True)(carry[0], key)
                change, moments = adam.update(jnp.nan_to_num(slope), carry[1], carry[0])
                return (optax.apply_updates(carry[0], change), moments), residual

            start = coded.code(tree, c) + BLUR * noise
            (z, _), residuals = jax.lax.scan(step, (start, adam.init(start)), jax.random.split(key, DESCENT))
            return z, residuals[-1]

        def many(tree: Tree, key: Any, c: jax.Array, noise: jax.Array, params: Any) -> Any:
            return jax.vmap(one, in_axes=(None, 0, 0, 0, 0))(tree, jax.random.split(key, CODES_A_UNIT), c, noise, params)

        return jax.jit(many)

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """y(1) of every path (N, L), and the scale (L,) by which codes are divided."""
        moved = self.codes - np.asarray(jax.vmap(lambda c: self.flow.coded.code(self.teacher.tree, c))(jnp.asarray(self.z)))
        scale = np.sqrt(np.mean(moved**2, axis=0)) + 1e-9
        return moved / scale, scale

    # ------------------------------------------------------------ regression

    def _match(self) -> float:
        """Some hundreds of steps of Adam; the mean loss of the last ones."""
        ends, _ = self.ends
        count = min(FLOW_STEPS_A_UNIT, FLOW_STEPS - self.step)
        rows = np.random.default_rng((self.options.seed, 2, self.step)).integers(0, len(ends), (count, FLOW_BATCH))
        key = jax.random.fold_in(jax.random.key(self.options.seed + 3), self.step)
        self.tree, self.moments, loss = self._matched(self.tree, self.moments, key, ends, self.z, rows)
        self.step += count
        return float(loss)

    @cached_property
    def _matched(self) -> Any:
        velocity, adam = self.flow.velocity, self.adam

        def loss(tree: Tree, key: Any, ends: jax.Array, z: jax.Array) -> jax.Array:
            when, where = jax.random.split(key)
            s = jax.random.uniform(when, (len(ends),))
            each = jax.vmap(velocity.loss, in_axes=(None, 0, 0, 0, 0))(tree, s, jax.random.normal(where, ends.shape), ends, z)
            return jnp.mean(each)

        def run(tree: Tree, moments: Any, key: Any, ends: jax.Array, z: jax.Array, rows: jax.Array) -> Any:
            def step(carry: Any, given: Any) -> Any:
                row, key = given
                value, slope = jax.value_and_grad(loss)(carry[0], key, ends[row], z[row])
                change, moments = adam.update(slope, carry[1], carry[0])
                return (optax.apply_updates(carry[0], change), moments), value

            (tree, moments), values = jax.lax.scan(step, (tree, moments), (rows, jax.random.split(key, len(rows))))
            return tree, moments, jnp.mean(values[-100:])

        return jax.jit(run)

    # ------------------------------------------------------------ what is kept

    def generator(self) -> Kernels:
        """Codes by the encoder alone until there is a flow."""
        learned = self.teacher.generator()
        if not self.step:
            return learned
        tree = self.teacher.tree | {"velocity": self.tree, "scale": jnp.asarray(self.ends[1])}
        return replace(learned, design=replace(learned.design, kind="flow"), tree=tree, _functions={})

    def state(self) -> tuple[dict[str, Any], Arrays]:
        numbers, arrays = self.teacher.state()
        own = flattened(self.tree, "velocity/") | flattened(self.moments, "moments/") | {"z": self.z, "codes": self.codes}
        return {"teacher": numbers, "step": self.step}, own | {f"teacher/{name}": a for name, a in arrays.items()}

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        of_teacher = replace(options, generator="coded")
        own = cls._begun(compiled, options, KernelsTraining.resumed(compiled, of_teacher, numbers["teacher"], below(arrays, "teacher")))
        own.z, own.codes, own.step = arrays["z"], arrays["codes"], int(numbers["step"])
        own.tree, own.moments = filled(own.tree, arrays, "velocity/"), filled(own.moments, arrays, "moments/")
        return own
