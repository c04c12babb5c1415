"""What a method returns, what it is given besides the problem, and how it tells its progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pdelang.runtime.representation import Representation
from pdelang.runtime.status import Status


class Progress(Protocol):
    """Methods call it as often as they like; the command line draws it, Python users get none by default."""

    def __call__(self, stage: str, fraction: float | None = None, **figures: float) -> None:
        """stage: a few words ("slab 3 of 20"); fraction in [0, 1] of the whole solve; figures: residual=..., kernels=..."""


def silent(stage: str, fraction: float | None = None, **figures: float) -> None:
    pass


@dataclass(frozen=True)
class MethodResult:
    """representation is None only if nothing at all was computed.

    status: the method's own view (iteration limit, non-finite, interrupted ...); `converged` is decided afterwards, on
    independent points (validation.py). A method catches KeyboardInterrupt and returns what it has, with INTERRUPTED.
    error_estimate: absolute, root mean square, one a field, or None. reason: one line, which method and why.
    accepted: relative residual up to which the estimate of the error alone decides: what high derivatives in float64 leave, or what is
        singular at a corner.
    checked: figures of `quick_check`, where the method found them with its answer.
    samples: of a posterior, whose mean the representation is; their spread is an estimate of what the generator does not know.
    message: one line more where something went wrong: which equation or condition, where, what to try.
    """

    representation: Representation | None
    status: Status
    method: str
    iterations: int
    reason: str = ""
    message: str = ""
    error_estimate: np.ndarray | None = None
    history: tuple[dict[str, float], ...] = field(default=(), repr=False)
    accepted: float = 0.0
    samples: tuple[Representation, ...] = field(default=(), repr=False)
    checked: Any = field(default=None, repr=False)
