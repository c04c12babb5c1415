"""Evolution of what is not smooth and does not become so: even layouts and slabs of one length, finer until the estimate is small enough.

Where initial values and walls do not fit together (a plucked string, an inflow that starts), or have a kink, in an equation that carries
singularities on (`smoothing.py`), residuals fall like a root of the number of kernels, if at all, and errors like a power of it. No layout
finds such a place, for it is soon everywhere; each rung of the ladder has GROWTH times the kernels an axis and the slabs of the one before,
and the correction tells its error.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, replace

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.product.correction import SHARE, correction
from pdelang.runtime.solve.product.estimate import relative_error
from pdelang.runtime.solve.product.layouts import Layout
from pdelang.runtime.solve.product.march import March, march
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.start import smoothing
from pdelang.runtime.status import Status

FIRST = {0: 0, 1: 32, 2: 20, 3: 14, 4: 12}  # kernels inside an axis, by the number of axes
GROWTH = {0: 1.5, 1: 1.5, 2: 1.4, 3: 1.3, 4: 1.3}
SLABS = 6
CARRIED_ON = "the solution is not smooth, at the start or where initial values and walls meet, and the equation carries that on"
FAILED = (Status.ITERATION_LIMIT, Status.STAGNATED)
RUNGS = 12
SHOWN = 3  # rungs by which an order is told
SLOWEST, STEEPEST = 1.0, 6.0
USELESS, WORSE = 2, 0.8  # rungs in a row that bring the estimate to no less than this share of the best before end it


@dataclass(frozen=True, eq=False)
class Rung:
    """One march and its correction: root mean squares, one a field, and relative. inside: kernels inside an axis."""

    march: March
    error: Array
    relative: float
    inside: int


@dataclass(frozen=True, eq=False)
class Ladder:
    """rungs: those that reached the end, from coarse to fine. status: why there are no more of them. last: interrupted."""

    rungs: list[Rung]
    status: Status
    last: March | None = None

    @property
    def best(self) -> Rung:
        return min(self.rungs, key=lambda r: r.relative)

    @property
    def order(self) -> float:
        """Power of the number of kernels with which the error falls, by the last rungs; the least that counts where there are too few."""
        last = self.rungs[-SHOWN:]
        if len(last) < SHOWN:
            return SLOWEST
        slope = np.polyfit(np.log([r.inside for r in last]), np.log([max(r.relative, 1e-300) for r in last]), 1)[0]
        return float(np.clip(-slope, SLOWEST, STEEPEST))

    @property
    def unseen(self) -> float:
        """What the error is in units of its correction. Of C n^-q the correction, on s n kernels, finds C (n^-q - (s n)^-q)."""
        return 1 / (1 - SHARE**-self.order)

    @property
    def words(self) -> str:
        late = "; out of time (option time_limit)" if self.status is Status.ITERATION_LIMIT else ""
        return f"{CARRIED_ON}; its error falls like the power {-self.order:.1f} of the resolution{late}"


def ladder(program: Program, layout: Layout, tolerance: float, limits: Limits, progress: Progress) -> Ladder:
    """layout: any of the program's."""
    rungs: list[Rung] = []
    status, seconds, useless = Status.TOLERANCE_NOT_MET, 0.0, 0
    for number in range(RUNGS):
        growth = GROWTH[layout.axes]
        inside, slabs = round(FIRST[layout.axes] * growth**number), round(SLABS * growth**number)
        kernels = tuple(inside + layout.margin(i) for i in range(layout.axes))
        began = clock.monotonic()
        if max(kernels) > layout.largest or useless >= USELESS:
            break
        if began + growth ** (layout.axes + 2) * seconds > limits.deadline:
            status = Status.ITERATION_LIMIT
            break
        even = replace(layout, kernels=kernels, mappings=(None,) * layout.axes, fixed=True, rough=True)
        share = number / RUNGS
        done = march(program, even, tolerance, progress, replace(limits, slabs=slabs), share=(share, share + 1 / RUNGS))
        arrived = done.representation is not None and done.reached >= program.bounds[1][-1] * (1 - 1e-12)
        found = correction(program, done, progress, limits, (share, share + 1 / RUNGS)) if arrived else None
        seconds = clock.monotonic() - began
        if done.status is Status.INTERRUPTED:
            return Ladder(rungs, done.status, done)
        if found is None:
            useless += 1
            continue
        rung = Rung(done, found.error, relative_error(found.error, found.size), inside)
        useless = useless + 1 if rungs and rung.relative > WORSE * min(r.relative for r in rungs) else 0
        rungs.append(rung)
        if rung.relative * Ladder(rungs, status).unseen <= tolerance:
            break
    return Ladder(rungs, status)


def carried_on(failed: March) -> bool:
    """Has a march failed of which even layouts may know more? Not where the equation smooths: there grading is better."""
    if failed.status not in FAILED:
        return False
    return not smoothing(failed.layout)
