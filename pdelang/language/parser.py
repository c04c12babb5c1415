"""Text -> syntax tree: every good statement is kept, every wrong one gives exactly one diagnostic.

text --logical_lines--> statements' extents --Lark (LALR), builder--> nodes --checks--> Program
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from lark import Lark, TextSlice, UnexpectedInput, UnexpectedToken
from lark.lexer import TerminalDef

from pdelang.language import ast
from pdelang.language.diagnostics import Diagnostic
from pdelang.language.limits import ERRORS, FILE_BYTES, STATEMENTS, TOKENS
from pdelang.language.reading import too_large
from pdelang.language.source import Source, Span
from pdelang.language.syntax.builder import Builder
from pdelang.language.syntax.checks import first_fault
from pdelang.language.syntax.logical_lines import LogicalLine, TooLongError, cut
from pdelang.language.syntax.syntax_errors import explain


def parse_program(source: Source) -> tuple[ast.Program, tuple[Diagnostic, ...]]:
    """The statements that are well formed, in the order of the text, and a diagnostic for each that is not."""
    if len(source.text) > FILE_BYTES or len(source.text.encode("utf-8", "surrogatepass")) > FILE_BYTES:
        return ast.Program(source, ()), (too_large(),)
    try:
        lines = cut(source).lines
    except TooLongError as error:
        return ast.Program(source, ()), (_too_long(Span(error.offset, error.offset + 1), f"{TOKENS} words and signs"),)
    if len(lines) > STATEMENTS:
        return ast.Program(source, ()), (_too_long(lines[STATEMENTS].span, f"{STATEMENTS} statements"),)
    statements: list[ast.Statement] = []
    faults: list[Diagnostic] = []
    for line in lines:
        result = parse_statement(source, line)
        if isinstance(result, ast.Statement):
            statements.append(result)
        elif len(faults) < ERRORS:
            faults.append(result)
        else:
            faults.append(_too_many(line.span))
            break
    return ast.Program(source, tuple(statements)), tuple(faults)


def parse_statement(source: Source, line: LogicalLine) -> ast.Statement | Diagnostic:
    """One statement, or the one thing that is wrong with it."""
    if line.error is not None:
        return line.error
    try:
        statement = _grammar().parse(TextSlice(source.text, line.span.start, line.span.end))
    except UnexpectedInput as error:
        return _explained(source, line.span, error)
    assert isinstance(statement, ast.Statement)
    return first_fault(statement) or statement


def terminals() -> tuple[TerminalDef, ...]:
    """The words and signs of the grammar, for the highlighter."""
    return tuple(_grammar().terminals)


@cache
def _grammar() -> Lark:
    text = files("pdelang.grammars").joinpath("pde.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="contextual", maybe_placeholders=True, transformer=Builder())


def _explained(source: Source, line: Span, error: UnexpectedInput) -> Diagnostic:
    legal = isinstance(error, UnexpectedToken)
    offset = error.token.start_pos if isinstance(error, UnexpectedToken) else error.pos_in_stream
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        offset = None
    # The parser has already reduced by a lookahead that then failed; only a second run, up to the fault, shows all that may follow.
    again = _grammar().parse_interactive(TextSlice(source.text, line.start, line.end if offset is None else offset))
    again.exhaust_lexer()
    return explain(source.text, line, offset, frozenset(again.accepts()), legal)


def _too_long(span: Span, what: str) -> Diagnostic:
    return Diagnostic("E907", f"the program has more than {what}", span, "the limit is reached here", "use sum(k in 1..n: ...) and vectors")


def _too_many(span: Span) -> Diagnostic:
    return Diagnostic("E909", f"more than {ERRORS} errors", span, "the rest was not read", "mend the first ones")
