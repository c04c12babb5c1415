"""`ProductExpansion`: Gaussians on a product layout over one box or one time slab, with their coefficients.

    D_t^k u_f(x, t) = s_k(x) + sum_j V_kj(x) p_j(tau),    tau = (t - begin)/length,    each s, V_j a product expansion in space

for k below the field's order in time m; beyond it the last row is differentiated. m = 0: the row multiplies p' itself.
A march is `Slabs` of such parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array, gaussian_derivatives
from pdelang.runtime.layout.product import along
from pdelang.runtime.representation import Index
from pdelang.runtime.solve.product.system import SlabSystem

BLOCK = 4096  # values of a jet's intermediate tensor a point are kept below 64 MiB by cutting the points


@dataclass(frozen=True, eq=False)
class Axis:
    centres: Array
    widths: Array
    period: float | None
    to_weights: Array

    def gaussians(self, x: Array, order: int) -> Array:
        """(order + 1, len(x), kernels): all derivatives up to the order."""
        return gaussian_derivatives(self.centres, self.widths, x, order, self.period)


@dataclass(frozen=True, eq=False)
class ProductExpansion:
    """coefficients[f]: (max(m, 1), r_1, ..., r_d, 1 + modes) = [s_k | V_k]; a steady field has one row and one column.

    orders: the fields' orders in time. time: centres, widths and to_weights on the reference slab, or None (steady).
    """

    axes: tuple[Axis, ...]
    time: Axis | None
    begin: float
    length: float
    orders: tuple[int, ...]
    coefficients: tuple[Array, ...]

    kind = "product"

    @classmethod
    def of(cls, system: SlabSystem, W: Array) -> ProductExpansion:
        axes = tuple(Axis(f.centres, f.widths, f.period, f.to_weights) for f in system.space.factors)
        orders = system.program.time_orders
        if system.program.time is None:
            return cls(axes, None, 0.0, 1.0, orders, tuple(w[None] for w in W))
        rows = []
        for field, order in enumerate(orders):
            chain = system.chain(W, field) if order else [W[field]]
            starts = system.starts[field] if order else (np.zeros(W.shape[1:-1]),)
            rows.append(np.stack([np.concatenate([s[..., None], v], axis=-1) for s, v in zip(starts, chain)]))
        T = system.time
        return cls(axes, Axis(T.centres, T.widths, None, T.to_weights), system.begin, system.length, orders, tuple(rows))

    @property
    def fields(self) -> int:
        return len(self.coefficients)

    @property
    def dimension(self) -> int:
        return len(self.axes) + (self.time is not None)

    @property
    def kernels(self) -> int:
        return int(np.prod([len(a.centres) for a in (*self.axes, *((self.time,) if self.time else ()))]))

    def _row(self, field: int, order: int) -> tuple[Array, int]:
        """Coefficients (r_1, ..., r_d, 1 + modes) whose time functions, differentiated so many times more, make D_t^order."""
        rows, m = self.coefficients[field], self.orders[field]
        k = min(order, max(m - 1, 0))
        return rows[k], order - k + (m == 0)

    def _gaussians(self, coordinates: Sequence[Array], indices: Sequence[Index]) -> list[Array]:
        """For each axis, time last, the kernels' derivatives at its coordinates, up to the highest order that the jets ask for."""
        tables = [a.gaussians(x, max((o[i] for _, o in indices), default=0)) for i, (a, x) in enumerate(zip(self.axes, coordinates))]
        if self.time is not None:
            highest = max((self._row(field, orders[-1])[1] for field, orders in indices), default=0)
            tables.append(self.time.gaussians((coordinates[-1] - self.begin) / self.length, highest))
        return tables

    def _of_time(self, field: int, order: int, table: Array) -> tuple[float, Array]:
        """What the column s is multiplied by, and the kernels' derivative, (times, kernels)."""
        extra = self._row(field, order)[1]
        return float(extra == 0), table[extra] / self.length ** (extra - (self.orders[field] == 0))

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        points = np.asarray(points, dtype=float)
        width = max(int(np.prod(c.shape[2:])) for c in self.coefficients)
        step = max(64, 2**23 // max(width, 1)) if len(self.axes) > 1 else BLOCK
        blocks = [self._jets(points[i : i + step], indices) for i in range(0, len(points), step)]
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((len(indices), 0))

    def _jets(self, points: Array, indices: Sequence[Index]) -> Array:
        out, tables = np.empty((len(indices), len(points))), self._gaussians(list(points.T), indices)
        for row, (field, orders) in enumerate(indices):
            tensor = self.coefficients[field][0] if self.time is None else self._row(field, orders[-1])[0]
            value = np.broadcast_to(tensor, (len(points), *tensor.shape)) if not self.axes else tensor
            for i, axis in enumerate(self.axes):
                weights = along(axis.to_weights, value, 0 if i == 0 else 1)
                G = tables[i][orders[i]]
                if i == 0:
                    value = along(G, weights, 0)
                else:
                    value = np.einsum("nk,nk...->n...", G, weights)
            value = value.reshape(len(points), -1)
            if self.time is None:
                out[row] = value[:, 0]
            else:  # space is done, weights and Gaussians, before the weights in time: two large factors never meet
                constant, functions = self._of_time(field, orders[-1], tables[-1])
                out[row] = constant * value[:, 0] + np.einsum("nk,nk->n", value[:, 1:] @ self.time.to_weights.T, functions)
        return out

    def grid_jets(self, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
        grids = [np.asarray(a, dtype=float) for a in axes]
        out, tables = np.empty((len(indices), *(len(a) for a in grids))), self._gaussians(grids, indices)
        for row, (field, orders) in enumerate(indices):
            tensor = self.coefficients[field][0] if self.time is None else self._row(field, orders[-1])[0]
            for i, axis in enumerate(self.axes):
                tensor = along(tables[i][orders[i]], along(axis.to_weights, tensor, i), i)
            if self.time is not None:
                constant, functions = self._of_time(field, orders[-1], tables[-1])
                tensor = tensor[..., :1] * constant + (tensor[..., 1:] @ self.time.to_weights.T) @ functions.T
            out[row] = tensor.reshape(out.shape[1:])
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        out = {"slab": np.array([self.begin, self.length]), "orders": np.array(self.orders)}
        for name, axis in [*((str(i), a) for i, a in enumerate(self.axes)), *([("time", self.time)] if self.time else [])]:
            out |= {f"axis_{name}/centres": axis.centres, f"axis_{name}/widths": axis.widths, f"axis_{name}/to_weights": axis.to_weights}
            out[f"axis_{name}/period"] = np.array(np.nan if axis.period is None else axis.period)
        out |= {f"field_{f}": c for f, c in enumerate(self.coefficients)}
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> ProductExpansion:
        def axis(name: str) -> Axis:
            period = float(arrays[f"axis_{name}/period"])
            own = [np.asarray(arrays[f"axis_{name}/{part}"]) for part in ("centres", "widths", "to_weights")]
            return Axis(own[0], own[1], None if np.isnan(period) else period, own[2])

        orders = tuple(int(o) for o in np.atleast_1d(arrays["orders"]))
        count = sum(name.startswith("axis_") and name.endswith("/centres") for name in arrays)
        time = axis("time") if "axis_time/centres" in arrays else None
        axes = tuple(axis(str(i)) for i in range(count - (time is not None)))
        begin, length = (float(v) for v in arrays["slab"])
        return cls(axes, time, begin, length, orders, tuple(np.asarray(arrays[f"field_{f}"]) for f in range(len(orders))))
