"""The method `product`: Gaussians on product layouts, Newton with the compiler's derivative, to a tolerance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.product.evolution import solve_evolution
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.steady import solve_steady
from pdelang.runtime.solve.product.system import UnsupportedError
from pdelang.runtime.status import Status


def supports(compiled: CompiledProblem) -> bool:
    """A box of up to four coordinates, with equations and conditions only."""
    problem = compiled.problem
    return len(problem.coordinates) <= 4 and not (problem.regions or problem.integrals or problem.data)


@threadpool_limits.wrap(limits=1)  # small matrices: on shared cores threads that wait for each other cost 8 times the time
def product_newton(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    try:
        program = Program(compiled, params)
        if program.time is None or not all(_starts_alone(program)):
            return solve_steady(replace(program, space_time=True) if program.time is not None else program, options, progress)
        return solve_evolution(program, options, progress)
    except UnsupportedError as reason:
        return MethodResult(None, Status.STAGNATED, "product", 0, message=str(reason))


def _starts_alone(program: Program) -> list[bool]:
    """For each condition: is time either free or fixed at its start?"""
    flags = []
    for condition, places in zip(program.compiled.conditions, program.places):
        in_time = places[:, program.dimension - 1]
        flags.append(bool(np.isnan(in_time).all()) or program.is_initial(condition, places))
    return flags
