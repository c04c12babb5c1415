"""Derivations: D(a + b) = Da + Db, D(ab) = a Db + b Da, D f(a) = f'(a) Da. Two of them are needed, and differ on symbols only.

Partial derivative d/ds:    D s = 1, every other symbol 0.
Total derivative D_i:       D xi_i = 1, D u_alpha = u_(alpha + e_i), parameters 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from pdelang.compiler import functions, intervals, trees
from pdelang.compiler.stages import Symbols
from pdelang.language.expressions import Jet

NODES = 30_000
"""Arguments that a stage may build for a whole program: SymPy makes 20,000 to 100,000 a second, and the examples need 1,300."""


class TooLargeError(Exception):
    """An expression outgrew its budget; the pipeline turns it into a diagnostic."""


class Budget:
    """What a stage may still build: time is bounded by counting, so that the answer does not depend on the machine."""

    def __init__(self, nodes: int = NODES):
        self.left = nodes

    def spend(self, nodes: int) -> None:
        self.left -= nodes
        if self.left < 0:
            raise TooLargeError


class Derivation:
    """`leaf` gives the derivative of a symbol. Results are remembered, so that a shared subexpression is derived once."""

    def __init__(self, leaf: Callable[[Any], Any], budget: Budget):
        self.leaf = leaf
        self.budget = budget
        self.memory: dict[Any, Any] = {}

    def __call__(self, e: Any) -> Any:
        if e in self.memory:
            return self.memory[e]
        self.budget.spend(1 + len(e.args))
        result = self.memory[e] = self._derive(e)
        return result

    def _derive(self, e: Any) -> Any:
        if e.is_Symbol:
            return self.leaf(e)
        if not e.args:
            return sympy.S.Zero
        if e.is_Add:
            return sympy.Add(*map(self, e.args))
        if e.is_Mul:
            a = e.args
            slopes = [(i, d) for i, d in enumerate(map(self, a)) if d != 0]
            self.budget.spend(len(a) * len(slopes) // 2)  # a product is made of products that are made already: half the work
            return sympy.Add(*(sympy.Mul(*a[:i], d, *a[i + 1 :]) for i, d in slopes))
        if e.is_Pow:
            base, exponent = e.args
            inner, slope = self(base), self(exponent)
            # b^(e-1) and not b^e/b, as SymPy has it: the second is 0/0 where b vanishes
            result = sympy.S.Zero if inner == 0 else exponent * _reciprocal_root(base, exponent - 1) * inner
            return result if slope == 0 else result + e * sympy.log(base) * slope
        derivatives = [sympy.S.Zero if a.func in functions.PREDICATES else self(a) for a in e.args]
        return sympy.S.Zero if all(d == 0 for d in derivatives) else functions.of(e).differential(e.args, derivatives)


def _reciprocal_root(base: Any, exponent: Any) -> Any:
    """base^exponent; for a root of the solution, 0 where it vanishes: 0 is a subgradient of |U| = sqrt(dot(U, U)), and Newton's
    method starts at U = 0. A root of known size (1 + u^2) needs no such care."""
    result = functions.power(base, exponent)
    if (
        exponent.is_Rational
        and -1 < exponent < 0
        and any(s.name.startswith("jet_") for s in trees.symbols(base))
        and intervals.enclose(base, {})[0] <= 0
    ):
        return functions.select(functions.equal(base, sympy.S.Zero), sympy.S.Zero, result)
    return result


def partial(symbol: Any, budget: Budget) -> Derivation:
    """d/d(symbol), every other symbol held fixed."""
    return Derivation(lambda s: sympy.S.One if s == symbol else sympy.S.Zero, budget)


def shift(jet: Jet, axis: int) -> Jet:
    """u_alpha -> u_(alpha + e_axis)."""
    orders = tuple(o + (i == axis) for i, o in enumerate(jet.orders))
    return Jet(jet.field, orders, jet.place)


def total(symbols: Symbols, axis: int, budget: Budget) -> Derivation:
    """D_axis f = df/dxi_axis + sum over the jets of df/du_alpha u_(alpha + e_axis)."""

    def leaf(symbol: Any) -> Any:
        if symbol == symbols.coordinates[axis]:
            return sympy.S.One
        jet = symbols.jet_of(symbol)
        return sympy.S.Zero if jet is None else symbols.jet(shift(jet, axis))

    return Derivation(leaf, budget)
