"""The columns of the comparison: what is trained, and what solves. One row each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pdelang
from pdelang.runtime.baselines.gaussians import standard
from pdelang.runtime.baselines.seam import count
from pdelang.runtime.baselines.train import CHUNK, Training
from pdelang.runtime.options import SolveOptions

from .cases import Problem

PER_KERNEL = 6
"""Trainable numbers of a kernel in two coordinates: weight, centre, two scales, one shear."""
LONG = 15.0
"""Seconds of a solve that is not repeated."""
TOLERANCES = (1e-2, 1e-4, 1e-6, 1e-8)


@dataclass(frozen=True)
class Contender:
    """kind: steps, trained by first-order steps; projection, weights solved for; product, the project's own solver."""

    label: str
    colour: str
    kind: str = "steps"
    settings: Mapping[str, Any] = field(default_factory=dict)
    grid: bool = True
    marker: str = "o"


CONTENDERS: Mapping[str, Contender] = {
    "mlp": Contender("MLP-PINN", "#4477aa", settings={"ansatz": "mlp"}, marker="s"),
    "spinn": Contender("SPINN, tensor grid", "#228833", settings={"ansatz": "spinn"}, marker="^"),
    "spinn-points": Contender("SPINN, common points", "#99cc88", settings={"ansatz": "spinn"}, grid=False, marker="v"),
    "pikan": Contender("PIKAN", "#aa3377", settings={"ansatz": "pikan"}, marker="D"),
    "pig": Contender("PIG", "#ccbb44", settings={"ansatz": "pig"}, marker="P"),
    "rbf-grid": Contender("RBF along the axes, tensor grid", "#ff9988", settings={"ansatz": "separable"}, marker="<"),
    "rbf-lattice": Contender("RBF on a lattice, tensor grid", "#dd7722", settings={"ansatz": "lattice"}, marker=">"),
    "rbf": Contender("RBF, Adam", "#ee6677", settings={"ansatz": "rbf"}),
    "rbf-sgd": Contender("RBF, SGD (eq. 5)", "#cc99a0", settings={"ansatz": "rbf", "optimizer": "sgd", "learning_rate": 1e-2}, marker="X"),
    "rbf-projected": Contender("RBF, weights projected", "#882255", kind="projection", marker="*"),
    "product": Contender("RBF, product layouts (default)", "#000000", kind="product", marker="h"),
}
STEPPED = tuple(name for name, c in CONTENDERS.items() if c.kind == "steps")
RATED = ("mlp", "spinn", "spinn-points", "pikan", "pig", "rbf-grid", "rbf-lattice", "rbf")
"""Of the iteration rates: all by Adam."""


@dataclass(frozen=True)
class Budget:
    """What every contender gets. measured: looks at the error on the way. tolerances: of the project's own solver."""

    steps: int
    unknowns: int = 1000
    collocation: int = 2048
    measured: int = 10
    tolerances: tuple[float, ...] = TOLERANCES


@dataclass(frozen=True)
class Point:
    """After `step` steps and `seconds` of processor time without compilation: relative L2 error, and eq. (3) or the tolerance asked for."""

    step: int
    seconds: float
    error: float
    objective: float
    parameters: int


@cache
def matched(problem: Problem, budget: Budget) -> int:
    """Trainable numbers of the grid of kernels nearest to the budget: networks are sized for it, since a grid cannot have any number."""
    options = SolveOptions(unknowns=budget.unknowns)
    return count(standard(problem.compiled, problem.parameters, options))


def begin(
    name: str, problem: Problem, budget: Budget, seed: int, theta: Any = None, shape: Mapping[str, Any] | None = None, **settings: Any
) -> Training:
    """A training with everything compiled that its steps need."""
    contender = CONTENDERS[name]
    unknowns = budget.unknowns if contender.settings["ansatz"] == "rbf" else matched(problem, budget)
    options = SolveOptions(
        steps=budget.steps, unknowns=unknowns, collocation=budget.collocation, seed=seed, **{**contender.settings, **settings}
    )
    training = Training.start(problem.compiled, problem.parameters, options, theta, shape)
    if not contender.grid and hasattr(training.network, "grid"):
        training.network = replace(training.network, grid=False)
    training.advance(0)  # compiles
    return training


def trace(training: Training, problem: Problem, budget: Budget) -> Iterator[Point]:
    """Points on the way; the clock stands while the error is measured. Ends where numbers stop being finite."""
    size, spent, every = count(training.theta), 0.0, max(1, budget.steps // budget.measured)
    yield Point(0, 0.0, problem.error(training.representation()), float("nan"), size)
    while training.done < budget.steps:
        began = time.process_time()
        moved = training.advance(min(CHUNK, every, budget.steps - training.done))
        spent += time.process_time() - began
        if not moved:
            return
        if training.done % every == 0 or training.done == budget.steps:
            yield Point(training.done, spent, problem.error(training.representation()), training.value, size)


def points(name: str, problem: Problem, budget: Budget, seed: int) -> list[Point]:
    """A whole run of one contender."""
    contender = CONTENDERS[name]
    if contender.kind == "steps":
        return list(trace(begin(name, problem, budget, seed), problem, budget))
    if contender.kind == "projection":
        linear = problem.compiled.analysis.linear and problem.compiled.analysis.conditions_linear
        method = "least_squares" if linear else "gauss_newton"
        return [_solved(problem, 1e-6, seed, method=method, kernels=matched(problem, budget) // PER_KERNEL)]
    return [_solved(problem, tolerance, seed) for tolerance in budget.tolerances]


def _solved(problem: Problem, tolerance: float, seed: int, **settings: Any) -> Point:
    """Solved twice: the second time nothing is compiled. Once where compilation is a small part of it."""
    for _ in range(2):
        began = time.process_time()
        solution = pdelang.solve(problem.compiled, tolerance=tolerance, seed=seed, time_limit=600, **settings, **problem.parameters)
        seconds = time.process_time() - began
        if seconds > LONG:
            break
    error = problem.error(solution.representation) if solution.representation is not None else float("nan")
    return Point(solution.iterations, seconds, error, tolerance, solution.kernels)
