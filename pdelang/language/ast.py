"""The syntax tree of a `.pde` text. Every node carries its span; nothing is resolved yet.

Expressions and statements are frozen dataclasses. `span` takes no part in equality, so that
`parse(format(p)) == parse(p)` compares structure alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from pdelang.language.source import Source, Span


@dataclass(frozen=True, kw_only=True)
class Node:
    span: Span = field(compare=False, default=Span(0, 0))


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True)
class Expression(Node):
    pass


@dataclass(frozen=True)
class Number(Expression):
    """A literal; its text is kept, because 0.01 is exactly 1/100."""

    text: str


@dataclass(frozen=True)
class Name(Expression):
    """An identifier, `u_xx` and `pi` included: what it stands for is decided in semantics."""

    id: str


@dataclass(frozen=True)
class Unary(Expression):
    """`-e`, `+e` or `not e`."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary(Expression):
    """Operator one of `+ - * / ^` (`**` is read as `^`), `and`, `or`, `| & -` between regions."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Compare(Expression):
    """Operator one of `< <= > >= == !=`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call(Expression):
    """`name(arguments)`: a function, an operator, a definition, a region shape, or a field at a place.

    `index` is set in `U[1](x, 0)`: a component of a vector field at a place.
    """

    function: str
    arguments: tuple[Expression, ...]
    index: Expression | None = field(default=None, kw_only=True)
    function_span: Span = field(compare=False, default=Span(0, 0), kw_only=True)


@dataclass(frozen=True)
class Index(Expression):
    """`a[k]`."""

    name: str
    index: Expression
    name_span: Span = field(compare=False, default=Span(0, 0), kw_only=True)


@dataclass(frozen=True)
class Tuple(Expression):
    """`(a, b, ...)`, two items or more."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Sum(Expression):
    """`sum(index in lower..upper: body)`."""

    index: str
    lower: Expression
    upper: Expression
    body: Expression
    index_span: Span = field(compare=False, default=Span(0, 0), kw_only=True)


# ---------------------------------------------------------------- statements


@dataclass(frozen=True)
class Statement(Node):
    pass


@dataclass(frozen=True, kw_only=True)
class Declared(Node):
    """A declared name with its own span and, for vectors, its size."""

    name: str
    size: Expression | None = None


@dataclass(frozen=True, kw_only=True)
class ProblemStatement(Statement):
    name: str
    title: str | None = None


@dataclass(frozen=True, kw_only=True)
class CoordinateStatement(Statement):
    """`x in [lower, upper] [periodic]`, `time tau in [lower, upper]`."""

    name: Declared
    lower: Expression
    upper: Expression
    periodic: bool = False
    time: bool = False


@dataclass(frozen=True, kw_only=True)
class DomainStatement(Statement):
    """`(x, y) in REGION`."""

    names: tuple[Declared, ...]
    region: Expression


@dataclass(frozen=True, kw_only=True)
class FieldStatement(Statement):
    fields: tuple[Declared, ...]


@dataclass(frozen=True, kw_only=True)
class ParamStatement(Statement):
    """`param name[size] in [lower, upper] [log] [= default]` or `~ normal(mean, deviation)`; `unknown` likewise.

    `distribution` is "uniform" (arguments: lower, upper), "log" (the same) or "normal" (mean, deviation).
    """

    name: Declared
    distribution: str
    arguments: tuple[Expression, ...]
    default: Expression | None = None
    unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class LetStatement(Statement):
    """`let name = body`, `let name(parameters) = body` (parameters is None without brackets)."""

    name: Declared
    parameters: tuple[Declared, ...] | None
    body: Expression


@dataclass(frozen=True, kw_only=True)
class EquationStatement(Statement):
    """`[label:] left = right [where condition]`: an equation, a condition, or `integral(e) = value`."""

    left: Expression
    right: Expression
    label: Declared | None = None
    where: Expression | None = None


@dataclass(frozen=True, kw_only=True)
class OnStatement(Statement):
    """`on PLACE: eq, eq, ... [where condition]`. PLACE is a name (`boundary`, a region) or `coordinate = value`."""

    place: Name
    value: Expression | None
    equations: tuple[EquationStatement, ...]
    where: Expression | None = None


@dataclass(frozen=True, kw_only=True)
class RegionStatement(Statement):
    name: Declared
    region: Expression


@dataclass(frozen=True, kw_only=True)
class ExactStatement(Statement):
    """`exact u = expr`, `exact U = (a, b)`."""

    field: Declared
    expression: Expression


@dataclass(frozen=True, kw_only=True)
class DataStatement(Statement):
    """`data u from "obs.csv" [weight w]`."""

    field: Declared
    path: str
    path_span: Span = dataclasses.field(compare=False, default=Span(0, 0))
    weight: Expression | None = None


@dataclass(frozen=True, kw_only=True)
class OptionStatement(Statement):
    """`option NAME = value`; the value is an expression or a bare name such as `gauss_newton`."""

    name: Declared
    value: Expression


@dataclass(frozen=True)
class Program:
    """All statements in the order of the text."""

    source: Source = field(compare=False)
    statements: tuple[Statement, ...]


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of its fields."""
    for value in vars(node).values():
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))
