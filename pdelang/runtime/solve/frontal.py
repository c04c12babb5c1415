"""min ||A w - b||^2 + ridge^2 ||D w||^2 for a sparse A, by a Householder QR that sweeps over the rows: the frontal method.

Rows come in the order of one coordinate. A column enters the front with the first row that touches it, with its row of the ridge, and
leaves with the last one; so the dense triangle in work is as large as the number of kernels that act on a line across the domain,
and kernels of any size and shape may be mixed. Columns stand in the front in the order in which they leave, so that what is finished is a
leading block. Cost: 2 M f^2 operations and n f numbers, f the front; M f more where the reflectors are kept for other right-hand sides.

Why not normal equations: they cost a sixth and lose half of the digits, which an ill-conditioned frame cannot spare (`dense`). Seminormal
equations with R, which need no reflectors, were tried for the other right-hand sides: refined three times they are right at a
ridge of 1e-12, and worse than nothing (1e-5 to 2e-2 in place of 1e-9) at 1e-13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack, solve_triangular
from scipy.sparse import csr_array

from pdelang.runtime.collocation import System
from pdelang.runtime.solve.dense import RIDGE, RidgeFactor

CHUNK = 512
"""Rows eliminated at a time."""
PANEL = 64
KEPT = 2**28
"""Numbers (2 GiB) up to which the reflectors are kept; beyond, another right-hand side costs another factorisation."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """rows (M,): the order of rows. first, last (n,): the places in it of the rows that touch each column first and last."""

    rows: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def along(cls, matrix: csr_array, coordinate: np.ndarray) -> Sweep:
        rows = np.argsort(coordinate, kind="stable")
        place = np.empty(len(rows), dtype=np.int64)
        place[rows] = np.arange(len(rows))
        at = np.repeat(place, np.diff(matrix.indptr))
        first, last = np.full(matrix.shape[1], len(rows)), np.full(matrix.shape[1], -1)
        np.minimum.at(first, matrix.indices, at)
        np.maximum.at(last, matrix.indices, at)
        return cls(rows, first, last)

    def fronts(self) -> np.ndarray:
        """(M / CHUNK,): columns in the front while each chunk is eliminated."""
        starts = np.arange(0, max(len(self.rows), 1), CHUNK)
        entered = np.searchsorted(np.sort(self.first), starts + CHUNK, side="left")
        return entered - np.searchsorted(np.sort(self.last), starts, side="left")

    @property
    def operations(self) -> float:
        return float(2.0 * CHUNK * np.sum(self.fronts().astype(float) ** 2))


def best_sweep(matrix: csr_array, places: np.ndarray) -> Sweep:
    """The cheapest coordinate to sweep along. places (M, d): where each row is asked for."""
    return min((Sweep.along(matrix, places[:, i]) for i in range(places.shape[1])), key=lambda s: s.operations)


@dataclass(frozen=True, eq=False)
class _Reflection:
    """One chunk: the rows, the columns of the front, and the block reflector of [triangle; rows]."""

    rows: np.ndarray
    columns: np.ndarray
    vectors: np.ndarray
    blocks: np.ndarray

    def apply(self, above: np.ndarray, below: np.ndarray) -> None:
        """Q' [above; below]; `above` (n,) is changed in place at the columns."""
        top, bottom = above[self.columns][:, None], below[self.rows][:, None]
        top, *_ = lapack.dtpmqrt(0, self.vectors, self.blocks, np.asfortranarray(top), np.asfortranarray(bottom), trans="T")
        above[self.columns] = top[:, 0]


class FrontalFactor:
    """The factorisation of a sparse A (M, n) with its first right-hand side (M,); `solve` takes any."""

    def __init__(self, matrix: csr_array, places: np.ndarray, right: np.ndarray, ridge: float = RIDGE):
        norms = np.sqrt(np.bincount(matrix.indices, matrix.data**2, matrix.shape[1]))
        self._norms = np.where(norms > 0, norms, 1.0)
        self._matrix = csr_array((matrix.data / self._norms[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)
        self._ridge, self._sweep = ridge, best_sweep(matrix, places)
        self._keeps = CHUNK * int(self._sweep.fronts().sum()) <= KEPT
        self._factorise(right)

    def _factorise(self, right: np.ndarray) -> None:
        self._right, self._rotated = right, np.zeros(self._matrix.shape[1])
        self._triangles: list[tuple[np.ndarray, np.ndarray]] = []
        self._reflections: list[_Reflection] = []
        sweep, columns = self._sweep, self._matrix.shape[1]
        by_finish = np.lexsort((sweep.first, sweep.last))
        by_finish = by_finish[sweep.last[by_finish] >= 0]  # what no row touches has no weight
        rank = np.full(columns, -1)
        rank[by_finish] = np.arange(len(by_finish))
        entering, enters = np.argsort(sweep.first, kind="stable"), np.sort(sweep.first)
        entered, active, triangle = 0, np.zeros(0, dtype=np.int64), np.zeros((0, 0), order="F")  # active: ranks, increasing
        for start in range(0, len(sweep.rows), CHUNK):
            stop = min(start + CHUNK, len(sweep.rows))
            until = int(np.searchsorted(enters, stop, side="left"))
            active, triangle = _grown(triangle, active, rank[entering[entered:until]], self._ridge)
            entered, front = until, by_finish[active]
            if not len(front):
                continue
            triangle, reflection = self._absorbed(triangle, sweep.rows[start:stop], front)
            reflection.apply(self._rotated, right)
            if self._keeps:
                self._reflections.append(reflection)
            done = int(np.searchsorted(sweep.last[front], stop, side="left"))
            if done:
                self._triangles.append((front, triangle[:done].copy(order="F")))
                active, triangle = active[done:], np.asfortranarray(triangle[done:, done:])

    def _absorbed(self, triangle: np.ndarray, rows: np.ndarray, front: np.ndarray) -> tuple[np.ndarray, _Reflection]:
        part, place = self._matrix[rows], np.zeros(self._matrix.shape[1], dtype=np.int64)
        place[front] = np.arange(len(front))
        block = np.zeros((len(rows), len(front)), order="F")
        np.add.at(block, (np.repeat(np.arange(len(rows)), np.diff(part.indptr)), place[part.indices]), part.data)
        triangle, vectors, blocks, _ = lapack.dtpqrt(0, min(PANEL, len(front)), triangle, block, overwrite_a=1, overwrite_b=1)
        return triangle, _Reflection(rows, front, vectors, blocks)

    def solve(self, right: np.ndarray) -> np.ndarray:
        """w (n,)."""
        if right is not self._right and not np.array_equal(right, self._right):
            if self._keeps:
                self._right, self._rotated = right, np.zeros(self._matrix.shape[1])
                for reflection in self._reflections:
                    reflection.apply(self._rotated, right)
            else:
                self._factorise(right)
        values = np.zeros(self._matrix.shape[1])
        for front, triangle in reversed(self._triangles):
            done = len(triangle)
            rest = self._rotated[front[:done]] - triangle[:, done:] @ values[front[done:]]
            values[front[:done]] = solve_triangular(triangle[:, :done], rest, check_finite=False)
        return values / self._norms


def factorised(system: System, partials: Sequence[np.ndarray], right: np.ndarray) -> RidgeFactor | FrontalFactor:
    """The factorisation that the system's layout allows; `right` is the first right-hand side."""
    if system.compact:
        return FrontalFactor(system.sparse_matrix(partials), system.places, right)
    return RidgeFactor(system.matrix(partials))


def _grown(triangle: np.ndarray, active: np.ndarray, fresh: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """The front with the columns of ranks `fresh` put in, each with its row of the ridge: still triangular."""
    if not len(fresh):
        return active, triangle
    joined = np.sort(np.concatenate([active, fresh]))
    old, new = np.searchsorted(joined, active), np.searchsorted(joined, fresh)
    out = np.zeros((len(joined), len(joined)), order="F")
    out[np.ix_(old, old)] = triangle
    out[new, new] = ridge
    return joined, out
