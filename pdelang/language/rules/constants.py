"""Constant expressions -> exact rationals where they are rational, floats otherwise."""

from __future__ import annotations

import math
from fractions import Fraction

from pdelang.language.algebra import children, is_constant, walk
from pdelang.language.evaluate import Values, evaluate
from pdelang.language.expressions import Apply, Constant, Expr

# Beyond this many bits exact arithmetic is given up: 2^1000^1000 must not be written out.
_BITS = 4_096


def rational(expression: Expr) -> Fraction | None:
    """The exact value of arithmetic on rationals; None for anything else, and for numbers of absurd length."""
    if not isinstance(expression, (Constant, Apply)):
        return None
    memory: dict[int, Fraction | None] = {}
    for node in walk(expression):
        value = _rational(node, memory)
        too_long = value is not None and max(value.numerator.bit_length(), value.denominator.bit_length()) > _BITS
        memory[id(node)] = None if too_long else value
    return memory[id(expression)]


def _rational(node: Expr, memory: dict[int, Fraction | None]) -> Fraction | None:
    if isinstance(node, Constant):
        return node.value if isinstance(node.value, Fraction) else None
    items = [value for child in children(node) if (value := memory[id(child)]) is not None]
    if not isinstance(node, Apply) or not items or len(items) < len(node.arguments):
        return None
    if node.function == "add":
        return sum(items, Fraction(0))
    if node.function == "mul":
        return math.prod(items, start=Fraction(1))
    if node.function == "neg":
        return -items[0]
    if node.function == "sub":
        return items[0] - items[1]
    if node.function == "div":
        return items[0] / items[1] if items[1] else None
    return _power(*items) if node.function == "pow" else None


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or (base == 0 and exponent < 0) or bits * abs(exponent) > 2 * _BITS:
        return None
    return base**exponent.numerator


def integer(expression: Expr) -> int | None:
    value = rational(expression)
    return int(value) if value is not None and value.denominator == 1 else None


def real(expression: Expr) -> float:
    """The value of a constant expression. Raises UndefinedError where it is not finite."""
    assert is_constant(expression)
    return evaluate(expression, Values())
