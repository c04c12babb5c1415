"""What the compiler understood, in a few aligned lines: printed by `pdelang check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pdelang.language.algebra import is_constant
from pdelang.language.evaluate import UndefinedError, Values, evaluate
from pdelang.language.expressions import Expr
from pdelang.language.passes.parameters import defaults
from pdelang.language.printing import number_text, to_text
from pdelang.language.problem import CoordinateDecl, Equation, ParameterDecl, Problem
from pdelang.language.report import counted

_WIDTH = 100
_KINDS = ("initial", "boundary", "periodic", "point")
_DISTRIBUTIONS = {"uniform": "", "log": ", logarithmic"}


def summary(problem: Problem) -> str:
    """Coordinates, fields, parameters, equations with their lines, conditions by kind and place, what is exact."""
    title = f"{problem.name}: {problem.title}" if problem.title else problem.name
    sections = [
        ("coordinates", [_coordinate(problem, c) for c in problem.coordinates]),
        ("fields", [", ".join(f.name for f in problem.fields)]),
        ("parameters", [_parameter(p) for p in problem.parameters]),
        ("equations", [_equation(problem, e) for e in problem.equations]),
        ("conditions", list(_conditions(problem))),
        ("integrals", [f"{_line(problem, i.span.start)}  {_short(problem.source.excerpt(i.span))}" for i in problem.integrals]),
        ("data", [f"{problem.fields[d.field].name}: {counted(len(d.rows), 'measurement')} from {d.path}" for d in problem.data]),
        ("regions", [region.description for region in problem.regions]),
        ("exact", [_exact(problem)]),
        ("options", [f"{name} = {value if isinstance(value, str) else number_text(float(value))}" for name, value, _ in problem.options]),
    ]
    shown = [(name, lines) for name, lines in sections if lines]
    indent = max(len(name) for name, _ in shown) + 2
    return "\n".join([title, *(row for name, lines in shown for row in _section(name, lines, indent))])


def _section(name: str, lines: Sequence[str], indent: int) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {(name if number == 0 else ''):<{indent}}{line}"


def _coordinate(problem: Problem, c: CoordinateDecl) -> str:
    kind = ", ".join([*(["time"] if c.time else []), *(["periodic"] if c.periodic else [])])
    return f"{c.name} in [{_bound(problem, c.lower)}, {_bound(problem, c.upper)}]" + (f"  {kind}" if kind else "")


def _bound(problem: Problem, bound: Expr) -> str:
    """As written, with its value at the default parameters where that says more."""
    text = to_text(bound, problem)
    try:
        value = number_text(evaluate(bound, Values(parameters=defaults(problem.parameters))))
    except UndefinedError:
        return text
    return text if is_constant(bound) else f"{text} = {value}"


def _parameter(p: ParameterDecl) -> str:
    first, second = map(number_text, p.arguments)
    name = p.name if p.size is None else f"{p.name}[{p.size}]"
    spread = f"~ normal({first}, {second})" if p.distribution == "normal" else f"in [{first}, {second}]{_DISTRIBUTIONS[p.distribution]}"
    values = list(dict.fromkeys(map(number_text, p.default)))
    default = values[0] if len(values) == 1 else f"({', '.join(map(number_text, p.default))})"
    return f"{name} {spread}, {'first guess' if p.unknown else 'default'} {default}{'  unknown' if p.unknown else ''}"


def _line(problem: Problem, offset: int) -> str:
    return f"line {problem.source.position(offset)[0]}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."


def _equation(problem: Problem, e: Equation) -> str:
    residual = residual_text(problem, e)
    where = f"  where {to_text(e.where, problem)}" if e.where is not None else ""
    return f"{e.label} ({_line(problem, e.span.start)}): {_short(residual + ' = 0' + where)}"


def residual_text(problem: Problem, e: Equation) -> str:
    """The sum of an equation's terms, as one expression."""
    text = ""
    for number, term in enumerate(e.terms):
        part = to_text(term.expression, problem, e.places)
        if number == 0:
            text = part
        else:
            text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return text


def _conditions(problem: Problem) -> Iterator[str]:
    """Those of one line together."""
    for kind in _KINDS:
        labels: dict[int, list[str]] = {}
        for condition in problem.conditions:
            if condition.kind == kind:
                labels.setdefault(condition.span.start, []).append(condition.label)
        for start, names in labels.items():
            yield f"{kind} ({_line(problem, start)}): {_short(', '.join(names))}"


def _exact(problem: Problem) -> str:
    known = [f.name for f, e in zip(problem.fields, problem.exact) if e is not None]
    if not known:
        return "not known"
    return "known" if len(known) == len(problem.fields) else f"known for {', '.join(known)}"
