"""Where an expression stands, and so what may stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pdelang.language.expressions import Expr
from pdelang.language.rules.vectors import Value
from pdelang.language.source import Span

Place = tuple[Expr | None, ...]


class Places:
    """The places at which a condition's fields are taken, in the order of the text: `u(-1, t) = u(1, t)` has two."""

    def __init__(self) -> None:
        self.rows: list[Place] = []
        self.spans: list[Span] = []
        self.arguments: list[tuple[Span, ...]] = []

    def index(self, place: Place, span: Span, arguments: tuple[Span, ...]) -> int:
        if place not in self.rows:
            self.rows.append(place)
            self.spans.append(span)
            self.arguments.append(arguments)
        return self.rows.index(place)


@dataclass(frozen=True)
class Normal:
    """Outward normal of a face: `sign` (1 or -1) along the coordinate `index`."""

    index: int
    sign: int


@dataclass(frozen=True)
class Scope:
    """
    what: the part of the program, in words that follow "in" or "stand in", for messages.
    fields: "free" (bare, at the place of the statement), "placed" (applied to arguments, collected in `places`) or "none".
    normal: set where `dn` has a meaning.
    names: local names: arguments of a definition, indices of sums; None is a value that is already reported as wrong.
    """

    what: str
    coordinates: bool = True
    parameters: bool = True
    fields: str = "free"
    places: Places | None = None
    normal: Normal | None = None
    names: Mapping[str, Value | None] = field(default_factory=dict)


INTERIOR = Scope("an equation")
DEFINITION = Scope("a definition")
NUMBER = Scope("a constant", coordinates=False, parameters=False, fields="none")
BOUND = Scope("the bounds of a domain", coordinates=False, fields="none")
PLACE = Scope("a place", coordinates=False, fields="none")
EXACT = Scope("an exact solution", fields="none")
WHERE = Scope("a restriction", fields="none")
