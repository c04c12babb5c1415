"""The pilot of a group: one instance solved by the adaptive march. Its slabs, layouts and solution guide all the others.

The slabs and the layouts are what the others are solved on; its derivative, frozen slab by slab, is the inverse that they share; its
solution is the first guess.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.layout.slab import TimeFactor, time_factor
from pdelang.runtime.result import silent
from pdelang.runtime.solve.product.layouts import Layout, first_layout
from pdelang.runtime.solve.product.march import march
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.schedule import projected
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.start import unfit
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.solve.product.transfer import transferred
from pdelang.runtime.status import Status
from pdelang.runtime.sweep.inverse import Inverse, inverse_for
from pdelang.runtime.sweep.program import BatchProgram

FINER, MORE_TIME = 1.2, 3  # kernels in space and in time of the second resolution
POINTS, TIME_POINTS = 1.5, 1.25  # a kernel, in one space coordinate and in time: of what is solved along a pilot


@dataclass(frozen=True, eq=False)
class Stretch:
    """One slab of the pilot: its system, layout and coefficients W."""

    system: SlabSystem
    layout: Layout
    W: Array


@dataclass(frozen=True, eq=False)
class Guide:
    program: Program
    stretches: tuple[Stretch, ...]
    tolerance: float

    @property
    def largest(self) -> int:
        """Collocation points of the largest slab."""
        return max(int(np.prod(s.system.grid)) for s in self.stretches)

    def finer(self) -> Guide:
        """The same slabs with more kernels in space and in time, for the estimate."""
        return self._on(
            lambda layout: layout.coarser(FINER).space(), lambda s: s.layout.time_factor(len(s.system.time.centres) + MORE_TIME)
        )

    def thinner(self) -> Guide:
        """The same kernels with fewer points: what is left is judged between them."""
        if len(self.stretches[0].system.space.factors) != 1:
            return self  # few points already
        return self._on(lambda layout: layout.space(POINTS), lambda s: time_factor(len(s.system.time.centres), TIME_POINTS))

    def _on(self, space_of: Callable[[Layout], Space], time_of: Callable[[Stretch], TimeFactor]) -> Guide:
        """The solution carried to other spaces and time factors."""
        spaces: dict[Layout, Space] = {}
        out = []
        for s in self.stretches:
            if s.layout not in spaces:
                spaces[s.layout] = space_of(s.layout)
            space = spaces[s.layout]
            starts = tuple(tuple(transferred(s.system.space, space, c) for c in own) for own in s.system.starts)
            system = SlabSystem(space, time_of(s), s.system.begin, s.system.length, starts)
            out.append(replace(s, system=system, W=projected(ProductExpansion.of(s.system, s.W), system)))
        return replace(self, stretches=tuple(out))


def guide_for(program: Program, tolerance: float, limits: Limits) -> Guide | None:
    """One pass of the march. None: it does not reach the end, or has no need to be tried (`start.py`), and cannot guide anybody."""
    layout = first_layout(program, None)
    if unfit(program, layout, tolerance):
        return None
    found = march(program, layout, tolerance, silent, limits)
    if found.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if found.representation is None or found.status not in (Status.CONVERGED, Status.TOLERANCE_NOT_MET):
        return None
    spaces: dict[Layout, Space] = {}
    stretches = []
    for stage, part in zip(found.stages, found.representation.parts):
        assert isinstance(part, ProductExpansion)
        space = spaces.setdefault(stage.layout, stage.layout.space())
        starts = tuple(tuple(row[..., 0] for row in rows) if m else () for rows, m in zip(part.coefficients, part.orders))
        W = np.stack([rows[-1][..., 1:] for rows in part.coefficients])
        stretches.append(
            Stretch(SlabSystem(space, stage.layout.time_factor(stage.kernels), stage.begin, stage.length, starts), stage.layout, W)
        )
    return Guide(program, tuple(stretches), tolerance).thinner()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A slab of a guide with the inverse that a batch shares on it; shares (directions, B): see `inverse.py`."""

    stretch: Stretch
    inverse: Inverse
    shares: Array


def prepared(guide: Guide, batch: BatchProgram, pool: Executor) -> tuple[Prepared, ...]:
    """With constant coefficients slabs of one length on one layout have one inverse."""
    first: dict[object, Stretch] = {}
    keys = []
    for n, s in enumerate(guide.stretches):
        same = (id(s.system.space), round(s.system.length, 12)) if guide.program.constant else n
        keys.append(same)
        first.setdefault(same, s)
    made = dict(zip(first, pool.map(lambda s: inverse_for(s.system, s.W, batch), first.values())))
    return tuple(Prepared(s, *made[key]) for key, s in zip(keys, guide.stretches))
