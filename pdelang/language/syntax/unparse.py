"""Syntax tree -> text: brackets only where the grammar needs them or a reader would, sums spaced, products tight.

`parse(statement_text(s)) == s` for every statement that the parser can make.
"""

from __future__ import annotations

from pdelang.language import ast

# How tightly an expression binds; an operand that binds less than its place asks for is bracketed.
OR, AND, NOT, COMPARE, UNION, INTERSECTION, SUM, PRODUCT, SIGN, POWER, ATOM = range(11)

_BINDING = {"or": OR, "and": AND, "|": UNION, "&": INTERSECTION, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}
_TIGHT = frozenset("*/^")


def expression_text(node: ast.Expression) -> str:
    match node:
        case ast.Number():
            return node.text
        case ast.Name():
            return node.id
        case ast.Unary():
            return _unary(node)
        case ast.Binary():
            return _binary(node)
        case ast.Compare():
            return f"{_operand(node.left, UNION)} {node.operator} {_operand(node.right, UNION)}"
        case ast.Call():
            return f"{node.function}{_subscript(node.index)}({_list(node.arguments)})"
        case ast.Index():
            return f"{node.name}{_subscript(node.index)}"
        case ast.Tuple():
            return f"({_list(node.items)})"
        case ast.Sum():
            lower, upper = expression_text(node.lower), expression_text(node.upper)
            dots = " .. " if lower.endswith(".") or upper.startswith(".") else ".."
            return f"sum({node.index} in {lower}{dots}{upper}: {expression_text(node.body)})"
    raise TypeError(f"not an expression: {type(node).__name__}")


def _binding(node: ast.Expression) -> int:
    match node:
        case ast.Binary():
            return _BINDING[node.operator]
        case ast.Compare():
            return COMPARE
        case ast.Unary():
            return NOT if node.operator == "not" else SIGN
    return ATOM


def _operand(node: ast.Expression, least: int, bracket_sign: bool = False) -> str:
    text = expression_text(node)
    bare = _binding(node) >= least and not (bracket_sign and _binding(node) == SIGN)
    return text if bare else f"({text})"


def _unary(node: ast.Unary) -> str:
    if node.operator == "not":
        return f"not {_operand(node.operand, NOT)}"
    return f"{node.operator}{_operand(node.operand, POWER)}"


def _binary(node: ast.Binary) -> str:
    """Left-associative, but for powers. A sign behind an operator is bracketed for the reader: `a*(-b)`, `2^(-3)`."""
    binding = _BINDING[node.operator]
    least = (ATOM, POWER) if node.operator == "^" else (binding, binding + 1)
    left, right = _operand(node.left, least[0]), _operand(node.right, least[1], bracket_sign=binding >= SUM)
    gap = "" if node.operator in _TIGHT else " "
    return f"{left}{gap}{node.operator}{gap}{right}"


def _subscript(index: ast.Expression | None) -> str:
    return "" if index is None else f"[{expression_text(index)}]"


def _list(items: tuple[ast.Expression, ...]) -> str:
    return ", ".join(expression_text(item) for item in items)


# ---------------------------------------------------------------- statements


def statement_text(node: ast.Statement) -> str:
    """One line, however long; `formatter.py` wraps it."""
    match node:
        case ast.ProblemStatement():
            return f"problem {node.name}" + ("" if node.title is None else f' "{node.title}"')
        case ast.CoordinateStatement():
            time, periodic = "time " if node.time else "", " periodic" if node.periodic else ""
            return f"{time}{node.name.name} in [{expression_text(node.lower)}, {expression_text(node.upper)}]{periodic}"
        case ast.DomainStatement():
            return f"({_names(node.names)}) in {expression_text(node.region)}"
        case ast.FieldStatement():
            return f"field {_names(node.fields)}"
        case ast.ParamStatement():
            return _parameter(node)
        case ast.LetStatement():
            parameters = "" if node.parameters is None else f"({_names(node.parameters)})"
            return f"let {node.name.name}{parameters} = {expression_text(node.body)}"
        case ast.EquationStatement():
            label = "" if node.label is None else f"{node.label.name}: "
            return f"{label}{_relation(node)}{_clause('where', node.where)}"
        case ast.OnStatement():
            value = "" if node.value is None else f" = {expression_text(node.value)}"
            equations = ", ".join(_relation(equation) for equation in node.equations)
            return f"on {node.place.id}{value}: {equations}{_clause('where', node.where)}"
        case ast.RegionStatement():
            return f"region {node.name.name} = {expression_text(node.region)}"
        case ast.ExactStatement():
            return f"exact {node.field.name} = {expression_text(node.expression)}"
        case ast.DataStatement():
            return f'data {node.field.name} from "{node.path}"{_clause("weight", node.weight)}'
        case ast.OptionStatement():
            return f"option {node.name.name} = {expression_text(node.value)}"
    raise TypeError(f"not a statement: {type(node).__name__}")


def _parameter(node: ast.ParamStatement) -> str:
    word = "unknown" if node.unknown else "param"
    first, second = (expression_text(argument) for argument in node.arguments)
    ranges = {"uniform": "in [{}, {}]", "log": "in [{}, {}] log", "normal": "~ normal({}, {})"}
    return f"{word} {_declared(node.name)} {ranges[node.distribution].format(first, second)}{_clause('=', node.default)}"


def _relation(node: ast.EquationStatement) -> str:
    return f"{expression_text(node.left)} = {expression_text(node.right)}"


def _clause(word: str, value: ast.Expression | None) -> str:
    return "" if value is None else f" {word} {expression_text(value)}"


def _names(names: tuple[ast.Declared, ...]) -> str:
    return ", ".join(_declared(name) for name in names)


def _declared(node: ast.Declared) -> str:
    return f"{node.name}{_subscript(node.size)}"
