"""`pdelang check FILE...`: everything that can be said about programs without solving them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pdelang.cli.errors import (
    DONE,
    WRONG_COMMAND,
    WRONG_PROGRAM,
    guarded,
    print_diagnostics,
    print_json,
    sentence,
    without_place,
    wrong_command,
)
from pdelang.language.diagnostics import ProblemError, to_json


@guarded
def check(
    files: Annotated[list[Path], typer.Argument(help="Programs.", metavar="FILE...")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")] = False,
) -> int:
    """Check programs: syntax, names, conditions, the exact solution; then say what was understood.

    Leaves with 1 if any program is wrong, with 2 if a file cannot be read; warnings do not count.
    """
    codes, results = zip(*(_check(path, as_json) for path in files))
    if as_json:
        diagnostics = [d for result in results for d in result["diagnostics"]]
        print_json({"status": "error" if any(codes) else "ok", "diagnostics": diagnostics, "files": results})
    return max(codes)


def _check(path: Path, as_json: bool) -> tuple[int, dict[str, Any]]:
    """Exit code, status, diagnostics (warnings too) and summary of one program as plain data; printed, too, unless as JSON."""
    from pdelang.cli.loading import load, print_warnings

    try:
        problem = load(path)
        from pdelang.compiler.pipeline import check as check_problem  # SymPy, only now that syntax and names are right
        from pdelang.language.summary import summary

        checked = check_problem(problem)
    except ProblemError as fault:
        if not as_json:
            print_diagnostics(fault)
        return _outcome(path, WRONG_PROGRAM, [to_json(fault.source, d) for d in fault.diagnostics])
    except OSError as fault:
        if not as_json:
            wrong_command(sentence(fault), as_json)
        return _outcome(path, WRONG_COMMAND, [without_place(sentence(fault), str(path))])
    text = summary(problem)
    if not as_json:
        print_warnings(problem.source, checked.warnings)
        print(text)
    return _outcome(path, DONE, [to_json(problem.source, d) for d in checked.warnings], text)


def _outcome(path: Path, code: int, diagnostics: list[dict[str, Any]], summary: str | None = None) -> tuple[int, dict[str, Any]]:
    return code, {"file": str(path), "status": "error" if code else "ok", "diagnostics": diagnostics, "summary": summary}
