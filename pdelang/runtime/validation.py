"""Is it a solution? Every equation and condition on points that the solve never saw, relative to the size of its own terms.

relative(e) = rms(left - right) / scale(e),
scale(e) = max( rms(sum of |terms|),  max over jets  rms|dN/djet| * size(jet) ),
size(D^a u) = max( rms of D^a u over the domain,  rms of u * prod (2/length_i)^a_i ).

The second part of the scale makes `u(0, t) = 0` relative to u in the domain and `laplacian(u) = 0` relative to u over the
half length squared, where the terms themselves vanish. A solve has converged if the largest `relative` is at most the tolerance and,
where the method estimates its error, the estimate relative to the root mean square of each field is too; without an estimate the
method itself must call its work done.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.language.expressions import Jet
from pdelang.runtime.certificate import Certificate, EquationReport, TermReport
from pdelang.runtime.collocation import Parameters, at_places, evaluate, evaluate_terms, jets_of
from pdelang.runtime.handover import handovers
from pdelang.runtime.representation import Index, Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.sampling import box, held, on_conditions, on_equation
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status

POINTS, CONDITION_POINTS = 2048, 512
VANISHING = 1e-6
"""Of the largest field: the least size by which another one is judged."""
SEED_OFFSET = 7919
"""Added to the user's seed: the check must not draw the points of the solve."""


@dataclass
class JetSizes:
    """Root mean squares of jets over a domain, evaluated when asked for."""

    representation: Representation
    points: np.ndarray
    half_lengths: np.ndarray
    floor: float = 0.0  # least size of a field: one that vanishes is judged against the others
    known: dict[Index, float] = field(default_factory=dict)

    def learn(self, indices: Collection[Index]) -> None:
        """These at once: what they share is evaluated once."""
        wanted = list(indices)
        self.known |= zip(wanted, map(root_mean_square, self.representation.jets(self.points, wanted)))

    def __call__(self, index: Index) -> float:
        if index not in self.known:
            self.known[index] = root_mean_square(self.representation.jets(self.points, [index])[0])
        return self.known[index]

    def of(self, jet: Jet) -> float:
        value = max(self((jet.field, (0,) * len(jet.orders))), self.floor)
        return max(self((jet.field, jet.orders)), value * float(np.prod(self.half_lengths ** -np.array(jet.orders, dtype=float))))


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0


def check(
    equation: CompiledEquation, representation: Representation, points: np.ndarray, params: Parameters, sizes: JetSizes
) -> EquationReport:
    """One equation at `points` (N, d), as `EquationReport` says."""
    places = at_places(equation, points, params)
    jets = jets_of(equation.jets, places, representation)
    residual, partials = evaluate(equation, jets, places[0], params)
    terms = evaluate_terms(equation, jets, places[0], params)
    sums = np.abs(terms).sum(0)
    scale = max([root_mean_square(sums), *(root_mean_square(p) * sizes.of(j) for j, p in zip(equation.jets, partials))])
    norm = root_mean_square(residual)
    worst = int(np.argmax(np.where(np.isfinite(residual), np.abs(residual), np.inf)))
    reports = [
        TermReport(
            text=equation.term_texts[n] if n < len(equation.term_texts) else "", line=_line(equation, n), norm=root_mean_square(term)
        )
        for n, term in enumerate(terms)
    ]
    return EquationReport(
        label=equation.label,
        kind=equation.kind,
        line=equation.line,
        norm=norm,
        relative=relative(norm, scale),
        largest=float(abs(residual[worst])),
        at=tuple(float(x) for x in places[0][worst]),
        points=len(points),
        terms=tuple(sorted(reports, key=lambda r: -r.norm)),
    )


def relative(norm: float, scale: float) -> float:
    """norm/scale; zero over zero is zero, anything else that is not a number counts as infinite."""
    if norm == 0:
        return 0.0
    ratio = norm / scale if scale > 0 else math.inf
    return ratio if math.isfinite(ratio) else math.inf


def _line(equation: CompiledEquation, term: int) -> int:
    return equation.term_lines[term] if term < len(equation.term_lines) else equation.line


def validate(compiled: CompiledProblem, params: Parameters, result: MethodResult, tolerance: float, seed: int = 0) -> Certificate | None:
    """The certificate of a method's result, on seeded points of its own; None if there is nothing to check."""
    representation = result.representation
    if representation is None:
        return None
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    if result.status is Status.INTERRUPTED and isinstance(representation, Slabs):
        upper = np.append(upper[:-1], representation.edges[-1])
    seed += SEED_OFFSET
    domain = box(lower, upper, CONDITION_POINTS, seed)
    sizes = JetSizes(representation, domain, (upper - lower) / 2)
    sizes.learn({(j.field, j.orders) for e in (*compiled.equations, *compiled.conditions) for j in e.jets})
    norms = [sizes((f, (0,) * len(lower))) for f in range(len(compiled.problem.fields))]
    sizes.floor = VANISHING * max(norms)

    def reports(equations: Sequence[CompiledEquation], sets: Sequence[np.ndarray]) -> tuple[EquationReport, ...]:
        return tuple(check(e, representation, points, params, sizes) for e, points in zip(equations, sets) if len(points))

    interior, faces = _point_sets(compiled, params, lower, upper, seed + 1, whole=result.status is not Status.INTERRUPTED)
    equations, conditions = reports(compiled.equations, interior), reports(compiled.conditions, faces)
    conditions += handovers(compiled, representation, lower, upper, sizes.of, seed)
    estimates: dict[str, float] = {}
    if result.error_estimate is not None:
        for declared, error, size in zip(compiled.problem.fields, result.error_estimate, norms):
            estimates[declared.name] = relative(float(error), max(size, sizes.floor))
    return Certificate(
        tolerance=tolerance,
        residual=max((r.relative for r in (*equations, *conditions)), default=0.0),
        equations=equations,
        conditions=conditions,
        error_estimate=estimates,
    )


def _point_sets(
    compiled: CompiledProblem, params: Parameters, lower: np.ndarray, upper: np.ndarray, seed: int, whole: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Points (n, d) for each equation and each condition. whole: of the domain, where each has to hold somewhere."""
    if whole:
        interior = [on_equation(e, params, lower, upper, POINTS, seed + n) for n, e in enumerate(compiled.equations)]
        return interior, on_conditions(compiled, params, lower, upper, CONDITION_POINTS, seed)
    interior = [held(e, params, lower, upper, POINTS, seed + n) for n, e in enumerate(compiled.equations)]
    return interior, [held(c, params, lower, upper, CONDITION_POINTS, seed + n) for n, c in enumerate(compiled.conditions)]


_FINAL = (Status.NON_FINITE, Status.INTERRUPTED, Status.DIVERGED)


def decide(result: MethodResult, certificate: Certificate | None) -> Status:
    """CONVERGED only if residual and error estimate meet the tolerance; otherwise the method's own reason, if it gave one.

    Where the residual is at rounding, which high derivatives amplify and the solution does not feel, or that of a corner, the estimate
    alone decides.
    A method that stopped early and has no estimate is not believed on its residual alone: at a tolerance of 1e-2 a coarse march through
    a chaotic problem had a residual of 3e-3 and an error of 100 %.
    """
    if certificate is None or result.status in _FINAL:
        return result.status
    if not math.isfinite(certificate.residual):
        return Status.NON_FINITE
    errors = certificate.error_estimate.values()
    allowed = max(certificate.tolerance, result.accepted if errors else 0.0)
    met = certificate.residual <= allowed and max(errors, default=0.0) <= certificate.tolerance
    if met and (result.status is Status.CONVERGED or errors):
        return Status.CONVERGED
    return Status.TOLERANCE_NOT_MET if result.status is Status.CONVERGED else result.status


def blame(certificate: Certificate | None) -> str:
    """One sentence: the equation or condition that is worst, where, and by how much."""
    if certificate is None:
        return ""
    worst = max((*certificate.equations, *certificate.conditions), key=lambda r: r.relative, default=None)
    estimate = max(certificate.error_estimate.items(), key=lambda item: item[1], default=("", 0.0))
    if estimate[1] > certificate.tolerance and estimate[1] >= (worst.relative if worst else 0.0):
        return f"the estimated relative error of {estimate[0]} is {estimate[1]:.1e}, the tolerance {certificate.tolerance:.1e}"
    if worst is None or worst.relative <= certificate.tolerance:
        return ""
    place = ", ".join(f"{x:.4g}" for x in worst.at)
    return f"line {worst.line}, {worst.label}: relative residual {worst.relative:.1e}, largest {worst.largest:.1e} at ({place})"
