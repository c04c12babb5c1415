"""What a nonlinear solve on one slab or box is given and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.system import SlabSystem

NEWTON_LIMIT = 14


@dataclass(frozen=True)
class Limits:
    """What the user allows. deadline: on time.monotonic. slabs: all alike, None chooses them. iterations: of one nonlinear solve."""

    deadline: float
    slabs: int | None = None
    iterations: int = 200


class Inverse(Protocol):
    def __call__(self, R: Array) -> Array: ...


@dataclass(frozen=True, eq=False)
class Solved:
    """W: full coefficients. converged: Newton did. steps, krylov: iterations. contraction: last step over the one before."""

    W: Array
    converged: bool
    steps: int
    krylov: int
    change: float


def magnitude(system: SlabSystem, W: Array) -> float:
    """Root of the energy of the solution, the scale of relative changes; 1 for a zero solution."""
    starts = sum(float((s**2).sum()) for own in system.starts for s in own)
    size = float(np.sqrt(starts + (W**2).sum()))
    return size if size > 0 else 1.0
