"""An enclosure holds every value; a zero that is there is found, double zeros included, and none where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from pdelang.compiler import functions, intervals, values
from tests.compiler.test_printing import TREES, X, Y

ENDS = st.floats(-3, 3).map(lambda v: round(v, 3))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TREES, ENDS, ENDS, ENDS, ENDS)
def test_the_enclosure_holds_every_value(e: sympy.Expr, a: float, b: float, c: float, d: float) -> None:
    box = {X: (min(a, b), max(a, b)), Y: (min(c, d), max(c, d))}
    lower, upper = intervals.enclose(e, box)
    x, y = (np.linspace(*box[s], 9) for s in (X, Y))
    found = values.evaluate(e, {X: x[:, None], Y: y}) * np.ones((9, 9))
    found = found[np.isfinite(found)]
    slack = 1e-9 * (1 + np.abs(found))
    assert (lower - slack <= found).all()
    assert (found <= upper + slack).all()


@pytest.mark.parametrize(
    ("e", "interval"),
    [
        (X**2, (0, 4)),
        (X**3, (-1, 8)),
        (1 / X, (-math.inf, math.inf)),
        (1 / (X + 2), (0.25, 1)),
        (1 / X**2, (0.25, math.inf)),
        (sympy.sin(X), (math.sin(-1), 1)),
        (sympy.cos(3 * X), (-1, 1)),
        (sympy.exp(X), (math.exp(-1), math.exp(2))),
        (sympy.sqrt(X + 2), (1, 2)),
        (functions.absolute(X), (0, 2)),
        (sympy.sech(X), (1 / math.cosh(2), 1)),
        (functions.select(functions.less(X, 0), X, 7), (-1, 7)),
        (sympy.Symbol("unbounded", real=True) ** 2, (0, math.inf)),
    ],
    ids=str,
)
def test_enclosure(e: sympy.Expr, interval: tuple[float, float]) -> None:
    assert intervals.enclose(e, {X: (-1.0, 2.0)}) == pytest.approx(interval)


@pytest.mark.parametrize(
    ("e", "at"),
    [(X - sympy.Rational(1, 3), 1 / 3), ((X - 1) ** 2, 1), (X, 0), (sympy.sin(X) - X / 2 - 1, None), (X**2 - X + 1, None)],
    ids=str,
)
def test_zero_of_one_variable(e: sympy.Expr, at: float | None) -> None:
    found = intervals.zero(e, {X: (0.0, 2.0)})
    assert (found is None) == (at is None)
    if found is not None:
        assert found[X] == pytest.approx(at, abs=1e-5)


def test_zero_of_two_variables() -> None:
    found = intervals.zero(X**2 + Y**2 - 1, {X: (0.0, 2.0), Y: (0.5, 2.0)})
    assert found is not None
    assert found[X] ** 2 + found[Y] ** 2 == pytest.approx(1, abs=1e-4)


def test_zero_of_fifty_variables_is_found_at_once() -> None:
    many = sympy.symbols("z0:50", real=True)
    box = dict.fromkeys(many, (-1.0, 1.0))
    e = 2 + sympy.Add(*(z * k for k, z in enumerate(many, 1)))
    found = intervals.zero(e, box)
    assert found is not None
    assert intervals.value(e, found) == pytest.approx(0, abs=1e-9)
    assert intervals.zero(2000 + e, box) is None
    assert len(intervals.corners(box, many)) <= 258


def test_an_undefined_symbol_means_no_answer() -> None:
    assert intervals.zero(X * Y, {X: (-1.0, 1.0)}) is None


def test_where_not_positive() -> None:
    assert intervals.where_not_positive(X**2 - 1, {X: (-3.0, 2.0)}) == pytest.approx((-1, 1))
    assert intervals.where_not_positive(X, {X: (0.0, 2.0)}) == (0.0, 0.0)
    assert intervals.where_not_positive(X, {X: (0.0, 2.0)}, strict=True) is None
