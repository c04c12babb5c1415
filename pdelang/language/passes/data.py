"""`data u from "obs.csv"`: measurements, read in bounded size and checked. Columns are named after coordinates and fields."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from pdelang.language import ast
from pdelang.language.passes.exact import known_field
from pdelang.language.passes.geometry import Geometry
from pdelang.language.passes.parameters import constant, defaults
from pdelang.language.problem import Data
from pdelang.language.report import counted, did_you_mean, listed
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.source import Span
from pdelang.language.symbols import component_names

BYTES = 1 << 26
ROWS = 1_000_000
_SLACK = 1e-9

Row = tuple[float, ...]


class _UnreadableError(Exception):
    """Reported already."""


def read_data(el: Elaborator, program: ast.Program, geometry: Geometry) -> list[Data]:
    """One Data a scalar field measured."""
    found: list[Data] = []
    for statement in program.statements:
        if isinstance(statement, ast.DataStatement):
            try:
                found += _read(el, statement, geometry)
            except _UnreadableError:
                continue
    return found


def _read(el: Elaborator, statement: ast.DataStatement, geometry: Geometry) -> list[Data]:
    symbol = known_field(el, statement.field)
    weight = 1.0 if statement.weight is None else constant(el, statement.weight, "a weight")
    if weight is not None and weight <= 0 and statement.weight is not None:
        el.report.add("E318", "a weight is positive", statement.weight.span, "this is not")
        weight = None
    if symbol is None or weight is None:
        return []
    names = [c.name for c in geometry.coordinates]
    fields = list(component_names(symbol))
    table = _table(el, statement, [*names, *fields])
    rows = _inside(el, statement, geometry, table)
    count = len(names)
    return [
        Data(symbol.first + k, statement.path, weight, tuple((*row[:count], row[count + k]) for row in rows), statement.span)
        for k in range(len(fields))
    ]


def _table(el: Elaborator, statement: ast.DataStatement, columns: list[str]) -> list[Row]:
    """The wanted columns of all rows."""
    span, report = statement.path_span, el.report
    path = Path(el.report.source.name).parent / statement.path
    try:
        if not path.is_file():
            report.add("E501", f"there is no file `{statement.path}`", span, "not found", f"it is looked for at {path}")
            raise _UnreadableError
        if path.stat().st_size > BYTES:
            report.add("E505", f"`{statement.path}` is too large", span, f"at most {BYTES >> 20} MiB")
            raise _UnreadableError
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _rows(el, statement.path, span, csv.reader(file), columns)
    except (OSError, ValueError):
        report.add("E501", f"`{statement.path}` cannot be read", span, "not a readable text file")
    except csv.Error as error:
        report.add("E503", f"`{statement.path}` is not a table", span, str(error))
    raise _UnreadableError


def _rows(el: Elaborator, name: str, span: Span, lines: Iterator[list[str]], columns: list[str]) -> list[Row]:
    header = [cell.strip() for cell in next(lines, [])]
    missing = [column for column in columns if header.count(column) != 1]
    if missing:
        twice = header.count(missing[0]) > 1
        have = f"the file has {listed(header[:8])}" if header else "the file is empty"
        help = did_you_mean(missing[0], dict.fromkeys(header, "column"))
        el.report.add("E502", f"`{name}` has {'two columns' if twice else 'no column'} `{missing[0]}`", span, have, help)
        raise _UnreadableError
    where = [header.index(column) for column in columns]
    found: list[Row] = []
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) >= ROWS:
            el.report.add("E505", f"`{name}` has too many rows", span, f"at most {ROWS:,}")
            raise _UnreadableError
        found.append(_numbers(el, name, span, number, cells, where, columns))
    if not found:
        el.report.add("E504", f"`{name}` holds no measurement", span, "there is no row below the names of the columns")
        raise _UnreadableError
    return found


def _numbers(el: Elaborator, name: str, span: Span, number: int, cells: list[str], where: list[int], columns: list[str]) -> Row:
    values: list[float] = []
    for index, column in zip(where, columns):
        text = cells[index].strip() if index < len(cells) else ""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            shown = f"`{text[:20]}`" if text else "an empty cell"
            el.report.add("E503", f"`{name}` holds what is not a number", span, f"line {number}, column `{column}`: {shown}")
            raise _UnreadableError
        values.append(value)
    return tuple(values)


def _inside(el: Elaborator, statement: ast.DataStatement, geometry: Geometry, table: list[Row]) -> list[Row]:
    """Rows within the intervals at the default parameters; some outside is a warning, all outside an error."""
    setting = defaults(geometry.parameters)
    boxes = [geometry.interval(i, setting) for i in range(len(geometry.coordinates))]
    slack = [_SLACK * (high - low) for low, high in boxes]
    inside = [row for row in table if all(low - s <= x <= high + s for x, (low, high), s in zip(row, boxes, slack))]
    outside = len(table) - len(inside)
    if outside:
        first = next(i for i, (low, high) in enumerate(boxes) if any(not low - slack[i] <= row[i] <= high + slack[i] for row in table))
        note = geometry.interval_text(first)
        if not inside:
            el.report.add("E504", f"no measurement of `{statement.path}` lies inside the domain", statement.path_span, note)
            raise _UnreadableError
        message = f"{outside} of {counted(len(table), 'measurement')} {'lies' if outside == 1 else 'lie'} outside the domain"
        el.report.add("W501", message, statement.path_span, note, "what lies outside is left out")
    return inside
