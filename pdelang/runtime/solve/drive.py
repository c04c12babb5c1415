"""A weight method from a strategy: steady or in time, to a `MethodResult`."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.adaptive import adaptive
from pdelang.runtime.solve.box import Problem, Strategy
from pdelang.runtime.solve.march import march
from pdelang.runtime.solve.plan import Run
from pdelang.runtime.solve.steady import steady

BY_RESIDUAL = "kernels turned, graded, inserted and pruned by the residual"
REFINEMENTS = ("axes", "residual")


def drive(
    compiled: CompiledProblem,
    params: Parameters,
    options: SolveOptions,
    progress: Progress,
    strategy: Callable[[], Strategy],
    method: str,
    reason: str,
) -> MethodResult:
    """strategy() makes one for a run over like boxes: it may remember a factorisation."""
    if options.refinement not in REFINEMENTS:
        raise UsageError(f"no refinement {options.refinement!r}: kernels are refined along `axes` or by the `residual`")
    by_residual = options.refinement == "residual"
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    run = Run(Problem(compiled, params, options, lower, upper), strategy, progress, time.monotonic() + options.time_limit)
    solve = adaptive if by_residual else steady if run.problem.time is None else march
    representation, estimate = solve(run)
    return MethodResult(
        representation=representation,
        status=run.status,
        method=method,
        iterations=run.iterations,
        reason=f"{reason}; {BY_RESIDUAL}" if by_residual else reason,
        message=run.message,
        error_estimate=estimate,
        history=tuple(run.history),
    )
