"""A fault as the rules of `syntax_errors.py` see it: the tokens before it, the one at it, and what could have followed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pdelang.language.source import Span
from pdelang.language.words import CLAUSES

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\f\r\n\ufeff]+|\#[^\n]*)
  | (?P<string>"[^"\n]*"?)
  | (?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<name>[^\W\d_]\w*)
  | (?P<operator>\*\*|<=|>=|==|!=|\.\.|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)

_GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("an expression", frozenset({"NUMBER"})),
    ("a name", frozenset({"NAME"})),
    ("a text in quotes", frozenset({"STRING"})),
    ("an operator", frozenset({"STAR"})),
    ("`[`", frozenset({"LSQB"})),
    ("`(`", frozenset({"LPAR"})),
    ("`=`", frozenset({"EQUAL"})),
    ("`~`", frozenset({"TILDE"})),
    ("`,`", frozenset({"COMMA"})),
    ("`:`", frozenset({"COLON"})),
    ("`..`", frozenset({"DOTS"})),
    ("`)`", frozenset({"RPAR"})),
    ("`]`", frozenset({"RSQB"})),
    *((f"`{word}`", frozenset({word.upper()})) for word in CLAUSES if word not in ("and", "or", "not", "sum")),
    ("the end of the statement", frozenset({"$END"})),
)
_IMPLIED = {"an expression": {"a name", "`(`"}, "an operator": {"`[`", "`(`"}}


@dataclass(frozen=True, slots=True)
class Found:
    """A token as a reader sees it: kind is number, name, string, operator, start or end."""

    kind: str
    text: str
    span: Span


@dataclass(frozen=True)
class Fault:
    """Where the parser stood still. `accepted`: the grammar's terminals that could follow; `legal`: whether the bad token is one at all."""

    text: str
    line: Span
    bad: Found
    accepted: frozenset[str]
    legal: bool

    @cached_property
    def before(self) -> Sequence[Found]:
        return tokens(self.text, self.line.start, self.bad.span.start)

    @property
    def previous(self) -> Found:
        return self.before[-1] if self.before else Found("start", "", Span(self.line.start, self.line.start))

    @property
    def adjacent(self) -> bool:
        return self.previous.span.end == self.bad.span.start

    @cached_property
    def depth(self) -> int:
        return sum((t.text in ("(", "[")) - (t.text in (")", "]")) for t in self.before)

    def outside(self, text: str) -> Found | None:
        """The first token of this text outside brackets, before the fault and after the last `:` or `,` there."""
        depth, found = 0, None
        for token in self.before:
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            if depth == 0 and token.text in (":", ","):
                found = None
            elif depth == 0 and token.text == text and found is None:
                found = token
        return found


def token_at(text: str, offset: int) -> Found:
    match = _TOKEN.match(text, offset)
    assert match is not None
    return Found(match.lastgroup or "", match.group(), Span(match.start(), match.end()))


def tokens(text: str, start: int, end: int) -> list[Found]:
    matches = _TOKEN.finditer(text, start, end)
    return [Found(m.lastgroup or "", m.group(), Span(m.start(), m.end())) for m in matches if m.lastgroup != "blank"]


def expected(accepted: frozenset[str]) -> str:
    """`expected an operator, `=` or `)``: what may stand here, in a reader's words."""
    names = [name for name, terminals in _GROUPS if terminals & accepted]
    hidden = set().union(*(_IMPLIED.get(name, set()) for name in names)) if names else set()
    words = [name for name in names if name not in hidden]
    return "expected " + " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
