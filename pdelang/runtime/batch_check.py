"""The residual of many answers of a family at once: what `grid_check` finds, where answers are combinations of the same functions.

    jets(xi; c) = sum_r w_r(c) D^a V_r(xi)

Tables of D^a V_r at the points of the check are made once; an instance is a row of w and its parameters. One compiled function, mapped
over instances, evaluates every equation, condition and jump between pieces of the time, at the points of `grid_check`: a millisecond or two
each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.language.expressions import Jet
from pdelang.runtime.collocation import at_places
from pdelang.runtime.generator.spanned import Spanned
from pdelang.runtime.grid_check import EACH, SIZED, drawn
from pdelang.runtime.representation import Index
from pdelang.runtime.sweep.instances import Instances, by_name
from pdelang.runtime.validation import SEED_OFFSET, VANISHING

CHUNK = 64
"""Instances a call; the last ones are filled up."""


@dataclass(frozen=True, eq=False)
class BatchCheck:
    """instances: on one domain."""

    compiled: CompiledProblem
    model: Spanned
    instances: Instances

    def possible(self) -> bool:
        """Do conditions stand at the same places for all instances?"""
        places = jax.jit(jax.vmap(lambda values: [e.locate(self._parameters(values)) for e in self._equations]))(self.instances.columns.T)
        return not any(np.ptp(np.nan_to_num(np.asarray(p)), axis=0).any() for p in places)

    def residuals(self, z: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """The largest relative residual of these instances, (len(numbers),). z: of all instances, (B, size)."""
        tables, run = self._tables, jax.jit(jax.vmap(self._one, in_axes=(None, 0, 0)))
        out = np.empty(len(numbers))
        for start in range(0, len(numbers), CHUNK):
            own = numbers[np.minimum(np.arange(start, start + CHUNK), len(numbers) - 1)]
            found = run(tables, self.model.weights(z[own]), self.instances.columns.T[own])
            out[start : start + CHUNK] = np.asarray(found)[: len(numbers) - start]
        return out

    @property
    def _equations(self) -> tuple[CompiledEquation, ...]:
        return (*self.compiled.equations, *self.compiled.conditions)

    def _parameters(self, values: Any) -> dict[str, Any]:
        return {**self.instances.fixed, **by_name(self.instances.shapes, values)}

    @cached_property
    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = self.compiled.bounds(self.instances.parameters(0))
        return np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)

    @cached_property
    def _wanted(self) -> list[Index]:
        """Jets whose sizes are asked for."""
        zero = (0,) * len(self._bounds[0])
        fields, jumps = range(len(self.compiled.problem.fields)), [index for index, _ in self._jumping]
        return list(dict.fromkeys([*((f, zero) for f in fields), *((j.field, j.orders) for e in self._equations for j in e.jets), *jumps]))

    @property
    def _jumping(self) -> list[tuple[Index, float]]:
        """What a piece of the time hands over to the next at its end: every derivative in time below a field's order."""
        edges = [p.end for p in self.model.layout.pieces[:-1]] if self.model.layout.evolving else []
        d = len(self._bounds[0])
        orders = [(f, (*[0] * (d - 1), k)) for f, most in enumerate(self.compiled.analysis.time_orders) for k in range(most)]
        return [(index, edge) for edge in edges for index in orders]

    @cached_property
    def _tables(self) -> dict[str, list[Any]]:
        """sizes: one (r, N) a wanted jet. jets: one (A, r, N) an equation; points: its points (N, d). jumps: one (r, N) each."""
        lower, upper = self._bounds
        d, random = len(lower), np.random.default_rng(SEED_OFFSET)
        tables: dict[str, list[Any]] = {"sizes": [], "jets": [], "points": [], "jumps": []}
        everywhere = drawn(range(d), lower, lower, upper, random, SIZED[d])
        tables["sizes"] = [self._table(index, everywhere) for index in self._wanted]
        for e in self._equations:
            fixed = np.asarray(e.locate(self.instances.parameters(0)), dtype=float)[0]
            points = drawn(list(e.free), fixed, lower, upper, random, EACH[len(e.free)])
            places = at_places(e, points, self.instances.parameters(0))
            tables["jets"].append(np.stack([self._table((j.field, j.orders), places[j.place]) for j in e.jets]))
            tables["points"].append(places[0])
        for index, edge in self._jumping:
            at = lower + (upper - lower) * edge
            before, after = (drawn(range(d - 1), at, lower, upper, np.random.default_rng(SEED_OFFSET), EACH[d - 1]) for _ in range(2))
            after[:, -1] = np.nextafter(after[:, -1], np.inf)
            tables["jumps"].append(self._table(index, after) - self._table(index, before))
        return tables

    def _table(self, index: Index, points: np.ndarray) -> np.ndarray:
        """(r, N) at the rows of a tensor grid, last coordinate fastest."""
        lower, upper = self._bounds
        field, orders = index
        axes = [np.unique(points[:, i]) for i in range(points.shape[1])]
        unit = [(a - low) / (high - low) for a, low, high in zip(axes, lower, upper)]
        values = self.model.layout.grids(self.model.rows, unit, orders)[:, field].reshape(len(self.model.rows), -1)
        return np.asarray(values * float(np.prod((upper - lower) ** -np.array(orders, dtype=float))))

    def _one(self, tables: dict[str, list[Any]], weights: jax.Array, values: jax.Array) -> jax.Array:
        """Of one instance."""
        params, lower, upper = self._parameters(values), *self._bounds
        rms = {index: _rms(weights @ table) for index, table in zip(self._wanted, tables["sizes"])}
        zero = (0,) * len(lower)
        norms = [rms[f, zero] for f in range(len(self.compiled.problem.fields))]
        floor = VANISHING * jnp.max(jnp.stack(norms))

        def size(index: Index) -> jax.Array:
            own = jnp.maximum(norms[index[0]], floor) * float(np.prod(((upper - lower) / 2) ** -np.array(index[1], dtype=float)))
            return jnp.maximum(rms[index], own)

        found = [
            self._equation(e, jnp.einsum("r,arn->an", weights, table), points, params, size)
            for e, table, points in zip(self._equations, tables["jets"], tables["points"])
        ]
        found += [_share(_rms(weights @ table), size(index)) for (index, _), table in zip(self._jumping, tables["jumps"])]
        return jnp.max(jnp.stack(found))

    def _equation(self, e: CompiledEquation, jets: jax.Array, points: jax.Array, params: dict[str, Any], size: Any) -> jax.Array:
        held = jnp.ones(len(points)) if e.where is None else e.where(points, params).astype(float)
        residual = jnp.broadcast_to(e.residual(jets, points, params), held.shape)
        partials = jnp.broadcast_to(e.partials(jets, points, params), jets.shape)
        terms = jnp.broadcast_to(e.terms(jets, points, params), (len(e.term_lines) or len(e.jets), len(points)))
        own = [_rms(p, held) * size(_index(j)) for p, j in zip(partials, e.jets)]
        return _share(_rms(residual, held), jnp.max(jnp.stack([_rms(jnp.abs(terms).sum(0), held), *own])))


def _index(jet: Jet) -> Index:
    return jet.field, jet.orders


def _rms(values: jax.Array, held: jax.Array | None = None) -> jax.Array:
    if held is None:
        return jnp.sqrt(jnp.mean(values**2))
    return jnp.sqrt(jnp.sum(held * values**2) / jnp.maximum(jnp.sum(held), 1.0))


def _share(norm: jax.Array, scale: jax.Array) -> jax.Array:
    """norm/scale; zero over zero is zero, what is not a number infinite."""
    return jnp.where(norm == 0, 0.0, jnp.nan_to_num(norm / scale, nan=jnp.inf, posinf=jnp.inf))
