"""Why a solve did not converge, in words: what went wrong, which equation or condition is worst and where, what is known to cause it,
what to try; and whether what it found is the solution or one of many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.language.diagnostics import Diagnostic
from pdelang.runtime.baselines import NETWORKS
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.collocation import Parameters, at_places, evaluate
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status
from pdelang.runtime.validation import blame

OPEN = ("W301", "W303", "W307", "W345")
"""Warnings after which there are many solutions, or none."""
CAUSES = (*OPEN, "W304", "W305", "W340", "W342", "W343", "W344")
"""Warnings that say why a solve may fail."""
MOST_CAUSES = 2
SAMPLES, COARSER = 4097, 8
"""Points along an axis on which data are looked at, and the ratio of the two spacings whose differences are compared."""
JUMP = 0.5
"""Share of the largest difference that is left at a spacing COARSER times finer; of smooth data it would be 1/COARSER."""
SMALLEST_JUMP = 1e-3
"""Of the data's range."""
TRIES = {
    Status.ITERATION_LIMIT: "try a looser tolerance, or a higher limit",
    Status.TOLERANCE_NOT_MET: "try a looser tolerance",
    Status.DIVERGED: "try a shorter time, to see where it begins",
    Status.STAGNATED: "try milder parameters, a shorter time or a looser tolerance",
    Status.NON_FINITE: "is it defined for all values that the fields take (log, sqrt, division), and are they bounded (exp, powers)?",
}


def explained(
    compiled: CompiledProblem, parameters: Parameters, result: MethodResult, certificate: Certificate | None, status: Status
) -> str:
    """One line for a solve with this final status; empty where it has converged."""
    if status is Status.CONVERGED:
        return ""
    if status is Status.INTERRUPTED:
        return result.message
    if status is Status.UNDETERMINED:
        return "; ".join(part for part in (result.message, *_causes(compiled, OPEN)) if part)
    named = result.message and (status is Status.NON_FINITE or _ends_early(compiled, parameters, result))
    worst = "" if named else blame(certificate)
    advice = "" if any(w.code in OPEN for w in compiled.warnings) else _advice(result, status)
    parts = [result.message, worst, *rough_data(compiled, parameters), *_causes(compiled, CAUSES), advice]
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _advice(result: MethodResult, status: Status) -> str:
    """What to try. Gradient steps, of Gaussians or of a network, say themselves what, where they left the numbers."""
    if result.method != "first_order" and result.method not in NETWORKS:
        return TRIES.get(status, "")
    if status is Status.ITERATION_LIMIT:
        more = "a higher limit" if result.message else "more steps (option steps)"  # a message: which limit it was
        another = "" if "lbfgs" in result.reason else ", optimizer = lbfgs"
        return f"try {more}{another}, or a looser tolerance"
    return "" if status is Status.NON_FINITE else TRIES.get(status, "")


def _ends_early(compiled: CompiledProblem, parameters: Parameters, result: MethodResult) -> bool:
    """Slabs that do not reach the end of time: what is worst then lies beyond them and says nothing."""
    end = float(np.asarray(compiled.bounds(parameters)[1])[-1])
    return isinstance(result.representation, Slabs) and float(result.representation.edges[-1]) < end - 1e-9 * abs(end)


def undetermined(compiled: CompiledProblem, parameters: Parameters) -> bool:
    """Do the conditions leave the solution open? Only what is certain: by number, where no coefficient vanishes at a wall."""
    problem = compiled.problem
    if problem.data or problem.integrals or problem.regions:
        return False
    codes = {warning.code for warning in compiled.warnings}
    if codes & {"W301", "W307"} or ("W345" in codes and not problem.parameters):
        return True
    return "W303" in codes and not any(_degenerate(compiled, e, parameters) for e in compiled.equations)


def satisfied(
    compiled: CompiledProblem, parameters: Parameters, result: MethodResult, certificate: Certificate | None, status: Status
) -> bool:
    """Do the equations and conditions hold, converged or not? What then differs from layout to layout is what they leave open."""
    if status is Status.CONVERGED:
        return True
    failed = status in (Status.STAGNATED, Status.TOLERANCE_NOT_MET, Status.ITERATION_LIMIT)
    holds = certificate is not None and certificate.residual <= certificate.tolerance
    return failed and holds and not _ends_early(compiled, parameters, result)


def finite(result: MethodResult) -> MethodResult:
    """Without what is not finite: of slabs those before it stay, of anything else nothing."""
    whole = result.representation
    if whole is None or _is_finite(whole):
        return result
    parts = getattr(whole, "parts", ())
    good = next(n for n, part in enumerate((*parts, None)) if part is None or not _is_finite(part))
    kept = Slabs(whole.edges[: good + 1], parts[:good]) if good else None  # type: ignore[attr-defined]
    return replace(result, representation=kept, status=Status.NON_FINITE, error_estimate=None)


def _is_finite(representation: Representation) -> bool:
    """All its arrays are; a coordinate that is not periodic has no period."""
    arrays = representation.arrays()
    return all(np.isfinite(a).all() for name, a in arrays.items() if a.dtype.kind == "f" and not name.endswith("period"))


def _causes(compiled: CompiledProblem, codes: tuple[str, ...]) -> list[str]:
    found = [w for w in compiled.warnings if w.code in codes]
    return [_sentence(compiled, w) for w in sorted(found, key=lambda w: codes.index(w.code))[:MOST_CAUSES]]


def _sentence(compiled: CompiledProblem, warning: Diagnostic) -> str:
    line = "" if warning.span is None else f"line {compiled.problem.source.position(warning.span.start)[0]}: "
    return f"{line}{warning.message}" + (f", {warning.note}" if warning.note else "")


def _degenerate(compiled: CompiledProblem, equation: CompiledEquation, parameters: Parameters) -> bool:
    """Does the coefficient of the highest derivative along an axis vanish at one of its ends? Such a wall needs no condition."""
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
    inside = lower + (upper - lower) * np.linspace(0.1, 0.9, 9)[:, None]
    for axis in range(len(lower)):
        highest = max((j.orders[axis] for j in equation.jets), default=0)
        rows = [n for n, j in enumerate(equation.jets) if highest and j.orders[axis] == highest]
        for end in (lower, upper) if rows else ():
            face = inside.copy()
            face[:, axis] = end[axis]
            jets = np.ones((len(equation.jets), len(face)))
            here, there = (np.abs(evaluate(equation, jets, at, parameters)[1][rows]).max() for at in (face, inside))
            if here <= 1e-12 * there:
                return True
    return False


def rough_data(compiled: CompiledProblem, parameters: Parameters) -> Iterator[str]:
    """A sentence for each equation and condition whose data (what is left at u = 0) jump, or are not finite, along a free coordinate."""
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
    for condition in (*compiled.equations, *compiled.conditions):
        fixed = ~np.isnan(np.atleast_2d(np.asarray(condition.locate(parameters), dtype=float))[0])
        if condition.kind not in ("interior", "initial", "boundary") or not condition.linear:
            continue
        for axis in np.flatnonzero(~fixed):
            place = _rough_along(condition, int(axis), lower, upper, parameters)
            if place is not None:
                name = compiled.problem.coordinates[axis].name
                yield f"line {condition.line}, {condition.label}: the data {place[0]} near {name} = {place[1]:.4g}"
                break


def _rough_along(
    condition: CompiledEquation, axis: int, lower: np.ndarray, upper: np.ndarray, parameters: Parameters
) -> tuple[str, float] | None:
    """What is rough, and where: along a line through the middle of the other coordinates."""
    points = np.tile(lower + 0.4641 * (upper - lower), (SAMPLES, 1))
    points[:, axis] = np.linspace(lower[axis], upper[axis], SAMPLES)
    at = at_places(condition, points, parameters)[0]
    data = evaluate(condition, np.zeros((len(condition.jets), SAMPLES)), at, parameters)[0]
    if not np.isfinite(data).all():
        return "are not finite", float(points[np.argmin(np.isfinite(data)), axis])
    fine, coarse = np.abs(np.diff(data)), np.abs(np.diff(data[::COARSER]))
    if fine.max() > JUMP * coarse.max() and fine.max() > SMALLEST_JUMP * np.ptp(data):
        return "jump", float(points[np.argmax(fine) :, axis][:2].mean())
    return None
