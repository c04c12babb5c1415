"""Where a layout is too coarse: the tail of the solution's spectrum along each coordinate, and how sizes grow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pdelang.runtime.layout.scattered import Axis, Layout, ghosts_of

GROWTH = 1.35
FIRST_SIZES = {1: 20, 2: 12, 3: 7, 4: 5}
"""Kernels inside, a coordinate, of the first attempt, by the number of coordinates."""


def _transform(axis: Axis) -> tuple[np.ndarray, int]:
    """Matrix from values at the axis' nodes to orthonormal modes, and the mode from which on the layout cannot be trusted."""
    count = len(axis.samples)
    if axis.periodic:
        k = np.arange(count // 2 + 1)
        angles = np.pi * np.outer(k, axis.samples)
        return np.concatenate([np.cos(angles), np.sin(angles)]) / count, int(0.35 * axis.size)
    nodes, weights = np.polynomial.legendre.leggauss(count)
    values = np.polynomial.legendre.legvander(nodes, count - 1) * np.sqrt(np.arange(count) + 0.5)
    return values.T * weights, int(0.6 * axis.size)


def tails(layout: Layout, values: np.ndarray) -> np.ndarray:
    """Share of the norm in the highest modes along each axis. values: (F, N) on the grid of the axes' samples; 0 resolved, 1 not at all."""
    shape = tuple(len(a.samples) for a in layout.axes)
    out = np.zeros(len(shape))
    for field in values:
        grid = field.reshape(shape)
        total = np.linalg.norm(grid)
        if not total:
            continue
        for i, axis in enumerate(layout.axes):
            matrix, cut = _transform(axis)
            modes = np.linalg.norm(np.tensordot(matrix, grid, axes=(1, i)).reshape(matrix.shape[0], -1), axis=1)
            if axis.periodic:
                modes = np.hypot(*modes.reshape(2, -1))
            out[i] = max(out[i], np.linalg.norm(modes[cut:]) / np.linalg.norm(modes))
    return out


def grown(sizes: Sequence[int], tail: np.ndarray, growth: float = GROWTH) -> tuple[int, ...]:
    """Larger where the tail is within a factor 10 of the longest one."""
    worst = max(float(np.max(tail)), 1e-300)
    return tuple(int(np.ceil(growth * n)) + 1 if t >= 0.1 * worst else n for n, t in zip(sizes, tail))


def sizes_for(kernels: int, periodic: Sequence[bool], ghosts: int) -> tuple[int, ...]:
    """Equal sizes inside, such that the layout has about `kernels` kernels with its ghosts."""
    side = kernels ** (1 / len(periodic))
    inside = min(range(3, max(4, int(side) + 2)), key=lambda n: abs(n + 2 * ghosts_of(n, ghosts) - side))
    return tuple(max(3, round(side)) if wraps else inside for wraps in periodic)
