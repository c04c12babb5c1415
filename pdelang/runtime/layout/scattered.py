"""Where scattered kernels stand: lines of centres, ghosts beyond each end, their grids, all in the reference box [-1, 1]^d.

Gaussians that overlap are a frame, not a basis; what makes them accurate (docs/mathematics.md): widths of about two spacings,
several kernels beyond each end (`GHOSTS`), more points than kernels. Periodic coordinates need neither ghosts nor wide kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.gaussians import factor
from pdelang.runtime.layout.neighbours import Kernels, sparse_basis

GHOSTS = 6
"""Kernels beyond each end. Helmholtz (1, 4), 988 kernels: 4 ghosts 3e-8, 6 ghosts 5e-11."""
PERIODIC_MINIMUM = 14
"""At overlap 1.5 fewer kernels would be wider than three images can wrap to rounding."""

COMPACT = 0.7
"""Of the overlap, where action is compact: at 1.4 spacings what Gaussians cannot hold is 3e-17, and a point feels half as many as at 2."""
COMPACT_GHOSTS = 5
"""Kernels beyond each end, where action is compact: 3.5 widths of 1.4 spacings."""

Mapping1D = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""z -> (g(z), g'(z)): a smooth increasing map of [-1, 1] onto itself; its slope is the local spacing."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Kernels along one coordinate. centres, scales (n,); nodes, quadrature weights (m,) inside [-1, 1], the weights sum to 1.

    size: centres inside, without ghosts. samples: the images of Gauss-Legendre nodes (of the nodes, where periodic), where the spectrum
    of a solution is measured.
    """

    centres: np.ndarray
    scales: np.ndarray
    nodes: np.ndarray
    weights: np.ndarray
    periodic: bool
    size: int
    samples: np.ndarray


def periodic_axis(size: int, overlap: float, oversampling: float, mapping: Mapping1D | None = None) -> Axis:
    """Wrapped Gaussians at equal spacing; uniform nodes, spectrally accurate there. `mapping` must be periodic but for its lift."""
    size = max(size, PERIODIC_MINIMUM)
    points = int(np.ceil(oversampling * size))
    centres = -1 + 2 * np.arange(size) / size
    nodes = -1 + 2 * np.arange(points) / points
    scales = np.full(size, overlap * 2 / size)
    if mapping is not None:
        centres, slopes = mapping(centres)
        scales, nodes = scales * slopes, mapping(nodes)[0]
    return Axis(centres, scales, nodes, np.full(points, 1 / points), True, size, nodes)


def open_axis(size: int, overlap: float, oversampling: float, mapping: Mapping1D | None = None, ghosts: int = GHOSTS) -> Axis:
    """`size` kernels over [-1, 1], `ghosts` beyond each end, Gauss-Legendre nodes; all moved by `mapping`, widths by its slope."""
    spacing = 2 / (size - 1)
    centres = np.linspace(-1 - ghosts * spacing, 1 + ghosts * spacing, size + 2 * ghosts)
    scales = np.full(len(centres), overlap * spacing)
    nodes, weights = np.polynomial.legendre.leggauss(int(np.ceil(oversampling * (size + 0.8 * ghosts))))
    if mapping is not None:
        inside = np.clip(centres, -1, 1)
        places, slopes = mapping(inside)
        centres, scales = places + slopes * (centres - inside), scales * slopes
        nodes = mapping(nodes)[0]
    return Axis(centres, scales, nodes, weights / 2, False, size, nodes)


def even_axis(size: int, overlap: float, oversampling: float, mapping: Mapping1D | None = None) -> Axis:
    """`open_axis` for compact action: evenly spaced nodes and both ends, ghosts as far as kernels of this width feel the interior.

    Gauss-Legendre nodes stand pi/2 times too far apart in the middle: at 1.5 points a kernel they lose the solution between them. Ghosts
    farther out than 4 widths have columns that nothing but their own steep tails determine, and weights of 1e6.
    """
    axis = open_axis(size, overlap, oversampling, mapping, ghosts=ghosts_of(size, COMPACT_GHOSTS))
    count = int(np.ceil(oversampling * size))
    nodes = np.concatenate([[-1.0], -1 + (2 * np.arange(count) + 1) / count, [1.0]])
    weights = np.concatenate([[0.5], np.ones(count), [0.5]]) / (count + 1)
    if mapping is not None:
        places, slopes = mapping(nodes)
        nodes, weights = places, weights * slopes / (weights @ slopes)
    return replace(axis, nodes=nodes, weights=weights)


def ghosts_of(size: int, most: int) -> int:
    """Coarse axes get fewer ghosts: three fifths of their size, as they resolve few digits anyway."""
    return min(most, max(min(2, most), round(0.6 * size)))


@dataclass(frozen=True, eq=False)
class Layout:
    """The grid of several axes. Kernel k = (k_1, ..., k_d) in C order."""

    axes: tuple[Axis, ...]
    cut: float | None = None
    """Widths beyond which a kernel does not act; None: everywhere, and the basis is dense."""

    @property
    def kernels(self) -> int:
        return int(np.prod([len(a.centres) for a in self.axes]))

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(a.size for a in self.axes)

    @cached_property
    def periodic(self) -> tuple[bool, ...]:
        return tuple(a.periodic for a in self.axes)

    def nodes(self, free: Sequence[int], at: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Collocation points over the coordinates `free` (N, d), zero elsewhere, and their quadrature weights (N,), summing to 1.

        at (d,): the reference coordinates of the place that they are for, which a grid need not know.
        """
        points, weights = np.zeros((1, len(self.axes))), np.ones(1)
        for i in free:
            axis = self.axes[i]
            points = np.repeat(points, len(axis.nodes), axis=0)
            points[:, i] = np.tile(axis.nodes, len(weights))
            weights = np.outer(weights, axis.weights).ravel()
        return points, weights

    @cached_property
    def geometry(self) -> Kernels:
        d = len(self.axes)
        centres, scales = (np.meshgrid(*lines, indexing="ij") for lines in ([a.centres for a in self.axes], [a.scales for a in self.axes]))
        shears = np.zeros((self.kernels, d * (d - 1) // 2))
        return Kernels(np.stack([c.ravel() for c in centres], axis=1), np.stack([s.ravel() for s in scales], axis=1), shears, self.periodic)

    def basis(self, z: np.ndarray, orders: Sequence[tuple[int, ...]]) -> np.ndarray | list[csr_array]:
        """D^orders of every kernel at z (N, d): (A, N, K), or A sparse matrices where the action is compact."""
        return self._tabulated(z, orders) if self.cut is None else sparse_basis(self.geometry, z, orders, self.cut)

    def _tabulated(self, z: np.ndarray, orders: Sequence[tuple[int, ...]]) -> np.ndarray:
        """Each axis is evaluated once a distinct coordinate and order."""
        lines = []
        for i, axis in enumerate(self.axes):
            values, place = np.unique(z[:, i], return_inverse=True)
            table = factor(axis.centres, axis.scales, values, max(o[i] for o in orders), axis.periodic)
            lines.append([t[place] for t in table])
        out = np.empty((len(orders), len(z), self.kernels))
        for a, o in enumerate(orders):
            left = lines[0][o[0]]
            for i in range(1, len(lines) - 1):
                left = (left[:, :, None] * lines[i][o[i]][:, None, :]).reshape(len(z), -1)
            if len(lines) == 1:
                out[a] = left
            else:
                right = lines[-1][o[-1]]
                np.multiply(left[:, :, None], right[:, None, :], out=out[a].reshape(len(z), left.shape[1], right.shape[1]))
        return out

    def expansion(self, weights: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> GaussianExpansion:
        """weights (F, K) on these kernels, for the box [lower, upper]."""
        return expanded(self.geometry, weights, lower, upper)


def expanded(kernels: Kernels, weights: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> GaussianExpansion:
    """weights (F, K) on the kernels of the box [lower, upper]."""
    return GaussianExpansion(weights, kernels.centres, np.log(kernels.scales), kernels.shears, lower, upper, kernels.periodic)


def grid_layout(
    sizes: Sequence[int],
    periodic: Sequence[bool],
    overlap: float = 2.0,
    points: float = 2.0,
    mappings: Sequence[Mapping1D | None] | None = None,
    ghosts: int = GHOSTS,
    cut: float | None = None,
) -> Layout:
    """sizes: kernels inside, one a coordinate. points: collocation points per kernel, in all; periodic kernels are 3/4 as wide.

    cut: for compact action; kernels are then narrower, COMPACT of the overlap, and `ghosts` follow from that.
    """
    oversampling = points ** (1 / len(sizes))
    axes = []
    for i, (size, wraps) in enumerate(zip(sizes, periodic)):
        mapping = mappings[i] if mappings else None
        if wraps:
            axes.append(periodic_axis(size, 0.75 * overlap, oversampling, mapping))
        elif cut is not None:
            axes.append(even_axis(max(size, 3), COMPACT * overlap, oversampling, mapping))
        else:
            axes.append(open_axis(max(size, 3), overlap, oversampling, mapping, ghosts_of(size, ghosts)))
    return Layout(tuple(axes), cut)
