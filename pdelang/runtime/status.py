"""Status of a solve: an enum whose values are the messages."""

from __future__ import annotations

import enum


class Status(enum.Enum):
    CONVERGED = "converged: the tolerance is met on an independent set of points"
    TOLERANCE_NOT_MET = "not converged: the residual on independent points is above the tolerance"
    STAGNATED = "not converged: the iteration stopped improving"
    DIVERGED = "not converged: the iteration left every bound"
    NON_FINITE = "not converged: a value that is not finite appeared"
    ITERATION_LIMIT = "not converged: a limit of iterations or of time was reached"
    UNDETERMINED = "not converged: the conditions do not determine the solution; given is one of many"
    INTERRUPTED = "interrupted: what was computed until then is kept"

    @property
    def converged(self) -> bool:
        return self is Status.CONVERGED
