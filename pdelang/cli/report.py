"""The block that `pdelang solve` prints: what was solved, how well, how, and where it went."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.text import Text

from pdelang.runtime.certificate import EquationReport
from pdelang.runtime.sensitivities import relative_sizes
from pdelang.runtime.solution import Solution
from pdelang.runtime.status import Status

LABEL = 11
MOST_RESIDUALS = 8


def report(solution: Solution, written: Sequence[Path], checkpoint: Path | None, width: int) -> Text:
    """Rows of a label and a text; a row without a label goes on with the one before. checkpoint: what --resume would go on from."""
    out = Text()
    problem = solution.problem
    out.append(f"{problem.title or problem.name}", style="bold")
    parameters = "  ".join(f"{name} = {_number(value)}" for name, value in solution.parameters.items())
    out.append(f"   {parameters}\n" if parameters else "\n")
    for label, text, style in _rows(solution, written, checkpoint):
        indent = " " * (len(text) - len(text.lstrip()))  # what goes on below a figure stays there
        lines = textwrap.wrap(text, max(width - LABEL - 2, 40), subsequent_indent=indent) or [""]
        for k, line in enumerate(lines):
            out.append(f"  {label if k == 0 else '':<{LABEL}}", style="dim")
            out.append(f"{line}\n", style=style)
    return out


def _rows(solution: Solution, written: Sequence[Path], checkpoint: Path | None) -> Iterator[tuple[str, str, str]]:
    state, _, meaning = solution.status.value.partition(": ")
    if solution.converged and solution.certificate and solution.certificate.residual > solution.certificate.tolerance:
        meaning = "the estimated error meets the tolerance, what is left of the equations cannot"
    style = {Status.CONVERGED: "bold green", Status.INTERRUPTED: "bold yellow"}.get(solution.status, "bold red")
    yield "status", f"{state}: {meaning}", style
    if solution.message:
        yield "", solution.message, ""
    yield "method", f"{solution.method}: {solution.reason}" if solution.reason else solution.method, ""
    if solution.certificate:
        certificate = solution.certificate
        yield from _labelled("residual", _residuals(certificate.equations, certificate.tolerance))
        yield from _labelled("conditions", _residuals(certificate.conditions, certificate.tolerance))
    yield from _labelled("error", _errors(solution))
    spreads = (f"{value:.1e}   of {name} over {len(solution.samples)} samples" for name, value in solution.spread.items())
    yield from _labelled("spread", ((text, "") for text in spreads))
    yield from _labelled("du/dc", _sensitivities(solution))
    iterations = f"{solution.iterations} iteration{'s' if solution.iterations != 1 else ''}"
    unit = "parameters" if getattr(solution.representation, "kind", "") == "network" else "kernels"
    yield "size", f"{solution.kernels:,} {unit}, {iterations}", ""
    yield "time", f"{solution.compile_seconds:.2f} s to compile, {solution.seconds:.2f} s to solve", ""
    if written:
        yield "written", ", ".join(str(path) for path in written), ""
    if checkpoint:
        yield "checkpoint", f"{checkpoint}: the same command with --resume goes on from it, -O time_limit=SECONDS gives it longer", ""


def _errors(solution: Solution) -> Iterator[tuple[str, str]]:
    """What was measured first, then what is estimated."""
    source = solution.reference.attrs.get("source", "the reference") if solution.reference is not None else ""
    for name, value in solution.relative_l2.items():
        against = source if solution.reference is not None and name in solution.reference else "exact solution"
        yield f"{value:.1e}   relative L2 error of {name} against {against}", "bold"
    if solution.certificate:
        for name, value in solution.certificate.error_estimate.items():
            yield f"{value:.1e}   estimated relative L2 error of {name}", ""


def _sensitivities(solution: Solution) -> Iterator[tuple[str, str]]:
    """|c du/dc| / |u|."""
    for parameter, by_field in relative_sizes(solution).items() if solution.sensitivities else ():
        for name, value in by_field.items():
            yield f"{value:.1e}   of {name} to {parameter}", ""
    for parameter, why in solution.sensitivity_notes.items():
        yield f"unknown   to {parameter}: {why}", ""


def _labelled(label: str, rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """The label stands before the first row only."""
    for k, (text, style) in enumerate(rows):
        yield label if k == 0 else "", text, style


def _residuals(reports: Sequence[EquationReport], tolerance: float) -> Iterator[tuple[str, str]]:
    shown = sorted(reports, key=lambda r: -r.relative)[:MOST_RESIDUALS] if len(reports) > MOST_RESIDUALS else reports
    for entry in shown:
        yield f"{entry.relative:.1e}   {entry.label}, line {entry.line}", "" if entry.relative <= tolerance else "red"
        if entry.sizes:
            yield f"          of {entry.sizes}", "dim"
    if len(reports) > len(shown):
        yield f"          and {len(reports) - len(shown)} smaller ones", "dim"


def _number(value: float | np.ndarray) -> str:
    return f"{float(value):.6g}" if np.ndim(value) == 0 else "(" + ", ".join(f"{v:.6g}" for v in np.ravel(value)) + ")"
