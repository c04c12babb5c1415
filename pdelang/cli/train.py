"""`pdelang train FILE -o OUT.family`: learn a whole family of problems, so that a new parameter is answered in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pdelang.cli.errors import DONE, INTERRUPTED, NOT_CONVERGED, CommandError, guarded, print_json
from pdelang.cli.machines import WAIT, Coordinator, Crew, Processes, ProcessId, Wait

if TYPE_CHECKING:
    from pdelang.runtime.family import Family


@guarded
def train(
    file: Annotated[Path, typer.Argument(help="A program with parameters.", metavar="FILE")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.family", help="The family's file; it is the checkpoint, too.")],
    generator: Annotated[str | None, typer.Option("--generator", help="auto, or a generator's name.", show_default="auto")] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", help="projected, or paper: eq. (6); for generators of kernels.", show_default="projected")
    ] = None,
    tol: Annotated[float | None, typer.Option("--tol", help="The relative error to reach.", show_default="1e-4")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="End the training after so many steps.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="End the training after so long.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from OUT.family, to the same result as if it had not stopped.")] = False,
    log: Annotated[Path | None, typer.Option("--log", metavar="OUT.csv", help="Write the figures of every step.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("-O", "--option", metavar="NAME=VALUE", help="Any option of the training: kernels, batch, beta, ...")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of every random choice.", show_default="0")] = None,
    coordinator: Coordinator = None,
    process_id: ProcessId = None,
    processes: Processes = None,
    wait: Wait = WAIT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no warnings.")] = False,
) -> int:
    """Learn the family of a program's parameters.

    Leaves with 3 where the training ended before the tolerance, and says why; what was not learned is then solved at every query.
    Ctrl-C keeps what was learned until then and leaves with 130; --resume goes on from it, as after a kill or a power cut.
    """
    from pdelang.cli.assignments import assignments, word_or_number
    from pdelang.cli.loading import load, print_warnings
    from pdelang.cli.progress import reporting

    settings: dict[str, Any] = assignments(option or (), "-O", word_or_number)
    given = {"generator": generator, "objective": objective, "tolerance": tol, "steps": steps, "minutes": minutes, "seed": seed}
    for name, value in given.items():
        if value is not None and name in settings:
            raise CommandError(f"{name} is given twice: by an option of its own and by -O")
        if value is not None:
            settings[name] = value
    crew = Crew.of(coordinator, process_id, processes, wait)
    problem = load(file)
    with crew.together(f"{problem.source.text}{sorted(settings.items())}{resume}", as_json):
        from pdelang.compiler.pipeline import compile as compile_problem
        from pdelang.runtime import training

        with reporting(quiet or as_json, listens=crew.alone) as progress:
            progress("compiling")
            compiled = compile_problem(problem)
            if not (quiet or as_json):
                print_warnings(problem.source, compiled.warnings)
            family = training.train(compiled, out, resume=resume, log=log, progress=progress, **settings)
        if as_json:
            print_json(_json(family, out))
        else:
            _report(family, out)
    if family.record.interrupted:
        return INTERRUPTED
    return NOT_CONVERGED if family.record.message else DONE


def _json(family: Family, out: Path) -> dict[str, Any]:
    from pdelang.runtime.solution import finite_or_none

    record = family.record
    return {
        "status": "interrupted" if record.interrupted else "tolerance_not_met" if record.message else "trained",
        "message": record.message,
        "generator": record.generator,
        "reason": record.reason,
        "steps": record.steps,
        "seconds": record.seconds,
        "figures": {name: finite_or_none(value) for name, value in record.figures.items()},
        "family": str(out),
    }


def _report(family: Family, out: Path) -> None:
    from rich.text import Text

    from pdelang.cli.consoles import results

    problem, record = family.compiled.problem, family.record
    figures = ", ".join(f"{name} {value:.3g}" for name, value in record.figures.items() if name not in ("step", "seconds"))
    block = Text()
    block.append(f"{problem.title or problem.name}\n", style="bold")
    state = "interrupted: --resume goes on from what was learned" if record.interrupted else record.message or "trained"
    rows = [
        ("status", state, "bold green" if state == "trained" else "bold yellow"),
        ("generator", f"{record.generator}: {record.reason}", ""),
        ("parameters", ", ".join(family.conditions.names), ""),
        ("figures", figures, ""),
        ("time", f"{record.seconds:.1f} s in {record.steps} steps", ""),
        ("written", str(out), ""),
    ]
    for label, text, style in rows:
        block.append(f"  {label:<11}", style="dim")
        block.append(f"{text}\n", style=style)
    results().print(block, soft_wrap=True, end="")
