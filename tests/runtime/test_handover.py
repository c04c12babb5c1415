"""A slab that does not take over what the one before has left is found out, though every residual may be small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pdelang
from pdelang.runtime.handover import handovers
from pdelang.runtime.layout.scattered import grid_layout
from pdelang.runtime.result import MethodResult
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status
from pdelang.runtime.validation import decide, validate

PROGRAM = """
x in [0, 1]; t in [0, 1]
d(u, t, 2) = u_xx
u(x, 0) = 1
u_t(x, 0) = 0
u(0, t) = 1
u(1, t) = 1
"""
LOWER, UPPER = np.zeros(2), np.ones(2)


def slabs(factor: float) -> Slabs:
    layout = grid_layout((6, 5), (False, False))
    first = layout.expansion(np.ones((1, layout.kernels)), LOWER, UPPER)
    return Slabs(np.array([0.0, 0.5, 1.0]), (first, replace(first, weights=factor * first.weights)))


def test_a_jump_is_measured_relative_to_the_solution() -> None:
    compiled = pdelang.compile(pdelang.parse(PROGRAM))
    value, slope = handovers(compiled, slabs(1.001), LOWER, UPPER, lambda jet: 2.0, seed=0)
    ends = slabs(1.0).parts[0].jets(np.array([[0.5, 0.5]]), [(0, (0, 0)), (0, (0, 1))])[:, 0]
    assert value.norm == pytest.approx(1e-3 * abs(ends[0]), rel=0.2)
    assert value.relative == value.norm / 2
    assert value.at[1] == 0.5
    assert slope.norm < 1e-3  # the expansion is even in time about the edge
    assert "from slab to slab" in value.label


def test_no_jump_and_no_slabs_have_nothing_to_report() -> None:
    compiled = pdelang.compile(pdelang.parse(PROGRAM))
    assert all(report.norm == 0 for report in handovers(compiled, slabs(1.0), LOWER, UPPER, lambda jet: 1.0, seed=0))
    assert handovers(compiled, slabs(2.0).parts[0], LOWER, UPPER, lambda jet: 1.0, seed=0) == ()


def test_a_jump_forbids_converged() -> None:
    compiled = pdelang.compile(pdelang.parse("x in [0, 1] periodic; t in [0, 1]\nu_t = u_x\nu(x, 0) = 0"))
    layout = grid_layout((14, 5), (True, False))
    nothing = layout.expansion(np.zeros((1, layout.kernels)), LOWER, UPPER)
    constant = layout.expansion(np.full((1, layout.kernels), 1e-3), LOWER, UPPER)
    broken = MethodResult(Slabs(np.array([0.0, 0.5, 1.0]), (nothing, constant)), Status.CONVERGED, "handmade", 1)
    certificate = validate(compiled, {}, broken, tolerance=0.5)
    assert certificate is not None
    assert certificate.conditions[-1].relative > 0.5
    assert decide(broken, certificate) is Status.TOLERANCE_NOT_MET
