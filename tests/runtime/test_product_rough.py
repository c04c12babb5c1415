"""Evolution of what is not smooth: walls that do not fit the initial values, kinks, and equations that carry them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import erf

import pdelang
from pdelang.compiler.parameters import resolve
from pdelang.runtime.layout.factor import gauss_legendre
from pdelang.runtime.result import silent
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve.product import evolution, march
from pdelang.runtime.solve.product.layouts import first_layout
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.rough import Ladder, Rung
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.start import unfit
from pdelang.runtime.status import Status

UNIT = "x in [0, 1]; t in [0, 1]\n"
STRING = UNIT + "u_tt = u_xx\nu(0, t) = 0; u(1, t) = 0\nu_t(x, 0) = 0\nu(x, 0) = "
INFLOW = UNIT + "u_t + u_x = 0\nu(0, t) = sin(3*t)\nu(x, 0) = 0"
HEATED = UNIT + "u_t = 0.1*u_xx + 1\nu(0, t) = 0; u(1, t) = 0\nu(x, 0) = 0"

Values = Callable[[np.ndarray, np.ndarray], np.ndarray]


def plucked(shape: Callable[[np.ndarray], np.ndarray]) -> Values:
    """d'Alembert: both halves of the odd continuation."""

    def odd(s: np.ndarray) -> np.ndarray:
        s = np.mod(s + 1, 2) - 1
        return np.sign(s) * shape(np.abs(s))

    return lambda x, t: 0.5 * (odd(x + t) + odd(x - t))


def parabola(s: np.ndarray) -> np.ndarray:
    return s * (1 - s)


def triangle(s: np.ndarray) -> np.ndarray:
    return 0.5 - np.abs(s - 0.5)


def entered(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.where(t > x, np.sin(3 * (t - x)), 0.0)


def error(solution: Solution, exact: Values) -> float:
    points, weights = gauss_legendre(300)
    x, t = 0.5 * (1 + points[:, None]), 0.5 * (1 + points[None])
    apart = solution(x=x, t=t) - exact(x, t)
    return float(np.sqrt(weights @ apart**2 @ weights / (weights @ exact(x, t) ** 2 @ weights)))


def program(text: str) -> Program:
    compiled = pdelang.compile(pdelang.parse(text))
    return Program(compiled, resolve(compiled.problem, {}))


@pytest.mark.parametrize(
    ("text", "exact", "tolerance"),
    [(STRING + "x*(1 - x)", plucked(parabola), 1e-5), (STRING + "0.5 - abs(x - 0.5)", plucked(triangle), 1e-3), (INFLOW, entered, 1e-3)],
    ids=["string", "plucked in the middle", "inflow"],
)
def test_the_estimate_decides(text: str, exact: Values, tolerance: float) -> None:
    solution = pdelang.solve(pdelang.parse(text), tolerance=tolerance, time_limit=600)
    assert solution.status is Status.CONVERGED
    assert "carries that on" in solution.reason
    assert solution.error_estimate is not None
    assert 0.1 * solution.error_estimate < error(solution, exact) < solution.error_estimate <= tolerance < solution.residual


def quenched(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Images of the error function on both sides."""
    return sum((-1) ** n * erf((x - n) / np.sqrt(0.4 * t)) for n in range(-6, 7))


def test_data_that_contradict_each_other() -> None:
    """A hot bar with cold ends: the residual never falls, the estimate is the error."""
    text = UNIT + "u_t = 0.1*u_xx\nu(0, t) = 0; u(1, t) = 0\nu(x, 0) = 1"
    solution = pdelang.solve(pdelang.parse(text), tolerance=1e-3)
    assert solution.status is Status.CONVERGED
    assert "the residual stays" in solution.reason
    assert solution.error_estimate == pytest.approx(error(solution, quenched), rel=0.3)


def test_out_of_time_is_said_and_the_error_known() -> None:
    solution = pdelang.solve(pdelang.parse(INFLOW), tolerance=1e-8, time_limit=2)
    assert solution.status is Status.ITERATION_LIMIT
    assert "falls like the power -1" in solution.message
    assert "time_limit" in solution.message
    assert solution.error_estimate is not None
    assert 0.1 * solution.error_estimate < error(solution, entered) < solution.error_estimate


@pytest.mark.parametrize(
    ("text", "expected"),
    [(STRING + "sin(pi*x)", False), (STRING + "exp(-400*(x - 0.5)^2)", False), (STRING + "x*(1 - x)", True), (INFLOW, True),
     (INFLOW.replace("sin(3*t)", "t^4"), False), (HEATED, False)],
    ids=["smooth", "narrow", "string", "inflow", "gentle inflow", "smoothed"],
)  # fmt: skip
def test_what_does_not_fit_is_seen_at_once(text: str, expected: bool) -> None:
    own = program(text)
    assert unfit(own, first_layout(own, None), 1e-6) is expected


def test_a_pass_is_not_its_own_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the correction fails a pass must not be compared with itself, which would find no error at all."""
    own = program(UNIT + "u_t = 0.1*u_xx\nu(0, t) = 0; u(1, t) = 0\nu(x, 0) = sin(pi*x)")
    passes = evolution._Passes(own, 1e-4, Limits(np.inf), silent)
    done = passes.first(first_layout(own, None))
    monkeypatch.setattr(evolution, "correction", lambda *_: None)
    assert passes.error(done, done) == (None, np.inf)
    assert passes.error(done, replace(done))[1] < 1


def test_the_order_tells_what_a_correction_does_not_see() -> None:
    done = object.__new__(evolution.March)
    rungs = [Rung(done, np.array([e]), e, n) for n, e in ((32, 32**-2.0), (48, 48**-2.0), (72, 72**-2.0))]
    own = Ladder(rungs, Status.TOLERANCE_NOT_MET)
    assert own.best is rungs[-1]
    assert own.order == pytest.approx(2.0)
    assert own.unseen == pytest.approx(1 / (1 - 1.2**-2))
    assert Ladder(rungs[:1], Status.TOLERANCE_NOT_MET).unseen == pytest.approx(6.0)


@pytest.mark.parametrize("call", [3, 20])
def test_an_interrupted_ladder_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """On its first rung and on its third: the same bits as without interruption."""
    problem, calls = pdelang.parse(STRING + "x*(1 - x)"), []

    def interrupted(*arguments: Any, **keywords: Any) -> Any:
        calls.append(arguments)
        if len(calls) == call:
            raise KeyboardInterrupt
        return solve_slab(*arguments, **keywords)

    solve_slab = march.solve_slab
    with monkeypatch.context() as patch:
        patch.setattr(march, "solve_slab", interrupted)
        broken = pdelang.solve(problem, tolerance=1e-4, checkpoint=tmp_path / "c")
    assert broken.status is Status.INTERRUPTED
    resumed = pdelang.solve(problem, tolerance=1e-4, checkpoint=tmp_path / "c", resume=True)
    whole = pdelang.solve(problem, tolerance=1e-4)
    assert resumed.status is Status.CONVERGED
    assert resumed.representation is not None
    assert whole.representation is not None
    for name, values in whole.representation.arrays().items():
        np.testing.assert_array_equal(resumed.representation.arrays()[name], values)
