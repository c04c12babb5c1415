"""Hostile programs: a status and a useful reason, never a wrong `converged`, never a traceback; answers that do not depend on units."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.diagnosis import finite, rough_data, undetermined
from pdelang.runtime.result import MethodResult
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status
from tests.runtime.hostile import HOSTILE, RING, UNIT, Hostile, heat, poisson
from tests.runtime.sketches import SKETCHES

BY_NAME = {row.name: row for row in HOSTILE}


def solved(row: Hostile) -> Solution:
    return pdelang.solve(pdelang.parse(row.program, row.name), tolerance=row.tolerance, time_limit=600, **row.parameters)


def compiled(program: str) -> CompiledProblem:
    return pdelang.compile(pdelang.parse(program, "program"))


TRIVIAL = ["zero", "zero, steady", "constant", "constant, nonlinear", "one field zero", "heat, conductivity 0", "wave, speed 0"]


@pytest.mark.parametrize("name", TRIVIAL)
def test_trivial_solutions_are_found(name: str) -> None:
    """All terms of the equation are rounding: that is no residual, and no reason to refine."""
    solution = solved(BY_NAME[name])
    assert solution.converged, solution.message
    assert max(solution.relative_l2.values(), default=0.0) < 1e-6


def test_units_do_not_matter() -> None:
    """x -> L x, t -> T t, u -> U u: the same layouts, the same slabs, the same error."""
    for make, plain, others in [
        (heat, ("1", "1", "1"), [("1e-9", "1e9", "1e30"), ("1e9", "1e-9", "1e-30")]),
        (poisson, ("1", "1"), [("1e-9", "1e-30")]),
    ]:
        reference = solved(Hostile("plain", make(*plain)))
        for scaled in others:
            solution = solved(Hostile("scaled", make(*scaled)))
            assert solution.converged, (scaled, solution.message)
            assert solution.kernels == reference.kernels
            assert max(solution.relative_l2.values()) < 1e-8


ENDS = {
    "backward heat in a plane": ({Status.STAGNATED, Status.DIVERGED, Status.NON_FINITE}, "ill-posed"),
    "backward biharmonic": ({Status.STAGNATED, Status.DIVERGED, Status.NON_FINITE}, "ill-posed"),
    "Laplace, Cauchy data of a bump": ({Status.STAGNATED, Status.DIVERGED, Status.NON_FINITE}, "well posed"),
    "blow-up of an ordinary equation": ({Status.STAGNATED, Status.NON_FINITE}, "t = 0.5"),
    "square root at zero": ({Status.STAGNATED, Status.NON_FINITE}, "t = 2"),
    "Bratu beyond the fold": ({Status.STAGNATED}, "Newton"),
    "Helmholtz at resonance": ({Status.STAGNATED, Status.TOLERANCE_NOT_MET}, "line 2: a resonance"),
    "Neumann, no solution": ({Status.STAGNATED, Status.TOLERANCE_NOT_MET}, "known only up to a constant"),
    "a wall without a condition": ({Status.UNDETERMINED}, "too few conditions in x"),
    "no initial condition": ({Status.UNDETERMINED}, "too few initial conditions"),
    "eigenfunction undetermined": ({Status.UNDETERMINED, Status.STAGNATED}, "resonance"),
    "source with a jump": ({Status.STAGNATED, Status.TOLERANCE_NOT_MET}, "line 2, equation 1: the data jump near x = 0.333"),
    "layer without viscosity": ({Status.STAGNATED, Status.TOLERANCE_NOT_MET}, "the coefficient `eps`"),
}
"""Program -> how it may end, and what the reason must say."""


@pytest.mark.parametrize("name", ENDS)
def test_what_has_no_solution_ends_with_a_reason(name: str) -> None:
    solution = solved(BY_NAME[name])
    statuses, words = ENDS[name]
    assert solution.status in statuses, solution.message
    assert words in solution.message


def test_data_that_jump_or_are_not_finite_are_named() -> None:
    def said(initial: str) -> list[str]:
        return list(rough_data(compiled(RING + f"u_t = u_xx\nu(x, 0) = {initial}\n"), {}))

    (jump,) = said("heaviside(x - 0.3)")
    assert re.fullmatch(r"line 3, u\(x, 0\): the data jump near x = 0\.(299\d|3)", jump)
    assert said("1/(x + 1)") == ["line 3, u(x, 0): the data are not finite near x = -1"]
    assert said("tanh(200*x)") == []  # steep is not a jump
    assert said("abs(x)") == []
    assert said("3") == []


def test_a_wall_where_the_leading_coefficient_vanishes_needs_no_condition() -> None:
    """Legendre's and Black and Scholes' equations: the compiler warns, the solution is determined all the same."""
    program = UNIT + "u_t = d(x*(1 - x)*u_x, x)\nu(x, 0) = 1 - 2*x\n"
    assert not undetermined(compiled(program), {})
    assert undetermined(compiled(program.replace("x*(1 - x)*", "")), {})


def test_slabs_after_the_first_that_is_not_finite_are_dropped() -> None:
    good = SKETCHES["space_time"]().representation
    assert good is not None
    arrays = good.arrays()
    bad = type(good).from_arrays({**arrays, "weights": np.where(np.arange(arrays["weights"].shape[1]) == 3, np.nan, arrays["weights"])})
    edges = np.array([0.0, 0.3, 0.6, 1.0])
    result = finite(MethodResult(Slabs(edges, (good, bad, good)), Status.CONVERGED, "handmade", 1))
    assert result.status is Status.NON_FINITE
    assert result.representation is not None
    assert list(result.representation.edges) == [0.0, 0.3]  # type: ignore[attr-defined]
    assert finite(MethodResult(bad, Status.CONVERGED, "handmade", 1)).representation is None
    whole = MethodResult(good, Status.CONVERGED, "handmade", 1)
    assert finite(whole) is whole


def test_a_pressure_without_a_level_is_undetermined() -> None:
    """The velocities are right; the pressure is right but for a constant, which differs from layout to layout: no failure of the method."""
    text = """x in [0, 1]; y in [0, 1]
field U[2], p
grad(p) = laplacian(U) + source(exact)
div(U) = 0
on boundary: U = exact
exact U = (sin(x)*cos(y), -cos(x)*sin(y))
exact p = sin(x)*y
"""
    solution = pdelang.solve(pdelang.parse(text), tolerance=1e-4, kernels=576, time_limit=600)
    assert solution.status is Status.UNDETERMINED
    assert "`p` is known only up to a constant" in solution.message
    assert max(solution.relative_l2[name] for name in ("U[1]", "U[2]")) < 1e-6
