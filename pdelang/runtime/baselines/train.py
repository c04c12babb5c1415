"""Training of a network on eq. (3): the same compiled equations, points and weights as for Gaussians, by any optax optimiser.

L = sum_e alpha_e E|N_e(jets)|^2 over the interior + sum_c alpha_c E|B_c(jets)|^2 over each condition's points

The learning rate falls like a cosine to a hundredth over the steps; L-BFGS, which searches along its direction, keeps rate and points. A
separable network is trained on a tensor grid of as many points, drawn anew every chunk like everybody's; on everybody's own points if its
`grid` says so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.baselines import network_class
from pdelang.runtime.baselines.gaussians import Gaussians, standard
from pdelang.runtime.baselines.network_representation import NetworkExpansion
from pdelang.runtime.baselines.seam import Box, Network, Theta
from pdelang.runtime.baselines.settings import learning_rate, settings
from pdelang.runtime.collocation import Parameters, at_places, holds
from pdelang.runtime.objective import alpha
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.sampling import box as box_points
from pdelang.runtime.sampling import held
from pdelang.runtime.solve.box import OUT_OF_TIME
from pdelang.runtime.solve.first_order import SEARCHES, not_finite, optimiser, value_and_gradient
from pdelang.runtime.status import Status

CHUNK = 100
"""Steps between two draws of the points."""
DEFAULT_UNKNOWNS, DEFAULT_POINTS = 2000, 2048
FINAL_RATE = 0.01
STRIPS = 4
"""Of the points along a periodic coordinate."""

Data = dict[str, Any]
System = tuple[tuple[CompiledEquation, ...], tuple[CompiledEquation, ...]]
"""Equations and conditions: what is traced, and so what a compilation depends on."""


def size_of(compiled: CompiledProblem, params: Parameters) -> Box:
    lower, upper = (tuple(float(v) for v in np.asarray(b)) for b in compiled.bounds(params))
    return Box(lower, upper, tuple(c.periodic for c in compiled.problem.coordinates), len(compiled.problem.fields))


@cache
def sized(ansatz: str, box: Box, unknowns: int, shape: tuple[tuple[str, Any], ...]) -> Any:
    """The network of that name and size: counting its parameters takes longer than ten steps."""
    return network_class(ansatz).sized(box, unknowns, **dict(shape))


def draw(compiled: CompiledProblem, params: Parameters, options: SolveOptions, network: Network, seed: int) -> Data:
    """Points and weights of one chunk, on the host. A weight is alpha, zero where an equation's `where` does not hold, and has mean alpha
    elsewhere."""
    lower, upper = np.array(network.box.lower), np.array(network.box.upper)
    total = options.collocation or DEFAULT_POINTS
    data: Data = {}
    if getattr(network, "grid", False):
        n = max(2, round(total ** (1 / len(lower))))
        random = np.random.default_rng(seed)
        axes = [np.sort(a + (b - a) * random.uniform(size=n)) for a, b in zip(lower, upper)]
        data["axes"] = axes
        points = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=1)
    else:
        points = in_order(box_points(lower, upper, total, seed), network.box.periodic)
    share = np.stack([_share(e, points, params) for e in compiled.equations])
    data["points"] = points
    data["weights"] = share * np.array([[alpha(e.kind, options)] for e in compiled.equations])
    faces = max(16, round(total ** ((len(lower) - 1) / len(lower))))
    data["conditions"] = []
    for number, condition in enumerate(compiled.conditions):
        found = held(condition, params, lower, upper, faces, seed + 7001 + number)
        weight = alpha(condition.kind, options) if len(found) else 0.0
        found = found if len(found) else np.zeros((1, len(lower)))
        places = at_places(condition, found[np.arange(faces) % len(found)], params)
        data["conditions"].append((places, weight))
    return data


def in_order(points: np.ndarray, periodic: tuple[bool, ...]) -> np.ndarray:
    """In STRIPS along the first periodic coordinate, if there is one, and within a strip along the next: then a block of points that
    follow each other is a tile, and feels few copies of a kernel."""
    if not any(periodic):
        return points
    first = periodic.index(True)
    strip = np.empty(len(points), dtype=int)
    strip[np.argsort(points[:, first], kind="stable")] = np.arange(len(points)) * STRIPS // len(points)
    return points[np.lexsort((points[:, (first + 1) % points.shape[1]], strip))]


def _share(equation: CompiledEquation, points: np.ndarray, params: Parameters) -> np.ndarray:
    flags = holds(equation, points, params).astype(float)
    return flags / max(float(flags.mean()), 1e-300)


def loss(network: Network, system: System, theta: Theta, data: Data, params: Parameters) -> jax.Array:
    """Eq. (3), a number; by the network's own code where it has some."""
    if hasattr(network, "loss"):
        own_loss: jax.Array = network.loss(theta, data, params)
        return own_loss
    equations, conditions = system
    indices = sorted({(j.field, j.orders) for e in equations for j in e.jets})
    grid = "axes" in data
    jets = network.grid_jets(theta, data["axes"], indices) if grid else network.jets(theta, data["points"], indices)  # type: ignore[attr-defined]
    total = jnp.zeros(())
    for equation, weights in zip(equations, data["weights"]):
        own = jets[np.array([indices.index((j.field, j.orders)) for j in equation.jets], dtype=int)]
        total = total + jnp.mean(weights * equation.residual(own, data["points"], params) ** 2)
    for condition, (places, weight) in zip(conditions, data["conditions"]):
        rows: list[Any] = [None] * len(condition.jets)
        for place in range(len(places)):
            mine = [n for n, j in enumerate(condition.jets) if j.place == place]
            if mine:
                found = network.jets(theta, places[place], [(condition.jets[n].field, condition.jets[n].orders) for n in mine])
                for n, row in zip(mine, found):
                    rows[n] = row
        total = total + weight * jnp.mean(condition.residual(jnp.stack(rows), places[0], params) ** 2)
    return total


_loss = jax.jit(loss, static_argnums=(0, 1))


@partial(jax.jit, static_argnums=(0, 1, 2))
def _chunk(
    network: Network,
    system: System,
    name: str,
    steps: np.ndarray,
    rates: np.ndarray,
    theta: Theta,
    state: Any,
    data: Data,
    params: Parameters,
) -> Any:
    """`steps` steps at `rates`: theta, state, the objective before the last of them, and whether all are finite. One compilation serves
    any number."""

    def one(step: jax.Array, carry: tuple[Theta, Any, jax.Array]) -> tuple[Theta, Any, jax.Array]:
        theta, state, _ = carry
        objective = lambda t: loss(network, system, t, data, params)
        value, gradient = value_and_gradient(name, objective, theta, state)
        change, state = optimiser(name, rates[step]).update(gradient, state, theta, value=value, grad=gradient, value_fn=objective)
        return optax.apply_updates(theta, change), state, value

    theta, state, value = jax.lax.fori_loop(0, steps, one, (theta, state, jnp.asarray(jnp.inf)))
    finite = jnp.stack([jnp.isfinite(leaf).all() for leaf in (*jax.tree.leaves(theta), value)]).all()
    return theta, state, value, finite


def rates(highest: float, steps: int, begin: int, count: int) -> np.ndarray:
    """The learning rate of `count` of `steps` steps from `begin`."""
    share = np.arange(begin, begin + count) / steps
    return highest * (FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + np.cos(np.pi * np.minimum(share, 1.0))))


@dataclass
class Training:
    """A training that can be looked at between two chunks of steps. theta, state: of the network and of the optimiser; value: eq. (3)
    before the last step. `options.steps` is what the learning rate falls over."""

    compiled: CompiledProblem
    params: Parameters
    options: SolveOptions
    network: Any
    theta: Theta
    state: Any = None
    done: int = 0
    value: float = float("inf")

    @classmethod
    def start(
        cls,
        compiled: CompiledProblem,
        params: Parameters,
        options: SolveOptions,
        theta: Theta = None,
        shape: Mapping[str, Any] | None = None,
    ) -> Self:
        """Of the network `options.ansatz`, rbf for eq. (2), from `theta` or its own first numbers. shape: see `Settings`."""
        box = size_of(compiled, params)
        if options.ansatz == "rbf":
            network: Any = Gaussians(box, compiled.module)
            theta = standard(compiled, params, options) if theta is None else theta
        else:
            shape = settings(options.ansatz).shape if shape is None else shape
            network = sized(options.ansatz, box, options.unknowns or DEFAULT_UNKNOWNS, tuple(shape.items()))
            theta = network.init(jax.random.key(options.seed)) if theta is None else theta
        theta = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=float), theta)  # a weak type would compile the second chunk anew
        state = optimiser(options.optimizer, learning_rate(options)).init(theta)
        state = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.asarray(leaf).dtype), state)
        return cls(compiled, {n: jnp.asarray(v, dtype=float) for n, v in params.items()}, options, network, theta, state)

    def draw(self) -> Data:
        own = 0 if self.options.optimizer in SEARCHES else self.done
        return draw(self.compiled, self.params, self.options, self.network, self.options.seed + own)

    def objective(self) -> jax.Array:
        """Eq. (3), here and on the points of the next steps."""
        return _loss(self.network, (self.compiled.equations, self.compiled.conditions), self.theta, self.draw(), self.params)

    def advance(self, steps: int) -> bool:
        """Up to CHUNK steps on points drawn anew; zero steps only compile. False: a number is not finite, and nothing has moved."""
        system = (self.compiled.equations, self.compiled.conditions)
        highest = learning_rate(self.options)
        steady = self.options.optimizer in SEARCHES
        falling = np.full(CHUNK, highest) if steady else rates(highest, self.options.steps, self.done, CHUNK)
        count, name = np.asarray(min(steps, CHUNK)), self.options.optimizer
        theta, state, value, finite = _chunk(self.network, system, name, count, falling, self.theta, self.state, self.draw(), self.params)
        if steps and not bool(finite):
            return False
        self.theta, self.state, self.done, self.value = theta, state, self.done + min(steps, CHUNK), float(value)
        return True

    def representation(self) -> Representation:
        own = getattr(self.network, "representation", None)
        found: Representation = own(self.theta) if own else NetworkExpansion(self.network, self.theta)
        return found


def train_network(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    """Method: a network in place of Gaussians, trained by first-order steps on eq. (3)."""
    training = Training.start(compiled, params, options)
    deadline = time.monotonic() + options.time_limit
    history: list[dict[str, float]] = []
    status, message = Status.ITERATION_LIMIT, ""
    try:
        while training.done < options.steps and not message:
            if time.monotonic() > deadline:
                message = OUT_OF_TIME
            elif not training.advance(options.steps - training.done):
                status, message = Status.NON_FINITE, not_finite(training.objective(), f"after step {training.done}")
            else:
                history.append({"objective": training.value})
                progress(f"step {training.done}", training.done / options.steps, residual=float(np.sqrt(training.value)))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    trained = training.representation()
    return MethodResult(
        trained,
        status,
        options.ansatz,
        training.done,
        f"asked for: {trained.kernels} parameters, {options.optimizer}",
        message,
        None,
        tuple(history),
    )
