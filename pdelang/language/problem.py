"""`Problem`: the program with every name resolved. The one value that leaves the front end."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from pdelang.language.diagnostics import Diagnostic
from pdelang.language.expressions import Expr
from pdelang.language.source import Source, Span


@dataclass(frozen=True)
class CoordinateDecl:
    """`x in [lower, upper]`; bounds are expressions in constants and parameters. Time is always the last coordinate."""

    name: str
    lower: Expr
    upper: Expr
    periodic: bool
    time: bool
    span: Span


@dataclass(frozen=True)
class FieldDecl:
    """One scalar field. A component of `field U[2]` is called `U[1]`, `U[2]`; `vector` is then `U`, else None."""

    name: str
    span: Span
    vector: str | None = None


@dataclass(frozen=True)
class ParameterDecl:
    """`distribution`: uniform (lower, upper), log (lower, upper) or normal (mean, deviation) in `arguments`.

    `size` is None for a scalar; `default` holds one number a component.
    """

    name: str
    distribution: str
    arguments: tuple[float, float]
    default: tuple[float, ...]
    size: int | None
    unknown: bool
    span: Span


@dataclass(frozen=True)
class Term:
    """One summand of a residual (its sign included) and where it stands in the text: the source map."""

    expression: Expr
    span: Span


@dataclass(frozen=True)
class Equation:
    """left - right = 0, one scalar equation in the interior or one scalar condition; the residual is the sum of `terms`.

    kind: "interior", "initial" (time alone fixed, at its start), "periodic" (two places), "point" (every coordinate fixed),
          "boundary" (all others: most often one space coordinate fixed at an end; with one coordinate only, its end: no free one).
    places: a row a place, an entry a coordinate: the expression it is fixed at, or None where it is free. The
          interior has one place, all None. All places of an equation have the same free coordinates.
    An entry at an end of an interval is that bound of `CoordinateDecl` itself.
    where: a condition that restricts it, or None.
    label: as written, else made: "equation 1", "u(x, 0)", "u on x = 0"; with "[1]" for a component: "momentum[1]", "U[1] on x = 0".
    """

    label: str
    kind: str
    terms: tuple[Term, ...]
    places: tuple[tuple[Expr | None, ...], ...]
    where: Expr | None
    span: Span


@dataclass(frozen=True)
class Integral:
    """`integral(expression) = value`: over space, at every time."""

    expression: Expr
    value: Expr
    span: Span


@dataclass(frozen=True)
class Data:
    """Measurements of a field, read and checked. rows: (coordinates..., value)."""

    field: int
    path: str
    weight: float
    rows: tuple[tuple[float, ...], ...]
    span: Span


@dataclass(frozen=True)
class RegionUse:
    """A region, a named edge or a shaped domain: parsed and checked, not compiled yet."""

    description: str
    span: Span


@dataclass(frozen=True)
class Problem:
    name: str
    title: str | None
    source: Source = field(repr=False)
    coordinates: tuple[CoordinateDecl, ...]
    fields: tuple[FieldDecl, ...]
    parameters: tuple[ParameterDecl, ...]
    equations: tuple[Equation, ...]
    conditions: tuple[Equation, ...]
    exact: tuple[Expr | None, ...]  # one a field
    integrals: tuple[Integral, ...] = ()
    data: tuple[Data, ...] = ()
    regions: tuple[RegionUse, ...] = ()
    options: tuple[tuple[str, Fraction | str, Span], ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    exact_spans: tuple[Span | None, ...] = ()

    @property
    def time(self) -> int | None:
        """Index of the time coordinate (the last), None for a steady problem."""
        last = len(self.coordinates) - 1
        return last if self.coordinates and self.coordinates[last].time else None
