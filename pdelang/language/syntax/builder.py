"""From the grammar's rules to syntax tree nodes, one method a rule, called by Lark while it parses.

A bracketed expression keeps two spans: its node's, without the brackets, and the one its neighbours reckon with (`(a + b)*c`
begins at the bracket). `_Group` carries the second one up a single level.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lark import Token, Transformer, v_args

from pdelang.language import ast
from pdelang.language.source import Span


class _Group(NamedTuple):
    node: ast.Expression
    span: Span


class _Interval(NamedTuple):
    lower: ast.Expression
    upper: ast.Expression
    span: Span


Operand = ast.Expression | _Group
Part = Token | ast.Node | _Group | _Interval | None


def _span_of(part: Part) -> Span:
    if isinstance(part, Token):
        return Span(part.start_pos or 0, part.end_pos or 0)
    assert part is not None
    return part.span


def _cover(*parts: Any) -> Span:
    """From the first part that stands there to the last one."""
    there = [part for part in parts if part is not None]
    return _span_of(there[0]).to(_span_of(there[-1]))


def _node(part: Operand) -> ast.Expression:
    return part.node if isinstance(part, _Group) else part


def _optional(part: Operand | None) -> ast.Expression | None:
    return None if part is None else _node(part)


def _declared(token: Token) -> ast.Declared:
    return ast.Declared(name=str(token), span=_span_of(token))


def _unquoted(token: Token) -> str:
    return str(token)[1:-1]


@v_args(inline=True)
class Builder(Transformer[Token, ast.Statement]):
    """Methods are named after the rules and aliases of `pde.lark`."""

    # ------------------------------------------------------------ expressions

    def number(self, token: Token) -> ast.Number:
        return ast.Number(str(token), span=_span_of(token))

    def name(self, token: Token) -> ast.Name:
        return ast.Name(str(token), span=_span_of(token))

    def group(self, opened: Token, inner: Operand, closed: Token) -> _Group:
        return _Group(_node(inner), _cover(opened, closed))

    def binary(self, left: Operand, operator: Token, right: Operand) -> ast.Binary:
        text = "^" if operator == "**" else str(operator)
        return ast.Binary(text, _node(left), _node(right), span=_cover(left, right))

    def unary(self, operator: Token, operand: Operand) -> ast.Unary:
        return ast.Unary(str(operator), _node(operand), span=_cover(operator, operand))

    def comparisons(self, first: Operand, *rest: Any) -> ast.Expression:
        """`a < b < c` is `a < b and b < c`."""
        operands = [first, *rest[1::2]]
        result: ast.Expression | None = None
        for left, operator, right in zip(operands, rest[::2], operands[1:]):
            link = ast.Compare(str(operator), _node(left), _node(right), span=_cover(left, right))
            result = link if result is None else ast.Binary("and", result, link, span=_cover(first, right))
        assert result is not None
        return result

    def arguments(self, *parts: Any) -> tuple[ast.Expression, ...]:
        return tuple(_node(part) for part in parts[::2])

    def call(self, function: Token, opened: Token, arguments: tuple[ast.Expression, ...] | None, closed: Token) -> ast.Call:
        return ast.Call(str(function), arguments or (), span=_cover(function, closed), function_span=_span_of(function))

    def component_call(self, *parts: Any) -> ast.Call:
        name, _, index, bracket, _, arguments, closed = parts
        return ast.Call(str(name), arguments or (), index=_node(index), span=_cover(name, closed), function_span=_cover(name, bracket))

    def index(self, name: Token, opened: Token, index: Operand, closed: Token) -> ast.Index:
        return ast.Index(str(name), _node(index), span=_cover(name, closed), name_span=_span_of(name))

    def tuple(self, *parts: Any) -> ast.Tuple:
        return ast.Tuple(tuple(_node(part) for part in parts[1:-1:2]), span=_cover(parts[0], parts[-1]))

    def finite_sum(self, *parts: Any) -> ast.Sum:
        word, _, index, _, lower, _, upper, _, body, closed = parts
        return ast.Sum(str(index), _node(lower), _node(upper), _node(body), span=_cover(word, closed), index_span=_span_of(index))

    # ------------------------------------------------------------ parts of statements

    def interval(self, opened: Token, lower: Operand, comma: Token, upper: Operand, closed: Token) -> _Interval:
        return _Interval(_node(lower), _node(upper), _cover(opened, closed))

    def declared(self, name: Token, opened: Token | None, size: Operand | None, closed: Token | None) -> ast.Declared:
        return ast.Declared(name=str(name), size=_optional(size), span=_cover(name, closed))

    def relation(self, left: Operand, equal: Token, right: Operand) -> ast.EquationStatement:
        return ast.EquationStatement(left=_node(left), right=_node(right), span=_cover(left, right))

    # ------------------------------------------------------------ statements

    def problem(self, word: Token, name: Token, title: Token | None) -> ast.ProblemStatement:
        return ast.ProblemStatement(name=str(name), title=None if title is None else _unquoted(title), span=_cover(word, name, title))

    def coordinate(self, *parts: Any) -> ast.CoordinateStatement:
        time, name, _, interval, periodic = parts
        return ast.CoordinateStatement(
            name=_declared(name),
            lower=interval.lower,
            upper=interval.upper,
            periodic=periodic is not None,
            time=time is not None,
            span=_cover(time, name, interval, periodic),
        )

    def domain(self, names: ast.Tuple, word: Token, region: Operand) -> ast.DomainStatement:
        """The names are read as an expression; `checks.py` has refused anything but names in it when this node is used."""
        declared = tuple(ast.Declared(name=item.id if isinstance(item, ast.Name) else "", span=item.span) for item in names.items)
        return ast.DomainStatement(names=declared, region=_node(region), span=_cover(names, region))

    def fields(self, word: Token, *parts: Any) -> ast.FieldStatement:
        return ast.FieldStatement(fields=tuple(parts[::2]), span=_cover(word, parts[-1]))

    def ranged_parameter(self, *parts: Any) -> ast.ParamStatement:
        word, name, _, interval, log, _, default = parts
        return ast.ParamStatement(
            name=name,
            distribution="uniform" if log is None else "log",
            arguments=(interval.lower, interval.upper),
            default=_optional(default),
            unknown=word.type == "UNKNOWN",
            span=_cover(word, interval, log, default),
        )

    def normal_parameter(self, *parts: Any) -> ast.ParamStatement:
        word, name, _, _, _, mean, _, deviation, closed, _, default = parts
        return ast.ParamStatement(
            name=name,
            distribution="normal",
            arguments=(_node(mean), _node(deviation)),
            default=_optional(default),
            unknown=word.type == "UNKNOWN",
            span=_cover(word, closed, default),
        )

    def let_value(self, word: Token, name: Token, equal: Token, body: Operand) -> ast.LetStatement:
        return ast.LetStatement(name=_declared(name), parameters=None, body=_node(body), span=_cover(word, body))

    def let_function(self, word: Token, name: Token, *parts: Any) -> ast.LetStatement:
        *parameters, _, _, body = parts[1:]
        return ast.LetStatement(
            name=_declared(name), parameters=tuple(_declared(p) for p in parameters[::2]), body=_node(body), span=_cover(word, body)
        )

    def region(self, word: Token, name: Token, equal: Token, region: Operand) -> ast.RegionStatement:
        return ast.RegionStatement(name=_declared(name), region=_node(region), span=_cover(word, region))

    def exact(self, word: Token, name: Token, equal: Token, expression: Operand) -> ast.ExactStatement:
        return ast.ExactStatement(field=_declared(name), expression=_node(expression), span=_cover(word, expression))

    def data(self, *parts: Any) -> ast.DataStatement:
        word, name, _, path, _, weight = parts
        return ast.DataStatement(
            field=_declared(name), path=_unquoted(path), path_span=_span_of(path), weight=_optional(weight), span=_cover(word, path, weight)
        )

    def option(self, word: Token, name: Token, equal: Token, value: Operand) -> ast.OptionStatement:
        return ast.OptionStatement(name=_declared(name), value=_node(value), span=_cover(word, value))

    def on(self, *parts: Any) -> ast.OnStatement:
        word, place, _, value, _, *relations, _, where = parts
        return ast.OnStatement(
            place=self.name(place),
            value=_optional(value),
            equations=tuple(relations[::2]),
            where=_optional(where),
            span=_cover(word, relations[-1], where),
        )

    def equation(
        self, label: Token | None, colon: Token | None, relation: ast.EquationStatement, word: Token | None, where: Operand | None
    ) -> ast.EquationStatement:
        return ast.EquationStatement(
            left=relation.left,
            right=relation.right,
            label=None if label is None else _declared(label),
            where=_optional(where),
            span=_cover(label, relation, where),
        )
