"""The framed lines of a diagnostic: a line of the program with carets under the exact span.

The text comes from anyone: control and direction characters are shown as pictures (a terminal must not obey them), tabs
as four spaces, wide characters count twice, and a line longer than the window is shown around the span.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pdelang.language.source import Source, Span

Mark = tuple[Span, str, str]
"""A span, the words behind its carets, and its part: primary or secondary."""

WINDOW = 120
_CARET = {"primary": "^", "secondary": "-"}


def frame(source: Source, marks: Sequence[Mark], help: str) -> list[tuple[str, str]]:
    """Arrow line, the marked lines in the order of the text, and the help; each stretch with its part."""
    if not marks:
        out = [(f"\n  --> {visible(source.name)}", "frame")]
        return out + _help("", help)
    rows = sorted(((source.position(span.start), span, text, part) for span, text, part in marks), key=_by_line)
    line, column = source.position(marks[0][0].start)
    margin = " " * (len(str(rows[-1][0][0])) + 2)
    out = [(f"\n{margin[:-1]}--> {visible(source.name)}:{line}:{column}\n{margin}|", "frame")]
    shown = 0
    for (number, start), span, text, part in rows:
        if number != shown:
            window = _window(source, number, [row for row in rows if row[0][0] == number])
            if shown and number > shown + 1:
                out.append((f"\n{margin[:-2]}...", "frame"))
            out.append((f"\n{number:>{len(margin) - 1}} |", "frame"))
            body = _cut(source.line(number), window)
            out.append((f" {body}" if body else "", "source"))
            shown = number
        pad, width = _underline(source.line(number), start - 1, span.end - span.start, window)
        out.append((f"\n{margin}|", "frame"))
        out.append((f" {' ' * pad}{_CARET[part] * width}{' ' + visible(text) if text else ''}", part))
    return out + _help(margin, help)


def _by_line(row: tuple[tuple[int, int], Span, str, str]) -> tuple[int, bool, int]:
    (line, column), _, _, part = row
    return line, part == "secondary", column


def _help(margin: str, help: str) -> list[tuple[str, str]]:
    lines = visible(help, keep="\n").split("\n") if help else []
    gap = "\n" + (margin or "   ")
    return [(f"{gap}{'= help: ' if first else '        '}{line}", "help") for first, line in zip([True] + [False] * len(lines), lines)]


def _window(source: Source, number: int, rows: Sequence[tuple[tuple[int, int], Span, str, str]]) -> tuple[int, int]:
    """The columns (from 0, half-open) of a line that are shown."""
    length = len(source.line(number))
    if length <= WINDOW:
        return 0, length
    first = min(column for (_, column), *_ in rows) - 1
    start = max(0, min(first - WINDOW // 3, length - WINDOW))
    return start, start + WINDOW


def _cut(line: str, window: tuple[int, int]) -> str:
    start, end = window
    return ("…" if start else "") + visible(line[start:end]).rstrip() + ("…" if end < len(line) else "")


def _underline(line: str, column: int, length: int, window: tuple[int, int]) -> tuple[int, int]:
    """Blanks before the carets and their number, in columns of the terminal."""
    start, end = window
    first = min(max(column, start), end)
    last = min(max(column + length, first), end, len(line))
    pad = _width(line[start:first]) + (1 if start else 0)
    return pad, max(1, _width(line[first:last]))


def visible(text: str, keep: str = "") -> str:
    """The text with nothing in it that a terminal would obey."""
    return "".join(c if c in keep else _picture(c) for c in text)


def _picture(c: str) -> str:
    if " " <= c <= "~":
        return c
    if c == "\t":
        return "    "
    if c < " ":
        return chr(0x2400 + ord(c))
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] in "CZ" else c


def _width(text: str) -> int:
    return sum(_columns(c) for c in visible(text))


def _columns(c: str) -> int:
    if c < "\x7f":
        return 1
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
