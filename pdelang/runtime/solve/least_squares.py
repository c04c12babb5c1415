"""Linear problems: one least-squares solve in the weights, no iterations."""

from __future__ import annotations

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.collocation import Parameters, System
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.box import Weights
from pdelang.runtime.solve.dense import RidgeFactor
from pdelang.runtime.solve.drive import drive
from pdelang.runtime.solve.frontal import FrontalFactor, factorised
from pdelang.runtime.status import Status


class Linear:
    """min |sum_alpha p_alpha D^alpha sum_k w_k phi_k + r(0)|^2. Slabs whose operator is the same share one factorisation."""

    def __init__(self) -> None:
        self._bases: object = None
        self._partials: list[np.ndarray] = []
        self._factor: RidgeFactor | FrontalFactor | None = None
        self._scales = np.ones(0)
        self.factorisations = 0

    def __call__(self, system: System, guess: list[np.ndarray]) -> Weights:
        zeros = [np.zeros_like(g) for g in guess]
        residual, partials = system.linearise(zeros)
        if message := system.non_finite(residual, partials):
            return Weights(np.zeros((system.fields, system.layout.kernels)), 0, Status.NON_FINITE, message)
        same = system.bases is self._bases and all(np.array_equal(a, b) for a, b in zip(partials, self._partials))
        if self._factor is None or not same:
            system.balance(partials)
            right = -system.vector(residual)
            self._factor = factorised(system, partials, right)
            self._bases, self._partials, self._scales = system.bases, partials, system.scales
            self.factorisations += 1
        else:
            system.scales = self._scales
            right = -system.vector(residual)
        values = self._factor.solve(right).reshape(system.fields, -1)
        return Weights(values, 1, Status.CONVERGED if np.isfinite(values).all() else Status.NON_FINITE)


def least_squares(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    """Method: linear problems, steady or in time slabs."""
    reason = "the problem is linear: least squares in the weights, without iterations"
    return drive(compiled, params, options, progress, Linear, "least_squares", reason)
