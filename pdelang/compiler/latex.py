"""Residual -> LaTeX, for the header of the emitted module and `--emit latex`."""

from __future__ import annotations

import re
from typing import Any

from sympy.printing.latex import LatexPrinter

from pdelang.compiler import functions, trees
from pdelang.compiler.naming import GREEK, identifier
from pdelang.compiler.stages import Residual, ResidualEquation
from pdelang.language.expressions import Jet

LENGTH = 4000
"""Longer formulas are cut: nobody reads them, and LaTeX does not fit them on a page."""

_LATIN = {"omicron", *(name for c, name in GREEK.items() if c in "ΑΒΕΖΗΙΚΜΝΟΡΤΧ")}
"""Greek letters that LaTeX writes with Latin ones."""


class _Printer(LatexPrinter):
    def _print_InertBase(self, e: Any, exp: str | None = None) -> str:  # noqa: N802 - SymPy finds it by this name
        text = functions.of(e).latex.format(*(self._print(a) for a in e.args))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


def name(text: str) -> str:
    r"""`nu` -> `\nu`, `U[1]` -> `U_{1}`, `speed` -> `\mathrm{speed}`."""
    stem, _, rest = identifier(text).partition("_")
    base = rf"\{stem}" if stem in GREEK.values() and stem not in _LATIN else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    return base + (rf"_{{{rest.replace('_', ', ')}}}" if rest else "")


class Latex:
    """Prints expressions of one residual."""

    def __init__(self, residual: Residual):
        self.residual = residual
        problem, symbols = residual.problem, residual.symbols
        self.names: dict[Any, str] = {s: name(c.name) for s, c in zip(symbols.coordinates, problem.coordinates)}
        for (index, component), symbol in symbols.parameters.items():
            declared = problem.parameters[index].name
            self.names[symbol] = name(declared if component is None else f"{declared}_{component + 1}")

    def __call__(self, e: Any) -> str:
        symbols = self.residual.symbols
        jets = {s: self.jet(jet) for s in trees.symbols(e) if (jet := symbols.jet_of(s)) is not None}
        return _Printer({"symbol_names": {**self.names, **jets}, "order": "none"}).doprint(e)

    def jet(self, jet: Jet) -> str:
        r"""`u_{xx}`, `U_{1, xx}`, `u_{\tau}`; the second place of a periodic pair is marked."""
        problem = self.residual.problem
        base, _, index = name(problem.fields[jet.field].name).partition("_")
        letters = " ".join(name(c.name) for c, n in zip(problem.coordinates, jet.orders) for _ in range(n))
        subscript = ", ".join(filter(None, [index.strip("{}"), letters.replace(" ", "") if "\\" not in letters else letters]))
        place = rf"\big|_{{{jet.place + 1}}}" if jet.place else ""
        return base + (f"_{{{subscript}}}" if subscript else "") + place

    def equation(self, e: ResidualEquation) -> str:
        """Sum of the terms = 0, with the place where a condition holds."""
        text = ""
        for term in e.terms:
            part = self(term) if trees.written(term) <= LENGTH else r"\ldots"
            text += part if not text else f" - {part[1:].lstrip()}" if part.startswith("-") else f" + {part}"
        if e.fixed and any(x is not None for x in e.fixed[0]):
            names = (name(c.name) for c in self.residual.problem.coordinates)
            text += r" = 0 \quad\text{at}\quad " + r",\; ".join(f"{n} = {self(x)}" for n, x in zip(names, e.fixed[0]) if x is not None)
        else:
            text += " = 0"
        text = re.sub(r"\s+", " ", text)
        return text if len(text) <= LENGTH else text[:LENGTH] + r" \ldots"
