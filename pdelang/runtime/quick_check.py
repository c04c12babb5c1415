"""The certificate of a query in a millisecond: what `validation` finds, on fewer points, by one compiled function for all parameters.

relative(e) = rms(left - right)/scale(e), with the scale of `validation`; for scattered Gaussians, whose geometry is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem, Parameters
from pdelang.runtime.certificate import Certificate, EquationReport, TermReport
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.generator.basis import jet_basis
from pdelang.runtime.representation import Index
from pdelang.runtime.sampling import sobol
from pdelang.runtime.validation import SEED_OFFSET, relative

POINTS, CONDITION_POINTS = 512, 64
Figures = dict[str, Any]


@dataclass(frozen=True, eq=False)
class QuickCheck:
    compiled: CompiledProblem
    seed: int = SEED_OFFSET

    @property
    def equations(self) -> tuple[CompiledEquation, ...]:
        return (*self.compiled.equations, *self.compiled.conditions)

    @cached_property
    def _figures(self) -> Any:
        """theta, parameters -> one dict of arrays an equation."""
        d = len(self.compiled.problem.coordinates)
        zero = (0,) * d
        wanted = {(j.field, j.orders) for e in self.equations for j in e.jets} | {
            (f, zero) for f in range(len(self.compiled.problem.fields))
        }
        drawn = [
            sobol((POINTS if e.kind == "interior" else CONDITION_POINTS) if e.free else 1, d, self.seed + n)
            for n, e in enumerate(self.equations)
        ]
        domain = sobol(POINTS, d, self.seed)

        def figures(theta: dict[str, Any], params: Any) -> tuple[list[Figures], jax.Array]:
            lower, upper = self.compiled.bounds(params)
            sizes = self._sizes(theta, lower + (upper - lower) * domain, params, sorted(wanted), (upper - lower) / 2)
            sets = [lower + (upper - lower) * s for s in drawn]
            found = [self._one(e, theta, points, params, sizes) for e, points in zip(self.equations, sets)]
            return found, jnp.stack([sizes[f, zero] for f in range(len(self.compiled.problem.fields))])

        return jax.jit(figures)

    def _sizes(self, theta: Any, points: jax.Array, params: Any, wanted: list[Index], half: jax.Array) -> dict[Index, jax.Array]:
        """size(D^a u) of every jet, as `validation` has it."""
        orders = list(dict.fromkeys(o for _, o in wanted))
        basis = jet_basis(self.compiled, theta, points, params, orders)
        rms = {(f, o): jnp.sqrt(jnp.mean((basis[orders.index(o)] @ theta["weights"][f]) ** 2)) for f, o in wanted}
        zero = (0,) * len(half)
        return {(f, o): jnp.maximum(r, rms[f, zero] * jnp.prod(half ** -jnp.array(o, float))) for (f, o), r in rms.items()}

    def _one(self, e: CompiledEquation, theta: Any, points: jax.Array, params: Any, sizes: Mapping[Index, jax.Array]) -> Figures:
        fixed = jnp.asarray(e.locate(params), dtype=float)
        places = [jnp.where(jnp.isnan(f), points, jnp.nan_to_num(f)) for f in fixed]
        jets: list[Any] = [None] * len(e.jets)
        for p, at in enumerate(places):
            mine = [(a, j) for a, j in enumerate(e.jets) if j.place == p]
            orders = list(dict.fromkeys(j.orders for _, j in mine))
            basis = jet_basis(self.compiled, theta, at, params, orders) if mine else ()
            for a, j in mine:
                jets[a] = basis[orders.index(j.orders)] @ theta["weights"][j.field]
        values, at = jnp.stack(jets), places[0]
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
            "at": at[worst],
            "terms": rms(terms),
            "points": jnp.sum(held),
        }

    def __call__(self, expansion: GaussianExpansion, parameters: Parameters, tolerance: float, error: np.ndarray | None) -> Certificate:
        """error: estimated, root mean square, one a field."""
        values = {name: np.asarray(v, dtype=float) for name, v in parameters.items()}
        found, sizes = jax.device_get(self._figures({n: np.asarray(a) for n, a in expansion.theta.items()}, values))
        reports = [_report(e, f) for e, f in zip(self.equations, found) if f["points"] > 0]
        count = sum(r.kind == "interior" for r in reports)
        floor = 1e-6 * max(sizes)  # a field that vanishes is judged against the others
        names = [f.name for f in self.compiled.problem.fields]
        estimates = {} if error is None else {n: relative(float(e), max(float(s), floor)) for n, e, s in zip(names, error, sizes)}
        largest = max((r.relative for r in reports), default=0.0)
        return Certificate(tolerance, largest, tuple(reports[:count]), tuple(reports[count:]), estimates)


def _report(e: CompiledEquation, f: Figures) -> EquationReport:
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
