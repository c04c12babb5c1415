"""The certificate of a query in a millisecond: what `validation` finds, on fewer points, inside a compiled function for all parameters.

relative(e) = rms(left - right)/scale(e), with the scale of `validation`; for scattered Gaussians, whose geometry is an argument, and
for whatever else gives the jets that are asked for (`requests`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem, Parameters
from pdelang.runtime.certificate import Certificate, EquationReport, TermReport
from pdelang.runtime.generator.basis import jet_basis
from pdelang.runtime.representation import Index
from pdelang.runtime.sampling import sobol
from pdelang.runtime.validation import SEED_OFFSET, relative

POINTS, CONDITION_POINTS, SIZED = 512, 64, 256
"""Of an equation, of a condition, and of the sizes of jets."""
Figures = tuple[list[dict[str, Any]], Any]
"""A dict of arrays an equation, and the root mean square of each field."""
Request = tuple[Any, tuple[Index, ...]]
"""Points (N, d) of the domain, and the jets wanted there."""


@dataclass(frozen=True, eq=False)
class QuickCheck:
    compiled: CompiledProblem
    seed: int = SEED_OFFSET

    @property
    def equations(self) -> tuple[CompiledEquation, ...]:
        return (*self.compiled.equations, *self.compiled.conditions)

    @cached_property
    def _drawn(self) -> list[np.ndarray]:
        """In the unit box: of the sizes, then of every equation."""
        d = len(self.compiled.problem.coordinates)
        counts = [(POINTS if e.kind == "interior" else CONDITION_POINTS) if e.free else 1 for e in self.equations]
        return [sobol(SIZED, d, self.seed), *(sobol(n, d, self.seed + k) for k, n in enumerate(counts))]

    @cached_property
    def _sized(self) -> tuple[Index, ...]:
        """The jets whose sizes count."""
        zero = (0,) * len(self.compiled.problem.coordinates)
        fields = range(len(self.compiled.problem.fields))
        return tuple(sorted({(j.field, j.orders) for e in self.equations for j in e.jets} | {(f, zero) for f in fields}))

    def requests(self, params: Parameters) -> list[Request]:
        """Of the sizes, then of every place of every equation: their jets at place p, in their order."""
        lower, upper = self.compiled.bounds(params)
        domain, *sets = [lower + (upper - lower) * s for s in self._drawn]
        found: list[Request] = [(domain, self._sized)]
        for e, points in zip(self.equations, sets):
            for p, at in enumerate(_places(e, points, params)):
                found.append((at, tuple((j.field, j.orders) for j in e.jets if j.place == p)))
        return found

    def figures(self, requests: Sequence[Request], values: Sequence[Any], params: Any) -> Figures:
        """values: what was asked for, (jets, N) each. To be compiled with what makes them."""
        lower, upper = self.compiled.bounds(params)
        sizes = self._sizes(values[0], (upper - lower) / 2)
        found, at = [], 1
        for e in self.equations:
            count = len(e.locate(params))
            given = [iter(v) for v in values[at : at + count]]
            found.append(self._one(e, jnp.stack([next(given[j.place]) for j in e.jets]), requests[at][0], params, sizes))
            at += count
        zero = (0,) * len(self.compiled.problem.coordinates)
        return found, jnp.stack([sizes[f, zero] for f in range(len(self.compiled.problem.fields))])

    def of_kernels(self, theta: Any, params: Any) -> Figures:
        """Those of scattered Gaussians."""
        requests = self.requests(params)
        return self.figures(requests, [_evaluated(self.compiled, theta, *r, params) for r in requests], params)

    def _sizes(self, values: Any, half: Any) -> dict[Index, Any]:
        """size(D^a u) of every jet, as `validation` has it."""
        rms, zero = {i: jnp.sqrt(jnp.mean(v**2)) for i, v in zip(self._sized, values)}, (0,) * len(half)
        return {(f, o): jnp.maximum(r, rms[f, zero] * jnp.prod(half ** -np.array(o, float))) for (f, o), r in rms.items()}

    def _one(self, e: CompiledEquation, values: Any, at: Any, params: Any, sizes: Mapping[Index, Any]) -> dict[str, Any]:
        held = jnp.ones(len(at)) if e.where is None else e.where(at, params).astype(float)

        def rms(array: jax.Array) -> jax.Array:
            return jnp.sqrt(jnp.sum(held * array**2, axis=-1) / jnp.maximum(jnp.sum(held), 1.0))

        residual = jnp.broadcast_to(e.residual(values, at, params), at.shape[:1])
        partials = jnp.broadcast_to(e.partials(values, at, params), values.shape)
        terms = jnp.broadcast_to(e.terms(values, at, params), (len(e.term_lines) or len(e.jets), len(at)))
        scales = [rms(jnp.abs(terms).sum(0)), *(rms(p) * sizes[j.field, j.orders] for p, j in zip(partials, e.jets))]
        worst = jnp.argmax(jnp.where(jnp.isfinite(residual), held * jnp.abs(residual), jnp.inf))
        return {
            "norm": rms(residual),
            "scale": jnp.max(jnp.stack(scales)),
            "largest": jnp.abs(residual[worst]),
            "at": jnp.asarray(at)[worst],
            "terms": rms(terms),
            "points": jnp.sum(held),
        }

    @cached_property
    def _compiled(self) -> Any:
        return jax.jit(self.of_kernels)

    def __call__(self, theta: Mapping[str, np.ndarray], parameters: Parameters) -> Figures:
        """Of kernels as they are, on the host."""
        values = {name: np.asarray(v, dtype=float) for name, v in parameters.items()}
        found: Figures = jax.device_get(self._compiled({n: np.asarray(a) for n, a in theta.items()}, values))
        return found

    def certificate(self, figures: Figures, tolerance: float, error: np.ndarray | None) -> Certificate:
        """error: estimated, root mean square, one a field."""
        found, sizes = figures
        reports = [_report(e, f) for e, f in zip(self.equations, found) if f["points"] > 0]
        count = sum(r.kind == "interior" for r in reports)
        floor = 1e-6 * max(sizes)  # a field that vanishes is judged against the others
        names = [f.name for f in self.compiled.problem.fields]
        estimates = {} if error is None else {n: relative(float(e), max(float(s), floor)) for n, e, s in zip(names, error, sizes)}
        largest = max((r.relative for r in reports), default=0.0)
        return Certificate(tolerance, largest, tuple(reports[:count]), tuple(reports[count:]), estimates)


def _places(e: CompiledEquation, points: Any, params: Any) -> list[Any]:
    """Points (N, d) with each place's fixed coordinates put in."""
    return [jnp.where(jnp.isnan(f), points, jnp.nan_to_num(f)) for f in jnp.asarray(e.locate(params), dtype=float)]


def _evaluated(compiled: CompiledProblem, theta: Any, points: Any, wanted: Sequence[Index], params: Any) -> Any:
    """(jets, N)."""
    orders = list(dict.fromkeys(o for _, o in wanted))
    basis = jet_basis(compiled, theta, points, params, orders) if wanted else ()
    return [basis[orders.index(o)] @ theta["weights"][f] for f, o in wanted]


def _report(e: CompiledEquation, f: Mapping[str, Any]) -> EquationReport:
    texts = e.term_texts or ("",) * len(f["terms"])
    terms = [TermReport(text, line, float(norm)) for text, line, norm in zip(texts, e.term_lines, f["terms"])]
    return EquationReport(
        label=e.label,
        kind=e.kind,
        line=e.line,
        norm=float(f["norm"]),
        relative=relative(float(f["norm"]), float(f["scale"])),
        largest=float(f["largest"]),
        at=tuple(float(x) for x in f["at"]),
        points=int(f["points"]),
        terms=tuple(sorted(terms, key=lambda t: -t.norm)),
    )
