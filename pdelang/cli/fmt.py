"""`pdelang fmt FILE...`: canonical text, in place."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from pdelang.cli.errors import DONE, WRONG_PROGRAM, guarded, print_diagnostics
from pdelang.language.diagnostics import ProblemError


@guarded
def fmt(
    files: Annotated[list[str], typer.Argument(help="Programs; - formats standard input to standard output.", metavar="FILE...")],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; name the files that would change and leave with 1.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print the changes.")] = False,
) -> int:
    """Format programs in place. Comments stay; a file with a syntax error is left alone."""
    from pdelang.files import write_text
    from pdelang.language.formatter import format_source
    from pdelang.language.reading import read_source
    from pdelang.language.source import Source

    changed, wrong = 0, False
    for name in files:
        try:
            source = Source(sys.stdin.read(), "<stdin>") if name == "-" else read_source(name)
            formatted = format_source(source)
        except ProblemError as fault:
            print_diagnostics(fault)
            wrong = True
            continue
        differs = formatted != source.text
        changed += differs
        if diff and differs:
            lines = difflib.unified_diff(source.text.splitlines(True), formatted.splitlines(True), f"{name}", f"{name} (formatted)")
            sys.stdout.writelines(line if line.endswith("\n") else f"{line}\n" for line in lines)
        if check and differs:
            print(f"would format {name}", file=sys.stderr)
        if name == "-" and not (check or diff):
            sys.stdout.write(formatted)
        elif differs and not (check or diff):
            write_text(Path(name), formatted)
            print(f"formatted {name}", file=sys.stderr)
    return WRONG_PROGRAM if wrong or (check and changed) else DONE
