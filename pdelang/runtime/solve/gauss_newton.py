"""Nonlinear problems: damped Gauss-Newton in the weights, with the exact derivative of the residual in the jets.

J_n,fk = sum_alpha dN/du_f,alpha(xi_n) D^alpha phi_k(xi_n);   w <- w - s J^+ r(w),   s halved until |r|^2 falls.

J^+ is the ridge QR of `dense`: the frame is ill-conditioned by design (1e12 and more), and normal equations, which a library's
least-squares solver would form at this price, lose half of the digits that the frame has to give. One factorisation serves
as long as steps made with it still shrink the residual by ten.
"""

from __future__ import annotations

import time

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.collocation import Parameters, System
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.box import OUT_OF_TIME, Weights, at_the_limit
from pdelang.runtime.solve.drive import drive
from pdelang.runtime.solve.frontal import factorised
from pdelang.runtime.status import Status

HALVINGS = 8
SMALL = 0.1
"""A step whose effect J w is below this share of the residual is the last: the rest of the residual is out of the kernels' reach."""
REUSE = 0.1
"""A factorisation is kept while a step made with it brings the objective's root below this share of the one before."""


class GaussNewton:
    """target: stop when a step changes the residual by less than this, relative to the size of its terms at the collocation points.

    max_iterations: steps of one solve; deadline: on time.monotonic. At either bound the status is ITERATION_LIMIT.
    """

    def __init__(self, max_iterations: int, target: float, deadline: float = np.inf):
        self.max_iterations, self.target, self.deadline = max_iterations, target, deadline

    def __call__(self, system: System, guess: list[np.ndarray]) -> Weights:
        shape = (system.fields, system.layout.kernels)
        residual, partials = system.linearise(guess)
        if message := system.non_finite(residual, partials):
            return Weights(np.zeros(shape), 0, Status.NON_FINITE, message)
        system.balance(partials)
        # the guess is given by its jets, not by weights: the first step finds all of w, J w = J guess - r(guess)
        shifted = [(p * g).sum(0) - r for p, g, r in zip(partials, guess, residual)]
        right = system.vector(shifted)
        factor = factorised(system, partials, right)
        values = factor.solve(right).reshape(shape)
        jets = system.jets(values)
        residual, partials = system.linearise(jets)
        merit, fresh = _norm(system, residual), False
        for iteration in range(1, self.max_iterations):
            if message := system.non_finite(residual, partials):
                return Weights(values, iteration, Status.NON_FINITE, message)
            right = -system.vector(residual)
            if not fresh:
                factor = factorised(system, partials, right)
                fresh = True
            step = factor.solve(right).reshape(shape)
            moved = system.jets(step)
            size = _norm(system, [np.abs(p * j).sum(0) for p, j in zip(partials, jets)])
            small = _norm(system, [(p * m).sum(0) for p, m in zip(partials, moved)]) <= max(SMALL * merit, self.target * size)
            length, after = 1.0, np.inf
            for _ in range(HALVINGS):
                trial = [j + length * m for j, m in zip(jets, moved)]
                residual, partials = system.linearise(trial)
                after = _norm(system, residual)
                if after < merit:
                    break
                length /= 2
            if not after < merit:
                return Weights(values, iteration, Status.CONVERGED if small else Status.STAGNATED)
            values = values + length * step
            jets = system.jets(values)
            shrunk, merit = after / merit, after
            if small:
                return Weights(values, iteration + 1, Status.CONVERGED)
            if time.monotonic() > self.deadline:
                return Weights(values, iteration + 1, Status.ITERATION_LIMIT, OUT_OF_TIME)
            if length < 1.0 or shrunk > REUSE:
                fresh = False
        return Weights(values, self.max_iterations, Status.ITERATION_LIMIT, at_the_limit(self.max_iterations))


def _norm(system: System, residual: list[np.ndarray]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):  # a trial step may leave every bound: infinite is larger than what was before
        return float(np.linalg.norm(system.vector(residual)))


def gauss_newton(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    """Method: nonlinear problems, steady or in time slabs."""
    reason = "the problem is nonlinear: Gauss-Newton in the weights with the exact derivative"
    deadline = time.monotonic() + options.time_limit
    strategy = lambda: GaussNewton(options.max_iterations, 0.01 * options.tolerance, deadline)
    return drive(compiled, params, options, progress, strategy, "gauss_newton", reason)
