"""The compiled problem for many instances at once: arrays whose last axis counts instances, one compilation for all.

    jets (A, N, B), points (N, d), parameters (B,)  ->  residual (F, N, B)

The emitted functions take parameters as numbers; they are mapped over (point, instance) pairs, so that chunks of one size serve
every layout, slab and number of instances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.runtime.devices import over_local_devices
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.sweep.instances import Instances, by_name

CHUNK, FACE_CHUNK, WIDE = 4096, 1024, 32768  # pairs a call; as many as WIDE where there are

_JITTED: dict[tuple[str, tuple[str, ...]], tuple[Any, ...]] = {}


@dataclass(frozen=True, eq=False)
class BatchProgram:
    """program: of one instance, for what all of them share: indices, slots, orders."""

    program: Program
    instances: Instances

    @property
    def size(self) -> int:
        return len(self.instances)

    def take(self, numbers: Array) -> BatchProgram:
        return BatchProgram(self.program, self.instances.take(numbers))

    @cached_property
    def _jitted(self) -> tuple[Any, ...]:
        key = (self.program.compiled.key, tuple(self.instances.swept))  # which decide the shapes, too
        if key not in _JITTED:
            _JITTED[key] = (
                (self._mapped(self._residual), self._mapped(self._measured), self._mapped(self._partials)),
                tuple(self._mapped(self._condition(n)) for n in range(len(self.program.compiled.conditions))),
            )
        return _JITTED[key]

    def _mapped(self, function: Any) -> Any:
        shapes = self.instances.shapes

        def one(jets: Any, point: Any, values: Any, fixed: Any) -> Any:
            return [[row[0] for row in group] for group in function(jets[:, None], point[None], {**fixed, **by_name(shapes, values)})]

        return over_local_devices(jax.vmap(one, in_axes=(1, 1, 1, None)), (True, True, True, False), FACE_CHUNK)

    def _equations(self, jets: Any, points: Any, params: Any, *names: str) -> list[list[Any]]:
        """For each equation what its functions of these names give, zero where it does not hold; first its own jets."""
        where = {index: row for row, index in enumerate(self.program.indices)}
        out = []
        for equation in self.program.compiled.equations:
            own = jnp.stack([jets[where[j.field, j.orders]] for j in equation.jets])
            values = [getattr(equation, name)(own, points, params) for name in names]
            if equation.where is not None:
                mask = equation.where(points, params)
                values = [jnp.where(mask, v, 0.0) for v in values]
            out.append([own, *values])
        return out

    def _summed(self, parts: list[Any]) -> list[Any]:
        """By slot: the field whose test functions an equation meets."""
        rows = [jnp.zeros(1)] * self.program.fields
        for slot, part in zip(self.program.slots, parts):
            rows[slot] = rows[slot] + part
        return rows

    def _residual(self, jets: Any, points: Any, params: Any) -> list[list[Any]]:
        return [self._summed([value for _, value in self._equations(jets, points, params, "residual")])]

    def _partials(self, jets: Any, points: Any, params: Any) -> list[list[Any]]:
        return [[row for _, slope in self._equations(jets, points, params, "partials") for row in slope]]

    def _measured(self, jets: Any, points: Any, params: Any) -> list[list[Any]]:
        """Residual, sum of |terms|, and dN/djet of every partial."""
        found = self._equations(jets, points, params, "residual", "partials", "terms")
        scales = [jnp.maximum(_sizes(terms), _sizes(slope * own)) for own, _, slope, terms in found]
        return [self._summed([f[1] for f in found]), self._summed(scales), [row for f in found for row in f[2]]]

    def _condition(self, number: int) -> Any:
        condition = self.program.compiled.conditions[number]

        def evaluate(jets: Any, points: Any, params: Any) -> list[list[Any]]:
            mask = jnp.ones(1, bool) if condition.where is None else condition.where(points, params)
            residual, slope = condition.residual(jets, points, params), condition.partials(jets, points, params)
            return [[jnp.where(mask, residual, 0.0)], [jnp.where(mask, row, 0.0) for row in slope]]

        return evaluate

    @cached_property
    def _last_pairs(self) -> list[tuple[Array, tuple[Array, Array]]]:
        return []

    def _pairs(self, points: Array) -> tuple[Array, Array]:
        """Points and parameters of all pairs, (d, N B) and (numbers, N B); kept for the last points, which an iteration meets again."""
        if not self._last_pairs or self._last_pairs[0][0] is not points:
            found = np.repeat(points.T, self.size, axis=1), np.tile(self.instances.columns, len(points))
            self._last_pairs[:] = [(points, found)]
        return self._last_pairs[0][1]

    def _call(self, function: Any, jets: Array, points: Array, size: int) -> list[Array]:
        """function on all pairs; jets (A, N, B), points (N, d) -> arrays (rows, N, B)."""
        N, B = jets.shape[1:]
        flat = (jets.reshape(len(jets), N * B), *self._pairs(points))
        fixed = dict(self.instances.fixed)
        out: list[Array] = []
        begin = 0
        while begin < N * B:
            step = WIDE if N * B - begin >= WIDE else size
            found = function(*(_padded(a[:, begin : begin + step], step) for a in flat), fixed)
            out = out or [np.empty((len(group), N * B)) for group in found]
            for filled, group in zip(out, found):
                for line, row in zip(filled, group):
                    line[begin : begin + step] = np.asarray(row)[: N * B - begin]
            begin += step
        return [o.reshape(len(o), N, B) for o in out]

    def residual(self, jets: Array, points: Array) -> Array:
        """jets (A, N, B), points (N, d) -> (fields, N, B)."""
        return self._call(self._jitted[0][0], jets, points, CHUNK)[0]

    def measured(self, jets: Array, points: Array) -> tuple[Array, Array, Array]:
        """Residual (fields, N, B), sum of |terms| (fields, N, B), partials (columns, N, B)."""
        residual, scale, slope = self._call(self._jitted[0][1], jets, points, CHUNK)
        return residual, scale, slope

    def partials(self, jets: Array, points: Array) -> Array:
        return self._call(self._jitted[0][2], jets, points, CHUNK)[0]

    def condition(self, number: int, jets: Array, points: Array) -> tuple[Array, Array]:
        """jets (A_c, N, B) -> residual (N, B), partials (A_c, N, B); zero where the condition does not hold."""
        residual, slope = self._call(self._jitted[1][number], jets, points, FACE_CHUNK)
        return residual[0], slope


def _padded(columns: Array, size: int) -> Array:
    missing = size - columns.shape[1]
    return columns if missing == 0 else np.concatenate([columns, np.repeat(columns[:, -1:], missing, axis=1)], axis=1)


def _sizes(rows: Any) -> Any:
    """Row by row, which XLA fuses on CPUs; a sum over an axis of stacked rows it does not."""
    return sum(jnp.abs(row) for row in rows)
