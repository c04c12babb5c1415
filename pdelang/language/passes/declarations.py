"""Program -> Symbols: every declared name once, coordinates with time last, fields declared or inferred."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pdelang.language import ast
from pdelang.language.diagnostics import Label
from pdelang.language.limits import COORDINATES, FIELDS, PARAMETER_SIZE
from pdelang.language.passes.inference import infer_fields
from pdelang.language.report import Report, counted
from pdelang.language.source import Span
from pdelang.language.symbols import (
    RESERVED,
    CoordinateSymbol,
    FieldSymbol,
    ParameterSymbol,
    Symbols,
)

_WORD = re.compile(r"[^\W\d]\w*")
_COMMENT = re.compile(r"#[^\n]*")


def declare(program: ast.Program, report: Report) -> Symbols:
    """Raises nothing: what is declared wrongly is reported and declared all the same, so that its uses are not errors too."""
    table = _Table(report)
    for statement in program.statements:
        for declared, kind, size in _declared(statement):
            table.declare(declared, kind, statement, size)
    broken = unread_words(program)
    coordinates = _coordinates(table, report, bool(broken))
    symbols = Symbols(
        coordinates=coordinates,
        fields=_fields(program, table, coordinates, report),
        parameters=_parameters(table, report),
        definitions={name: s for name, (_, kind, s, _) in table.rows.items() if kind == "definition" and isinstance(s, ast.LetStatement)},
        regions={name: s for name, (_, kind, s, _) in table.rows.items() if kind == "region" and isinstance(s, ast.RegionStatement)},
        broken=broken,
    )
    _check_shadows(symbols, table, report)
    return symbols


def unread_words(program: ast.Program) -> frozenset[str]:
    """Words of the text that stand outside every statement and comment, of statements with syntax errors; of `u_xx` also the `u`."""
    text, gaps, end = program.source.text, [], 0
    for statement in sorted(program.statements, key=lambda s: s.span):
        gaps.append(text[end : statement.span.start])
        end = max(end, statement.span.end)
    gaps.append(text[end:])
    words = {word for gap in gaps for word in _WORD.findall(_COMMENT.sub("", gap))}
    return frozenset(words | {word.rsplit("_", 1)[0] for word in words if "_" in word})


Row = tuple[ast.Declared, str, ast.Statement, ast.Expression | None]


class _Table:
    """Declarations in the order of the text; the first of two wins."""

    def __init__(self, report: Report) -> None:
        self.rows: dict[str, Row] = {}
        self.report = report

    def declare(self, declared: ast.Declared, kind: str, statement: ast.Statement, size: ast.Expression | None) -> None:
        name = declared.name
        if not name:
            return
        # `d` is so common a letter that only a field or a function of that name is taken for the operator.
        callable_kind = kind in ("field", "region") or (isinstance(statement, ast.LetStatement) and statement.parameters is not None)
        if name in RESERVED and (name != "d" or callable_kind):
            self.report.add("E203", f"`{name}` is a word of the language", declared.span, "choose another name")
        elif name in self.rows:
            first = self.rows[name][0]
            self.report.add(
                "E202", f"`{name}` is declared twice", declared.span, "declared again", labels=[Label(first.span, "first declared here")]
            )
            return
        self.rows[name] = (declared, kind, statement, size)

    def of_kind(self, kind: str) -> list[Row]:
        return [row for row in self.rows.values() if row[1] == kind]


def _declared(statement: ast.Statement) -> Iterator[tuple[ast.Declared, str, ast.Expression | None]]:
    if isinstance(statement, ast.CoordinateStatement):
        yield statement.name, "coordinate", None
    elif isinstance(statement, ast.DomainStatement):
        yield from ((name, "coordinate", None) for name in statement.names)
    elif isinstance(statement, ast.FieldStatement):
        yield from ((name, "field", name.size) for name in statement.fields)
    elif isinstance(statement, ast.ParamStatement):
        yield statement.name, "parameter", statement.name.size
    elif isinstance(statement, ast.LetStatement):
        yield statement.name, "definition", None
    elif isinstance(statement, ast.RegionStatement):
        yield statement.name, "region", None


def _coordinates(table: _Table, report: Report, broken: bool) -> tuple[CoordinateSymbol, ...]:
    rows = table.of_kind("coordinate")
    stated = [row for row in rows if isinstance(row[2], ast.CoordinateStatement) and row[2].time]
    for row in stated[1:]:
        report.add(
            "E314", "there is one time", row[0].span, "a second one", "leave out one `time`", [Label(stated[0][0].span, "the first one")]
        )
    times = stated[:1] or [row for row in rows if row[0].name == "t" and isinstance(row[2], ast.CoordinateStatement)]
    ordered = [row for row in rows if row not in times] + times
    if len(ordered) > COORDINATES:
        report.add("E910", f"more than {COORDINATES} coordinates", rows[COORDINATES][0].span, f"there are {len(ordered)}")
        ordered = ordered[:COORDINATES]
    if not ordered and not broken:
        report.add("E316", "there are no coordinates", None, help="declare one: `x in [0, 1]`")
    return tuple(_coordinate(row, index, row in times) for index, row in enumerate(ordered))


def _coordinate(row: Row, index: int, time: bool) -> CoordinateSymbol:
    declared, _, statement, _ = row
    assert isinstance(statement, (ast.CoordinateStatement, ast.DomainStatement))
    periodic = isinstance(statement, ast.CoordinateStatement) and statement.periodic
    return CoordinateSymbol(declared.name, declared.span, index, time, periodic, statement)


def _size(declared: ast.Declared, size: ast.Expression | None, most: int, report: Report) -> int | None:
    if size is None:
        return None
    text = size.text if isinstance(size, ast.Number) else ""
    if not text.isdecimal() or int(text) < 1:
        report.add("E205", f"the size of `{declared.name}` is not a whole number from 1", size.span, "write a number such as 2")
        return 1
    if int(text) > most:
        report.add("E911", f"`{declared.name}` has more than {most} components", size.span)
        return most
    return int(text)


def _fields(program: ast.Program, table: _Table, coordinates: tuple[CoordinateSymbol, ...], report: Report) -> dict[str, FieldSymbol]:
    found: list[tuple[Span, str, int | None, bool]] = []
    for declared, _, _, size in table.of_kind("field"):
        found.append((declared.span, declared.name, _size(declared, size, FIELDS, report), False))
    inferred = infer_fields(program, set(table.rows), tuple(symbol.name for symbol in coordinates))
    found += [(span, name, None, True) for name, span in inferred.items()]
    fields: dict[str, FieldSymbol] = {}
    first = 0
    for span, name, count, is_inferred in sorted(found, key=lambda item: item[0]):
        if first + (count or 1) > FIELDS:
            total = sum(number or 1 for _, _, number, _ in found)
            report.add("E911", f"more than {FIELDS} fields", span, f"there are {counted(total, 'scalar field')} in all")
            break
        fields[name] = FieldSymbol(name, span, first, count, is_inferred)
        first += count or 1
    return fields


def _parameters(table: _Table, report: Report) -> dict[str, ParameterSymbol]:
    return {
        declared.name: ParameterSymbol(declared.name, declared.span, index, _size(declared, size, PARAMETER_SIZE, report), statement)
        for index, (declared, _, statement, size) in enumerate(table.of_kind("parameter"))
        if isinstance(statement, ast.ParamStatement)
    }


def _check_shadows(symbols: Symbols, table: _Table, report: Report) -> None:
    """`param u_x` beside a field `u`: the declaration wins, and is said to."""
    for name, (declared, kind, _, _) in table.rows.items():
        for reading in symbols.readings(name):
            if reading.stem in symbols.fields:
                note = f"in this program `{name}` is the {kind}, not a derivative of `{reading.stem}`"
                report.add("W308", f"`{name}` can be read in two ways", declared.span, note, "choose another name")
