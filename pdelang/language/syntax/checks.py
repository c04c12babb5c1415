"""What the grammar lets pass in one statement and the language does not: reserved words, wild numbers, too deep a tree.

The walk keeps its own stack, so that it measures depth without suffering from it; after it, a recursive walk of the tree is safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pdelang.language import ast
from pdelang.language.diagnostics import Diagnostic
from pdelang.language.limits import NAME_LENGTH, NESTING, NUMBER_DIGITS, NUMBER_EXPONENT
from pdelang.language.source import Span
from pdelang.language.words import RESERVED, STATEMENTS

_NUMBER = re.compile(r"0*(?P<whole>\d*)\.?(?P<zeros>0*)(?P<rest>\d*)(?:[eE](?P<exponent>[+-]?\d+))?")


def first_fault(statement: ast.Statement) -> Diagnostic | None:
    """The first fault of a statement in the order of its text, or None."""
    faults: list[Diagnostic] = []
    stack: list[tuple[ast.Node, int]] = [(statement, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > NESTING:
            return _too_deep(node.span)
        faults += _faults(node)
        stack += [(child, depth + 1) for child in ast.children(node)]
    return min(faults, key=lambda fault: fault.span or statement.span, default=None)


def _faults(node: ast.Node) -> Iterator[Diagnostic]:
    if isinstance(node, ast.Number):
        if not _is_double(node.text):
            yield _bad_number(node.span)
    elif isinstance(node, ast.DomainStatement):
        yield from (_not_a_coordinate(name.span) for name in node.names if not name.name)
    for name, span in _names(node):
        if len(name) > NAME_LENGTH:
            yield _too_long(span)
        elif name in RESERVED and not _word_has_meaning(node, name):
            yield reserved(name, span)


def _names(node: ast.Node) -> Iterator[tuple[str, Span]]:
    match node:
        case ast.Name():
            yield node.id, node.span
        case ast.Call():
            yield node.function, Span(node.function_span.start, node.function_span.start + len(node.function))
        case ast.Index():
            yield node.name, node.name_span
        case ast.Sum():
            yield node.index, node.index_span
        case ast.Declared():
            yield node.name, Span(node.span.start, node.span.start + len(node.name))


def _word_has_meaning(node: ast.Node, name: str) -> bool:
    """`exact` stands for the exact solution's values; `if` is a function."""
    return (isinstance(node, ast.Name) and name == "exact") or (isinstance(node, ast.Call) and name == "if")


def _is_double(text: str) -> bool:
    """Whether a literal is zero or of ordinary size, told from its text: no power of ten is ever formed."""
    match = _NUMBER.fullmatch(text)
    assert match is not None
    whole, zeros, rest, exponent = match.group("whole", "zeros", "rest", "exponent")
    if len(text) > NUMBER_DIGITS or len(exponent or "") > 6:
        return False
    shift = len(whole) - 1 if whole else -len(zeros) - 1
    return not (whole or rest) or abs(int(exponent or 0) + shift) <= NUMBER_EXPONENT


def _bad_number(span: Span) -> Diagnostic:
    limits = f"numbers have at most {NUMBER_DIGITS} digits and lie between 1e-{NUMBER_EXPONENT} and 1e{NUMBER_EXPONENT}"
    return Diagnostic("E105", "a number out of range", span, "not a number of double precision", limits)


def reserved(name: str, span: Span) -> Diagnostic:
    example = STATEMENTS.get(name)
    help = f"choose another name; the word serves in: {example}" if example else "choose another name"
    return Diagnostic("E114", f"`{name}` is a word of the language", span, "it cannot be a name", help)


def _too_long(span: Span) -> Diagnostic:
    return Diagnostic("E908", f"a name of more than {NAME_LENGTH} characters", span, "too long", "choose a shorter name")


def _too_deep(span: Span) -> Diagnostic:
    help = "name parts of it with let, group long sums with brackets, or write sum(k in 1..n: ...)"
    return Diagnostic("E902", f"an expression is nested more than {NESTING} deep", span, "every operator of a chain counts", help)


def _not_a_coordinate(span: Span) -> Diagnostic:
    return Diagnostic("E116", "only names may stand before `in`", span, "not a name", "write the coordinates: (x, y) in REGION")
