"""From text to statements: where each begins and ends, before anything is parsed.

A statement ends at `;` or at the end of a line, unless a bracket is open or the line ends in an operator, `=`, `,` or `:`.
One forgotten bracket must not swallow the rest of the file, so a line that can only be a statement of its own ends
the open one, which is then at fault. Brackets are matched here with a plain list: depth costs no recursion later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pdelang.language.diagnostics import Diagnostic, Label
from pdelang.language.limits import NESTING, TOKENS
from pdelang.language.source import Source, Span

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\f\r\ufeff]+)
  | (?P<newline>\n(?:[ \t\f\r]*\n)*)
  | (?P<comment>\#[^\n]*)
  | (?P<string>"[^"\n]*"?)
  | (?P<semicolon>;)
  | (?P<open>[(\[])
  | (?P<close>[)\]])
  | (?P<equal>=(?!=))
  | (?P<operator>\*\*|<=|>=|==|!=|[-+*/^<>&|~]|(?:and|or|not)\b)
  | (?P<separator>[,:])
  | (?P<word>[\w.]+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STATEMENT = re.compile(
    r"(?:problem|time|field|param|unknown|let|on|region|exact|data|option)[ \t]+(?!(?:where|and|or)\b)[^\W\d_]"
    r"|\w+[ \t]+in[ \t]*\["
    r"|\([\w, \t]*\)[ \t]*in\b"
)
_CONTINUES = frozenset({"operator", "equal", "separator"})
_CLOSES = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Lexeme:
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Comment:
    """`# ...` without blanks at its end; `own_line` where nothing but blanks stands before it on its line."""

    span: Span
    own_line: bool


@dataclass(frozen=True)
class LogicalLine:
    """One statement's extent, from its first to its last token; `error` where brackets already tell that it is wrong."""

    span: Span
    error: Diagnostic | None = None


@dataclass(frozen=True)
class Layout:
    lines: tuple[LogicalLine, ...]
    comments: tuple[Comment, ...]


class TooLongError(Exception):
    """More tokens than `limits.TOKENS`; `offset` is where the count ran out."""

    def __init__(self, offset: int):
        self.offset = offset
        super().__init__(offset)


def cut(source: Source) -> Layout:
    """The statements and the comments of a text, both in its order. Raises TooLongError."""
    lines, comments = [], []
    current = _Open(source)
    fresh = True  # nothing but blanks since the last newline
    tokens = list(scan(source.text))
    for position, token in enumerate(tokens):
        if token.kind == "comment":
            comments.append(Comment(_trimmed(source, token), own_line=fresh))
            fresh = False
        elif token.kind == "newline":
            fresh = True
            if current.may_end:
                lines += current.close()
        elif token.kind == "semicolon":
            fresh = False
            lines += current.close()
        else:
            if fresh and current.pending and _begins_statement(source.text, tokens, position, current):
                lines += current.close()
            fresh = False
            current.take(token)
    lines += current.close()
    return Layout(tuple(lines), tuple(comments))


def scan(text: str) -> Iterator[Lexeme]:
    """Coarse tokens, blanks left out. Raises TooLongError."""
    count = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "blank":
            count += 1
            if count > TOKENS:
                raise TooLongError(match.start())
            yield Lexeme(kind, match.start(), match.end())


def _trimmed(source: Source, token: Lexeme) -> Span:
    return Span(token.start, token.start + len(source.text[token.start : token.end].rstrip()))


@dataclass
class _Open:
    """The statement being gathered."""

    source: Source
    brackets: list[Lexeme] = field(default_factory=list)
    first: Lexeme | None = None
    last: Lexeme | None = None
    has_equal: bool = False  # `=` outside brackets since the last `,` or `:` there
    placing: bool = False  # between `on` and its `:`, where an `=` belongs to the place
    asks: bool = False  # `if` or `where` has been seen: `==` is no slip for `=`
    error: Diagnostic | None = None

    @property
    def pending(self) -> bool:
        return self.first is not None

    @property
    def may_end(self) -> bool:
        return not self.brackets and (self.last is None or self.last.kind not in _CONTINUES)

    def take(self, token: Lexeme) -> None:
        self.first = self.first or token
        self.last = token
        if token.kind == "open":
            self.brackets.append(token)
            if len(self.brackets) > NESTING:
                self.error = self.error or _too_deep(token)
        elif token.kind == "close":
            self._match(token)
        elif not self.brackets and token.kind in ("equal", "separator"):
            self.placing = self.placing and token.kind == "equal"
            self.has_equal = token.kind == "equal" and not self.placing
        elif token.kind == "word":
            word = self.source.text[token.start : token.end]
            self.placing = self.placing or (word == "on" and token is self.first)
            self.asks = self.asks or word in ("if", "where")

    def _match(self, token: Lexeme) -> None:
        opener = self.brackets.pop() if self.brackets else None
        text = self.source.text
        if opener is None or _CLOSES[text[opener.start]] != text[token.start]:
            self.error = self.error or _stray(text, token, opener)

    def close(self) -> list[LogicalLine]:
        """The statement so far, if there is one; then a new one begins."""
        if self.first is None or self.last is None:
            return []
        error = self.error
        if error is None and self.brackets:
            error = _unclosed(self.source.text, self.brackets[-1], self.last)
        line = LogicalLine(Span(self.first.start, self.last.end), error)
        self.brackets, self.first, self.last, self.error = [], None, None, None
        self.has_equal = self.placing = self.asks = False
        return [line]


def _begins_statement(text: str, tokens: Sequence[Lexeme], position: int, current: _Open) -> bool:
    """Whether the line at `position` can only be a statement of its own, not the rest of the current one."""
    if _STATEMENT.match(text, tokens[position].start):
        return True
    if not current.brackets and not current.has_equal:
        return False
    depth, equal, compared, last = 0, False, False, tokens[position]
    for token in tokens[position:]:
        if token.kind in ("newline", "semicolon", "comment"):
            break
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0 or (depth == 0 and not equal and text[token.start : token.end] == ","):
            return False
        equal = equal or (token.kind == "equal" and depth == 0)
        compared = compared or (text[token.start : token.end] == "==" and depth == 0)
        last = token
    slip = compared and current.brackets and not current.asks and last.kind not in _CONTINUES
    return equal or bool(slip)


def _unclosed(text: str, opener: Lexeme, last: Lexeme) -> Diagnostic:
    bracket = text[opener.start]
    return Diagnostic(
        "E102",
        f"`{bracket}` is never closed",
        Span(opener.start, opener.end),
        "opened here",
        f"write the missing `{_CLOSES[bracket]}` before the statement ends",
        (Label(Span(last.end, last.end + 1), "the statement ends here"),),
    )


def _stray(text: str, token: Lexeme, opener: Lexeme | None) -> Diagnostic:
    bracket, span = text[token.start], Span(token.start, token.end)
    if opener is None:
        return Diagnostic("E115", f"`{bracket}` closes nothing", span, "no bracket is open here", "remove it, or open a bracket before it")
    wanted = _CLOSES[text[opener.start]]
    labels = (Label(Span(opener.start, opener.end), "opened here"),)
    return Diagnostic("E115", f"`{bracket}` closes `{text[opener.start]}`", span, f"expected `{wanted}`", f"write `{wanted}` here", labels)


def _too_deep(token: Lexeme) -> Diagnostic:
    return Diagnostic(
        "E902",
        f"brackets are nested more than {NESTING} deep",
        Span(token.start, token.end),
        f"bracket number {NESTING + 1}",
        "give inner parts a name: let f = ...",
    )
