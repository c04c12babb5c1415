"""What one pass teaches the next: where slabs begin, how long they were, on which layout, and a first guess of the solution.

Residuals outside the modes fall like (c h)^m in time and exp(-c n) in space, so a slab that left the defect d on m modes is as long as

    h' = h (0.3 tol')^(1/m') / d^(1/m)

on m' modes at the tolerance tol', and an axis of n kernels needs n log(tol')/log(d) of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.product.layouts import AHEAD, Layout
from pdelang.runtime.solve.product.system import SlabSystem

MARGIN = 0.3  # of the tolerance, what a slab's defect in time aims at
STRETCH = (0.3, 1.8)
FORESIGHT = 0.8  # share of a slab up to which shorter slabs ahead shorten it


@dataclass(frozen=True, eq=False)
class Stage:
    """One accepted slab: in_time and on_axes are what of its residual the modes of time and of each axis did not resolve."""

    begin: float
    length: float
    layout: Layout
    in_time: float
    on_axes: Array
    kernels: int  # in time, and the modes they make
    modes: int


@dataclass(eq=False)
class Schedule:
    """`stages` of a finished pass and its solution, for a pass to the tolerance `limit` (of the modes' defects). kept: coarser layouts than
    its own are not looked for."""

    stages: tuple[Stage, ...]
    solution: Representation
    limit: float
    kept: bool = False
    _layouts: dict[Layout, tuple[int, Layout]] = field(default_factory=dict)

    def at(self, time: float) -> int | None:
        """Number of the stage that holds the time; None beyond the last."""
        begins = np.array([s.begin for s in self.stages])
        number = int(np.searchsorted(begins, time * (1 + 1e-12) + 1e-300, side="right")) - 1
        stage = self.stages[max(number, 0)]
        return max(number, 0) if time < stage.begin + stage.length * (1 - 1e-9) else None

    def layout(self, number: int) -> tuple[int, Layout]:
        """The stage's layout, refined for the tolerance, and its number: the same for all stages on one layout."""
        known = self.stages[number].layout
        if known not in self._layouts:
            defects = np.max([s.on_axes for s in self.stages if s.layout is known], axis=0)
            first = next(n for n, s in enumerate(self.stages) if s.layout is known)
            self._layouts[known] = first, known.refined(np.asarray(defects), self.limit, AHEAD) or known
        return self._layouts[known]

    def length(self, number: int, time: float, modes: int) -> float:
        """Of a slab that begins at `time` in the stage; never far into a stage that needs shorter ones."""
        h = self._scaled(number, modes)
        for ahead in self.stages[number + 1 :]:
            if ahead.begin > time + FORESIGHT * h:
                break
            h = min(h, max(ahead.begin - time, self._scaled(number + 1, modes)))
            number += 1
        return h

    def _scaled(self, number: int, modes: int) -> float:
        stage = self.stages[number]
        factor = (MARGIN * self.limit) ** (1 / modes) / max(stage.in_time, 1e-15) ** (1 / stage.modes)
        return stage.length * float(np.clip(factor, *STRETCH))


def projected(solution: Representation, system: SlabSystem) -> Array:
    """Coefficients W of a known solution on a slab: its highest time derivative, tested."""
    assert system.times is not None
    axes = [*(f.points for f in system.space.factors), system.times]
    orders = system.program.time_orders
    wanted = [(f, (*(0,) * system.space.dimension, m)) for f, m in enumerate(orders)]
    values = solution.grid_jets(axes, wanted).reshape(len(orders), -1)
    return system.test(values * np.array([system.length if m else 1.0 for m in orders])[:, None])


def extrapolated(before: ProductExpansion, system: SlabSystem) -> Array:
    """Coefficients W of a slab along which the highest time derivative stays what it was at the end of the slab before."""
    axes = [*(f.points for f in system.space.factors), np.array([before.begin + before.length])]
    orders = system.program.time_orders
    wanted = [(f, (*(0,) * system.space.dimension, m)) for f, m in enumerate(orders)]
    factors = np.array([system.length if m else 1.0 for m in orders])
    values = before.grid_jets(axes, wanted)[..., 0] * factors.reshape(-1, *(1,) * system.space.dimension)
    return system.space.project(values)[..., None] * system.time.unit
