"""When a solve may be called converged."""

from __future__ import annotations

import numpy as np
import pytest

from pdelang.runtime.certificate import Certificate
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status
from pdelang.runtime.validation import decide


@pytest.mark.parametrize(
    ("own", "residual", "estimate", "said"),
    [
        (Status.CONVERGED, 1e-4, 1e-4, Status.CONVERGED),
        (Status.CONVERGED, 1e-4, None, Status.CONVERGED),
        (Status.CONVERGED, 1e-2, 1e-4, Status.TOLERANCE_NOT_MET),
        (Status.CONVERGED, 1e-4, 1e-2, Status.TOLERANCE_NOT_MET),
        (Status.STAGNATED, 1e-4, 1e-4, Status.CONVERGED),
        (Status.ITERATION_LIMIT, 1e-4, None, Status.ITERATION_LIMIT),
        (Status.STAGNATED, 1e-4, None, Status.STAGNATED),
        (Status.INTERRUPTED, 1e-4, 1e-4, Status.INTERRUPTED),
        (Status.DIVERGED, 1e-4, 1e-4, Status.DIVERGED),
        (Status.CONVERGED, float("inf"), None, Status.NON_FINITE),
    ],
)
def test_both_witnesses_are_heard(own: Status, residual: float, estimate: float | None, said: Status) -> None:
    result = MethodResult(None, own, "handmade", 1, error_estimate=None if estimate is None else np.array([estimate]))
    certificate = Certificate(1e-3, residual, (), (), {} if estimate is None else {"u": estimate})
    assert decide(result, certificate) is said


@pytest.mark.parametrize(
    ("residual", "estimate", "said"),
    [
        (5e-3, 1e-4, Status.CONVERGED),
        (2e-2, 1e-4, Status.TOLERANCE_NOT_MET),
        (5e-3, 1e-2, Status.TOLERANCE_NOT_MET),
        (5e-3, None, Status.TOLERANCE_NOT_MET),
    ],
)
def test_at_rounding_the_estimate_decides(residual: float, estimate: float | None, said: Status) -> None:
    """The residual may be as large as rounding, if there is an estimate and it meets the tolerance."""
    result = MethodResult(None, Status.CONVERGED, "handmade", 1, accepted=1e-2)
    certificate = Certificate(1e-3, residual, (), (), {} if estimate is None else {"u": estimate})
    assert decide(result, certificate) is said
