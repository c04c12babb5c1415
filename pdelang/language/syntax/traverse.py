"""Walks over syntax trees, without recursion: a sum of ten thousand terms is a tree ten thousand deep."""

from __future__ import annotations

from collections.abc import Iterator

from pdelang.language import ast


def parts(node: ast.Expression) -> tuple[ast.Expression, ...]:
    if isinstance(node, ast.Unary):
        return (node.operand,)
    if isinstance(node, (ast.Binary, ast.Compare)):
        return (node.left, node.right)
    if isinstance(node, ast.Call):
        return node.arguments if node.index is None else (node.index, *node.arguments)
    if isinstance(node, ast.Index):
        return (node.index,)
    if isinstance(node, ast.Tuple):
        return node.items
    return (node.lower, node.upper, node.body) if isinstance(node, ast.Sum) else ()


def walk(*roots: ast.Expression) -> Iterator[ast.Expression]:
    """Every node, parents first, in the order of the text."""
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(parts(node))


def names_in(*roots: ast.Expression) -> Iterator[str]:
    """Every name that an expression mentions, those of functions included."""
    for node in walk(*roots):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Call):
            yield node.function
        elif isinstance(node, ast.Index):
            yield node.name


def equations(statement: ast.Statement) -> tuple[ast.EquationStatement, ...]:
    if isinstance(statement, ast.EquationStatement):
        return (statement,)
    return statement.equations if isinstance(statement, ast.OnStatement) else ()


def expressions(statement: ast.Statement) -> tuple[ast.Expression, ...]:
    """The expressions of a statement that speak of coordinates, fields and parameters (not sizes, not option values)."""
    if isinstance(statement, ast.EquationStatement):
        where = () if statement.where is None else (statement.where,)
        return (statement.left, statement.right, *where)
    if isinstance(statement, ast.OnStatement):
        inner = tuple(e for equation in statement.equations for e in expressions(equation))
        return (*inner, *(e for e in (statement.value, statement.where) if e is not None))
    if isinstance(statement, ast.CoordinateStatement):
        return (statement.lower, statement.upper)
    if isinstance(statement, ast.LetStatement):
        return (statement.body,)
    if isinstance(statement, ast.ExactStatement):
        return (statement.expression,)
    if isinstance(statement, (ast.RegionStatement, ast.DomainStatement)):
        return (statement.region,)
    return ()


def local_names(statement: ast.Statement) -> set[str]:
    """Names that a statement itself introduces: the arguments of a definition, the index of a sum."""
    found = {p.name for p in statement.parameters or ()} if isinstance(statement, ast.LetStatement) else set()
    return found | {node.index for node in walk(*expressions(statement)) if isinstance(node, ast.Sum)}


def left_chain(node: ast.Expression, operators: tuple[str, ...]) -> list[tuple[str, ast.Expression]]:
    """`a - b + c` as [("", a), ("-", b), ("+", c)]: the operands of a left-associative chain and what joins each to its left."""
    chain: list[tuple[str, ast.Expression]] = []
    while isinstance(node, ast.Binary) and node.operator in operators:
        chain.append((node.operator, node.right))
        node = node.left
    return [("", node), *reversed(chain)]
