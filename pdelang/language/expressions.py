"""Resolved scalar expressions: what semantics makes of the syntax tree and the compiler reads.

Vectors, definitions, sums and `on boundary` are gone: an expression is one of six kinds of node. Nodes
are immutable and may be shared (a definition used twice is one object), so walk them with memory (`id`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Expr:
    pass


@dataclass(frozen=True, slots=True)
class Constant(Expr):
    """A rational number, exact; `pi` is `Constant("pi")`."""

    value: Fraction | str


@dataclass(frozen=True, slots=True)
class Coordinate(Expr):
    """The coordinate `Problem.coordinates[index]`, at the (first) place of the equation."""

    index: int


@dataclass(frozen=True, slots=True)
class Parameter(Expr):
    """The parameter `Problem.parameters[index]`; `component` (from 0) where it is a vector."""

    index: int
    component: int | None = None


@dataclass(frozen=True, slots=True)
class Jet(Expr):
    """D^orders of the scalar field `Problem.fields[field]` at `Equation.places[place]`.

    orders: one non-negative integer a coordinate (a multi-index); all zero is the field itself.
    """

    field: int
    orders: tuple[int, ...]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Derivative(Expr):
    """D^orders of any expression (total derivative: coordinates and fields both)."""

    operand: Expr
    orders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Apply(Expr):
    """A function of `builtins.FUNCTIONS` by its canonical name, applied to scalars.

    Arithmetic: add (n-ary), mul (n-ary), sub, div, pow, neg. Comparisons: lt le gt ge eq ne; logic: and or not;
    if (three arguments). `source` (no arguments) is the right-hand side that makes the exact solution true.
    """

    function: str
    arguments: tuple[Expr, ...]
