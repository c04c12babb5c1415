"""Coefficients by a network, for many parameters: labels from the direct solver, distance of functions as loss.

    C(c) = C_mean + sum_r y_r(z(c)) V_r,    loss = mean over labels of ||y(z) - y*||^2 / mean ||y*||^2

C are the coefficients in the orthonormal factors of one common layout, where the distance of coefficients is the distance of functions;
V_r are the principal directions of the labels (proper orthogonal decomposition), and y a plain network. A query takes a step or two of
Gauss-Newton in these directions (`reduced`): the network has only to come near. A tenth of the labels is held out: their error, with
these steps and without them, is the family's estimate. Below it a query is finished by one march of the direct solver (`polish`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.generator import spanned
from pdelang.runtime.generator.common_layout import CommonLayout, below, packed, unpacked
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.polish import Plans, steepness
from pdelang.runtime.generator.reduced import Reduced
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.result import MethodResult
from pdelang.runtime.solve.product.march import March
from pdelang.runtime.status import Status

jax.config.update("jax_enable_x64", True)

ADAPT_STEPS = 2
"""Steps of Gauss-Newton of a query."""

Tree = list[tuple[jax.Array, jax.Array]]


def network(tree: Any, z: Any) -> Any:
    """y at z (M, size): (M, rank). tanh; the last layer is linear."""
    for weight, bias in tree[:-1]:
        z = jnp.tanh(z @ weight + bias)
    weight, bias = tree[-1]
    return z @ weight + bias


def initial(sizes: Sequence[int], seed: int) -> Tree:
    random = np.random.default_rng(seed)
    pairs = pairwise(sizes)
    return [(jnp.asarray(random.standard_normal((a, b)) / np.sqrt(a)), jnp.zeros(b)) for a, b in pairs]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """tree: of the network. mean (P,), directions (rank, P), scale (rank,): of its outputs. norm: of each field, (F,).
    estimate: of the relative error, of the network alone; refined: after ADAPT_STEPS."""

    layout: CommonLayout
    tree: Tree
    mean: np.ndarray
    directions: np.ndarray
    scale: np.ndarray
    norm: np.ndarray
    estimate: float
    refined: float
    plans: Plans | None = None
    tables: dict[object, np.ndarray] = field(default_factory=dict, repr=False)
    guesses: ClassVar[bool] = True
    """Queries take steps that `grids` leaves out."""

    def _guess(self, z: np.ndarray) -> np.ndarray:
        """(M, rank)."""
        return np.asarray(_compiled_network(self.tree, z)) * self.scale

    def adapted(self, compiled: CompiledProblem, parameters: Parameters, steps: int) -> np.ndarray:
        """(P,) after so many steps of Gauss-Newton from the network's answer."""
        y = self._guess(Conditions.of(compiled.problem).unit(parameters)[None])[0]
        if steps:
            reduced = Reduced(compiled, self.layout, self.rows, float(self.norm.max()), self.tables, fixed=1)
            y = reduced(np.append(1.0, y), parameters, steps)[1:]
        return np.asarray(self.mean + y @ self.directions)

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        conditions = Conditions.of(compiled.problem)
        z = conditions.unit(parameters)
        lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
        inside = conditions.outside(z[np.array(conditions.bounded, dtype=bool)]) < 1e-9
        steps = ADAPT_STEPS if options.adapt_steps is None else options.adapt_steps
        estimate, asked = self.estimate if steps == 0 else self.refined, options.tolerance
        finishes = options.adapt_steps is None and self.plans is not None and asked is not None and asked < estimate
        coefficients = self.adapted(compiled, parameters, 0 if finishes else steps)
        generated = self.layout.representation(coefficients, lower, upper)
        if finishes and self.plans is not None and asked is not None:
            finished = self.plans.polished(compiled, parameters, generated, steepness(self.layout, coefficients), asked)
            if finished is not None:
                return self._polished(finished)
        return MethodResult(
            generated,
            Status.CONVERGED if inside else Status.TOLERANCE_NOT_MET,
            "coefficients",
            steps,
            f"coefficients by a network, {steps} steps of Gauss-Newton in the labels' {len(self.directions)} directions",
            "" if inside else "the parameters lie outside what was learned",
            estimate * self.norm if inside else None,
        )

    def _polished(self, finished: March) -> MethodResult:
        assert self.plans is not None
        reason = "generated by a network, finished by one pass of the direct solver along the plan of a similar solution"
        error = self.plans.growth * finished.residual * self.norm
        return MethodResult(
            finished.representation,
            finished.status,
            "coefficients",
            finished.newton,
            reason,
            finished.message,
            error,
            accepted=finished.rounding,
        )

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return spanned.grids(self, z, axes)

    @cached_property
    def rows(self) -> np.ndarray:
        """Mean and directions."""
        return np.concatenate([self.mean[None], self.directions])

    def weights(self, z: np.ndarray) -> np.ndarray:
        """Of the network alone."""
        return np.concatenate([np.ones((len(z), 1)), self._guess(z)], axis=1)

    def estimates(self, z: np.ndarray) -> np.ndarray:
        return np.full(len(z), self.estimate)

    def config(self) -> dict[str, Any]:
        return {"layout": packed(self.layout)[0], "estimate": self.estimate, "refined": self.refined}

    def arrays(self) -> Arrays:
        own = {"mean": self.mean, "directions": self.directions, "scale": self.scale, "norm": self.norm}
        own |= {f"plans/{name}": a for name, a in (self.plans.arrays() if self.plans else {}).items()}
        return own | flat("tree", self.tree) | {f"layout/{name}": a for name, a in packed(self.layout)[1].items()}

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        layout = unpacked(config["layout"], below(arrays, "layout"))
        mean, directions, scale, norm = (arrays[name] for name in ("mean", "directions", "scale", "norm"))
        tree, estimates = tree_of(below(arrays, "tree")), (float(config["estimate"]), float(config["refined"]))
        plans = below(arrays, "plans")
        return cls(layout, tree, mean, directions, scale, norm, *estimates, Plans.restored(plans) if plans else None)


_compiled_network = jax.jit(network)


def flat(name: str, tree: Any) -> Arrays:
    return {f"{name}/{n}": np.asarray(leaf) for n, leaf in enumerate(jax.tree.leaves(tree))}


def tree_of(arrays: Mapping[str, np.ndarray]) -> Tree:
    leaves = [jnp.asarray(arrays[str(n)]) for n in range(len(arrays))]
    return list(zip(leaves[::2], leaves[1::2]))
