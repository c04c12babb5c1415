"""Conditions: fields applied to arguments, and `on PLACE: ...`. Each becomes scalar equations with their places."""

from __future__ import annotations

from dataclasses import dataclass

from pdelang.language import algebra, ast
from pdelang.language.expressions import Expr
from pdelang.language.passes.equations import Exact, is_exact, residual, restriction
from pdelang.language.passes.geometry import Geometry
from pdelang.language.printing import Names, to_text
from pdelang.language.problem import Equation, RegionUse, Term
from pdelang.language.report import did_you_mean, listed
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.naming import misplaced_exact
from pdelang.language.rules.scope import PLACE, Normal, Place, Places, Scope
from pdelang.language.source import Span
from pdelang.language.symbols import Symbols
from pdelang.language.syntax.traverse import walk

_LABEL = 60


def is_condition(symbols: Symbols, statement: ast.EquationStatement) -> bool:
    """Whether a field, a derivative or a definition that holds fields is applied to anything but the coordinates themselves."""
    names = [symbol.name for symbol in symbols.coordinates]
    for node in walk(statement.left, statement.right):
        if isinstance(node, ast.Call) and (node.index is not None or _has_place(symbols, node.function)):
            given = [argument.id if isinstance(argument, ast.Name) else None for argument in node.arguments]
            if given != names:
                return True
    return False


def _has_place(symbols: Symbols, name: str) -> bool:
    """Whether a name stands for something that takes a place as its arguments."""
    if name in symbols.kinds:
        return name in symbols.fields or _holds_field(symbols, name)
    return any(r.stem in symbols.fields or _holds_field(symbols, r.stem) for r in symbols.readings(name))


def _holds_field(symbols: Symbols, name: str) -> bool:
    statement = symbols.definitions.get(name)
    return statement is not None and statement.parameters is None and symbols.holds_field(name)


# -------------------------------------------------------------------- fields applied to arguments


def applied(el: Elaborator, geometry: Geometry, statement: ast.EquationStatement, exact: Exact) -> list[Equation] | None:
    places = Places()
    rows = residual(el, statement, Scope("a condition", fields="placed", places=places), exact)
    where, right = restriction(el, statement.where)
    if not places.rows:
        return None
    if rows is None and all(entry is None for entry in places.rows[0]):
        return None
    kind = _kind_of_places(el, geometry, places)
    if rows is None or kind is None or not right:
        return None
    if len(places.rows) > 1 and (is_exact(statement.left) or is_exact(statement.right)):
        misplaced_exact(el, (statement.left if is_exact(statement.left) else statement.right).span)
        return None
    label = statement.label.name if statement.label else _written(el, statement, kind)
    equations = _equations(el, statement, rows, label, kind, tuple(places.rows), where)
    if equations is not None:
        _check_fixed_coordinates(el, statement, places.rows[0], kind)
    return equations


def _written(el: Elaborator, statement: ast.EquationStatement, kind: str) -> str:
    side = statement.right if is_exact(statement.left) else statement.left
    if not any(isinstance(node, ast.Call) for node in walk(side)):
        side = statement.right
    text = " ".join(el.report.excerpt(statement.span if kind == "periodic" else side.span).split())
    return text if len(text) <= _LABEL else text[: _LABEL - 3] + "..."


def _equations(
    el: Elaborator,
    statement: ast.EquationStatement,
    rows: list[tuple[Term, ...]],
    label: str,
    kind: str,
    places: tuple[Place, ...],
    where: Expr | None,
    after: str = "",
) -> list[Equation] | None:
    for terms in rows:
        if not any(algebra.fields(term.expression) for term in terms):
            el.report.add("E310", "a condition without a field", statement.span, "it holds neither a field nor a derivative of one")
            return None
    numbered = len(rows) > 1
    return [
        Equation(f"{label}[{i + 1}]{after}" if numbered else label + after, kind, terms, places, where, statement.span)
        for i, terms in enumerate(rows)
    ]


def _kind_of_places(el: Elaborator, geometry: Geometry, places: Places) -> str | None:
    first = places.rows[0]
    fixed = [i for i, entry in enumerate(first) if entry is not None]
    if len(places.rows) > 2:
        note = "a condition has one place, or two for a periodic pair"
        el.report.add("E306", "a condition at more than two places", places.spans[2], note)
        return None
    for row, span in zip(places.rows[1:], places.spans[1:]):
        if [i for i, entry in enumerate(row) if entry is not None] != fixed:
            note = "not the same coordinates are free as at the first place"
            el.report.add("E306", "two places that do not correspond", span, note)
            return None
    right = [_place_is_right(el, geometry, row, spans) for row, spans in zip(places.rows, places.arguments)]
    if not all(right):
        return None
    if not fixed:
        el.report.add("E306", "a condition at no place", places.spans[0], "every coordinate is free here")
        return None
    return "periodic" if len(places.rows) == 2 else kind_of(geometry, first)


def kind_of(geometry: Geometry, place: Place) -> str:
    """initial, boundary or point; where one coordinate of several is fixed, or the only one."""
    fixed = [i for i, entry in enumerate(place) if entry is not None]
    if len(fixed) == len(place) and len(place) > 1:
        return "point"
    entry = place[fixed[0]]
    end = None if entry is None else geometry.end(fixed[0], entry)
    if len(fixed) == 1 and geometry.coordinates[fixed[0]].time and end == 0:
        return "initial"
    return "point" if len(place) == 1 and end is None else "boundary"


def _place_is_right(el: Elaborator, geometry: Geometry, place: Place, spans: tuple[Span, ...]) -> bool:
    space = [entry for entry, c in zip(place, geometry.coordinates) if not c.time]
    free = any(entry is None for entry in (space if len(space) > 1 else place))  # p(0.5, 0.5, t) = 0 is one place, at every time
    for index, (entry, span) in enumerate(zip(place, spans)):
        if entry is not None and not check_fixed(el, geometry, index, entry, span, free):
            return False
    return True


def check_fixed(el: Elaborator, geometry: Geometry, index: int, value: Expr, span: Span, face: bool) -> bool:
    """Whether a coordinate may be fixed at a value; `face`: other coordinates are free, so a face is expected."""
    coordinate = geometry.coordinates[index]
    text = f"{coordinate.name} = {to_text(value, geometry.names)}"
    nearest = f"{coordinate.name} = {to_text(geometry.nearest(index, value), geometry.names)}"
    outside = geometry.outside(index, value)
    if outside is not None:
        note = f"{geometry.interval_text(index)}{outside}"
        el.report.add("E304", "the condition lies outside the domain", span, note, f"the nearest face is {nearest}")
        return False
    end = geometry.end(index, value)
    if end is not None and coordinate.periodic and face:
        help = f"leave out this condition, or `periodic` in the line of `{coordinate.name}`"
        el.report.add("E313", f"`{coordinate.name}` is periodic", span, "it has no boundary", help)
        return False
    if face and not geometry.shaped and (end is None or (coordinate.time and end == 1)):
        note = f"{text} is {'the end of time' if end == 1 else 'inside the domain'}: {geometry.interval_text(index)}"
        help = "initial values stand at its start" if end == 1 else f"the nearest face is {nearest}"
        el.report.add("W309", "the condition is not on a face", span, note, help)
    return True


def _check_fixed_coordinates(el: Elaborator, statement: ast.EquationStatement, place: Place, kind: str) -> None:
    """`u(0, t) = sin(x)` is most often meant for another face; a point value can depend on no coordinate at all."""
    names = {symbol.name: symbol.index for symbol in el.symbols.coordinates if place[symbol.index] is not None}
    inside = {id(a) for node in walk(statement.left, statement.right) if isinstance(node, ast.Call) for a in _directions(el, node)}
    for node in walk(statement.left, statement.right):
        if isinstance(node, ast.Name) and node.id in names and id(node) not in inside:
            entry = place[names[node.id]]
            assert entry is not None
            if kind == "point":
                note = "the condition fixes every coordinate"
                el.report.add("E306", f"no free coordinate `{node.id}` is left", node.span, note, "write a number")
            else:
                note = f"the condition fixes it at {to_text(entry, _names(el))}"
                el.report.add("W310", f"`{node.id}` does not vary here", node.span, note, "is the condition meant for another face?")
            return


def _directions(el: Elaborator, node: ast.Call) -> tuple[ast.Expression, ...]:
    """Arguments that name a coordinate as a place or as a direction of differentiation."""
    if node.function == "d":
        return node.arguments[1:]
    return node.arguments if _has_place(el.symbols, node.function) or node.index is not None else ()


def _names(el: Elaborator) -> Names:
    return Names(tuple(c.name for c in el.symbols.coordinates), (), tuple(el.symbols.parameters))


# -------------------------------------------------------------------- on PLACE: ...


@dataclass(frozen=True)
class Face:
    """One place that `on` names; `normal` is None where there is none (t = 0, or inside the domain)."""

    place: Place
    text: str
    normal: Normal | None


def on(el: Elaborator, geometry: Geometry, statement: ast.OnStatement, exact: Exact) -> tuple[list[Equation], list[RegionUse], bool]:
    """(equations, uses of named edges, whether all is right)."""
    faces = _faces(el, geometry, statement)
    edge = faces is None and (statement.place.id in el.symbols.regions or (statement.place.id == "boundary" and geometry.shaped))
    if edge:
        el.used.add(statement.place.id)
    # Where the place is unknown, or has no faces yet, the conditions are still read for their own errors.
    checked = faces or [Face((None,) * len(geometry.coordinates), "", Normal(0, 1))]
    found: list[Equation] = []
    right = faces is not None or edge
    for equation in statement.equations:
        for face in checked:
            equations = _on_face(el, geometry, equation, statement.where, face, exact)
            right = right and equations is not None
            found += equations or []
    if faces is None:
        uses = [RegionUse(f"conditions on {statement.place.id}", statement.place.span)] if edge else []
        return [], uses, right
    return found, [], right


def _on_face(
    el: Elaborator, geometry: Geometry, equation: ast.EquationStatement, where_all: ast.Expression | None, face: Face, exact: Exact
) -> list[Equation] | None:
    call = next((n for n in walk(equation.left, equation.right) if isinstance(n, ast.Call) and _has_place(el.symbols, n.function)), None)
    if call is not None:
        help = f"write `{call.function}`"
        el.report.add(
            "E211", f"`{el.report.excerpt(call.span)}` stands in a condition on a place", call.span, "fields stand bare here", help
        )
        return None
    rows = residual(el, equation, Scope("a condition on a place", normal=face.normal), exact)
    where, right = restriction(el, equation.where, where_all)
    if rows is None or not right:
        return None
    side = equation.right if is_exact(equation.left) else equation.left
    label = " ".join(el.report.excerpt(side.span).split())[:_LABEL]
    kind = kind_of(geometry, face.place) if face.text else "boundary"
    return _equations(el, equation, rows, label, kind, (face.place,), where, f" on {face.text}")


def _faces(el: Elaborator, geometry: Geometry, statement: ast.OnStatement) -> list[Face] | None:
    name, place = statement.place.id, statement.place
    if statement.value is not None:
        return _fixed_face(el, geometry, statement)
    if name == "boundary":
        if geometry.shaped:
            return None
        indices = [i for i, c in enumerate(geometry.coordinates) if not c.time and not c.periodic]
        if not indices:
            space = [c.name for c in geometry.coordinates if not c.time]
            note = f"{listed(space)} {'is' if len(space) == 1 else 'are'} periodic" if space else "there are no space coordinates"
            el.report.add("E313", "there is no boundary", place.span, note, "leave out this line")
            return None
        return [_face(geometry, i, geometry.bound(i, end), end) for i in indices for end in (0, 1)]
    if name in el.symbols.regions:
        return None
    if name in el.symbols.coordinate:
        el.report.add("E305", "a coordinate alone is not a place", place.span, "at which value?", f"write `on {name} = 0: ...`")
    elif not el.symbols.is_broken(name):
        places = {"boundary": "place", **dict.fromkeys(el.symbols.regions, "region")}
        help = did_you_mean(name, places) or "places are `boundary`, `x = 0` and regions"
        el.report.add("E201", f"unknown place `{name}`", place.span, "not a place", help)
    return None


def _fixed_face(el: Elaborator, geometry: Geometry, statement: ast.OnStatement) -> list[Face] | None:
    assert statement.value is not None
    name, span = statement.place.id, statement.place.span
    symbol = el.symbols.coordinate.get(name)
    value = el.scalar(statement.value, PLACE)
    if symbol is None:
        if not el.symbols.is_broken(name):
            names = [c.name for c in geometry.coordinates]
            el.report.add("E201", f"unknown coordinate `{name}`", span, "not a coordinate", f"the coordinates are {listed(names)}")
        return None
    el.used.add(name)
    if value is None:
        return None
    value = el.canonical(symbol.index, el.small(value, statement.value.span))
    if not check_fixed(el, geometry, symbol.index, value, span.to(statement.value.span), True):
        return None
    return [_face(geometry, symbol.index, value, geometry.end(symbol.index, value))]


def _face(geometry: Geometry, index: int, value: Expr, end: int | None) -> Face:
    place = tuple(value if i == index else None for i in range(len(geometry.coordinates)))
    coordinate = geometry.coordinates[index]
    normal = None if coordinate.time or end is None else Normal(index, 1 if end else -1)
    return Face(place, f"{coordinate.name} = {to_text(value, geometry.names)}", normal)
