"""A diagnostic is data: a code, where, what, and what to write instead. Rendering is at the end of this file.

The table of codes, with the page that `pdelang explain CODE` prints, is `codes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def render(source: Source, diagnostic: Diagnostic) -> str:
    """Plain text of a diagnostic in the form that `docs/language.md` shows."""
    raise NotImplementedError
