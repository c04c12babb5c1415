"""`pdelang check FILE...`: everything that can be said about programs without solving them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pdelang.cli.errors import DONE, WRONG_PROGRAM, guarded, print_diagnostics, print_json
from pdelang.language.diagnostics import ProblemError, to_json


@guarded
def check(
    files: Annotated[list[Path], typer.Argument(help="Programs.", metavar="FILE...")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")] = False,
) -> int:
    """Check programs: syntax, names, conditions, the exact solution; then say what was understood.

    Leaves with 1 if any program is wrong; warnings do not count.
    """
    results = [_check(path, as_json) for path in files]
    good = all(result["status"] == "ok" for result in results)
    if as_json:
        diagnostics = [d for result in results for d in result["diagnostics"]]
        print_json({"status": "ok" if good else "error", "diagnostics": diagnostics, "files": results})
    return DONE if good else WRONG_PROGRAM


def _check(path: Path, as_json: bool) -> dict[str, Any]:
    """Status, diagnostics (warnings too) and summary of one program as plain data; printed, too, unless as JSON."""
    from pdelang.cli.loading import load, print_warnings

    try:
        problem = load(path)
        from pdelang.compiler.pipeline import check as check_problem  # SymPy, only now that syntax and names are right
        from pdelang.language.summary import summary

        checked = check_problem(problem)
    except ProblemError as fault:
        if not as_json:
            print_diagnostics(fault)
        return {"file": str(path), "status": "error", "diagnostics": [to_json(fault.source, d) for d in fault.diagnostics], "summary": None}
    text = summary(problem)
    if not as_json:
        print_warnings(problem.source, checked.warnings)
        print(text)
    return {"file": str(path), "status": "ok", "diagnostics": [to_json(problem.source, d) for d in checked.warnings], "summary": text}
