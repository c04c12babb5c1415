"""Diagnostics in colour: the same characters as `diagnostics.render`, painted for a terminal by rich."""

from __future__ import annotations

from rich.text import Text

from pdelang.language.diagnostics import Diagnostic, pieces
from pdelang.language.source import Source

_STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "title": "bold",
    "frame": "blue",
    "source": "default",
    "primary": "bold red",
    "secondary": "cyan",
    "help": "green",
}


def coloured(source: Source, diagnostic: Diagnostic) -> Text:
    """`coloured(source, d).plain == render(source, d)`; print it with `soft_wrap=True`, carets do not survive wrapping."""
    accent = _STYLES[diagnostic.severity]
    return Text.assemble(*((text, accent if part == "primary" else _STYLES[part]) for text, part in pieces(source, diagnostic)))
