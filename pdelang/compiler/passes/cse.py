"""Common subexpressions get a name, and so does what would make a line too long.

Every subtree that occurs twice or more becomes a temporary, named after what it is (`sin_1`, `product_2`). Order and names follow
from the expressions alone, never from hashes: the emitted text is the same byte for byte. (SymPy's own `cse` without ordering is not,
with ordering it sorts by a slow key; and it regroups sums, which would cut the ties to the source.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sympy

from pdelang.compiler import functions
from pdelang.compiler.naming import Scope
from pdelang.compiler.printing import Printer
from pdelang.compiler.trees import symbols

WIDTH = 78
"""Characters of one expression, so that with indent, name and comment a line stays below 120."""


class Statements:
    """Rewrites expressions so that they refer to temporaries; `assignments` are (name, text), in the order of evaluation."""

    def __init__(self, printer: Printer, scope: Scope):
        self.printer = printer
        self.scope = scope
        self.assignments: list[tuple[str, str]] = []
        self.memory: dict[Any, Any] = {}
        self.shared: set[Any] = set()

    def __call__(self, expressions: Sequence[Any]) -> list[str]:
        """The texts of `expressions`, none longer than WIDTH."""
        self.shared = shared(expressions)
        return [self.printer(self.visit(e)) for e in expressions]

    def visit(self, e: Any) -> Any:
        if not e.args or not symbols(e):
            return e
        if e not in self.memory:
            fitted = self.fit(e, [self.visit(a) for a in e.args])
            self.memory[e] = self.name(fitted) if e in self.shared else fitted
        return self.memory[e]

    def fit(self, e: Any, arguments: list[Any]) -> Any:
        """e.func(*arguments), short enough: sums and products are cut in pieces, of other functions the longest arguments are named."""
        fitted = e if all(new is old for new, old in zip(arguments, e.args)) else e.func(*arguments)
        if len(self.printer(fitted)) <= WIDTH:
            return fitted
        if e.is_Add or e.is_Mul:
            return self.cut(e.func, list(fitted.args) if fitted.func is e.func else arguments)
        for i in sorted(range(len(arguments)), key=lambda i: -len(self.printer(arguments[i]))):
            if arguments[i].args and symbols(arguments[i]):
                arguments[i] = self.name(arguments[i])
                fitted = e.func(*arguments)
                if len(self.printer(fitted)) <= WIDTH:
                    break
        return fitted

    def cut(self, head: Any, arguments: list[Any]) -> Any:
        """A long sum or product: runs of arguments that fill a line are named, and again, until the rest fits. Time is linear."""
        while len(arguments) > 1:
            fitted = head(*arguments)
            if len(self.printer(fitted)) <= WIDTH:
                return fitted
            pieces: list[list[Any]] = []
            room = 0
            for argument in arguments:
                length = len(self.printer(argument)) + len(" + ()")
                if not pieces or (room < length and len(pieces[-1]) > 1) or (room < length and length > WIDTH // 2):
                    pieces.append([])
                    room = WIDTH
                pieces[-1].append(argument)
                room -= length
            arguments = [self.name(head(*piece)) if len(piece) > 1 or piece[0].args else piece[0] for piece in pieces]
        return arguments[0]

    def name(self, e: Any) -> Any:
        """A temporary that stands for `e`."""
        name = self.scope.numbered(_kind(e))
        self.assignments.append((name, self.printer(e)))
        symbol = sympy.Symbol(f"temporary_{name}", real=True)
        self.printer.names[symbol.name] = name
        return symbol


def shared(expressions: Sequence[Any]) -> set[Any]:
    """Compound subexpressions that are needed at two places or more, whole expressions included."""
    count: Counter[Any] = Counter()
    stack = list(expressions)
    while stack:
        e = stack.pop()
        if _trivial(e):
            continue
        count[e] += 1
        if count[e] == 1:
            stack.extend(e.args)
    return {e for e, n in count.items() if n > 1}


def _trivial(e: Any) -> bool:
    """Not worth a name: symbols, constants, a multiple or a small power of a symbol."""
    if not e.args or not symbols(e):
        return True
    if e.is_Mul:
        return sum(not _number(a) for a in e.args) <= 1 and all(a.is_Symbol or not symbols(a) for a in e.args)
    return e.is_Pow and e.args[0].is_Symbol and e.args[1].is_Integer and 0 < e.args[1] <= 4


def _number(e: Any) -> bool:
    return not symbols(e)


def _kind(e: Any) -> str:
    if e.is_Add:
        return "sum"
    if e.is_Mul:
        return "product"
    if e.is_Pow:
        return "root" if e.args[1] == sympy.S.Half else "inverse" if e.args[1] == -1 else "power"
    if isinstance(e, functions.PREDICATES):
        return "condition"
    return functions.of(e).head.__name__
