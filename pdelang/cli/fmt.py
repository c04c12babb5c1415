"""`pdelang fmt FILE...`: canonical text, in place."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from pdelang.cli.errors import DONE, WRONG_PROGRAM, guarded, print_diagnostics, sentence, wrong_command
from pdelang.cli.streams import piped, put
from pdelang.language.diagnostics import ProblemError


@guarded
def fmt(
    files: Annotated[list[str], typer.Argument(help="Programs; - formats standard input to standard output.", metavar="FILE...")],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; name the files that would change and leave with 1.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print the changes.")] = False,
) -> int:
    """Format programs in place. Comments stay; a file with a syntax error is left alone."""
    return max(_format(name, write=not (check or diff), check=check, diff=diff) for name in files)


def _format(name: str, write: bool, check: bool, diff: bool) -> int:
    """The exit code of one file: what is wrong with it keeps no other from being formatted."""
    from pdelang.language.formatter import format_source
    from pdelang.language.reading import read_source

    try:
        source = piped() if name == "-" else read_source(name)
        formatted = format_source(source)
    except ProblemError as fault:
        print_diagnostics(fault)
        return WRONG_PROGRAM
    except OSError as fault:
        return wrong_command(sentence(fault), as_json=False)
    if name == "-" and write:
        put(formatted)
        return DONE
    if formatted == source.text:
        return DONE
    if diff:
        _print_difference(name, source.text, formatted)
    if check:
        print(f"would format {name}", file=sys.stderr)
    if write:
        return _replace(name, formatted)
    return WRONG_PROGRAM if check else DONE


def _print_difference(name: str, before: str, after: str) -> None:
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, f"{name} (formatted)")
    put("".join(line if line.endswith("\n") else f"{line}\n" for line in lines))


def _replace(name: str, formatted: str) -> int:
    from pdelang.files import write_text

    try:
        write_text(Path(name), formatted)
    except OSError as fault:
        return wrong_command(sentence(fault), as_json=False)
    print(f"formatted {name}", file=sys.stderr)
    return DONE
