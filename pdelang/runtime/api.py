"""`pdelang.solve`: compile, resolve parameters, choose a method, run it, validate, wrap."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import UsageError, resolve
from pdelang.language.problem import Problem
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.diagnosis import explained, finite, satisfied, undetermined
from pdelang.runtime.options import NAMES, OptionError, SolveOptions, build
from pdelang.runtime.result import MethodResult, Progress, silent
from pdelang.runtime.sampling import EmptyPointSetError
from pdelang.runtime.sensitivities import with_sensitivities
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve import METHODS, choose, network, scattered
from pdelang.runtime.solve.checkpoint import recording
from pdelang.runtime.status import Status
from pdelang.runtime.validation import decide, validate


def solve(
    problem: Problem | CompiledProblem | str | Path,
    *,
    options: SolveOptions | None = None,
    progress: Progress = silent,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    sensitivities: bool = False,
    **settings: Any,
) -> Solution:
    """Solve a problem at given parameters.

    problem: a Problem, a CompiledProblem, or the path of a .pde file.
    options: a SolveOptions; or any of its fields by name (`tolerance=1e-8`, `method="least_squares"`), which win over it.
    Without `options`, `option NAME = value` statements of the program are the defaults.
    Every other keyword is a parameter of the program: `nu=0.01`, `a=[1, 2, 3, 4]`. A parameter called like an option is
    taken as the parameter.

    checkpoint: a file that holds what an evolution has accepted, every few seconds while it is solved; it is gone afterwards unless more
    time would have helped. resume: go on from it, to the same bits; without the file the solve starts anew.

    sensitivities: du/dc for each parameter too, one more linear solve each: `solution.sensitivities["nu"](x=0.3, t=1)`.

    The answer may not have converged: look at `solution.status`. Nothing is raised for that.
    UsageError: an unknown option or parameter, a value out of range, or a checkpoint of another solve. ProblemError: the program is wrong.
    """
    compiled = _compiled(problem)
    declared = {p.name for p in compiled.problem.parameters}
    parameters = resolve(compiled.problem, {name: value for name, value in settings.items() if name in declared or name not in NAMES})
    chosen = _options(compiled, options, {name: value for name, value in settings.items() if name in NAMES and name not in declared})
    solution = direct(compiled, parameters, chosen, progress, None if checkpoint is None else Path(checkpoint), resume)
    return with_sensitivities(compiled, solution, progress) if sensitivities else solution


def direct(
    compiled: CompiledProblem,
    parameters: Parameters,
    options: SolveOptions,
    progress: Progress = silent,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Solution:
    """`solve` once everything has been checked: parameters are complete, in whatever range the caller allows."""
    began = time.perf_counter()
    with recording(checkpoint, resume, compiled, parameters, options, progress) as (reporting, recorder), np.errstate(all="ignore"):
        result, certificate = _solved(compiled, parameters, options, reporting)
        status = decide(result, certificate)
        if satisfied(compiled, parameters, result, certificate, status) and undetermined(compiled, parameters):
            status = Status.UNDETERMINED
        message = explained(compiled, parameters, result, certificate, status)
        if recorder is not None:
            recorder.finished(status)
            message = "; ".join(part for part in (message, recorder.fault) if part)
    result = replace(result, message=message)
    return Solution.of(compiled, parameters, result, status, certificate, time.perf_counter() - began)


def _solved(
    compiled: CompiledProblem, parameters: Parameters, options: SolveOptions, progress: Progress
) -> tuple[MethodResult, Certificate | None]:
    """The result of the method that was asked for, or of the one that the problem allows, and what is found on independent points."""
    method, reason = choose(compiled) if options.method == "auto" else (options.method, "asked for")
    run = METHODS[method] if options.ansatz == "rbf" else network(options)
    try:
        result = run(compiled, parameters, options, progress)
        stopped = result.status in (Status.INTERRUPTED, Status.ITERATION_LIMIT, Status.NON_FINITE, Status.DIVERGED)
        if result.representation is None and options.method == "auto" and method == "product" and not stopped:
            method, reason = scattered(compiled)
            reason = f"{reason}; a product layout cannot hold the problem: {result.message}"
            result = replace(METHODS[method](compiled, parameters, options, progress), reason=reason)
        result = finite(result)
        certificate = validate(compiled, parameters, result, options.tolerance, options.seed)
    except EmptyPointSetError as empty:
        raise UsageError(str(empty)) from None
    return replace(result, reason=result.reason or reason), certificate


def _compiled(problem: Problem | CompiledProblem | str | Path) -> CompiledProblem:
    if isinstance(problem, CompiledProblem):
        return problem
    from pdelang.compiler.pipeline import compile as compile_problem

    return compile_problem(problem)


def _options(compiled: CompiledProblem, options: SolveOptions | None, given: dict[str, Any]) -> SolveOptions:
    written: dict[str, Any] = {}
    if options is None:
        written = {name: float(v) if isinstance(v, Fraction) else v for name, v, _ in compiled.problem.options}
    try:
        chosen = build(options, written | given)
    except OptionError as error:
        raise UsageError(str(error)) from None
    if chosen.method != "auto" and chosen.method not in METHODS:
        raise UsageError(f"no method {chosen.method!r}: the methods are auto, {', '.join(METHODS)}")
    return chosen
