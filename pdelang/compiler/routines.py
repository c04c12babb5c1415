"""Residual -> the functions of the emitted module: one equation or condition gives `*_locate`, `*_residual`, `*_partials`, `*_terms`
and, where it is restricted, `*_where`. They act on arrays of jets, whatever made the jets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pdelang.compiler import trees
from pdelang.compiler.naming import Names, jet_text
from pdelang.compiler.passes.cse import Statements
from pdelang.compiler.passes.guard import guard
from pdelang.compiler.passes.reciprocals import reciprocals
from pdelang.compiler.printing import Printer, without_minus
from pdelang.compiler.stages import Residual, ResidualEquation
from pdelang.compiler.text import WIDTH, docstring, one_line, quote
from pdelang.language.expressions import Jet


class Routines:
    """Writes the functions of one residual."""

    def __init__(self, residual: Residual, names: Names):
        self.residual = residual
        self.names = names
        self.memory: dict[Any, tuple[list[str], list[str]]] = {}

    # ------------------------------------------------------------ bodies

    def body(self, expressions: Sequence[Any], jets: Sequence[Jet] = ()) -> tuple[list[str], list[str]]:
        """Lines that unpack arguments and compute temporaries, and the texts of the expressions."""
        key = tuple(expressions), tuple(jets)
        if key not in self.memory:  # `*_residual` and `*_terms` share theirs
            self.memory[key] = self._body(expressions, jets)
        lines, texts = self.memory[key]
        return list(lines), list(texts)

    def _body(self, expressions: Sequence[Any], jets: Sequence[Jet]) -> tuple[list[str], list[str]]:
        ready = [guard(reciprocals(e)) for e in expressions]
        printer = Printer(dict(self.names.of))
        statements = Statements(printer, self.names.scope.copy())
        texts = statements(ready)
        symbols: set[Any] = set().union(*(trees.symbols(e) for e in ready))
        lines = self._unpack(symbols, jets)
        return [*lines, *(f"{name} = {text}" for name, text in statements.assignments)], texts

    def _unpack(self, used: set[Any], jets: Sequence[Jet]) -> list[str]:
        symbols, problem = self.residual.symbols, self.residual.problem
        lines = []
        rows = [symbols.jet(j) for j in jets]
        if not used.isdisjoint(rows):
            lines.append(f"{self._targets(rows, used)} = jets")
        if not used.isdisjoint(symbols.coordinates):
            lines.append(f"{self._targets(symbols.coordinates, used)} = points.T")
        for (index, component), symbol in symbols.parameters.items():
            if symbol in used:
                item = "" if component is None else f"[{component}]"
                lines.append(f"{self.names.of[symbol.name]} = params[{quote(problem.parameters[index].name)}]{item}")
        return lines

    def _targets(self, symbols: Sequence[Any], used: set[Any]) -> str:
        names = [self.names.of[s.name] if s in used else "_" for s in symbols]
        return f"({names[0]},)" if len(names) == 1 else ", ".join(names)

    def varies(self, expressions: Sequence[Any]) -> bool:
        """Some free symbol is an array along the points."""
        symbols = self.residual.symbols
        return any(s in symbols.coordinates or symbols.jet_of(s) is not None for e in expressions for s in trees.symbols(e))

    # ------------------------------------------------------------ functions

    def bounds(self) -> str:
        lower, upper = zip(*self.residual.bounds)
        lines, texts = self.body([*lower, *upper])
        d = len(lower)
        doc = docstring([f"Ends of the intervals of {self._coordinates()}: lower ({d},), upper ({d},)."], "    ")
        ends = [*_assign("lower", "jnp.array", texts[:d]), *_assign("upper", "jnp.array", texts[d:]), "return lower, upper"]
        return _function("bounds(params)", doc, [*lines, *ends])

    def exact(self) -> str | None:
        exact = self.residual.exact
        if all(e is None for e in exact):
            return None
        known = [e for e in exact if e is not None]
        lines, texts = self.body(known)
        values = iter(texts)
        items = ["jnp.nan" if e is None else next(values) for e in exact]
        names = ", ".join(f.name for f in self.residual.problem.fields)
        doc = docstring(
            [one_line(f"The exact solution at points (N, {len(self.residual.bounds)}): ({len(exact)}, N), rows {names}.", 100)], "    "
        )
        return _function("exact(points, params)", doc, [*lines, *_call("return rows(points, ", "", items, ")")])

    def equation(self, e: ResidualEquation, stem: str) -> str:
        """All functions of one equation or condition."""
        parts = [self._locate(e, stem), self._residual(e, stem), self._partials(e, stem), self._terms(e, stem)]
        if e.where is not None:
            parts.append(self._where(e, stem))
        return "\n\n\n".join(parts)

    def _locate(self, e: ResidualEquation, stem: str) -> str:
        flat = [x for row in e.fixed for x in row if x is not None]
        lines, texts = self.body(flat)
        values = iter(texts)
        rows = ["[" + ", ".join("jnp.nan" if x is None else next(values) for x in row) + "]" for row in e.fixed]
        doc = docstring([f"Coordinates that each place fixes, ({len(e.fixed)}, {len(e.fixed[0])}); nan where free."], "    ")
        return _function(f"{stem}_locate(params)", doc, [*lines, *_call("return jnp.array(", "", rows, ", float)")])

    def _residual(self, e: ResidualEquation, stem: str) -> str:
        source = self.residual.problem.source
        lines, texts = self.body(e.terms, e.jets)
        if len(texts) > 1:  # brackets keep a term that is itself a sum in one piece
            texts = [f"({text})" if t.is_Add and not text.isidentifier() else text for t, text in zip(e.terms, texts)]
        comments = [
            one_line(f"line {source.position(t.span.start)[0]}: {source.excerpt(t.span)}", WIDTH - 16 - len(text))
            for t, text in zip(e.equation.terms, texts)
        ]
        doc = docstring([one_line(source.excerpt(e.equation.span), 100), "", *self._shapes(e), "Returns left - right, (N,)."], "    ")
        return _function(f"{stem}_residual(jets, points, params)", doc, [*lines, *_total(texts, comments, plain=self.varies(e.terms))])

    def _partials(self, e: ResidualEquation, stem: str) -> str:
        lines, texts = self.body(e.partials, e.jets)
        names = ", ".join(jet_text(self.residual.problem, j) for j in e.jets)
        doc = docstring([f"dN/d(jet) of `{stem}_residual`: ({len(e.jets)}, N).", "", *_wrapped(f"Rows: {names}.")], "    ")
        return _function(f"{stem}_partials(jets, points, params)", doc, [*lines, *_call("return rows(points, ", "", texts, ")")])

    def _terms(self, e: ResidualEquation, stem: str) -> str:
        lines, texts = self.body(e.terms, e.jets)
        doc = docstring([f"The summands of `{stem}_residual`: ({len(e.terms)}, N)."], "    ")
        return _function(f"{stem}_terms(jets, points, params)", doc, [*lines, *_call("return rows(points, ", "", texts, ")")])

    def _where(self, e: ResidualEquation, stem: str) -> str:
        lines, (text,) = self.body([e.where])
        doc = docstring(["Where it holds, (N,)."], "    ")
        return _function(
            f"{stem}_where(points, params)", doc, [*lines, f"holds = {text}", "return jnp.broadcast_to(holds, points.shape[:1])"]
        )

    def _coordinates(self) -> str:
        return one_line(", ".join(c.name for c in self.residual.problem.coordinates), 60)

    def _shapes(self, e: ResidualEquation) -> list[str]:
        problem = self.residual.problem
        names = ", ".join(jet_text(problem, j) for j in e.jets)
        return _wrapped(f"jets ({len(e.jets)}, N): {names}. points (N, {len(problem.coordinates)}): {self._coordinates()}.")


# ---------------------------------------------------------------- layout


def _function(signature: str, doc: list[str], lines: Sequence[str]) -> str:
    return "\n".join([f"def {signature}:", *doc, *(f"    {line}" if line else "" for line in "\n".join(lines).split("\n"))])


def _wrapped(text: str) -> list[str]:
    """User names among words: cut into lines of 100 characters."""
    lines = [""]
    for word in one_line(text, 4000).split(" "):
        if len(lines[-1]) + len(word) > 100:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def _call(head: str, opening: str, items: Sequence[str], tail: str) -> list[str]:
    """`head [items] tail` on one line where it fits, else an item a line."""
    short = f"{head}{opening}[{', '.join(items)}]{tail}"
    if len(short) + 4 <= WIDTH:
        return [short]
    arguments = head.split("(", 1)
    first = arguments[1].rstrip(", ")
    rest = tail.strip("), ")
    inner = [*([f"    {first},"] if first else []), "    [", *(f"        {item}," for item in items), "    ],"]
    return [f"{arguments[0]}(", *inner, *([f"    {rest},"] if rest else []), ")"]


def _assign(name: str, function: str, items: Sequence[str]) -> list[str]:
    return _call(f"{name} = {function}(", "", items, ", float)")


def _total(texts: Sequence[str], comments: Sequence[str], plain: bool) -> list[str]:
    """`return` the sum of the terms, each on its own line with its place in the program."""
    if len(texts) == 1:
        value = texts[0] if plain else f"along(points, {texts[0]})"
        return [f"return {value}  # {comments[0]}"]
    lines = [f"    {texts[0]}  # {comments[0]}"]
    for text, comment in zip(texts[1:], comments[1:]):
        signed = f"- {without_minus(text)}" if text.startswith("-") else f"+ {text}"
        lines.append(f"    {signed}  # {comment}")
    if plain:
        return ["return (", *lines, ")"]
    return ["total = (", *lines, ")", "return along(points, total)"]
