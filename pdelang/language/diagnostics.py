"""A diagnostic is data: a code, where, what, and what to write instead.

`render` and `to_json` are the two faces of it; colours are laid on in `colours.py`. The registry of codes, with
the page that `pdelang explain CODE` prints, is `codes/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pdelang.language.excerpts import frame, visible
from pdelang.language.source import Source, Span


@dataclass(frozen=True)
class Label:
    """A second place that a diagnostic points at, with a few words."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """code: E or W and three digits; span is None where the fault has no place in the text (an empty file).

    `note` stands behind the carets, `help` on its own line below and says what to write instead.
    """

    code: str
    message: str
    span: Span | None
    note: str = ""
    help: str = ""
    labels: tuple[Label, ...] = ()

    @property
    def severity(self) -> str:
        return "error" if self.code.startswith("E") else "warning"


class ProblemError(Exception):
    """The program is wrong: all its diagnostics, and the source they point into. Exit code 1."""

    def __init__(self, source: Source, diagnostics: tuple[Diagnostic, ...]):
        self.source = source
        self.diagnostics = diagnostics
        super().__init__("\n\n".join(render(source, d) for d in diagnostics))


Piece = tuple[str, str]
"""A stretch of a rendered diagnostic: its text, and its part: severity, title, frame, source, primary, secondary or help."""


def pieces(source: Source, diagnostic: Diagnostic) -> list[Piece]:
    """The rendering, cut into stretches that `colours.py` paints; `render` is their texts."""
    first = [(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity), (f": {visible(diagnostic.message)}", "title")]
    marks = [] if diagnostic.span is None else [(diagnostic.span, diagnostic.note, "primary")]
    marks += [(label.span, label.text, "secondary") for label in diagnostic.labels]
    return [*first, *frame(source, marks, diagnostic.help)]


def render(source: Source, diagnostic: Diagnostic) -> str:
    """Plain text of a diagnostic in the form that `docs/language.md` shows, without a newline at its end."""
    return "".join(text for text, _ in pieces(source, diagnostic))


def to_json(source: Source, diagnostic: Diagnostic) -> dict[str, Any]:
    """Plain data. Lines and columns count from 1, `start` and `end` are offsets in characters; the end is exclusive."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "note": diagnostic.note,
        "help": diagnostic.help,
        "file": source.name,
        "place": None if diagnostic.span is None else _place(source, diagnostic.span),
        "labels": [{"text": label.text, "place": _place(source, label.span)} for label in diagnostic.labels],
    }


def _place(source: Source, span: Span) -> dict[str, int]:
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column, "start": span.start, "end": span.end}
