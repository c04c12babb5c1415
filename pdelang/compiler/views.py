"""Every stage as readable text, for people who want to see the derivation: `pdelang compile FILE --emit STAGE`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from pdelang.compiler import pipeline
from pdelang.compiler.latex import Latex
from pdelang.compiler.lowering import scattered
from pdelang.compiler.readable import Readable
from pdelang.compiler.stages import Residual, ResidualEquation
from pdelang.language.ast import Node
from pdelang.language.diagnostics import ProblemError
from pdelang.language.expressions import Expr
from pdelang.language.printing import to_text
from pdelang.language.problem import Equation, Problem

HLO_POINTS, HLO_KERNELS = 1024, 64
"""Shapes that `hlo` is stated for: the text depends on them, the module does not."""


def ast(problem: Problem) -> str:
    """The syntax tree, a node a line."""
    from pdelang.language.parser import parse_program

    program, faults = parse_program(problem.source)
    if faults:
        raise ProblemError(problem.source, faults)
    return "\n".join(line for s in program.statements for line in _tree(s, 0)) + "\n"


def _tree(node: Node, depth: int, head: str = "") -> Iterator[str]:
    plain, children = [], []
    for f in dataclasses.fields(node):
        value = getattr(node, f.name)
        if f.name.endswith("span") or value is None or value is False:
            continue
        if isinstance(value, Node):
            children.append((f.name, value))
        elif isinstance(value, tuple):
            children += [(f"{f.name}[{i}]", item) for i, item in enumerate(value)]
        else:
            plain.append(f"{f.name}={value!r}")
    yield "  " * depth + (f"{head}: " if head else "") + " ".join([type(node).__name__, *plain])
    for name, child in children:
        yield from _tree(child, depth + 1, name)


def problem(problem: Problem) -> str:
    """Names, intervals, ranges, equations and conditions as the front end understood them."""

    def text(e: Expr) -> str:
        return to_text(e, problem)

    lines = [f"problem {problem.name}" + (f" {problem.title!r}" if problem.title else "")]
    for c in problem.coordinates:
        marks = (" periodic" if c.periodic else "") + (" time" if c.time else "")
        lines.append(f"coordinate {c.name} in [{text(c.lower)}, {text(c.upper)}]{marks}")
    lines += [f"field {f.name}" for f in problem.fields]
    for p in problem.parameters:
        size = "" if p.size is None else f"[{p.size}]"
        default = ", ".join(map(repr, p.default))
        lines.append(f"param {p.name}{size} {p.distribution}({p.arguments[0]!r}, {p.arguments[1]!r}) = {default}")
    for heading, equations in (("equation", problem.equations), ("condition", problem.conditions)):
        lines += [line for e in equations for line in _equation(heading, e, problem)]
    lines += [f"exact {f.name} = {text(e)}" for f, e in zip(problem.fields, problem.exact) if e is not None]
    return "\n".join(lines) + "\n"


def _equation(heading: str, e: Equation, problem: Problem) -> Iterator[str]:
    where = "" if e.where is None else f" where {to_text(e.where, problem)}"
    yield f"{heading} {e.label!r} ({e.kind}){where}"
    for term in e.terms:
        yield f"    {_signed(to_text(term.expression, problem, e.places))}"
    for place in e.places:
        fixed = [f"{c.name} = {to_text(x, problem)}" for c, x in zip(problem.coordinates, place) if x is not None]
        if fixed:
            yield f"    at {', '.join(fixed)}"


def _signed(text: str) -> str:
    return f"- {text[1:]}" if text.startswith("-") else f"+ {text}"


def residual(problem: Problem) -> str:
    """N = sum of terms and dN/d(jet), in jets."""
    built = pipeline.check(problem).residual
    readable = Readable(built)
    return "\n".join(line for e in (*built.equations, *built.conditions) for line in _residual(e, built, readable)) + "\n"


def _residual(e: ResidualEquation, built: Residual, readable: Readable) -> Iterator[str]:
    yield f"{e.equation.label} ({e.equation.kind})"
    for term, t in zip(e.terms, e.equation.terms):
        line = built.problem.source.position(t.span.start)[0]
        yield f"    {_signed(readable(term))}    # line {line}"
    for jet, p in zip(e.jets, e.partials):
        yield f"    d/d({readable.jet(jet)}) = {readable(p)}"
    if e.where is not None:
        yield f"    where {readable(e.where)}"
    for place in e.fixed:
        fixed = [f"{c.name} = {readable(x)}" for c, x in zip(built.problem.coordinates, place) if x is not None]
        if fixed:
            yield f"    at {', '.join(fixed)}"


def latex(problem: Problem) -> str:
    built = pipeline.check(problem).residual
    writer = Latex(built)
    return "\n".join(writer.equation(e) for e in (*built.equations, *built.conditions)) + "\n"


def analysis(problem: Problem) -> str:
    """What the structure says, a fact a line; the warnings too."""
    checked = pipeline.check(problem)
    facts = {f.name: getattr(checked.analysis, f.name) for f in dataclasses.fields(checked.analysis)}
    hints = facts.pop("hints")
    lines = [f"{name}: {_plain(value)}" for name, value in facts.items()]
    lines += [f"hint: {hint}" for hint in hints]
    return "\n".join([*lines, *(f"{w.code}: {w.message}" for w in checked.warnings)]) + "\n"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_plain, value)) + ")"
    return str(value)


def lowered(problem: Problem) -> str:
    """What scattered Gaussians make of it: jets, columns, work for one point and kernel."""
    checked = pipeline.check(problem)
    return scattered.lowered_text(checked.residual, checked.analysis)


def jax(problem: Problem) -> str:
    """The module."""
    return pipeline.source(problem)


def hlo(problem: Problem) -> str:
    """The interior residual of scattered Gaussians as XLA receives it, for stated shapes."""
    import jax as library
    import jax.numpy as jnp

    library.config.update("jax_enable_x64", True)  # as the runtime has it
    compiled = pipeline.compile(problem)
    d, k = len(problem.coordinates), HLO_KERNELS

    def array(*shape: int) -> library.ShapeDtypeStruct:
        return library.ShapeDtypeStruct(shape, jnp.result_type(float))

    params = {name: array(*jnp.shape(value)) for name, value in compiled.parameters().items()}
    shapes = {"weights": (len(problem.fields), k), "centres": (k, d), "log_scales": (k, d), "shears": (k, d * (d - 1) // 2)}
    theta = {name: array(*shape) for name, shape in shapes.items()}
    points = array(HLO_POINTS, d)
    head = f"// residual(theta, points, params): {HLO_POINTS} points, {k} kernels\n"
    return head + library.jit(compiled.residual).lower(theta, points, params).as_text()
