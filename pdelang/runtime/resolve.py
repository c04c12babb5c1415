"""`pdelang.resolve`: from one answer to that of a changed problem, at the price of the change."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.compiler.parameters import resolve as complete
from pdelang.language.problem import Problem
from pdelang.runtime.api import _compiled, _options, direct
from pdelang.runtime.diagnosis import explained
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.options import NAMES, SolveOptions
from pdelang.runtime.result import MethodResult, Progress, silent
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve.local import Local, local
from pdelang.runtime.status import Status
from pdelang.runtime.validation import decide, validate


def resolve(
    solution: Solution,
    problem: Problem | CompiledProblem | str | Path | None = None,
    *,
    options: SolveOptions | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> Solution:
    """The solution of a changed problem, from one that is known: only kernels where the change is felt are adapted anew.

    problem: a program with the same coordinates and fields, changed in a condition or a source, say; by default that of `solution`.
    Keywords are parameters, those of `solution` by default, and options, as in `solve`; the tolerance is that of `solution`.

    `reason` says how many of the kernels were adapted, `readapted` which. A change that is felt everywhere (an elliptic far field), and
    kernels that do not act locally (product layouts, time slabs), make it an ordinary solve; it then says so.

    UsageError: another program, another box, or what `solve` refuses.

    Example:
        solution = pdelang.solve("examples/sources.pde", method="least_squares")
        moved = solution.resolve(q=1.2)
    """
    began = time.perf_counter()
    compiled = _compiled(solution.problem if problem is None else problem)
    declared = {p.name for p in compiled.problem.parameters}
    given = {name: value for name, value in settings.items() if name in declared or name not in NAMES}
    known: dict[str, Any] = {name: value for name, value in solution.parameters.items() if name in declared}
    parameters = complete(compiled.problem, {**known, **given})
    chosen = _options(compiled, options, _defaults(solution) | {n: v for n, v in settings.items() if n in NAMES and n not in declared})
    before = compiled if compiled.problem.source.text == solution.problem.source.text else _compiled(solution.problem)
    _check_same(compiled, parameters, before, solution)
    with np.errstate(all="ignore"):
        found, why = _local(compiled, parameters, before, solution, chosen, progress)
        if found is None or found.expansion is None:
            anew = direct(compiled, parameters, chosen, progress)
            return replace(anew, reason=f"{why}: solved anew; {anew.reason}", seconds=time.perf_counter() - began)
        return _judged(compiled, parameters, solution, found, chosen, began)


def _defaults(solution: Solution) -> dict[str, Any]:
    from pdelang.runtime.solve import METHODS

    out: dict[str, Any] = {} if solution.certificate is None else {"tolerance": solution.certificate.tolerance}
    return out | ({"method": solution.method} if solution.method in METHODS else {})


def _check_same(compiled: CompiledProblem, parameters: Mapping[str, Any], before: CompiledProblem, solution: Solution) -> None:
    mine, theirs = compiled.problem, before.problem
    if [c.name for c in mine.coordinates] != [c.name for c in theirs.coordinates] or [f.name for f in mine.fields] != [
        f.name for f in theirs.fields
    ]:
        raise UsageError(f"the solution is one of another program ({theirs.name}): its coordinates and fields are not those of {mine.name}")
    if [c.periodic for c in mine.coordinates] != [c.periodic for c in theirs.coordinates]:
        raise UsageError("the solution is one of another program: other coordinates are periodic")
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
    if not (np.allclose(lower, solution.lower, rtol=1e-12) and np.allclose(upper, solution.upper, rtol=1e-12)):
        box = " x ".join(f"[{a:g}, {b:g}]" for a, b in zip(solution.lower, solution.upper))
        raise UsageError(f"the solution lives on another box, {box}: solve anew")
    if solution.representation is None:
        raise UsageError(f"there is nothing to start from: {solution.status.value}")


def _local(
    compiled: CompiledProblem, parameters: Mapping[str, Any], before: CompiledProblem, solution: Solution,
    options: SolveOptions, progress: Progress,
) -> tuple[Local | None, str]:  # fmt: skip
    """None, and why, where there is nothing local to be had."""
    expansion = solution.representation
    if not isinstance(expansion, GaussianExpansion):
        return None, "only scattered kernels over the whole domain are adapted locally"
    counts = [(len(c.equations), len(c.conditions)) for c in (compiled, before)]
    if counts[0] != counts[1]:
        return None, "the program has other equations or conditions"
    if not solution.converged:
        return None, "the solution to start from is not converged"
    if options.tolerance < (solution.certificate.tolerance if solution.certificate else 0.0):
        return None, "the solution to start from was held to a larger tolerance"
    found = local(compiled, parameters, before, solution.parameters, expansion, options, progress)
    return found, f"the change is not local ({found.why})" if found.expansion is None else ""


def _judged(
    compiled: CompiledProblem, parameters: Mapping[str, Any], solution: Solution, found: Local, options: SolveOptions, began: float
) -> Solution:
    """Verified as every solution is; the estimate is the old one, grown with the residual, and what the rim of the change cuts off."""
    adapted, kernels = int(found.adapted.sum()), len(found.adapted)
    rounds = f"{found.rounds} round{'s' if found.rounds != 1 else ''}"
    reason = f"{adapted:,} of {kernels:,} kernels adapted anew ({100 * adapted / kernels:.1f} %), in {rounds}"
    result = MethodResult(found.expansion, Status.CONVERGED, "local", found.rounds, reason)
    certificate = validate(compiled, parameters, result, options.tolerance, options.seed)
    old = solution.certificate
    if certificate is not None and old is not None and old.error_estimate:
        growth = max(1.0, certificate.residual / old.residual) if old.residual > 0 else 1.0
        norms = _norms(found.expansion, compiled)
        names = [f.name for f in compiled.problem.fields]
        estimate = np.array([old.error_estimate.get(n, 0.0) * growth * size for n, size in zip(names, norms)]) + found.left_out
        result = replace(result, error_estimate=estimate)
        relative = {n: float(e / s) if s > 0 else 0.0 for n, e, s in zip(names, estimate, norms)}
        certificate = replace(certificate, error_estimate=relative)
    status = decide(result, certificate)
    result = replace(result, message=explained(compiled, parameters, result, certificate, status))
    answer = Solution.of(compiled, parameters, result, status, certificate, time.perf_counter() - began)
    return replace(answer, readapted=found.adapted)


def _norms(expansion: GaussianExpansion | None, compiled: CompiledProblem) -> np.ndarray:
    from pdelang.runtime.sampling import box

    assert expansion is not None
    points = box(np.asarray(expansion.lower), np.asarray(expansion.upper), 1024, 7919)
    values = expansion.jets(points, [(f, (0,) * expansion.dimension) for f in range(expansion.fields)])
    return np.asarray(np.sqrt(np.mean(values**2, axis=1)))
