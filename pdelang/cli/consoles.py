"""Rich's consoles, made when needed: results go to standard output, all the rest to standard error. NO_COLOR is theirs to honour."""

from __future__ import annotations

import sys

from rich.console import Console


def results() -> Console:
    return Console(file=sys.stdout, highlight=False, emoji=False)


def errors() -> Console:
    return Console(file=sys.stderr, highlight=False, emoji=False)
