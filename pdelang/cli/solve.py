"""`pdelang solve FILE`: compile, solve, compare, write, and say how good the answer is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pdelang.cli.errors import DONE, INTERRUPTED, NOT_CONVERGED, CommandError, guarded, print_json, sentence, wrong_command
from pdelang.cli.outputs import Outputs

if TYPE_CHECKING:
    from pdelang.language.problem import Problem
    from pdelang.runtime.options import SolveOptions
    from pdelang.runtime.solution import Solution


@guarded
def solve(
    file: Annotated[Path, typer.Argument(help="A program.", metavar="FILE")],
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A parameter's value; a=0.1,0.2 for a vector.")
    ] = None,
    tol: Annotated[
        float | None, typer.Option("--tol", help="Relative tolerance of residual and estimated error.", show_default="1e-6")
    ] = None,
    method: Annotated[str | None, typer.Option("--method", help="auto, or a method's name.", show_default="auto")] = None,
    ansatz: Annotated[
        str | None,
        typer.Option(
            "--ansatz", help="rbf, or a network: mlp, spinn, pikan, pig; separable, lattice: Gaussians along the axes.", show_default="rbf"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT.nc", help="Write the solution: netCDF4.")] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="OUT.png", help="Draw it: .png, .pdf, .svg, .jpg; .gif moves through time.")
    ] = None,
    plot_layout: Annotated[
        Path | None,
        typer.Option("--plot-layout", metavar="LAYOUT.png", help="Draw the kernels, as ellipses, over the solution and over its residual."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from OUT.nc.checkpoint, which an interrupted solve has left; without one, start anew.")
    ] = False,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="U.nc", help="Start from a saved solution: adapt only kernels that feel what has changed since."),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", metavar="REF.nc", help="Measure the error against this data set.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("-O", "--option", metavar="NAME=VALUE", help="Any option of the solver: kernels, slabs, steps, ...")
    ] = None,
    sensitivities: Annotated[
        bool, typer.Option("--sensitivities", help="The derivative of the solution in each parameter too: one more linear solve each.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Of every random choice.", show_default="0")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no warnings.")] = False,
) -> int:
    """Solve a program to a tolerance.

    Leaves with 0 only if the tolerance is met on points that the solve never saw, with 3 otherwise; the result is written all the same.
    Ctrl-C keeps what was computed until then and leaves with 130. With -o an evolution keeps what it has accepted in OUT.nc.checkpoint,
    every few seconds; after Ctrl-C, a kill, a power cut or a time limit, --resume goes on from it. Once the solve has ended it is gone.
    """
    from pdelang.cli.assignments import assignments, numbers, word_or_number
    from pdelang.cli.loading import load
    from pdelang.compiler.parameters import resolve

    values = assignments(parameter or (), "-p", numbers)
    settings = assignments(option or (), "-O", word_or_number)
    for name, value in {"tolerance": tol, "method": method, "ansatz": ansatz, "seed": seed}.items():
        if value is not None and name in settings:
            raise CommandError(f"{name} is given twice: by an option of its own and by -O")
        if value is not None:
            settings[name] = value
    files = Outputs(out, plot, plot_layout, resume)
    files.check()
    if start is not None and (resume or sensitivities):
        raise CommandError("--from starts from another solution: it goes neither with --resume nor with --sensitivities")
    if resume and out is None:
        raise CommandError("--resume goes on from the checkpoint beside the output: give -o OUT.nc as before")
    problem = load(file)
    if start is not None:
        solution = _again(problem, start, values, settings, reference, files, quiet or as_json)
    else:
        parameters = resolve(problem, values)
        solution = _solve(problem, parameters, settings, reference, files, sensitivities, quiet or as_json)
    written, fault = files.write(solution)
    if as_json:
        print_json(solution.to_json())
    else:
        from pdelang.cli.consoles import results
        from pdelang.cli.report import report

        console = results()
        left = files.checkpoint if files.checkpoint and files.checkpoint.exists() else None
        console.print(report(solution, written, left, min(console.width, 120)), soft_wrap=True, end="")
    if isinstance(fault, OSError):
        return wrong_command(sentence(fault), as_json=False)
    return INTERRUPTED if fault is not None else _exit_code(solution)


def _solve(
    problem: Problem,
    parameters: Mapping[str, Any],
    settings: Mapping[str, Any],
    reference: Path | None,
    files: Outputs,
    sensitivities: bool,
    quiet: bool,
) -> Solution:
    from pdelang.cli.loading import print_warnings
    from pdelang.cli.progress import reporting
    from pdelang.compiler.pipeline import compile as compile_problem
    from pdelang.runtime import api
    from pdelang.runtime.reference import load_reference

    options = _options(problem, settings)
    files.check_pictures(problem.time is not None)
    if not quiet:
        files.announce()
    with reporting(quiet) as progress:
        progress("compiling")
        compiled = compile_problem(problem)
        if not quiet:
            print_warnings(problem.source, compiled.warnings)
        lower, upper = (_host(bound) for bound in compiled.bounds(parameters))
        known = None if reference is None else load_reference(reference, problem, lower, upper, parameters)
        solution = api.solve(
            compiled,
            options=options,
            progress=progress,
            checkpoint=files.checkpoint,
            resume=files.resume,
            sensitivities=sensitivities,
            **parameters,
        )
    return solution if known is None or solution.representation is None else solution.compared_with(known)


def _again(
    problem: Problem,
    start: Path,
    values: Mapping[str, Any],
    settings: Mapping[str, Any],
    reference: Path | None,
    files: Outputs,
    quiet: bool,
) -> Solution:
    """From a saved solution; parameters and the tolerance that are not given are those that it has."""
    from pdelang.cli.loading import print_warnings
    from pdelang.cli.progress import reporting
    from pdelang.compiler.pipeline import compile as compile_problem
    from pdelang.runtime.reference import load_reference
    from pdelang.runtime.resolve import resolve
    from pdelang.runtime.solution import Solution

    _options(problem, settings)
    files.check_pictures(problem.time is not None)
    with reporting(quiet) as progress:
        progress("compiling")
        compiled = compile_problem(problem)
        if not quiet:
            print_warnings(problem.source, compiled.warnings)
        solution = resolve(Solution.load(start), compiled, progress=progress, **{**settings, **values})
    if reference is None or solution.representation is None:
        return solution
    return solution.compared_with(load_reference(reference, problem, solution.lower, solution.upper, solution.parameters))


def _host(bound: Any) -> Any:
    import numpy as np

    return np.asarray(bound, dtype=np.float64)


def _options(problem: Problem, settings: Mapping[str, Any]) -> SolveOptions:
    """The program's `option` statements are the defaults; a wrong one is the program's fault, a wrong -O the command line's."""
    from pdelang.language.diagnostics import Diagnostic, ProblemError
    from pdelang.runtime.options import OptionError, build, checked
    from pdelang.runtime.solve import METHODS

    written: dict[str, Any] = {}
    for name, value, span in problem.options:
        try:
            written[name] = checked(name, value if isinstance(value, str) else float(value))
        except OptionError as fault:
            raise ProblemError(problem.source, (Diagnostic("E318", str(fault), span),)) from None
    try:
        options = build(None, {**written, **settings})
    except OptionError as fault:
        raise CommandError(str(fault)) from None
    if options.method not in ("auto", *METHODS):
        raise CommandError(f"no method {options.method!r}: the methods are auto, {', '.join(METHODS)}")
    return options


def _exit_code(solution: Solution) -> int:
    from pdelang.runtime.status import Status

    if solution.status is Status.INTERRUPTED:
        return INTERRUPTED
    return DONE if solution.converged else NOT_CONVERGED
