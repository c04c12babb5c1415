"""Intervals of the coordinates, and where a fixed coordinate lies in its interval: at an end, inside, or outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pdelang.language import algebra, ast
from pdelang.language.evaluate import UndefinedError, Values, evaluate
from pdelang.language.expressions import Expr
from pdelang.language.passes.parameters import Setting, setting_text, settings
from pdelang.language.passes.regions import bounding_box
from pdelang.language.printing import Names, number_text, to_text
from pdelang.language.problem import CoordinateDecl, ParameterDecl
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.scope import BOUND
from pdelang.language.symbols import CoordinateSymbol

_CLOSE = 1e-12


def declare_coordinates(el: Elaborator, parameters: Sequence[ParameterDecl]) -> tuple[CoordinateDecl, ...]:
    """Every coordinate with its bounds; a wrong interval is reported and becomes [0, 1]."""
    return tuple(_coordinate(el, symbol, parameters) for symbol in el.symbols.coordinates)


def _coordinate(el: Elaborator, symbol: CoordinateSymbol, parameters: Sequence[ParameterDecl]) -> CoordinateDecl:
    statement = symbol.statement
    if isinstance(statement, ast.DomainStatement):
        lower, upper = bounding_box(el, statement, symbol.name)
    else:
        bounds = [el.scalar(node, BOUND) for node in (statement.lower, statement.upper)]
        lower, upper = (None if value is None else el.small(value, statement.span) for value in bounds)
        if lower is not None and upper is not None and not _interval_is_right(el, symbol, lower, upper, parameters):
            lower = upper = None
    if lower is None or upper is None:
        lower, upper = algebra.ZERO, algebra.ONE
    return CoordinateDecl(symbol.name, lower, upper, symbol.periodic, symbol.time, symbol.span)


def _interval_is_right(el: Elaborator, symbol: CoordinateSymbol, lower: Expr, upper: Expr, parameters: Sequence[ParameterDecl]) -> bool:
    assert isinstance(symbol.statement, ast.CoordinateStatement)
    span = symbol.statement.lower.span.to(symbol.statement.upper.span)
    for setting in settings(parameters, (lower, upper)):
        here = setting_text(parameters, setting, (lower, upper))
        where = f" for {here}" if here else ""
        try:
            low, high = (evaluate(bound, Values(parameters=setting)) for bound in (lower, upper))
        except UndefinedError:
            el.report.add("E309", f"the interval of `{symbol.name}` has no finite bounds{where}", span)
            return False
        if not low < high:
            note = f"[{number_text(low)}, {number_text(high)}]{where}"
            help = f"write [{number_text(high)}, {number_text(low)}]" if low > high and not where else ""
            el.report.add("E301", f"the interval of `{symbol.name}` is empty", span, note, help)
            return False
    return True


@dataclass(frozen=True)
class Geometry:
    """Coordinates and parameters together: everything that is needed to say where a constant lies."""

    coordinates: tuple[CoordinateDecl, ...]
    parameters: tuple[ParameterDecl, ...]
    shaped: bool = False

    @property
    def names(self) -> Names:
        return Names(tuple(c.name for c in self.coordinates), (), tuple(p.name for p in self.parameters))

    def canonical(self, index: int, value: Expr) -> Expr:
        """The interval's own bound, where the value equals it for all parameters; else the value."""
        end = self.end(index, value)
        return value if end is None else self.bound(index, end)

    def bound(self, index: int, end: int) -> Expr:
        return self.coordinates[index].upper if end else self.coordinates[index].lower

    def end(self, index: int, value: Expr) -> int | None:
        """0 at the lower end, 1 at the upper end, None elsewhere."""
        coordinate = self.coordinates[index]
        for end in (0, 1):
            if value is self.bound(index, end):
                return end
        for end in (0, 1):
            bound = self.bound(index, end)
            if all(
                self._close(index, value, bound, setting)
                for setting in settings(self.parameters, (value, coordinate.lower, coordinate.upper))
            ):
                return end
        return None

    def _close(self, index: int, value: Expr, bound: Expr, setting: Setting) -> bool:
        low, high = self.interval(index, setting)
        try:
            a, b = (evaluate(e, Values(parameters=setting)) for e in (value, bound))
        except UndefinedError:
            return False
        return abs(a - b) <= _CLOSE * max(high - low, abs(a))

    def interval(self, index: int, setting: Setting) -> tuple[float, float]:
        coordinate = self.coordinates[index]
        return evaluate(coordinate.lower, Values(parameters=setting)), evaluate(coordinate.upper, Values(parameters=setting))

    def outside(self, index: int, value: Expr) -> str | None:
        """Where the value lies outside its interval: " for L = 2", or "" where no parameter matters; None if nowhere."""
        coordinate = self.coordinates[index]
        held = (value, coordinate.lower, coordinate.upper)
        for setting in settings(self.parameters, held):
            low, high = self.interval(index, setting)
            slack = _CLOSE * (high - low)
            try:
                inside = low - slack <= evaluate(value, Values(parameters=setting)) <= high + slack
            except UndefinedError:
                inside = False
            if not inside:
                here = setting_text(self.parameters, setting, held)
                return f" for {here}" if here else ""
        return None

    def nearest(self, index: int, value: Expr) -> Expr:
        """The end that is nearer at the defaults."""
        setting = next(settings(self.parameters, ()))
        low, high = self.interval(index, setting)
        try:
            at = evaluate(value, Values(parameters=setting))
        except UndefinedError:
            return self.bound(index, 0)
        return self.bound(index, int(abs(at - high) < abs(at - low)))

    def interval_text(self, index: int) -> str:
        coordinate = self.coordinates[index]
        return f"{coordinate.name} is in [{to_text(coordinate.lower, self.names)}, {to_text(coordinate.upper, self.names)}]"
