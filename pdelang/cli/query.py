"""`pdelang query FAMILY -p NAME=VALUE`: the answer to one set of parameters, from what was learned, or solved where that is not enough."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pdelang.cli.errors import DONE, NOT_CONVERGED, CommandError, guarded, print_json, sentence, wrong_command
from pdelang.cli.outputs import Outputs


@guarded
def query(
    file: Annotated[Path, typer.Argument(help="What `pdelang train` has written.", metavar="FAMILY")],
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A parameter's value; a=0.1,0.2 for a vector.")
    ] = None,
    tol: Annotated[
        float | None,
        typer.Option("--tol", help="What the answer must meet; the cheapest that does is taken.", show_default="the training's"),
    ] = None,
    adapt_steps: Annotated[int | None, typer.Option("--adapt-steps", help="Steps of refinement after generation.")] = None,
    refine: Annotated[int, typer.Option("--refine", metavar="KERNELS", help="Add so many where residual and spread are largest.")] = 0,
    samples: Annotated[int, typer.Option("--samples", help="Draw so many from the posterior: mean, and spread a point.")] = 0,
    fallback: Annotated[bool, typer.Option("--fallback/--no-fallback", help="Solve directly what was not learned.")] = True,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT.nc", help="Write the solution: netCDF4.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="OUT.png", help="Draw it.")] = None,
    reference: Annotated[Path | None, typer.Option("--reference", metavar="REF.nc", help="Measure the error against it.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of every random choice.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> int:
    """Ask a trained family. Leaves with 0 only if the tolerance is met on independent points, with 3 otherwise, as `solve` does."""
    from pdelang.cli.assignments import assignments, numbers
    from pdelang.cli.progress import reporting
    from pdelang.runtime.family import Family

    values: dict[str, Any] = assignments(parameter or (), "-p", numbers)
    files = Outputs(out, plot)
    files.check()
    if samples < 0 or refine < 0 or (adapt_steps is not None and adapt_steps < 0):
        raise CommandError("--samples, --refine and --adapt-steps cannot be negative")
    family = Family.load(file)
    files.check_pictures(has_time=family.compiled.problem.time is not None)
    with reporting(quiet or as_json) as progress:
        solution = family.query(
            tolerance=tol,
            adapt_steps=adapt_steps,
            refine=refine,
            samples=samples,
            seed=seed,
            fallback=fallback,
            progress=progress,
            **values,
        )
    if reference is not None and solution.representation is not None:
        solution = solution.compared_with(reference)
    written, fault = files.write(solution)
    if as_json:
        print_json(solution.to_json())
    else:
        from pdelang.cli.consoles import results
        from pdelang.cli.report import report

        console = results()
        console.print(report(solution, written, None, min(console.width, 120)), soft_wrap=True, end="")
    if isinstance(fault, OSError):
        return wrong_command(sentence(fault), as_json=False)
    return DONE if solution.converged else NOT_CONVERGED
