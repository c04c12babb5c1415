"""From layout to layout: the solution at a slab's start is evaluated on the old layout and projected on the new one.

    loss = max over fields and time derivatives of  |u_old - P_new u_old| / |u_old|,   root mean squares

measured at the points of the old layout, which see whatever the old layout holds. No residual sees this loss: it is an error of the
solution itself, so a transfer that loses more than a share of the tolerance is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along, contract
from pdelang.runtime.solve.product.system import Space

Starts = tuple[tuple[Array, ...], ...]


@dataclass(frozen=True, eq=False)
class Transfer:
    """starts on the new layout. loss: relative root mean square. lost: an axis, the largest relative loss at the old factor's points."""

    starts: Starts
    loss: float
    lost: tuple[Array, ...]


def transferred(old: Space, new: Space, coefficients: Array) -> Array:
    """Space coefficients (r_1, ..., r_d) of one field on another layout: evaluate at its points, project."""
    for i, (f, g) in enumerate(zip(old.factors, new.factors)):
        if f is not g:
            weights = along(f.to_weights, coefficients, i)
            coefficients = along(g.test, along(f.gaussians(g.points, 0)[0], weights, i), i)
    return coefficients


def evaluated(old: Space, new: Space, coefficients: Array) -> Array:
    """A field on the new layout at the points of the old one."""
    for i, (f, g) in enumerate(zip(old.factors, new.factors)):
        if f is g:
            coefficients = along(f.values[0], coefficients, i)
        else:
            coefficients = along(g.gaussians(f.points, 0)[0], along(g.to_weights, coefficients, i), i)
    return coefficients


def transfer(old: Space, new: Space, starts: Starts) -> Transfer:
    """All fields and their lower time derivatives, and what gets lost; admissibility is the caller's."""
    loss, lost = 0.0, [np.zeros(len(f.points)) for f in old.factors]
    moved = []
    for own in starts:
        moved.append(tuple(transferred(old, new, s) for s in own))
        for before, after in zip(own, moved[-1]):
            values = contract([f.values[0] for f in old.factors], before)
            apart = np.abs(values - evaluated(old, new, after))
            size = max(float(np.sqrt(np.mean(values**2))), 1e-300)
            loss = max(loss, float(np.sqrt(np.mean(apart**2))) / size)
            for i in range(old.dimension):
                lost[i] = np.maximum(lost[i], np.moveaxis(apart, i, 0).reshape(len(lost[i]), -1).max(axis=1) / size)
    return Transfer(tuple(moved), loss, tuple(lost))


def made_admissible(space: Space, starts: Starts, time: float) -> Starts:
    """The values at a slab's start, moved to where the conditions at the faces hold."""
    zero = np.zeros(space.ranks)
    values = space.admissible(np.stack([s[0] if s else zero for s in starts]), time) if space.strong else None
    return starts if values is None else tuple((v, *s[1:]) if s else s for v, s in zip(values, starts))
