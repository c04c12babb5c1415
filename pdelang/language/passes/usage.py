"""W306: what is declared and never used."""

from __future__ import annotations

from pdelang.language import ast
from pdelang.language.rules.elaborate import Elaborator


def check_usage(el: Elaborator, program: ast.Program) -> None:
    symbols = el.symbols
    declared = [(s.name, "parameter", s.span) for s in symbols.parameters.values()]
    declared += [(name, "definition", s.name.span) for name, s in symbols.definitions.items()]
    declared += [(name, "region", s.name.span) for name, s in symbols.regions.items()]
    for name, kind, span in declared:
        if name not in el.used:
            el.report.add("W306", f"the {kind} `{name}` is never used", span, "nothing depends on it", "leave it out")
