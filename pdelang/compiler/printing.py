"""SymPy expression -> text over `jax.numpy`, laid out as a formatter would.

Numbers are exact: a rational with a finite decimal stands as that decimal, another as a quotient, every other constant
as the shortest text of its correctly rounded double.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy

from pdelang.compiler import functions, values
from pdelang.compiler.trees import symbols

OR, AND, NOT, COMPARE, SUM, PRODUCT, UNARY, POWER, ATOM = range(9)

Printed = tuple[str, int]
"""Text and its precedence."""


class Printer:
    """names: SymPy symbol's name -> identifier."""

    times, over, pi = " * ", " / ", "jnp.pi"
    bracketed = True
    """-(x**2) for -x**2: formatters write the brackets, because people misread it without."""

    def __init__(self, names: dict[str, str]):
        self.names = names
        self.memory: dict[Any, Printed] = {}

    def __call__(self, e: Any) -> str:
        return self.visit(e)[0]

    def visit(self, e: Any) -> Printed:
        if e not in self.memory:
            self.memory[e] = self._print(e)
        return self.memory[e]

    def inside(self, e: Any, level: int) -> str:
        """Text of `e` where precedence `level` is needed, in brackets if its own is lower."""
        text, own = self.visit(e)
        return text if own >= level else f"({text})"

    def _print(self, e: Any) -> Printed:
        if e.is_Symbol:
            return self.names[e.name], ATOM
        if e.is_Rational:
            return self._rational(e)
        if e == sympy.pi:
            return self.pi, ATOM
        if not symbols(e) and not _plain(e) and not isinstance(e, functions.PREDICATES):
            return _signed(number(values.constant(e)))
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e)
        return self._apply(e)

    def _sum(self, e: Any) -> Printed:
        text = ""
        for term in _positive_first(e.args):
            part, level = self.visit(term)
            if level < SUM:
                part = f"({part})"
            if not text:
                text = part
            elif part.startswith("-"):
                text += " - " + without_minus(part)
            else:
                text += " + " + part
        return text, SUM

    def _product(self, e: Any) -> Printed:
        coefficient, factors = e.as_coeff_mul()
        factors = sorted(factors, key=lambda f: bool(symbols(f)))  # constants first; stable
        above: list[str] = []
        below: list[str] = []
        denominators = [f for f in factors if f.is_Pow and f.args[1].is_Rational and f.args[1] < 0]
        negative = coefficient < 0
        coefficient = abs(coefficient)
        if coefficient != 1:
            if finite(coefficient):
                above.append(number(coefficient))
            else:
                above += [number(coefficient.p)] if coefficient.p != 1 else []
                below.append(number(coefficient.q))
        above += [self.inside(f, PRODUCT + (f.is_Mul or len(above) > 0)) for f in factors if f not in denominators]
        below += [self.inside(functions.power(f.args[0], -f.args[1]), UNARY) for f in denominators]
        text = self.times.join(above) or "1"
        if below:
            text += self.over + (below[0] if len(below) == 1 else "(" + self.times.join(below) + ")")
        if not negative:
            return text, PRODUCT
        first = next((f for f in factors if f not in denominators), None)
        powered = self.bracketed and coefficient == 1 and first is not None and self.visit(first)[1] == POWER
        return "-" + (f"({above[0]})" + text[len(above[0]) :] if powered else text), PRODUCT

    def _power(self, e: Any) -> Printed:
        base, exponent = e.args
        if exponent.is_Rational and exponent < 0:
            return f"1{self.over}" + self.inside(functions.power(base, -exponent), UNARY), PRODUCT
        if exponent == sympy.S.Half:
            return self.root(self(base)), ATOM
        left = self.inside(base, ATOM)
        right = number(exponent) if exponent.is_Rational else self.inside(exponent, UNARY)
        return self.raised(left, right), POWER

    def raised(self, base: str, exponent: str) -> str:
        return base + ("**" if _simple(base) and _simple(exponent) else " ** ") + exponent

    def root(self, argument: str) -> str:
        return f"jnp.sqrt({argument})"

    def _rational(self, e: Any) -> Printed:
        if e.is_Integer or finite(e) or max(abs(int(e.p)), int(e.q)) >= 2**31:
            return _signed(number(e))
        return f"{e.p}{self.over}{e.q}", PRODUCT

    def _apply(self, e: Any) -> Printed:
        row = functions.of(e)
        special = _SPECIAL.get(e.func)
        if special is not None:
            return special(self, e)
        return f"{row.jax}({', '.join(map(self, e.args))})", ATOM


def _infix(level: int, operand: int) -> Callable[[Printer, Any], Printed]:
    def write(printer: Printer, e: Any) -> Printed:
        left, right = (printer.inside(a, operand) for a in e.args)
        return f"{left} {functions.of(e).jax} {right}", level

    return write


_SPECIAL: dict[type, Callable[[Printer, Any], Printed]] = {
    functions.less: _infix(COMPARE, SUM),
    functions.less_equal: _infix(COMPARE, SUM),
    functions.equal: _infix(COMPARE, SUM),
    functions.both: lambda p, e: (f"jnp.logical_and({p(e.args[0])}, {p(e.args[1])})", ATOM),
    functions.either: lambda p, e: (f"jnp.logical_or({p(e.args[0])}, {p(e.args[1])})", ATOM),
    functions.negation: lambda p, e: (f"jnp.logical_not({p(e.args[0])})", ATOM),
    functions.step: lambda p, e: (f"jnp.heaviside({p(e.args[0])}, 0.5)", ATOM),
}


def number(value: Any) -> str:
    """A number's text: an integer as it is, all else as the shortest text of the nearest double."""
    if isinstance(value, int) or getattr(value, "is_Integer", False):
        return str(int(value)) if abs(int(value)) < 2**31 else repr(float(int(value)))
    return repr(value if isinstance(value, float) else values.constant(value))


def finite(q: Any) -> bool:
    """The decimal expansion of a rational ends."""
    rest = int(q.q)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and int(q.q) < 10**12


def _signed(text: str) -> Printed:
    return text, UNARY if text.startswith("-") else ATOM


def _plain(e: Any) -> bool:
    """A product or whole power of numbers and pi: readable as it is."""
    if e.is_Rational or e == sympy.pi:
        return True
    return (e.is_Mul and all(map(_plain, e.args))) or (e.is_Pow and e.args[1].is_Integer and _plain(e.args[0]))


def without_minus(text: str) -> str:
    """The text behind a leading minus, where a binary minus takes its place: `-(x**2) * y` gives `x**2 * y`."""
    return re.sub(r"^\(([\w.]+ ?\*\* ?[\w.]+)\)", r"\1", text[1:])


def _simple(text: str) -> bool:
    """A name, an attribute or a number: its power is written without spaces."""
    try:
        float(text)
    except ValueError:
        return text.replace(".", "").isidentifier()
    return True


def _positive_first(terms: tuple[Any, ...]) -> list[Any]:
    """A sum reads better when it does not begin with a minus; the order is SymPy's otherwise, which is canonical."""
    return sorted(terms, key=_is_negative)


def _is_negative(e: Any) -> bool:
    coefficient = e.args[0] if e.is_Mul else e
    return bool(coefficient.is_Number and coefficient.is_negative)
