"""Syntax expressions -> values: resolved scalars, and vectors of them.

Every rule is a generator that yields the (expression, scope) pairs whose values it needs; `Elaborator.value` runs them
on a stack of its own, so that chains of definitions cannot exhaust Python's. A value of None is wrong and already
reported: whatever is made of it is None too, silently.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from pdelang.language import algebra, ast
from pdelang.language.expressions import Expr
from pdelang.language.limits import DERIVATIVE_ORDER, EQUATION_DEPTH, EQUATION_NODES, PLACE_NODES, STEPS
from pdelang.language.report import Report
from pdelang.language.rules import arithmetic, calls, naming
from pdelang.language.rules.scope import DEFINITION, Scope
from pdelang.language.rules.vectors import Value, described, each, is_boolean, leaves
from pdelang.language.source import Span
from pdelang.language.symbols import Symbols

Result = Value | None
Rule = Generator[tuple[ast.Expression, Scope], Result, Result]

_RULES = {**arithmetic.RULES, **naming.RULES, **calls.RULES}


class ExhaustedError(Exception):
    """The program as a whole unfolds to too much; reported already."""


class Elaborator:
    """Holds the memory of definitions and the budget of steps that all statements share.

    canonical: (coordinate, value) -> the same place as it is always written; the end of an interval is the interval's own bound.
    wrong_exact: fields whose exact solution is given, and wrong.
    used: every declared name that some statement reached. active: the definitions that are being unfolded.
    """

    def __init__(self, symbols: Symbols, report: Report) -> None:
        self.symbols = symbols
        self.report = report
        self.definitions: dict[str, Result] = {}
        self.regions: dict[str, tuple[tuple[Expr, Expr], ...] | None] = {}
        self.wrong_exact: set[int] = set()
        self.held: dict[str, frozenset[type]] = {}
        self.active: list[str] = []
        self.used: set[str] = set()
        self.canonical: Callable[[int, Expr], Expr] = lambda _, value: value
        self.steps = 0
        self.sizes = {symbol.name: symbol.size or 0 for table in (symbols.fields, symbols.parameters) for symbol in table.values()}

    def value(self, node: ast.Expression, scope: Scope) -> Result:
        """The value of an expression, within limits. Raises ExhaustedError."""
        stack: list[Rule] = [self._start(node, scope)]
        result: Result = None
        depth = len(self.active)
        try:
            while stack:
                try:
                    wanted = stack[-1].send(result)
                except StopIteration as stop:
                    stack.pop()
                    result = stop.value
                else:
                    stack.append(self._start(*wanted))
                    result = None
        finally:
            del self.active[depth:]
        return self.within_limits(result, node.span)

    def scalar(self, node: ast.Expression, scope: Scope) -> Expr | None:
        return self.as_number(self.value(node, scope), node)

    def _start(self, node: ast.Expression, scope: Scope) -> Rule:
        self.spend(1, node.span)
        return _RULES[type(node)](self, node, scope)

    # ---------------------------------------------------------------- limits

    def spend(self, steps: int, span: Span) -> None:
        self.steps += steps
        if self.steps > STEPS:
            self.report.add("E914", "the program unfolds to too much", span, "the limit is reached here", "definitions and sums multiply")
            raise ExhaustedError

    def within_limits(self, value: Result, span: Span) -> Result:
        if value is None:
            return None
        parts = leaves(value)
        size, depth, nodes = algebra.measure(*parts)
        self.spend(nodes // 2, span)
        if size > EQUATION_NODES:
            note = f"{min(size, 10**9):,}{' or more' if size > 10**9 else ''} operations, at most {EQUATION_NODES:,}"
            self.report.add("E915", "an expression unfolds to too much", span, note, "definitions and sums multiply")
            return None
        if depth > EQUATION_DEPTH:
            self.report.add("E916", "definitions are nested too deep", span, f"{depth} levels, at most {EQUATION_DEPTH}")
            return None
        return value

    def small(self, value: Expr, span: Span) -> Expr:
        """A place is compared with others node by node, so it may not hold much."""
        if algebra.measure(value).size > PLACE_NODES:
            self.report.add("E915", "an expression unfolds to too much", span, f"a place holds at most {PLACE_NODES} operations")
            raise ExhaustedError
        return value

    # ---------------------------------------------------------------- kinds

    def as_number(self, value: Result, node: ast.Expression) -> Expr | None:
        if value is None:
            return None
        if isinstance(value, tuple) or is_boolean(value):
            self.report.add("E210", "a number is needed here", node.span, f"this is {described(value)}")
            return None
        return value

    def as_quantity(self, value: Result, node: ast.Expression) -> Result:
        """A number or a vector, not a truth value."""
        return self.as_number(value, node) if value is not None and is_boolean(value) else value

    def as_truth(self, value: Result, node: ast.Expression) -> Expr | None:
        if value is None or isinstance(value, tuple) or not is_boolean(value):
            if value is not None:
                self.report.add("E210", "a condition is needed here", node.span, f"this is {described(value)}", "compare: x < 0.5")
            return None
        return value

    # ---------------------------------------------------------------- definitions, derivatives

    def definition(self, name: str, span: Span) -> Rule:
        """The value of `let name = body`, unfolded once and shared."""
        self.used.add(name)
        if name not in self.definitions:
            if self.circular(name, span):
                return None
            self.active.append(name)
            body = self.symbols.definitions[name].body
            value = yield body, DEFINITION
            self.active.pop()
            self.definitions[name] = self.within_limits(value, body.span)
        return self.definitions[name]

    def holds(self, name: str, value: Value, kind: type[Expr]) -> bool:
        """Whether a definition's value holds jets, coordinates or parameters."""
        if name not in self.held:
            self.held[name] = frozenset(type(node) for node in algebra.walk(*leaves(value)))
        return kind in self.held[name]

    def circular(self, name: str, span: Span) -> bool:
        if name in self.active:
            through = [f"`{other}`" for other in self.active[self.active.index(name) + 1 :]]
            note = f"by way of {', '.join(through)}" if through else "a definition cannot hold itself"
            self.report.add("E209", f"`{name}` is defined by itself", self.symbols.definitions[name].name.span, note)
            return True
        return False

    def derivative(self, value: Value, orders: tuple[int, ...], span: Span) -> Result:
        for leaf in leaves(value):
            self.spend(sum(1 for _ in algebra.walk(leaf)) // 2, span)
        result = each(lambda e: algebra.derivative(e, orders), value)
        order = algebra.highest_order(*leaves(result))
        if order > DERIVATIVE_ORDER:
            self.report.add("E308", f"a derivative of order {order}", span, f"the highest order is {DERIVATIVE_ORDER}")
            return None
        return result

    def unit(self, index: int, order: int = 1) -> tuple[int, ...]:
        return tuple(order if i == index else 0 for i in range(len(self.symbols.coordinates)))
