"""Rows of the collocation system: an equation or condition at its points, its residual and the Jacobian in the weights.

r_n = N(jets(xi_n), xi_n, c),   dr_n/dw_fk = sum_alpha dN/du_f,alpha(xi_n) D^alpha phi_k(xi_n).

Nothing here compiles per slab, per size or per parameter value: equations are evaluated in blocks of a fixed number of points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from pdelang.compiler.compiled import CompiledEquation
from pdelang.language.expressions import Jet
from pdelang.runtime.layout.neighbours import scaled_rows
from pdelang.runtime.layout.scattered import Layout
from pdelang.runtime.representation import Representation

BLOCK = 1024
"""Points a call of compiled code; the last block is filled up, so that one shape serves every number of points."""

Parameters = Mapping[str, Any]


@lru_cache(maxsize=256)
def _linearised(equation: CompiledEquation) -> Any:
    def evaluate(jets: jax.Array, points: jax.Array, params: Parameters) -> tuple[jax.Array, jax.Array]:
        residual = equation.residual(jets, points, params)
        partials = equation.partials(jets, points, params)
        return jnp.broadcast_to(residual, points.shape[:1]), jnp.broadcast_to(partials, jets.shape)

    return jax.jit(evaluate)


@lru_cache(maxsize=256)
def _terms(equation: CompiledEquation) -> Any:
    return jax.jit(equation.terms)


@lru_cache(maxsize=256)
def _where(equation: CompiledEquation) -> Any:
    assert equation.where is not None
    return jax.jit(equation.where)


def blocked(function: Any, arrays: Sequence[np.ndarray], params: Parameters) -> list[Any]:
    """function(*arrays, params) over the points (the last axis of all but the final array, which is (N, d)), block by block.

    Returns the outputs, joined along their last axis.
    """
    n = len(arrays[-1])
    pieces = []
    for start in range(0, max(n, 1), BLOCK):
        chosen = np.minimum(np.arange(start, start + BLOCK), max(n - 1, 0))
        *values, points = arrays
        out = function(*(v[..., chosen] for v in values), points[chosen], params)
        keep = min(BLOCK, n - start)
        pieces.append([np.asarray(o)[..., :keep] for o in (out if isinstance(out, tuple) else (out,))])
    return [np.concatenate(parts, axis=-1) for parts in zip(*pieces)]


def evaluate(equation: CompiledEquation, jets: np.ndarray, points: np.ndarray, params: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """residual (N,), partials (A, N)."""
    residual, partials = blocked(_linearised(equation), [jets, points], params)
    return residual, partials


def evaluate_terms(equation: CompiledEquation, jets: np.ndarray, points: np.ndarray, params: Parameters) -> np.ndarray:
    """The summands (T, N)."""
    return blocked(_terms(equation), [jets, points], params)[0]


def holds(equation: CompiledEquation, points: np.ndarray, params: Parameters) -> np.ndarray:
    """(N,) bool: where the equation is asked for."""
    if equation.where is None or not len(points):
        return np.ones(len(points), dtype=bool)
    return blocked(_where(equation), [points], params)[0].astype(bool)


def at_places(equation: CompiledEquation, points: np.ndarray, params: Parameters) -> np.ndarray:
    """(P, N, d): the points with each place's fixed coordinates put in."""
    fixed = np.asarray(equation.locate(params), dtype=float)
    return np.where(np.isnan(fixed)[:, None, :], points[None], np.nan_to_num(fixed)[:, None, :])


def jets_of(jets: Sequence[Jet], places: np.ndarray, representation: Representation) -> np.ndarray:
    """(A, N): each jet at its own place's points (P, N, d)."""
    out = np.zeros((len(jets), places.shape[1]))
    for p in range(len(places)):
        mine = [a for a, jet in enumerate(jets) if jet.place == p]
        if mine:
            out[mine] = representation.jets(places[p], [(jets[a].field, jets[a].orders) for a in mine])
    return out


class Rows(Protocol):
    """Some rows of the system. places (P, N, d): physical points; weights (N,): square root of the share in the objective."""

    @property
    def label(self) -> str: ...

    @property
    def jets(self) -> tuple[Jet, ...]: ...

    @property
    def places(self) -> np.ndarray: ...

    @property
    def weights(self) -> np.ndarray: ...

    def linearise(self, jets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """residual (N,) and partials (A, N) at jets (A, N)."""


@dataclass(frozen=True, eq=False)
class EquationRows:
    equation: CompiledEquation
    places: np.ndarray
    weights: np.ndarray
    params: Parameters

    @property
    def label(self) -> str:
        return self.equation.label

    @property
    def jets(self) -> tuple[Jet, ...]:
        return self.equation.jets

    def linearise(self, jets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return evaluate(self.equation, jets, self.places[0], self.params)


@dataclass(frozen=True, eq=False)
class ValueRows:
    """D^orders u_f = values: how a slab takes over from the one before."""

    label: str
    jets: tuple[Jet, ...]
    places: np.ndarray
    weights: np.ndarray
    values: np.ndarray

    def linearise(self, jets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return jets[0] - self.values, np.ones_like(jets)


class Table:
    """The basis at one block's places: (place, orders) -> (N, K), physical derivatives; sparse where the layout's action is compact."""

    def __init__(self, layout: Layout, lower: np.ndarray, upper: np.ndarray, jets: tuple[Jet, ...], places: np.ndarray):
        self.reference = 2 * (places - lower) / (upper - lower) - 1
        self.jets = jets
        self.values: dict[tuple[int, tuple[int, ...]], np.ndarray | csr_array] = {}
        for p in range(len(places)):
            orders = list(dict.fromkeys(j.orders for j in jets if j.place == p))
            if orders:
                basis = layout.basis(self.reference[p], orders)
                for values, o in zip(basis, orders):
                    (values if isinstance(values, np.ndarray) else values.data)[...] *= np.prod((2 / (upper - lower)) ** np.array(o))
                    self.values[p, o] = values

    def serves(self, jets: tuple[Jet, ...], reference: np.ndarray) -> bool:
        return self.jets == jets and self.reference.shape == reference.shape and np.allclose(self.reference, reference, rtol=0, atol=1e-11)


class System:
    """All rows on one layout over one box [lower, upper]; unknowns w (F, K) flattened.

    The basis of every (place, multi-index) is evaluated once; `matrix` combines it with the partials. A box of the same shape
    as `like`, on the same layout, takes over its tables: `bases` is then the same object.
    """

    def __init__(self, layout: Layout, fields: int, lower: np.ndarray, upper: np.ndarray, rows: Sequence[Rows], like: System | None = None):
        self.layout, self.fields, self.lower, self.upper, self.rows = layout, fields, lower, upper, list(rows)
        self.scales = np.ones(len(self.rows))
        self.bases: tuple[Table, ...] = like.bases if like is not None and like._serves(self) else self._tables()

    def _tables(self) -> tuple[Table, ...]:
        return tuple(Table(self.layout, self.lower, self.upper, row.jets, row.places) for row in self.rows)

    def _serves(self, other: System) -> bool:
        return (
            self.layout is other.layout
            and len(self.rows) == len(other.rows)
            and np.allclose(self.upper - self.lower, other.upper - other.lower, rtol=1e-12, atol=0)
            and all(
                table.serves(row.jets, 2 * (row.places - other.lower) / (other.upper - other.lower) - 1)
                for table, row in zip(self.bases, other.rows)
            )
        )

    @property
    def unknowns(self) -> int:
        return self.fields * self.layout.kernels

    def jets(self, weights: np.ndarray) -> list[np.ndarray]:
        """(A, N) a block of rows, at weights (F, K)."""
        out = []
        for block, table in zip(self.rows, self.bases):
            values = [table.values[j.place, j.orders] @ weights[j.field] for j in block.jets]
            out.append(np.array(values).reshape(len(block.jets), block.places.shape[1]))
        return out

    def linearise(self, jets: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Residual (N,) and partials (A, N) a block, unweighted."""
        pairs = [block.linearise(j) for block, j in zip(self.rows, jets)]
        return [r for r, _ in pairs], [p for _, p in pairs]

    def non_finite(self, residual: Sequence[np.ndarray], partials: Sequence[np.ndarray]) -> str:
        """The first equation or condition with a value that is not finite, and where; empty if there is none."""
        for row, r, p in zip(self.rows, residual, partials):
            bad = ~(np.isfinite(r) & np.isfinite(p).all(axis=0))
            if bad.any():
                place = ", ".join(f"{x:.4g}" for x in row.places[0, int(np.argmax(bad))])
                return f"{row.label}: a value that is not finite at ({place})"
        return ""

    def balance(self, partials: Sequence[np.ndarray]) -> None:
        """Bring every block's operator to unit root mean square row norm, so that alpha compares like with like."""
        for n, (block, table, coefficients) in enumerate(zip(self.rows, self.bases, partials)):
            if coefficients.size:
                norms = sum(_mean_row(scaled_rows(table.values[j.place, j.orders], c)) for j, c in zip(block.jets, coefficients))
                self.scales[n] = np.sqrt(norms) or 1.0

    def vector(self, blocks: Sequence[np.ndarray]) -> np.ndarray:
        """Blocks of rows weighted and stacked: (M,)."""
        return np.concatenate([b * row.weights / s for b, row, s in zip(blocks, self.rows, self.scales)])

    @property
    def compact(self) -> bool:
        return any(isinstance(values, csr_array) for table in self.bases for values in table.values.values())

    @property
    def places(self) -> np.ndarray:
        """(M, d): where each row is asked for, at its first place."""
        return np.concatenate([row.places[0] for row in self.rows])

    def sparse_matrix(self, partials: Sequence[np.ndarray]) -> csr_array:
        """(M, F K), weighted; a row holds the kernels that act on its points."""
        blocks = []
        for row, table, coefficients, scale in zip(self.rows, self.bases, partials, self.scales):
            fields: list[csr_array] = [csr_array((len(row.weights), self.layout.kernels)) for _ in range(self.fields)]
            for jet, c in zip(row.jets, coefficients):
                part = scaled_rows(table.values[jet.place, jet.orders], c * row.weights / scale)
                fields[jet.field] = _sum(fields[jet.field], part)
            blocks.append(hstack(fields, format="csr") if self.fields > 1 else fields[0])
        return csr_array(vstack(blocks, format="csr"))

    def matrix(self, partials: Sequence[np.ndarray]) -> np.ndarray:
        """(M, F K), Fortran order, weighted."""
        kernels = self.layout.kernels
        out = np.zeros((sum(len(row.weights) for row in self.rows), self.unknowns), order="F")
        start = 0
        for row, table, coefficients, scale in zip(self.rows, self.bases, partials, self.scales):
            stop = start + len(row.weights)
            for jet, c in zip(row.jets, coefficients):
                column = jet.field * kernels
                out[start:stop, column : column + kernels] += (c * row.weights / scale)[:, None] * table.values[jet.place, jet.orders]
            start = stop
        return out


def _mean_row(values: np.ndarray | csr_array) -> float:
    """Mean over rows of their squared norm."""
    data = values if isinstance(values, np.ndarray) else values.data
    return float(np.vdot(data, data)) / max(values.shape[0], 1)


def _sum(a: csr_array, b: csr_array) -> csr_array:
    """a + b; two matrices on one pattern keep it."""
    if a.nnz == 0:
        return b
    if a.indices is b.indices:
        return csr_array((a.data + b.data, a.indices, a.indptr), shape=a.shape)
    return csr_array(a + b)
