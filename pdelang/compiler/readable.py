"""SymPy expression -> text in the language's own syntax and names: for messages and `--emit residual`."""

from __future__ import annotations

from typing import Any

from pdelang.compiler import functions, trees
from pdelang.compiler.naming import derivative
from pdelang.compiler.printing import ATOM, COMPARE, PRODUCT, SUM, Printed, Printer
from pdelang.compiler.stages import Residual
from pdelang.language.expressions import Jet

_NAMES = {row.head: name for name, row in functions.FUNCTIONS.items()}
_INFIX = {functions.less: "<", functions.less_equal: "<=", functions.equal: "==", functions.both: "and", functions.either: "or"}

LONGEST = 20_000
"""Operations up to which an expression is written out: shared parts are repeated, and a text of them may be exponentially long."""


class Readable(Printer):
    """Prints the expressions of one residual; jets at a second place carry it as `u_x @2`."""

    times, over, pi = "*", "/", "pi"
    bracketed = False

    def __init__(self, residual: Residual):
        problem, symbols = residual.problem, residual.symbols
        names = {s.name: c.name for s, c in zip(symbols.coordinates, problem.coordinates)}
        for (index, component), symbol in symbols.parameters.items():
            name = problem.parameters[index].name
            names[symbol.name] = name if component is None else f"{name}[{component + 1}]"
        super().__init__(names)
        self.residual = residual

    def __call__(self, e: Any) -> str:
        nodes = trees.written(e)
        return super().__call__(e) if nodes <= LONGEST else f"({nodes:,} operations)"

    def _print(self, e: Any) -> Printed:
        if e.is_Symbol and e.name not in self.names:
            jet = self.residual.symbols.jet_of(e)
            return (e.name if jet is None else self.jet(jet)), ATOM
        return super()._print(e)

    def jet(self, jet: Jet) -> str:
        return derivative(self.residual.problem, jet.field, jet.orders) + (f" @{jet.place + 1}" if jet.place else "")

    def raised(self, base: str, exponent: str) -> str:
        return f"{base}^{exponent}"

    def root(self, argument: str) -> str:
        return f"sqrt({argument})"

    def _apply(self, e: Any) -> Printed:
        if e.func in _INFIX:
            left, right = (self.inside(a, SUM if _INFIX[e.func][0] in "<=" else COMPARE + 1) for a in e.args)
            return f"{left} {_INFIX[e.func]} {right}", COMPARE
        if e.func is functions.negation:
            return f"not {self.inside(e.args[0], ATOM)}", PRODUCT
        functions.of(e)
        return f"{_NAMES[e.func]}({', '.join(map(self, e.args))})", ATOM
