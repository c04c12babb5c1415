"""Problem -> Residual: every equation and condition as SymPy expressions in jet variables, with its partial derivatives in them.

Nothing is expanded or simplified: terms stay as written, so that each can be blamed on its place in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from pdelang.compiler import functions, trees, values
from pdelang.compiler.derivation import NODES, Budget, Derivation, TooLargeError, partial, total
from pdelang.compiler.stages import Residual, ResidualEquation, Symbols
from pdelang.language.algebra import children
from pdelang.language.diagnostics import Diagnostic, ProblemError
from pdelang.language.expressions import Apply, Constant, Coordinate, Derivative, Expr, Jet, Parameter
from pdelang.language.problem import Equation, Problem
from pdelang.language.source import Span

DEPTH = 250
BITS = 4096
"""Largest exact constant: (10^308)^4; beyond it a double has long overflowed."""

SOURCE = sympy.Symbol("source", real=True)


class NotRealError(Exception):
    """A constant subexpression has no real value: 1/0, sqrt(-1), 10^400."""


def symbols_of(problem: Problem) -> Symbols:
    """Symbols named after indices, `xi_0` and `c_1_0`: no user's name can clash with SymPy's, and renaming changes no result."""
    coordinates = tuple(sympy.Symbol(f"xi_{i}", real=True) for i in range(len(problem.coordinates)))
    parameters: dict[tuple[int, int | None], sympy.Symbol] = {}
    for i, p in enumerate(problem.parameters):
        for component in (None,) if p.size is None else range(p.size):
            name = f"c_{i}" if component is None else f"c_{i}_{component}"
            parameters[i, component] = sympy.Symbol(name, real=True)
    return Symbols(coordinates, parameters)


class Translator:
    """Expr -> SymPy for one equation; shared nodes are translated once."""

    def __init__(self, symbols: Symbols, budget: Budget):
        self.symbols = symbols
        self.budget = budget
        self.memory: dict[int, tuple[Expr, Any]] = {}  # the node is kept with its result, so that its id is not used again
        self.depth = 0
        self.totals: dict[int, Derivation] = {}

    def __call__(self, e: Expr) -> Any:
        found = self.memory.get(id(e))
        if found is not None:
            return found[1]
        self.budget.spend(1 + len(children(e)))
        self.depth += 1
        if self.depth > DEPTH:
            raise TooLargeError
        result = self._translate(e)
        self.depth -= 1
        self.memory[id(e)] = e, result
        return result

    def _translate(self, e: Expr) -> Any:
        match e:
            case Constant("pi"):
                return sympy.pi
            case Constant(Fraction() as value):
                return _bounded(sympy.Rational(value.numerator, value.denominator))
            case Coordinate(index):
                return self.symbols.coordinates[index]
            case Parameter(index, component):
                return self.symbols.parameters[index, component]
            case Jet():
                return self.symbols.jet(e)
            case Derivative(operand, orders):
                return self.derivative(self(operand), orders)
            case Apply("source", ()):
                return SOURCE
            case Apply("pow", (base, exponent)):
                return _power(self(base), self(exponent))
            case Apply(function, arguments):
                result = _builder(function)(*map(self, arguments))
                return _bounded(result) if result.is_Rational else result
        raise functions.MissingRowError(f"no translation of `{type(e).__name__}`: add a case to compiler.residual.Translator")

    def derivative(self, e: Any, orders: Sequence[int]) -> Any:
        if SOURCE in trees.symbols(e):
            raise ValueError("`source` is a term of an equation, by itself; semantics lets no other place pass")
        for axis, order in enumerate(orders):
            for _ in range(order):
                e = self.totals.setdefault(axis, total(self.symbols, axis, self.budget))(e)
        return e


def _builder(function: str) -> Any:
    if function not in functions.BUILDERS:
        raise functions.MissingRowError(f"no row for `{function}` in FUNCTIONS or BUILDERS of compiler.functions: add one")
    return functions.BUILDERS[function]


def _bounded(number: Any) -> Any:
    if max(abs(int(number.p)).bit_length(), int(number.q).bit_length()) > BITS:
        raise NotRealError
    return number


def _power(base: Any, exponent: Any) -> Any:
    if base.is_Rational and exponent.is_Rational:
        if base == 0 and exponent < 0:
            raise NotRealError
        size = max(abs(int(base.p)).bit_length(), int(base.q).bit_length())
        if size * abs(exponent) > BITS and abs(base) != 1 and base != 0:
            raise NotRealError
    return functions.power(base, exponent)


def check_real(expressions: Sequence[Any]) -> None:
    """Every constant subexpression has a real, finite value; raises NotRealError."""
    seen: set[Any] = set()
    stack = list(expressions)
    while stack:
        e = stack.pop()
        if e in seen:
            continue
        seen.add(e)
        if not trees.symbols(e):
            if isinstance(e, functions.PREDICATES):
                continue
            if e in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo) or not abs(values.constant(e)) < float("inf"):
                raise NotRealError
            continue
        stack.extend(e.args)


def build(problem: Problem) -> Residual:
    """The residual of every equation and condition. Raises ProblemError (E4xx, E6xx, E9xx) with all that is wrong."""
    symbols = symbols_of(problem)
    faults: list[Diagnostic] = []
    budget = Budget()

    def guarded(make: Any, span: Span | None, what: str) -> Any:
        try:
            return make()
        except TooLargeError:
            faults.append(
                Diagnostic(
                    "E612",
                    f"{what} grows too large when its derivatives are taken",
                    span,
                    note=f"a program may come to {NODES:,} operations and be {DEPTH} deep",
                    help="use fewer nested derivatives, fewer terms in a sum, or a new field",
                )
            )
            if budget.left < 0:  # what follows would fail for the same reason
                raise ProblemError(problem.source, tuple(faults)) from None
        except NotRealError:
            faults.append(
                Diagnostic(
                    "E611", f"{what} holds a constant without a real, finite value", span, help="look for 1/0, sqrt(-1) or a huge power"
                )
            )
        return None

    def plain(expression: Expr) -> Any:
        result = Translator(symbols, budget)(expression)
        check_real([result])
        return result

    bounds = []
    for c in problem.coordinates:
        pair = guarded(lambda c=c: (plain(c.lower), plain(c.upper)), c.span, f"the interval of `{c.name}`")
        bounds.append(pair or (sympy.S.Zero, sympy.S.One))
    spans = problem.exact_spans or (None,) * len(problem.exact)
    exact = tuple(
        None if e is None else guarded(lambda e=e: plain(e), s, f"the exact solution of `{f.name}`")
        for e, s, f in zip(problem.exact, spans, problem.fields)
    )
    before = len(faults)
    equations = tuple(guarded(lambda e=e: _equation(e, symbols, exact, budget), e.span, "the equation") for e in problem.equations)
    conditions = tuple(guarded(lambda e=e: _equation(e, symbols, exact, budget), e.span, "the condition") for e in problem.conditions)
    if len(faults) == before:
        faults += [
            Diagnostic("E613", "all fields cancel: nothing is left to solve for", e.equation.span, help="remove it, or correct it")
            for e in (*equations, *conditions)
            if all(p == 0 for p in e.partials)
        ]
    if faults:
        raise ProblemError(problem.source, tuple(faults))
    return Residual(problem, symbols, equations, conditions, tuple(bounds), exact)


def _equation(equation: Equation, symbols: Symbols, exact: Sequence[Any], budget: Budget) -> ResidualEquation:
    translate = Translator(symbols, budget)
    terms = tuple(translate(t.expression) for t in equation.terms)
    where = None if equation.where is None else translate(equation.where)
    fixed = tuple(tuple(None if e is None else translate(e) for e in place) for place in equation.places)
    if any(SOURCE in trees.symbols(t) for t in terms):
        terms = _solve_for_source(terms, symbols, exact, fixed, budget)
    check_real([*terms, *([] if where is None else [where]), *(e for row in fixed for e in row if e is not None)])
    found = {symbols.jet_of(s) for t in terms for s in trees.symbols(t)}
    jets = tuple(sorted((j for j in found if j is not None), key=lambda j: (j.place, j.field, sum(j.orders), j.orders)))
    whole = sympy.Add(*terms)
    partials = tuple(partial(symbols.jet(j), budget)(whole) for j in jets)
    check_real(partials)
    return ResidualEquation(equation, terms, jets, partials, where, fixed)


def _solve_for_source(
    terms: Sequence[Any], symbols: Symbols, exact: Sequence[Any], fixed: Sequence[Any], budget: Budget
) -> tuple[Any, ...]:
    """The residual is A + B s, s the source: s = -A/B at the exact solution makes it zero there."""
    whole = sympy.Add(*terms)
    slope = partial(SOURCE, budget)(whole)
    at_exact = substitution([whole, slope], symbols, exact, fixed, budget)
    if at_exact is None or SOURCE in trees.symbols(slope) or slope == 0:
        raise ValueError("`source` is a term of an equation whose fields all have exact solutions; semantics lets no other pass")
    put = {**at_exact, SOURCE: sympy.S.Zero}
    rest = sympy.Add(*(trees.replace(t, put, budget.spend) for t in terms))
    solved = {SOURCE: -rest / trees.replace(slope, put, budget.spend)}
    return tuple(trees.replace(t, solved, budget.spend) for t in terms)


def substitution(
    expressions: Sequence[Any], symbols: Symbols, exact: Sequence[Any], fixed: Sequence[Any], budget: Budget
) -> dict[Any, Any] | None:
    """jet -> the same derivative of the exact solution, at the jet's place; None where a field has no exact solution.

    Each derivative is taken from its parent, so u_xxx costs one step after u_xx.
    """
    memory: dict[tuple[int, tuple[int, ...]], Any] = {}
    derive = [total(symbols, i, budget) for i in range(len(symbols.coordinates))]

    def derivative(field: int, orders: tuple[int, ...]) -> Any:
        key = field, orders
        if key not in memory:
            axis = next((i for i, o in enumerate(orders) if o), None)
            if axis is None:
                memory[key] = exact[field]
            else:
                memory[key] = derive[axis](derivative(field, tuple(o - (i == axis) for i, o in enumerate(orders))))
        return memory[key]

    result = {}
    for symbol in sorted(set().union(*(trees.symbols(e) for e in expressions)), key=lambda s: s.name):
        jet = symbols.jet_of(symbol)
        if jet is None:
            continue
        if exact[jet.field] is None:
            return None
        place = {x: e for x, e in zip(symbols.coordinates, fixed[jet.place]) if e is not None}
        result[symbol] = trees.replace(derivative(jet.field, jet.orders), place, budget.spend)
    return result
