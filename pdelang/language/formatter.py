"""Canonical text of a program: one way to write each statement, comments kept, at most one blank line in a row.

Statements that shared a line with `;` still share it where it fits. A comment inside a continued statement moves above it.
The tree does not change, `parse(format(p)) == parse(p)`, and a second run changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pdelang.language.ast import Statement
from pdelang.language.diagnostics import ProblemError
from pdelang.language.parser import parse_program
from pdelang.language.source import Source, Span
from pdelang.language.syntax.logical_lines import Comment, cut, scan
from pdelang.language.syntax.unparse import statement_text

WIDTH = 100
_INDENT = "    "


def format_source(source: Source) -> str:
    """The program in canonical form, ending in a newline unless it is empty. Raises ProblemError where it has syntax errors."""
    program, faults = parse_program(source)
    if faults:
        raise ProblemError(source, faults)
    rows = _rows(source.text, program.statements, cut(source).comments)
    out: list[str] = []
    for before, row in zip([None, *rows], rows):
        if before is not None and source.text.count("\n", before.span.end, row.span.start) > 1:
            out.append("")
        out += row.lines()
    return "".join(line + "\n" for line in out)


@dataclass
class _Row:
    """What shares a line: comments that stand above, statements, and a comment behind them."""

    span: Span
    above: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    behind: str = ""

    def lines(self) -> list[str]:
        joined = "; ".join(self.statements)
        pieces = [joined] if len(joined) <= WIDTH else self.statements
        lines = [line for piece in pieces if piece for line in wrap(piece)]
        if self.behind:
            lines[-1] += f"  {self.behind}"
        return self.above + lines


def _rows(text: str, statements: tuple[Statement, ...], comments: tuple[Comment, ...]) -> list[_Row]:
    rows: list[_Row] = []
    items: list[Statement | Comment] = sorted([*statements, *comments], key=lambda item: item.span.start)
    for item in items:
        last = rows[-1] if rows else None
        shares = last is not None and last.statements and "\n" not in text[last.span.end : item.span.start]
        if isinstance(item, Comment):
            words = text[item.span.start : item.span.end]
            if last is not None and last.statements and item.span.start < last.span.end:
                last.above.append(words)
            elif shares and last is not None:
                last.behind = words
                last.span = last.span.to(item.span)
            else:
                rows.append(_Row(item.span, above=[words]))
        elif shares and last is not None:
            last.statements.append(statement_text(item))
            last.span = last.span.to(item.span)
        else:
            rows.append(_Row(item.span, statements=[statement_text(item)]))
    return rows


def wrap(text: str) -> list[str]:
    """A long statement over several lines, each but the last ending in an operator, `=`, `,` or `:` as loose as can be."""
    lines: list[str] = []
    rest, indent = text, ""
    while len(indent) + len(rest) > WIDTH:
        breaks = _breaks(rest, WIDTH - len(indent))
        if not breaks:
            break
        depth = min(depth for depth, _ in breaks)
        end = max(end for at, end in breaks if at == depth)
        lines.append(indent + rest[:end])
        rest, indent = rest[end:].lstrip(), _INDENT
    return [*lines, indent + rest]


def _breaks(text: str, width: int) -> list[tuple[int, int]]:
    """(depth of brackets, offset) of every place before `width` where a line may end. A rest may close brackets that it did not open."""
    depth, places = 0, []
    for token in scan(text):
        if token.start >= width:
            break
        depth += (token.kind == "open") - (token.kind == "close")
        loose = token.kind in ("operator", "equal", "separator") and text[token.end : token.end + 1] == " "
        if loose and token.end <= width and text[token.start : token.end] != "not":
            places.append((depth, token.end))
    return places
