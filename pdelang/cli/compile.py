"""`pdelang compile FILE`: the emitted module, or any stage of the derivation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pdelang.cli.errors import DONE, CommandError, guarded
from pdelang.cli.streams import put
from pdelang.files import check_writable, write_text

STAGES = ("ast", "problem", "residual", "latex", "analysis", "lowered", "jax", "hlo")


@guarded
def compile(
    file: Annotated[Path, typer.Argument(help="A program.", metavar="FILE")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write; standard output without it.")] = None,
    emit: Annotated[str, typer.Option("--emit", metavar="STAGE", help=f"Print a stage instead: {', '.join(STAGES)}.")] = "",
) -> int:
    """Compile a program to a readable, self-contained JAX module, on standard output unless -o names a file.

    Warnings go to standard error. The text is the same, byte for byte, for the same program and version.
    """
    if emit and emit not in STAGES:
        raise CommandError(f"no stage {emit!r}: the stages are {', '.join(STAGES)}")
    if out is not None:
        check_writable(out)
    from pdelang.cli.loading import load, print_warnings

    problem = load(file)
    if emit:
        from pdelang.compiler.pipeline import emit as emit_stage

        text = emit_stage(problem, emit)
    else:
        from pdelang.compiler.pipeline import compile as compile_problem

        compiled = compile_problem(problem)
        print_warnings(problem.source, compiled.warnings)
        text = compiled.source
    text = text if text.endswith("\n") else f"{text}\n"
    if out is None:
        put(text)
    else:
        write_text(out, text)
        print(f"wrote {out}", file=sys.stderr)
    return DONE
