"""Kernels where the residual asks for them: a tree of cells in a frame, each halved along the axes that need it; one kernel a cell.

A cell of levels l and place j on the lattice of its levels has eta = -1 + 2^(1-l) (j + 1/2) / base and the spacings 2^(1-l) / base,
which the frame makes places, widths and shears in the reference box. Leaves tile the box; each carries its collocation points. The lattice
of a level goes on `JOIN` cells beyond its leaves, so that levels overlap where they meet, and `ghosts` beyond the box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.gaussians import jet_basis
from pdelang.runtime.layout.frame import Frame
from pdelang.runtime.layout.neighbours import Kernels, sparse_basis
from pdelang.runtime.layout.scattered import Axis, expanded

JOIN = 2
FARTHEST = 4.0
"""Widths: a ghost farther than that from every point has a column of nothing but its tail, and a weight without bound."""


@dataclass(frozen=True, eq=False)
class Cells:
    """frame; base: cells along each axis at level 0; leaves (n, 2 d): levels and places; overlap: widths in spacings; points: a leaf."""

    frame: Frame
    base: tuple[int, ...]
    leaves: np.ndarray
    overlap: float
    ghosts: int
    points: float
    periodic: tuple[bool, ...]
    cut: float | None = None

    axes: tuple[Axis, ...] = ()

    @classmethod
    def uniform(
        cls,
        frame: Frame,
        base: Sequence[int],
        periodic: Sequence[bool],
        overlap: float,
        ghosts: int,
        points: float,
        cut: float | None = None,
    ) -> Cells:
        """Every cell at level 0 that meets the box."""
        places = np.array(list(product(*(range(n) for n in base))))
        leaves = np.concatenate([np.zeros_like(places), places], axis=1)
        empty = cls(frame, tuple(base), leaves, overlap, ghosts, points, tuple(periodic), cut)
        return replace(empty, leaves=leaves[empty.meets(leaves)])

    # ------------------------------------------------------------ geometry

    def eta(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Middles and spacings (n, d) of cells (n, 2 d) in the frame's own coordinates."""
        d = len(self.base)
        spacing = 2.0 / (np.array(self.base) * 2.0 ** cells[:, :d])
        return -1 + (cells[:, d:] + 0.5) * spacing, spacing

    def meets(self, cells: np.ndarray) -> np.ndarray:
        """(n,) bool: has the cell a part in the box?"""
        middles, spacing = self.eta(cells)
        out = np.zeros(len(cells), dtype=bool)
        for corner in product((-0.5, -0.25, 0.0, 0.25, 0.5), repeat=len(self.base)):
            z, _ = self.frame.place(middles + np.array(corner) * spacing)
            out |= (np.abs(z) < 1).all(axis=1)
        return out

    @cached_property
    def middles(self) -> np.ndarray:
        """(n, d): where the leaves stand in the reference box."""
        return self.frame.place(self.eta(self.leaves)[0])[0]

    @cached_property
    def spacings(self) -> np.ndarray:
        """(n, d): of the leaves along the axes, in the reference box."""
        middles, spacing = self.eta(self.leaves)
        return self.frame.place(middles)[1] * spacing

    def within(self, steps: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """z (m, d) at `steps` of a spacing from the leaves' middles, those in the box, and to which leaf each belongs (m,)."""
        middles, spacing = self.eta(self.leaves)
        z, _ = self.frame.place(middles + np.array(steps) * spacing)
        inside = np.flatnonzero((np.abs(z) < 1).all(axis=1))
        return z[inside], inside

    # ------------------------------------------------------------ the layout

    @cached_property
    def geometry(self) -> Kernels:
        d = len(self.base)
        found = []
        for levels in np.unique(self.leaves[:, :d], axis=0):
            mine = self.leaves[(self.leaves[:, :d] == levels).all(axis=1), d:]
            found.append(np.concatenate([np.tile(levels, (len(lattice := self._dilated(levels, mine)), 1)), lattice], axis=1))
        cells = np.concatenate(found)
        middles, spacing = self.eta(cells)
        centres, slopes = self.frame.place(middles)
        scales, shears = self.frame.covariances(self.overlap * slopes * spacing)
        kernels = Kernels(centres, scales, shears, self.periodic)
        felt = np.zeros(len(cells), dtype=bool)
        felt[sparse_basis(kernels, self.middles, [(0,) * d], FARTHEST)[0].indices] = True
        return Kernels(centres[felt], scales[felt], shears[felt], self.periodic)

    def _dilated(self, levels: np.ndarray, leaves: np.ndarray) -> np.ndarray:
        """Places of one level's kernels: JOIN beyond its leaves inside the box, `ghosts` beyond them outside."""
        d, count = len(self.base), np.array(self.base) * 2**levels
        near = _around(leaves, JOIN, self.periodic, count)
        far = _around(leaves, self.ghosts, self.periodic, count)
        outside = ~self.meets(np.concatenate([np.tile(levels, (len(far), 1)), far], axis=1))
        return np.unique(np.concatenate([near, far[outside]]), axis=0).reshape(-1, d)

    @property
    def kernels(self) -> int:
        return len(self.geometry.centres)

    @cached_property
    def _interior(self) -> tuple[np.ndarray, np.ndarray]:
        d = len(self.base)
        each = int(np.ceil((self.points * self.kernels / len(self.leaves)) ** (1 / d) - 0.05))
        parts = [self.within(steps) for steps in product((np.arange(each) + 0.5) / each - 0.5, repeat=d)]
        z, owners = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        shares = np.prod(self.spacings, axis=1)[owners]
        for axis, end in product([i for i in range(d) if not self.periodic[i]], (-1.0, 1.0)):
            at = np.full(d, np.nan)
            at[axis] = end
            edge, _ = self._face([i for i in range(d) if i != axis], at)
            z, shares = np.concatenate([z, edge]), np.concatenate([shares, np.full(len(edge), np.median(shares) / 2)])
        return z, shares / shares.sum()

    def nodes(self, free: Sequence[int], at: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Collocation points (N, d) over the coordinates `free`, at `at` elsewhere, and their shares (N,), which sum to 1."""
        if len(free) == len(self.base):
            return self._interior
        return self._face(list(free), np.zeros(len(self.base)) if at is None else at)

    @cached_property
    def _tree(self) -> tuple[cKDTree, np.ndarray]:
        metric = np.einsum("ia,na,ja->nij", self.frame.turn, self.spacings**-2.0, self.frame.turn)
        return cKDTree(self.middles), metric

    def _face(self, free: list[int], at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A face halved until its parts are shorter than the cells there, as the cells measure them."""
        tree, metric = self._tree
        done: list[tuple[np.ndarray, np.ndarray]] = []
        middles, halves = np.nan_to_num(at)[None].copy(), np.zeros((1, len(at)))
        middles[:, free], halves[:, free] = 0.0, 1.0
        oversampling = max(self.points, 2.0) ** 0.5
        while len(middles):
            _, nearest = tree.query(middles)
            lengths = 2 * halves * np.sqrt(np.einsum("nii->ni", metric[nearest])) * oversampling
            enough = lengths.max(axis=1) <= 1
            done.append((middles[enough], halves[enough]))
            middles, halves, lengths = middles[~enough], halves[~enough].copy(), lengths[~enough]
            if len(middles):
                rows, worst = np.arange(len(middles)), lengths.argmax(axis=1)
                halves[rows, worst] /= 2
                step = np.zeros_like(middles)
                step[rows, worst] = halves[rows, worst]
                middles, halves = np.concatenate([middles - step, middles + step]), np.concatenate([halves, halves])
        z, halves = np.concatenate([p for p, _ in done]), np.concatenate([h for _, h in done])
        shares = np.prod(halves[:, free], axis=1) if free else np.ones(len(z))
        return z, shares / shares.sum()

    def basis(self, z: np.ndarray, orders: Sequence[tuple[int, ...]]) -> np.ndarray | list[csr_array]:
        """D^orders of every kernel at z (N, d): (A, N, K), or A sparse matrices where the action is compact."""
        g = self.geometry
        if self.cut is not None:
            return sparse_basis(g, z, orders, self.cut)
        return jet_basis(g.centres, g.scales, g.shears, g.periodic, z, orders)

    def expansion(self, weights: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> GaussianExpansion:
        """weights (F, K) on these kernels, for the box [lower, upper]."""
        return expanded(self.geometry, weights, lower, upper)

    # ------------------------------------------------------------ refinement

    def split(self, marks: np.ndarray) -> Cells:
        """marks (n, d) bool: halve that leaf along that axis."""
        d, leaves, marks = len(self.base), self.leaves, marks.copy()
        for axis in range(d):
            chosen = marks[:, axis]
            first = leaves[chosen].copy()
            first[:, axis] += 1
            first[:, d + axis] *= 2
            second = first.copy()
            second[:, d + axis] += 1
            leaves = np.concatenate([leaves[~chosen], first, second])
            marks = np.concatenate([marks[~chosen], marks[chosen], marks[chosen]])
        return replace(self, leaves=leaves[self.meets(leaves)])

    def merged(self, spare: np.ndarray) -> Cells:
        """Pruning: two leaves that were one, both `spare` (n,), are one again."""
        d, leaves, spare = len(self.base), self.leaves, spare.copy()
        for axis in range(d):
            parents = leaves.copy()
            parents[:, axis] -= 1
            parents[:, d + axis] //= 2
            candidates = np.flatnonzero(spare & (leaves[:, axis] > 0))
            _, group, counts = np.unique(parents[candidates], axis=0, return_inverse=True, return_counts=True)
            both = candidates[counts[group.ravel()] == 2]
            kept = np.setdiff1d(np.arange(len(leaves)), both)
            joined = np.unique(parents[both], axis=0).reshape(-1, 2 * d)
            leaves = np.concatenate([leaves[kept], joined])
            spare = np.concatenate([spare[kept], np.ones(len(joined), dtype=bool)])
        return replace(self, leaves=leaves)


def _around(places: np.ndarray, reach: int, periodic: Sequence[bool], count: np.ndarray) -> np.ndarray:
    """All lattice places within `reach` of the given ones along every axis, each once."""
    out = places
    for axis, wraps in enumerate(periodic):
        steps = np.zeros((2 * reach + 1, places.shape[1]), dtype=places.dtype)
        steps[:, axis] = np.arange(-reach, reach + 1)
        out = (out[:, None] + steps).reshape(-1, places.shape[1])
        if wraps:
            out[:, axis] %= count[axis]
        out = np.unique(out, axis=0)
    return out
