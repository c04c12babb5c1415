"""From "no rule of the grammar goes on here" to a sentence that helps: a table of rules, the first that applies speaks.

A rule sees the token before the fault and the token at it; what may stand there is asked of Lark's `accepts()`, which is exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches

from pdelang.language.diagnostics import Diagnostic, Label
from pdelang.language.source import Span
from pdelang.language.syntax.characters import unexpected_character
from pdelang.language.syntax.checks import reserved
from pdelang.language.syntax.faults import Fault, Found, expected, token_at, tokens
from pdelang.language.words import CLAUSES, RESERVED, STATEMENTS, SYNONYMS

_CONTINUATIONS = frozenset({"*", "/", "^", "**", "=", ",", "|", "&", ":", "<", ">", "<=", ">=", "==", "!=", "where", "and", "or", "in"})


def explain(text: str, line: Span, offset: int | None, accepted: frozenset[str], legal: bool) -> Diagnostic:
    """The diagnostic for a statement that stops making sense at `offset` (None: at its end)."""
    bad = Found("end", "", Span(line.end, line.end + 1)) if offset is None else token_at(text, offset)
    fault = Fault(text, line, bad, accepted, legal)
    return next(diagnostic for rule in _RULES if (diagnostic := rule(fault)) is not None)


# ---------------------------------------------------------------- rules


def _unterminated_text(fault: Fault) -> Diagnostic | None:
    if fault.legal or not fault.bad.text.startswith('"'):
        return None
    if len(fault.bad.text) > 1 and fault.bad.text.endswith('"'):
        inside = next(i for i, c in enumerate(fault.bad.text) if c < " " or c == "\x7f")
        return unexpected_character(fault.bad.text[inside], fault.bad.span.start + inside)
    return Diagnostic(
        "E108", "a text in quotes is never closed", fault.bad.span, "the quote opens here", 'write the missing `"` on this line'
    )


def _braced_subscript(fault: Fault) -> Diagnostic | None:
    """`u_{xx}`."""
    if fault.legal or fault.bad.text != "{" or not fault.previous.text.endswith("_") or not fault.adjacent:
        return None
    return Diagnostic("E107", "unexpected character `{`", fault.bad.span, "not part of the language", "subscripts are plain: `u_xx`")


def _unexpected_character(fault: Fault) -> Diagnostic | None:
    return None if fault.legal else unexpected_character(fault.bad.text[0], fault.bad.span.start)


def _double_equal(fault: Fault) -> Diagnostic | None:
    if "EQUAL" not in fault.accepted:
        return None
    found = fault.bad if fault.bad.text == "==" else fault.outside("==")
    if found is None or fault.bad.kind not in ("end", "operator"):
        return None
    return Diagnostic("E104", "`==` compares, it does not state an equation", found.span, "`=` is meant here", "write `=`")


def _single_equal(fault: Fault) -> Diagnostic | None:
    if fault.bad.text != "=" or fault.accepted == {"IN"} or not (fault.depth > 0 or any(t.text == "where" for t in fault.before)):
        return None
    return Diagnostic("E110", "`=` states an equation, it does not compare", fault.bad.span, "`==` is meant here", "write `==`")


def _second_equal(fault: Fault) -> Diagnostic | None:
    first = fault.outside("=")
    if fault.bad.text != "=" or first is None or fault.depth > 0:
        return None
    labels = (Label(first.span, "the first one"),)
    return Diagnostic("E111", "a second `=` in one statement", fault.bad.span, "the second one", "write two statements", labels)


def _assignment(fault: Fault) -> Diagnostic | None:
    if fault.previous.text != ":" or fault.bad.text != "=" or not fault.adjacent:
        return None
    span = fault.previous.span.to(fault.bad.span)
    return Diagnostic("E101", "unexpected `:=`", span, "not an operator of the language", "write `let NAME = ...`, or `=`")


def _reserved_start(fault: Fault) -> Diagnostic | None:
    """`data = 3`, `time in [0, 1]`: a word that begins statements, used as a name."""
    first, *rest = [*fault.before, fault.bad]
    if first.text not in STATEMENTS or not rest or not (rest[0].kind == "operator" or rest[0].text == "in"):
        return None
    return reserved(first.text, first.span)


def _orphan(fault: Fault) -> Diagnostic | None:
    """A line that begins with `*`, `=` or `where`: the rest of the line above."""
    first = fault.before[0] if fault.before else fault.bad
    if first.text not in _CONTINUATIONS or (first.kind == "operator" and fault.before):
        return None
    help = "to go on from the line above, join the two, or end that line with an operator"
    return Diagnostic("E101", f"unexpected `{first.text}`", first.span, "a statement cannot begin with it", help)


def _constant_parameter(fault: Fault) -> Diagnostic | None:
    """`param c = 3`: parameters have a range, constants are definitions."""
    if fault.bad.text != "=" or len(fault.before) < 2 or fault.before[0].text not in ("param", "unknown") or "IN" not in fault.accepted:
        return None
    word, name = fault.before[0].text, fault.before[1].text[:40]
    help = f"a constant is written: let {name} = ...; a number with a range: {word} {name} in [a, b] = ..."
    return Diagnostic("E101", "unexpected `=`", fault.bad.span, expected(fault.accepted), help)


def _interval(fault: Fault) -> Diagnostic | None:
    if fault.accepted != {"LSQB"} or fault.previous.text != "in" or fault.bad.kind == "end":
        return None
    return Diagnostic(
        "E101", f"unexpected `{fault.bad.text[:40]}`", fault.bad.span, expected(fault.accepted), "an interval is written `[a, b]`"
    )


def _bad_number(fault: Fault) -> Diagnostic | None:
    """`1.2.3`, `1e`, `0x10`, `1_000`: a number and something glued to it that no product explains."""
    previous, bad = fault.previous, fault.bad
    if previous.kind != "number" or not fault.adjacent:
        return None
    glued = re.match(r"[eE](?=[+-]|$|[^\w.])|[xXbo][0-9a-fA-F]+\b|[0-9._]+", fault.text[bad.span.start : fault.line.end])
    if glued is None or glued.group() == "..":
        return None
    span = Span(previous.span.start, bad.span.start + glued.end())
    return Diagnostic("E105", f"`{fault.text[span.start : span.end][:40]}` is not a number", span, help="numbers look like 2, 0.5 or 1e-3")


def _misspelt_start(fault: Fault) -> Diagnostic | None:
    """`parm nu in [0, 1]`, `coord x in [0, 1]`: two names in a row at the start, the first (nearly) a word of the language."""
    if len(fault.before) != 1 or fault.previous.kind != "name" or fault.bad.kind not in ("name", "string"):
        return None
    word = _nearest(fault.previous.text, list(STATEMENTS))
    if fault.previous.text in STATEMENTS:
        return None
    if word is not None:
        return _unknown_word(fault.previous, word, STATEMENTS[word])
    follows = tokens(fault.text, fault.bad.span.end, fault.line.end)[:1]
    if not follows or follows[0].text not in ("in", "~", "from"):
        return None
    help = f"statements are equations, or begin with {', '.join(STATEMENTS)} or a coordinate: x in [0, 1]"
    return Diagnostic(
        "E109", f"`{fault.previous.text[:40]}` is not a word of the language", fault.previous.span, "no statement begins so", help
    )


def _misspelt_clause(fault: Fault) -> Diagnostic | None:
    """`x in [0, 1] perodic`: a name where one of a few words may stand."""
    words = [word for word in CLAUSES if word.upper() in fault.accepted]
    if fault.bad.kind != "name" or fault.bad.text in words:
        return None
    word = _nearest(fault.bad.text, words)
    return None if word is None else _unknown_word(fault.bad, word, None)


def _unknown_word(found: Found, word: str, example: str | None) -> Diagnostic:
    help = f"write `{word}`" + (f", as in: {example}" if example else "")
    return Diagnostic("E109", f"`{found.text[:40]}` is not a word of the language", found.span, f"did you mean `{word}`?", help)


def _nearest(name: str, words: list[str]) -> str | None:
    lower = name[:40].lower()
    if lower in SYNONYMS and SYNONYMS[lower] in words:
        return SYNONYMS[lower]
    return next(iter(get_close_matches(lower, words, 1, 0.6)), None)


def _missing_operator(fault: Fault) -> Diagnostic | None:
    """`2u`, `nu u_xx`, `(a + b)c`, `2(x + 1)`: a product written by nearness."""
    previous, bad = fault.previous, fault.bad
    ends = previous.kind in ("number", "name") or previous.text in (")", "]")
    begins = bad.kind in ("number", "name") or bad.text == "("
    if "STAR" not in fault.accepted or not (ends and begins) or {previous.text, bad.text} & RESERVED:
        return None
    last = previous.text if previous.kind != "operator" else ""
    product = f"{last}*{bad.text}"[:60]
    help = f"write `{product}`" if last and bad.text != "(" else "write `*` between them"
    if "COMMA" in fault.accepted:
        help += ", or a comma"
    if previous.kind == "name" and previous.text in _applied() and bad.text != "(":
        help = f"write `{previous.text}({bad.text[:40]})`"
    return Diagnostic("E106", "an operator is missing", bad.span, "two factors stand side by side", help)


def _applied() -> frozenset[str]:
    from pdelang.language.builtins import CALLABLE

    return CALLABLE


def _missing_equal(fault: Fault) -> Diagnostic | None:
    """An equation without right-hand side, or `option tolerance 1e-8`."""
    first = fault.before[0].text if fault.before else ""
    rest = tokens(fault.text, fault.bad.span.start, fault.line.end)
    stuck = "EQUAL" in fault.accepted and fault.accepted <= {"EQUAL", "LPAR"} and all(token.text != "=" for token in rest)
    if not stuck and not (fault.bad.kind == "end" and "EQUAL" in fault.accepted and first not in STATEMENTS):
        return None
    help = _as_in(fault) or "an equation reads: left = right"
    if first in ("+", "-"):
        help += "; to go on from the line above, end that line with the sign"
    note = "the statement ends without one" if fault.bad.kind == "end" else "expected `=` before this"
    return Diagnostic("E103", "`=` is missing", fault.bad.span, note, help)


def _early_end(fault: Fault) -> Diagnostic | None:
    if fault.bad.kind != "end":
        return None
    help = f"complete it after `{fault.previous.text[:40]}`" + _as_in(fault, ", ")
    return Diagnostic("E112", "the statement ends too early", fault.bad.span, expected(fault.accepted), help)


def _as_in(fault: Fault, before: str = "") -> str:
    """An example of the statement, where its first word tells which one it is."""
    first = fault.before[0].text if fault.before else ""
    return f"{before}as in: {STATEMENTS[first]}" if first in STATEMENTS else ""


def _absolute_value(fault: Fault) -> Diagnostic | None:
    if fault.bad.text != "|" or "NUMBER" not in fault.accepted:
        return None
    return Diagnostic("E101", "unexpected `|`", fault.bad.span, "expected an expression", "write the absolute value as `abs(x)`")


def _doubled(fault: Fault) -> Diagnostic | None:
    words = {"&&": "and", "||": "or", "&": "and", "|": "or"}
    pair = fault.previous.text + fault.bad.text if fault.adjacent else ""
    if pair not in ("&&", "||"):
        return None
    return Diagnostic("E101", f"unexpected `{pair}`", fault.previous.span.to(fault.bad.span), help=f"write `{words[pair]}`")


def _listed(fault: Fault) -> Diagnostic | None:
    """`u = 0, v = 0` outside `on`."""
    if fault.bad.text != "," or "$END" not in fault.accepted:
        return None
    help = "write each statement on a line of its own, or put `;` between them"
    return Diagnostic("E101", "unexpected `,`", fault.bad.span, expected(fault.accepted), help)


def _unexpected(fault: Fault) -> Diagnostic:
    shown = fault.bad.text if len(fault.bad.text) <= 40 else fault.bad.text[:39] + "…"
    return Diagnostic("E101", f"unexpected `{shown}`", fault.bad.span, expected(fault.accepted), _as_in(fault))


_RULES: tuple[Callable[[Fault], Diagnostic | None], ...] = (
    _unterminated_text,
    _bad_number,
    _braced_subscript,
    _unexpected_character,
    _assignment,
    _double_equal,
    _single_equal,
    _second_equal,
    _doubled,
    _absolute_value,
    _orphan,
    _constant_parameter,
    _interval,
    _reserved_start,
    _misspelt_start,
    _misspelt_clause,
    _missing_operator,
    _missing_equal,
    _early_end,
    _listed,
    _unexpected,
)
