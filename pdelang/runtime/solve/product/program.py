"""A compiled problem at fixed parameters, as the product methods see it: arrays in, arrays out, one compilation each.

All equations are evaluated by one jitted function on chunks of a fixed number of points, all conditions by another,
so that no layout, slab or refinement ever compiles anew; in one space dimension, where calls are many and small, on the host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import linear_sum_assignment

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.representation import Index
from pdelang.runtime.solve.host_functions import in_chunks, on_host, plain

CHUNKS = (4096,)
"""Points a call: Burgers on 17,000 points takes 1.1 ms of the processor; with 2,048 a call 2.3 ms, with 32,768 8.6 ms (caches, threads)."""
FACE_CHUNK = 512
LARGEST_MULTIPLIER = 4500  # unknowns of a multiplier, for which a dense matrix is factorised
LARGEST_HOST = 2  # dimensions, time included, in which equations are evaluated by NumPy

_JITTED: dict[tuple[str, bool], tuple[Any, Any]] = {}  # by CompiledProblem.key: a second solve compiles nothing


@dataclass(frozen=True)
class Partial:
    """dN/d(jet) of one equation: which equation slot (field whose test functions it meets), which jet."""

    slot: int
    index: Index


def chunked(function: Any, arrays: tuple[Array, ...], params: Any, sizes: tuple[int, ...]) -> list[Array]:
    """function on (rows, N) arrays, N cut into chunks of one size and the last one padded by its last column.

    The function returns groups of rows; each group comes back as one array (rows, N).
    """
    N = arrays[0].shape[1]
    size = sizes[-1] if sizes[-1] <= N else sizes[0]
    out: list[Array] = []
    for begin in range(0, N, size):
        columns = [a[:, begin : begin + size] for a in arrays]
        width = columns[0].shape[1]
        if width < size:
            columns = [np.concatenate([c, np.repeat(c[:, -1:], size - width, axis=1)], axis=1) for c in columns]
        groups = function(*columns, params)
        out = out or [np.empty((len(rows), N), np.asarray(rows[0]).dtype if rows else float) for rows in groups]
        for filled, rows in zip(out, groups):
            for line, row in zip(filled, rows):
                line[begin : begin + width] = np.asarray(row)[:width]
    return out


@dataclass(frozen=True, eq=False)
class Program:
    """
    indices: the interior jets, as (field, orders). partials: one entry a column of the Frechet derivative.
    slots: for each equation the field it is paired with.
    space_time: time is an axis like the others (conditions that tie several times together).
    """

    compiled: CompiledProblem
    params: Any
    space_time: bool = False

    @cached_property
    def dimension(self) -> int:
        return len(self.compiled.problem.coordinates)

    @cached_property
    def fields(self) -> int:
        return len(self.compiled.problem.fields)

    @cached_property
    def time(self) -> int | None:
        return None if self.space_time else self.compiled.problem.time

    @cached_property
    def periodic(self) -> tuple[bool, ...]:
        return tuple(c.periodic for c in self.compiled.problem.coordinates)

    @cached_property
    def overdetermined(self) -> bool:
        """More conditions than its orders ask for (W304): layers at the walls that no kernel sees would hide it from every estimate."""
        return any(w.code == "W304" for w in self.compiled.warnings)

    @cached_property
    def indices(self) -> tuple[Index, ...]:
        return tuple(sorted({(j.field, j.orders) for e in self.compiled.equations for j in e.jets}))

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        lower, upper = self.compiled.bounds(self.params)
        return np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)

    @cached_property
    def time_orders(self) -> tuple[int, ...]:
        """Highest order in time a field, from the interior."""
        if self.time is None:
            return (0,) * self.fields
        return tuple(max([orders[self.time] for f, orders in self.indices if f == field], default=0) for field in range(self.fields))

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """Pair equations with fields by the highest time derivative, then by the highest space derivative.

        Exponential gains: (Laplacian of U, Laplacian of V, nothing of p) beats (Laplacian of U, gradient of p, divergence of V).
        """
        equations = self.compiled.equations
        gain = np.zeros((len(equations), self.fields))
        for e, equation in enumerate(equations):
            for j in equation.jets:
                in_time = self.time is not None and j.orders[self.time] > 0 and j.orders[self.time] == self.time_orders[j.field]
                gain[e, j.field] = max(gain[e, j.field], 8.0 ** (sum(j.orders) + 9 * in_time))
        slots = gain.argmax(axis=1)
        rows, columns = linear_sum_assignment(-gain)
        slots[rows] = columns
        return tuple(int(s) for s in slots)

    @cached_property
    def partials(self) -> tuple[Partial, ...]:
        return tuple(Partial(slot, (j.field, j.orders)) for e, slot in zip(self.compiled.equations, self.slots) for j in e.jets)

    @cached_property
    def linear(self) -> bool:
        return all(e.linear for e in self.compiled.equations)

    @cached_property
    def constant(self) -> bool:
        return self.linear and all(e.constant and e.where is None for e in self.compiled.equations)

    @cached_property
    def multiplier(self) -> tuple[int, dict[int, int]] | None:
        """The field, in two coordinates of space, that has no equation of its own but drives two others, each along one axis, and these
        axes by field: the pressure of an incompressible flow. Further fields (a temperature) may go along. None: there is none."""
        fields = range(self.fields)
        if self.dimension - (self.time is not None) != 2 or self.fields < 3 or sorted(self.slots) != [*fields]:
            return None
        coupled: dict[tuple[int, int], set[tuple[int, ...]]] = {}
        for entry in self.partials:
            coupled.setdefault((entry.slot, entry.index[0]), set()).add(entry.index[1])
        alone = [f for f in fields if (f, f) not in coupled]
        if len(alone) != 1 or self.time_orders[alone[0]]:
            return None
        own = self.compiled.equations[self.slots.index(alone[0])]
        axis: dict[int, int] = {}
        for field in set(fields) - set(alone):
            drives, driven = coupled.get((field, alone[0]), set()), coupled.get((alone[0], field), set())
            if not drives and not driven:
                continue
            viscous = max((max(orders[:2]) for orders in coupled[field, field]), default=0) == 2
            if len(drives) == 1 and drives == driven and sum(orders := next(iter(drives))) == 1 and max(orders[:2]) == 1 and viscous:
                axis[field] = orders.index(1)
            else:
                return None
        constant = own.linear and own.constant and own.where is None
        return (alone[0], axis) if constant and sorted(axis.values()) == [0, 1] else None

    @cached_property
    def orders(self) -> Array:
        """Highest derivative an axis, (dimension,), conditions included."""
        every = [j.orders for e in (*self.compiled.equations, *self.compiled.conditions) for j in e.jets]
        return np.max(np.array([*every, (0,) * self.dimension]), axis=0)

    @cached_property
    def _jitted(self) -> tuple[Any, Any]:
        key = (self.compiled.key, self.space_time)
        if key not in _JITTED:
            interior, faces = partial(self._interior, jnp, self.compiled.equations), partial(self._faces, jnp, self.compiled.conditions)
            _JITTED[key] = (jax.jit(interior), jax.jit(faces))
        return _JITTED[key]

    @cached_property
    def _on_host(self) -> tuple[tuple[CompiledEquation, ...], tuple[CompiledEquation, ...], Any] | None:
        """Equations, conditions and parameters for NumPy."""
        if self.dimension > LARGEST_HOST or not isinstance(self.params, Mapping):
            return None
        params = plain(self.params)
        twins = on_host(self.compiled, params)
        return None if twins is None else (*twins, params)

    def _interior(self, xp: Any, equations: Sequence[CompiledEquation], jets: Any, points: Any, params: Any) -> tuple[Any, Any, Any]:
        """Rows one by one, added up in Python: XLA on CPUs fuses that, but not sums over an axis of stacked rows (4 times the time)."""
        where = {index: row for row, index in enumerate(self.indices)}
        residual = [xp.zeros(jets.shape[1])] * self.fields
        scale = [xp.zeros(jets.shape[1])] * self.fields
        partials: list[Any] = []
        for equation, slot in zip(equations, self.slots):
            own = [jets[where[j.field, j.orders]] for j in equation.jets]
            own = own if xp is np else xp.stack(own)
            value, slope, terms = (call(own, points.T, params) for call in (equation.residual, equation.partials, equation.terms))
            if equation.where is not None:
                mask = equation.where(points.T, params)
                value, slope, terms = xp.where(mask, value, 0.0), xp.where(mask, slope, 0.0), xp.where(mask, terms, 0.0)
            residual[slot] = residual[slot] + value
            # an equation that is one term (`div(U) = 0`) is measured by its parts
            parts = sum(xp.abs(s * jet) for s, jet in zip(slope, own))
            scale[slot] = scale[slot] + xp.maximum(sum(xp.abs(term) for term in terms), parts)
            partials.extend(slope)
        return residual, partials, scale

    def _faces(self, xp: Any, conditions: Sequence[CompiledEquation], jets: Any, points: Any, params: Any) -> tuple[Any, Any, Any]:
        """Every condition at the same points; jets are stacked condition by condition."""
        residual, masks, begin = [], [], 0
        partials: list[Any] = []
        for condition in conditions:
            own = jets[begin : begin + len(condition.jets)]
            begin += len(condition.jets)
            residual.append(condition.residual(own, points.T, params))
            partials.extend(condition.partials(own, points.T, params))
            masks.append(xp.ones(points.shape[1], bool) if condition.where is None else condition.where(points.T, params))
        return residual, partials, masks

    def interior(self, jets: Array, points: Array) -> tuple[Array, Array, Array]:
        """jets (A, N), points (N, d) -> residual (fields, N), partials (len(partials), N), sum of |terms| (fields, N)."""
        if self._on_host is None:
            residual, partials, scale = chunked(self._jitted[0], (jets, points.T), self.params, CHUNKS)
        else:
            equations, _, params = self._on_host
            residual, partials, scale = in_chunks(lambda j, p: self._interior(np, equations, j, p, params), (jets, points.T))
        return residual, partials, scale

    def condition(self, number: int, jets: Array, points: Array) -> tuple[Array, Array, Array]:
        """jets (A_c, N) of condition `number`, points (N, d) -> residual (N,), partials (A_c, N), mask (N,)."""
        if self._on_host is not None:
            own, params = self._on_host[1][number : number + 1], self._on_host[2]
            residual, partials, mask = in_chunks(lambda j, p: self._faces(np, own, j, p, params), (jets, points.T))
            return residual[0], partials, mask[0]
        conditions = self.compiled.conditions
        begin = sum(len(c.jets) for c in conditions[:number])
        total = sum(len(c.jets) for c in conditions)
        every = np.ones((max(total, 1), jets.shape[1]))
        every[begin : begin + len(jets)] = jets
        residual, partials, mask = chunked(self._jitted[1], (every, points.T), self.params, (FACE_CHUNK,))
        return residual[number], partials[begin : begin + len(jets)], mask[number]

    def at_rest(self, number: int, points: Array) -> Array:
        """Residual of a condition without `where` for u = 0, at points (N, d): (N,). Its data; asked for on every slab."""
        jets = np.zeros((len(self.compiled.conditions[number].jets), len(points)))
        if self._on_host is None:
            return self.condition(number, jets, points)[0]
        with np.errstate(all="ignore"):
            return np.broadcast_to(self._on_host[1][number].residual(jets, points, self._on_host[2]), len(points))

    @cached_property
    def places(self) -> tuple[Array, ...]:
        """For each condition (places, d): the fixed coordinates, NaN where free."""
        return tuple(np.atleast_2d(np.asarray(c.locate(self.params), dtype=float)) for c in self.compiled.conditions)

    def is_initial(self, condition: CompiledEquation, places: Array) -> bool:
        """Time fixed at its start, everything else free, one place."""
        if self.time is None or len(places) != 1:
            return False
        fixed = ~np.isnan(places[0])
        return bool(fixed[self.time] and fixed.sum() == 1 and abs(places[0, self.time] - self.bounds[0][self.time]) <= 1e-12 * self.span)

    @property
    def span(self) -> float:
        return float(self.bounds[1][-1] - self.bounds[0][-1])
