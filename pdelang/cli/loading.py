"""A program from a path, and the warnings that go with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pdelang.language.diagnostics import Diagnostic
    from pdelang.language.problem import Problem
    from pdelang.language.source import Source


def load(path: Path) -> Problem:
    """OSError: no such file, with the one that was probably meant. ProblemError: the program is wrong."""
    from pdelang.language.semantics import load as load_problem

    return load_problem(path)


def print_warnings(source: Source, warnings: Iterable[Diagnostic]) -> None:
    from pdelang.cli.consoles import errors
    from pdelang.language.colours import coloured

    console = errors()
    for diagnostic in warnings:
        console.print(coloured(source, diagnostic), soft_wrap=True)
        console.print()
