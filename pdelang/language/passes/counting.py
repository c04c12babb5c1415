"""Numbers of equations, of initial and of boundary conditions, against the order of the derivatives: per field, per face."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pdelang.language import algebra
from pdelang.language.expressions import Jet
from pdelang.language.passes.geometry import Geometry
from pdelang.language.printing import to_text
from pdelang.language.problem import Equation, Problem
from pdelang.language.report import Report, counted, similar, the_fields
from pdelang.language.source import Span
from pdelang.language.symbols import Symbols

LOWER, UPPER, PAIR = 0, 1, 2


@dataclass
class Tally:
    """Conditions on one field in one coordinate, by face. A condition on several fields, or with `where`, is not `sure`."""

    given: dict[int, list[Equation]] = field(default_factory=lambda: {LOWER: [], UPPER: [], PAIR: []})
    sure: dict[int, list[Equation]] = field(default_factory=lambda: {LOWER: [], UPPER: [], PAIR: []})

    def number(self, sure: bool = False) -> int:
        return sum(len(rows) for rows in (self.sure if sure else self.given).values())


Tallies = dict[tuple[int, int], Tally]


def check_counts(problem: Problem, geometry: Geometry, symbols: Symbols, report: Report) -> None:
    if not _equations_fit_fields(problem, symbols, report):
        return
    orders = interior_orders(problem)
    tallies = _tallies(problem, geometry)
    for f in range(len(problem.fields)):
        for c, coordinate in enumerate(problem.coordinates):
            if coordinate.periodic or geometry.shaped:
                continue
            check = _initial if coordinate.time else _boundary
            check(problem, report, f, c, orders, tallies)
    if not any(d.code in ("W301", "W303") for d in report.warnings):
        _gauge(problem, geometry, report)


def interior_orders(problem: Problem) -> list[tuple[int, ...]]:
    """Per field the highest order in each coordinate."""
    highest = [(0,) * len(problem.coordinates) for _ in problem.fields]
    for equation in problem.equations:
        for f, orders in algebra.total_orders(*(term.expression for term in equation.terms)):
            highest[f] = tuple(max(a, b) for a, b in zip(highest[f], orders))
    return highest


# -------------------------------------------------------------------- equations and fields


def _equations_fit_fields(problem: Problem, symbols: Symbols, report: Report) -> bool:
    if not problem.equations:
        span = problem.conditions[0].span if problem.conditions else None
        report.add("E319", "there is no equation", span, "a condition is no equation" if span else "", "write one, for example u_t = u_xx")
        return False
    held = {f for e in problem.equations for term in e.terms for f in algebra.fields(term.expression)}
    missing = [f for f in range(len(problem.fields)) if f not in held]
    for f in missing:
        declared = problem.fields[f]
        report.add("E303", f"no equation holds `{declared.name}`", declared.span, "a field needs one", _meant(symbols, declared.name))
    restricted = sum(1 for e in problem.equations if e.where is not None)
    plain, wanted = len(problem.equations) - restricted, len(problem.fields)
    if not missing and not plain <= wanted <= plain + restricted:
        message = f"{counted(len(problem.equations), 'equation')} for {counted(wanted, 'field')}"
        extra = problem.equations[min(wanted, len(problem.equations) - 1)]
        guessed = next((name for name, s in symbols.fields.items() if s.inferred and _meant(symbols, name)), None)
        help = _meant(symbols, guessed) if guessed else "each field needs one equation, and a vector equation counts by components"
        report.add("E302", message, extra.span, the_fields(f.name for f in problem.fields), help)
        return False
    return not missing


def _meant(symbols: Symbols, name: str) -> str:
    """A field that was inferred may be a slip of the pen for another."""
    symbol = symbols.fields.get(name)
    if symbol is None or not symbol.inferred:
        return ""
    others = {key: kind for key, kind in symbols.kinds.items() if key != name}
    other = similar(name, others)
    return f"`{name}` was taken for a field; a {others[other]} with a similar name exists: `{other}`" if other else ""


# -------------------------------------------------------------------- conditions


def _tallies(problem: Problem, geometry: Geometry) -> Tallies:
    tallies: Tallies = defaultdict(Tally)
    for condition in problem.conditions:
        place = condition.places[0]
        fixed = [i for i, entry in enumerate(place) if entry is not None]
        entry = place[fixed[0]]
        end = PAIR if condition.kind == "periodic" else None if entry is None else geometry.end(fixed[0], entry)
        if len(fixed) != 1 or end is None:
            continue
        fields = {f for term in condition.terms for f in algebra.fields(term.expression)}
        for f in fields:
            tally = tallies[f, fixed[0]]
            tally.given[end].append(condition)
            if len(fields) == 1 and condition.where is None:
                tally.sure[end].append(condition)
    return tallies


def _initial(problem: Problem, report: Report, f: int, c: int, orders: list[tuple[int, ...]], tallies: Tallies) -> None:
    name, time = problem.fields[f].name, problem.coordinates[c]
    wanted, tally = orders[f][c], tallies[f, c]
    start = f"{time.name} = {to_text(time.lower, problem)}"
    if tally.number() < wanted:
        note = f"order {wanted} in {time.name} needs {counted(wanted, 'condition')} at {start}; {_given(tally.number())}"
        report.add(
            "W301", f"too few initial conditions for `{name}`", _highest(problem, f, c), note, _missing_initial(problem, f, c, tally)
        )
    elif tally.number(sure=True) > wanted:
        needs = (
            f"order {wanted} in {time.name} needs {counted(wanted, 'condition')}"
            if wanted
            else f"no equation differentiates `{name}` in {time.name}"
        )
        report.add("W302", f"too many initial conditions for `{name}`", _last(tally), f"{needs}; {_given(tally.number(sure=True))}")


def _missing_initial(problem: Problem, f: int, c: int, tally: Tally) -> str:
    """The lowest time derivative whose initial value is not given."""
    have = {jet.orders[c] for e in tally.given[LOWER] for term in e.terms for jet in algebra.jets(term.expression) if jet.field == f}
    order = next(n for n in range(len(have) + 1) if n not in have)
    orders = tuple(order if i == c else 0 for i in range(len(problem.coordinates)))
    place = tuple(problem.coordinates[c].lower if i == c else None for i in range(len(problem.coordinates)))
    return f"add {to_text(Jet(f, orders), problem, (place,))} = ..."


def _boundary(problem: Problem, report: Report, f: int, c: int, orders: list[tuple[int, ...]], tallies: Tallies) -> None:
    name, coordinate = problem.fields[f].name, problem.coordinates[c]
    wanted, tally = orders[f][c], tallies[f, c]
    given, sure = tally.number(), tally.number(sure=True)
    if wanted == 0 and sure == 0:
        return
    faces = [f"{coordinate.name} = {to_text(bound, problem)}" for bound in (coordinate.lower, coordinate.upper)]
    counts = ", ".join(f"{face}: {len(tally.given[end]) + len(tally.given[PAIR])}" for end, face in enumerate(faces))
    needs = f"order {wanted} in {coordinate.name} needs {counted(wanted, 'condition')}"
    if given < wanted and not _system_has_enough(problem, c, orders, tallies, wanted):
        each = f", {wanted // 2} a face" if wanted % 2 == 0 else ", at the inflow" if wanted == 1 else ""
        fewest = faces[int(len(tally.given[UPPER]) < len(tally.given[LOWER]))]
        help = f"add a condition at {fewest}" if wanted > 1 else f"add one at {faces[0]} or {faces[1]}"
        message = f"too few conditions in {coordinate.name} for `{name}`"
        report.add("W303", message, _highest(problem, f, c), f"{needs}{each}; given: {counts}", help)
    elif wanted and wanted % 2 == 0 and len(problem.coordinates) > 1 and not tally.given[PAIR]:
        empty = [face for end, face in enumerate(faces) if not tally.given[end]]
        if empty and not _system_has_enough(problem, c, orders, tallies, wanted):
            message = f"no condition for `{name}` at {empty[0]}"
            report.add("W303", message, _highest(problem, f, c), f"{needs}, {wanted // 2} a face; given: {counts}")
            return
    if sure > wanted and not _shared(problem, f, wanted):
        report.add("W304", f"too many conditions in {coordinate.name} for `{name}`", _last(tally), f"{needs}; given: {counts}")


def _system_has_enough(problem: Problem, c: int, orders: list[tuple[int, ...]], tallies: Tallies, wanted: int) -> bool:
    """In a system the conditions of one field may serve another: a pressure has none, waves split them as they travel."""
    if len(problem.fields) == 1:
        return False
    given = {id(e) for (_, other), tally in tallies.items() if other == c for rows in tally.given.values() for e in rows}
    if wanted == 1:
        return bool(given)
    return len(given) >= sum(row[c] for row in orders)


def _shared(problem: Problem, f: int, wanted: int) -> bool:
    """In a system of first order what travels in and out is not told by counting one field."""
    return len(problem.fields) > 1 and wanted == 1


def _given(number: int) -> str:
    return "none is given" if number == 0 else f"{number} {'is' if number == 1 else 'are'} given"


def _last(tally: Tally) -> Span:
    return max(e.span for rows in tally.sure.values() for e in rows)


def _highest(problem: Problem, f: int, c: int) -> Span:
    """The term with the highest derivative of a field in a coordinate."""
    best, span = -1, problem.fields[f].span
    for equation in problem.equations:
        for term in equation.terms:
            for field_index, orders in algebra.total_orders(term.expression):
                if field_index == f and orders[c] > best:
                    best, span = orders[c], term.span
    return span


# -------------------------------------------------------------------- gauge


def _gauge(problem: Problem, geometry: Geometry, report: Report) -> None:
    """A field that occurs only differentiated is determined up to a constant."""
    everything = [term.expression for e in (*problem.equations, *problem.conditions) for term in e.terms]
    everything += [integral.expression for integral in problem.integrals]
    valued = {jet.field for jet in algebra.jets(*everything) if not any(jet.orders)} | {data.field for data in problem.data}
    if geometry.shaped:
        return
    for f, declared in enumerate(problem.fields):
        if f not in valued:
            place = tuple(None if c.time else c.lower for c in problem.coordinates)
            value = to_text(Jet(f, (0,) * len(place)), problem, (place,))
            note = "only its derivatives occur"
            report.add(
                "W307",
                f"`{declared.name}` is known only up to a constant",
                declared.span,
                note,
                f"add {value} = 0 or integral({declared.name}) = 0",
            )
