"""Kernels of a solution as a plane shows them: where they stand, and the curve on which each has fallen to exp(-1/2).

    phi(x) = exp(-(x - mu)' P (x - mu) / 2),   on the plane x_o = held:   precision P_pp, centre mu_p - P_pp^-1 P_po (held - mu_o)

On a product layout P is diagonal and a slice does not move the centre. Kernels beyond the domain's edges are counted, not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.representation import Representation

Array = np.ndarray

CANDIDATES = 6000
"""Kernels among which those to be drawn are chosen; of more every n-th."""
NEAR = 1.0
"""Widths from a slice within which a scattered kernel is shown on it."""


@dataclass(frozen=True)
class Kernels:
    """Of one part (one slab, one box). centres (n, 2), precisions (n, 2, 2), in physical coordinates of the plane."""

    centres: Array
    precisions: Array

    def apart(self, radius: float, least: Array) -> Array:
        """Numbers of kernels whose contours at so many widths do not overlap: the first, the next that does not touch it, and so on.

        least: (2,), lengths of the plane that are too small to be told apart.
        """
        step = max(1, -(-len(self.centres) // CANDIDATES))
        centres, precisions = self.centres[::step], self.precisions[::step]
        free, chosen = np.ones(len(centres), dtype=bool), []
        while free.any():
            k = int(np.argmax(free))
            chosen.append(k * step)
            away = centres - centres[k]
            distance = np.einsum("ni,nij,nj->n", away, 0.5 * (precisions[k] + precisions), away)
            free &= (distance >= (2 * radius) ** 2 * (1 - 1e-9)) & (((away / least) ** 2).sum(1) >= 1)
            free[k] = False
        return np.array(chosen, dtype=int)

    def ellipses(self, numbers: Array, radius: float) -> tuple[Array, Array, Array]:
        """Widths, heights (n,) and angles in degrees of the contours at so many widths."""
        inverse, directions = np.linalg.eigh(self.precisions[numbers])
        axes = 2 * radius / np.sqrt(inverse)
        return axes[:, 0], axes[:, 1], np.degrees(np.arctan2(directions[:, 1, 0], directions[:, 0, 0]))


def kernels_on(
    representation: Representation, plane: tuple[int, int], held: Mapping[int, float], lower: Array, upper: Array
) -> Iterator[Kernels]:
    """For each part that the plane meets. plane: the coordinates across and up; held: the others' values; lower, upper (d,): the box."""
    for part in parts_of(representation):
        if isinstance(part, ProductExpansion):
            yield from _product(part, plane, held, lower, upper)
        elif isinstance(part, GaussianExpansion):
            yield _scattered(part, plane, held)


def parts_of(representation: Representation) -> tuple[Representation, ...]:
    return getattr(representation, "parts", (representation,))


def edges_of(representation: Representation) -> Array:
    """Between slabs: times, without the first and the last."""
    return np.asarray(getattr(representation, "edges", np.zeros(0)))[1:-1]


def line_of(part: ProductExpansion, axis: int, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Centres and widths (n,) along a coordinate, those within the box and, in time, within the slab."""
    if axis == len(part.axes) and part.time is not None:
        centres, widths = part.begin + part.length * part.time.centres, part.length * part.time.widths
        low, high = part.begin, part.begin + part.length
    else:
        centres, widths = part.axes[axis].centres, part.axes[axis].widths
        low, high = lower[axis], upper[axis]
    inside = (centres >= low) & (centres <= high)
    return centres[inside], widths[inside]


def _product(part: ProductExpansion, plane: tuple[int, int], held: Mapping[int, float], lower: Array, upper: Array) -> Iterator[Kernels]:
    time = len(part.axes)
    if part.time is not None and time in held and not 0 <= held[time] - part.begin <= part.length * (1 + 1e-12):
        return
    (x, a), (y, b) = (line_of(part, axis, lower, upper) for axis in plane)
    centres = np.stack([np.repeat(x, len(y)), np.tile(y, len(x))], axis=1)
    precisions = np.zeros((len(centres), 2, 2))
    precisions[:, 0, 0], precisions[:, 1, 1] = np.repeat(a**-2.0, len(y)), np.tile(b**-2.0, len(x))
    yield Kernels(centres, precisions)


def _scattered(part: GaussianExpansion, plane: tuple[int, int], held: Mapping[int, float]) -> Kernels:
    lower, upper = np.asarray(part.lower), np.asarray(part.upper)
    slopes, d = 2 / (upper - lower), part.dimension
    shear = np.tile(np.eye(d), (part.kernels, 1, 1))
    for n, (i, j) in enumerate(combinations(range(d), 2)):
        shear[:, i, j] = np.asarray(part.shears)[:, n]
    rows = shear * slopes / np.exp(np.asarray(part.log_scales))[:, :, None]
    P = rows.transpose(0, 2, 1) @ rows
    centres = lower + (np.asarray(part.centres) + 1) / slopes
    others = [k for k in range(d) if k not in plane]
    here, within = list(plane), P[:, list(plane)][:, :, list(plane)]
    at = centres[:, here]
    near = np.ones(len(at), dtype=bool)
    if others:
        away = np.array([held[k] for k in others]) - centres[:, others]
        pull = np.einsum("npo,no->np", P[:, here][:, :, others], away)
        shift = np.linalg.solve(within, pull[..., None])[..., 0]
        at = at - shift
        left = np.einsum("no,nop,np->n", away, P[:, others][:, :, others], away) - np.einsum("np,np->n", pull, shift)
        near = left <= NEAR**2
    near &= ((at >= lower[here]) & (at <= upper[here])).all(axis=1)
    return Kernels(at[near], within[near])
