"""Families whose answers are combinations of the same functions: many answers at once are products of matrices.

u(xi; c) = sum_r w_r(c) V_r(xi),    V_r: rows of coefficients on one common layout
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from pdelang.runtime.generator.common_layout import CommonLayout

Sampler = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(z, out): values (F, M, n_1, ...) into `out`, and the estimates (M,)."""


@runtime_checkable
class Spanned(Protocol):
    @property
    def layout(self) -> CommonLayout: ...

    @property
    def rows(self) -> np.ndarray:
        """V, (r, P)."""

    def weights(self, z: np.ndarray) -> np.ndarray:
        """w at z (M, size): (M, r)."""

    def estimates(self, z: np.ndarray) -> np.ndarray:
        """Relative error at each z, (M,); NaN outside what was learned."""


SLACK = 1e-9


def inside(z: np.ndarray, bounded: Sequence[bool]) -> np.ndarray:
    """Whether what was learned includes z (M, size): (M,). bounded: parameters that live in [-1, 1]."""
    return np.asarray((np.abs(z[:, np.array(bounded, dtype=bool)]) <= 1 + SLACK).all(axis=1))


def grids(own: Spanned, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Values (M, F, n_1, ...) on a tensor grid of unit coordinates, and estimates (M,): V on the grid once, then one product."""
    table = own.layout.grids(own.rows, axes)
    values = own.weights(z) @ table.reshape(len(table), -1)
    return values.reshape(len(z), *table.shape[1:]), own.estimates(z)


def sampler(own: Spanned, axes: Sequence[np.ndarray]) -> Sampler:
    """As `grids` for one grid and many calls; the fields of `out` are contiguous."""
    table = own.layout.grids(own.rows, axes)
    tables = [np.ascontiguousarray(t).reshape(len(table), -1) for t in np.moveaxis(table, 1, 0)]

    def sample(z: np.ndarray, out: np.ndarray) -> np.ndarray:
        weights = own.weights(z)
        for table, values in zip(tables, out):
            np.matmul(weights, table, out=values.reshape(len(z), -1))
        return own.estimates(z)

    return sample
