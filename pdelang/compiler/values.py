"""The value of an expression at given symbols, by a walk over its nodes: NumPy arrays, or mpmath numbers for a second opinion.

The slow interpreter that the emitted code is tested against, and what the checks of `exact.py` and `ranges.py` evaluate with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import mpmath
import numpy as np
import sympy

from pdelang.compiler import functions
from pdelang.compiler.trees import symbols

DIGITS = 40


@dataclass(frozen=True)
class Arithmetic:
    """What the two kinds of number differ in."""

    row: Literal["numpy", "mpmath"]

    def number(self, e: Any) -> Any:
        if self.row == "numpy":
            return float(e.evalf(20))
        if e.is_Rational:
            return mpmath.mpf(int(e.p)) / int(e.q)
        return e._to_mpmath(mpmath.mp.prec)

    def power(self, base: Any, exponent: Any) -> Any:
        if self.row == "numpy":
            return np.power(np.asarray(base, dtype=float), exponent)
        return base**exponent


def evaluate(e: Any, values: Mapping[Any, Any], arithmetic: Arithmetic | None = None, memory: dict[Any, Any] | None = None) -> Any:
    """Value of `e`; every free symbol stands in `values`. Not-finite results are returned, not raised.

    memory: remembered values of subexpressions, to be shared between expressions at the same `values`.
    """
    arithmetic = arithmetic or Arithmetic("numpy")
    memory = {} if memory is None else memory

    def visit(e: Any) -> Any:
        if e not in memory:
            memory[e] = compute(e)
        return memory[e]

    def compute(e: Any) -> Any:
        if e.is_Symbol:
            return values[e]
        if not e.args:
            return arithmetic.number(e)
        if e.is_Pow:
            exponent = e.args[1]
            if exponent.is_Integer:
                return arithmetic.power(visit(e.args[0]), int(exponent))
            return arithmetic.power(visit(e.args[0]), visit(exponent))
        arguments = [visit(a) for a in e.args]
        if e.is_Add or e.is_Mul:
            result = arguments[0]
            for a in arguments[1:]:
                result = result + a if e.is_Add else result * a
            return result
        return getattr(functions.of(e), arithmetic.row)(*arguments)

    with np.errstate(all="ignore"):
        return visit(e)


def precise(e: Any, values: Mapping[Any, float], digits: int = DIGITS) -> Any:
    """Value with 40 digits at double-precision points, taken as exact; not a number where it is not defined or not real."""
    with mpmath.workdps(digits):
        try:
            value = evaluate(e, {s: mpmath.mpf(float(v)) for s, v in values.items()}, Arithmetic("mpmath"))
        except (ZeroDivisionError, OverflowError, TypeError):  # TypeError: an order comparison of complex numbers
            return mpmath.nan
        return value if isinstance(value, (mpmath.mpf, bool, int)) else mpmath.nan


@lru_cache(maxsize=4096)
def constant(e: Any) -> float:
    """The value of an expression without symbols, correctly rounded; nan where it is not real."""
    if e.is_Rational:
        try:
            return float(Fraction(int(e.p), int(e.q)))
        except OverflowError:
            return float("inf") if e > 0 else float("-inf")
    return float(precise(e, {}))


def is_constant(e: sympy.Basic) -> bool:
    return not symbols(e)
