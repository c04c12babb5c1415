"""Syntax tree -> Problem. The passes, in order; each reports what it finds and goes on where it can.

declare        names, kinds, sizes; fields inferred                     declarations.py, inference.py, symbols.py
parameters     ranges and defaults                                      parameters.py
coordinates    intervals, checked for all parameters                    geometry.py
regions        shapes and named regions                                 regions.py
exact          exact solutions                                          exact.py
statements     equations, conditions, integrals, cut into terms         equations.py, conditions.py
data, options  measurements and defaults of the solver                  data.py, options.py
precedence     `where` that holds nowhere; the more specific place wins coverage.py, precedence.py
whole          numbers of equations, counts, corners, what is unused    counting.py, coverage.py, corners.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pdelang.language import ast
from pdelang.language.diagnostics import Diagnostic, Label, ProblemError
from pdelang.language.parser import parse_program
from pdelang.language.passes import conditions, equations
from pdelang.language.passes.corners import check_corners
from pdelang.language.passes.counting import check_counts, interior_orders
from pdelang.language.passes.coverage import check_coverage, inhabited
from pdelang.language.passes.data import read_data
from pdelang.language.passes.declarations import declare
from pdelang.language.passes.exact import exact_solutions
from pdelang.language.passes.geometry import Geometry, declare_coordinates
from pdelang.language.passes.options import read_options
from pdelang.language.passes.parameters import declare_parameters
from pdelang.language.passes.precedence import settle
from pdelang.language.passes.regions import check_regions
from pdelang.language.passes.usage import check_usage
from pdelang.language.problem import Equation, FieldDecl, Integral, Problem, RegionUse
from pdelang.language.reading import read_source
from pdelang.language.report import Report, in_order
from pdelang.language.rules.elaborate import Elaborator, ExhaustedError
from pdelang.language.rules.scope import DEFINITION
from pdelang.language.source import Source
from pdelang.language.symbols import Symbols


def load(path: str | Path) -> Problem:
    """The problem in a `.pde` file. Raises ProblemError with every diagnostic, and OSError where the file cannot be read."""
    return _problem(read_source(path), Path(path).stem)


def parse(text: str, name: str = "<string>") -> Problem:
    """The problem in a text. `name` is what diagnostics call it, and where `data` looks for its files. Raises ProblemError."""
    return _problem(Source(text, name), Path(name).stem)


def _problem(source: Source, stem: str) -> Problem:
    program, faults = parse_program(source)
    return analyse(program, faults, stem)


def analyse(program: ast.Program, faults: Sequence[Diagnostic] = (), stem: str = "problem") -> Problem:
    """Program -> Problem; `faults` are the parser's. Raises ProblemError with all errors and warnings, in order of place."""
    report = Report(program.source)
    problem = _build(program, report, bool(faults), stem)
    # What a wrong statement would have said is unknown: then only names are certain to be wrong.
    errors = [d for d in report.errors if not faults or d.code.startswith(("E2", "E9"))]
    if faults or errors or problem is None:
        warnings = () if faults else report.warnings
        raise ProblemError(program.source, in_order([*faults, *errors, *warnings]))
    return problem


@dataclass
class _Statements:
    """What the equations, conditions and integrals of a program come to. general: conditions made by `on boundary`, by position."""

    equations: list[Equation] = field(default_factory=list)
    conditions: list[Equation] = field(default_factory=list)
    integrals: list[Integral] = field(default_factory=list)
    regions: list[RegionUse] = field(default_factory=list)
    labels: dict[str, ast.Declared] = field(default_factory=dict)
    general: set[int] = field(default_factory=set)


def _build(program: ast.Program, report: Report, faulty: bool, stem: str) -> Problem | None:
    symbols = declare(program, report)
    if not symbols.coordinates or any(d.code.startswith("E9") for d in report.errors):
        return None
    el = Elaborator(symbols, report)
    try:
        parameters = declare_parameters(el)
        coordinates = declare_coordinates(el, parameters)
        shaped = any(isinstance(s, ast.DomainStatement) for s in program.statements)
        geometry = Geometry(coordinates, parameters, shaped)
        el.canonical = geometry.canonical
        regions = check_regions(el, program, len(symbols.space))
        exact, exact_spans = exact_solutions(el, program)
        known = {i: e for i, e in enumerate(exact) if e is not None}
        made = _Statements()
        for statement in program.statements:
            _statement(el, geometry, statement, known, made)
        _unused_definitions(el)
        data = read_data(el, program, geometry)
        options = read_options(el, program)
    except ExhaustedError:
        return None
    name, title = _title(program, report, stem)
    problem = Problem(
        name=name,
        title=title,
        source=program.source,
        coordinates=coordinates,
        fields=_fields(symbols),
        parameters=parameters,
        equations=tuple(made.equations),
        conditions=tuple(made.conditions),
        exact=exact,
        integrals=tuple(made.integrals),
        data=tuple(data),
        regions=(*regions, *made.regions),
        options=options,
        exact_spans=exact_spans,
    )
    if not report.errors and not faulty:
        orders = dict(enumerate(interior_orders(problem)))
        found, general = inhabited(problem.conditions, geometry, made.general, report)
        problem = replace(problem, conditions=tuple(settle(found, frozenset(general), orders)))
        check_usage(el, program)
        check_counts(problem, geometry, symbols, report)
        check_coverage(problem, geometry, report)
    if not report.errors and not faulty:
        check_corners(problem, geometry, report)
    return replace(problem, warnings=report.warnings)


def _fields(symbols: Symbols) -> tuple[FieldDecl, ...]:
    spans = [symbol.span for symbol in symbols.fields.values() for _ in range(symbol.size or 1)]
    return tuple(FieldDecl(name, span, vector) for name, span, vector in zip(symbols.field_names, spans, symbols.vector_of))


def _title(program: ast.Program, report: Report, stem: str) -> tuple[str, str | None]:
    stated = [s for s in program.statements if isinstance(s, ast.ProblemStatement)]
    for second in stated[1:]:
        report.add("E202", "the problem is named twice", second.span, "named again", labels=[Label(stated[0].span, "first named here")])
    return (stated[0].name, stated[0].title) if stated else (stem, None)


def _statement(el: Elaborator, geometry: Geometry, statement: ast.Statement, exact: equations.Exact, made: _Statements) -> None:
    if isinstance(statement, ast.OnStatement):
        found, regions, _ = conditions.on(el, geometry, statement, exact)
        if statement.place.id == "boundary" and statement.value is None:
            made.general |= set(range(len(made.conditions), len(made.conditions) + len(found)))
        made.conditions += found
        made.regions += regions
    elif isinstance(statement, ast.EquationStatement):
        if statement.label is not None:
            _label(el.report, statement.label, made)
        if equations.is_integral(statement):
            made.integrals += equations.integral(el, statement) or []
        elif conditions.is_condition(el.symbols, statement):
            made.conditions += conditions.applied(el, geometry, statement, exact) or []
        else:
            number = 1 + len({e.span for e in made.equations})
            label = statement.label.name if statement.label else f"equation {number}"
            made.equations += equations.interior(el, statement, label, exact) or []


def _label(report: Report, label: ast.Declared, made: _Statements) -> None:
    first = made.labels.setdefault(label.name, label)
    if first is not label:
        report.add("E202", f"two equations are labelled `{label.name}`", label.span, "again", labels=[Label(first.span, "first here")])


def _unused_definitions(el: Elaborator) -> None:
    """A definition that nothing uses is still read for its errors; using a name there is no use of it."""
    used = set(el.used)
    for name, statement in el.symbols.definitions.items():
        if statement.parameters is None and name not in used:
            el.value(ast.Name(name, span=statement.name.span), DEFINITION)
    el.used = used
