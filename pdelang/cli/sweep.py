"""`pdelang sweep FILE -p NAME=LO:HI:N -o OUT.nc`: a family of solutions on one grid, for many values of the parameters."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pdelang.cli.errors import DONE, INTERRUPTED, NOT_CONVERGED, CommandError, guarded, print_json
from pdelang.cli.machines import WAIT, Coordinator, Crew, Processes, ProcessId, Wait
from pdelang.files import check_writable, wrong_suffix

if TYPE_CHECKING:
    import xarray

FEWEST, MOST = 1, 1_000_000
HDF5 = b"\x89HDF\r\n\x1a\n"
SHOWN = 5
"""Instances that are not converged, named one by one."""


@guarded
def sweep(
    file: Annotated[Path, typer.Argument(help="A program, or a family that `pdelang train` has written.", metavar="FILE")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.nc", help="Write the solutions: netCDF4.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--param", metavar="NAME=VALUES", help="lo:hi:n, lo:hi:n:log, a list a,b,c, or one value; several make a grid."),
    ] = None,
    tol: Annotated[
        float | None, typer.Option("--tol", help="Relative tolerance of residual and estimated error.", show_default="1e-6")
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option("--grid", metavar="NxM", help="Points of the output, a coordinate, time last.", show_default="256x101"),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("-O", "--option", metavar="NAME=VALUE", help="Any option of the solver, for every instance.")
    ] = None,
    workers: Annotated[int | None, typer.Option("-j", "--workers", min=1, help="Threads and processes.", show_default="all cores")] = None,
    coordinator: Coordinator = None,
    process_id: ProcessId = None,
    processes: Processes = None,
    wait: Wait = WAIT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no warnings.")] = False,
) -> int:
    """Solve a program for many values of its parameters at once.

    Leaves with 0 if every instance meets the tolerance, with 3 otherwise: those that do not are marked in `status`.
    Ctrl-C writes what was solved until then and leaves with 130.
    """
    from pdelang.cli.assignments import assignments, word_or_number

    swept = assignments(parameter or (), "-p", values)
    settings = assignments(option or (), "-O", word_or_number)
    if tol is not None and "tolerance" in settings:
        raise CommandError("tolerance is given twice: by an option of its own and by -O")
    if tol is not None:
        settings["tolerance"] = tol
    if fault := wrong_suffix(out):
        raise CommandError(fault)
    if not process_id:
        check_writable(out)
    crew = Crew.of(coordinator, process_id, processes, wait)
    task = f"{sorted(swept.items())}{sorted(settings.items())}{grid}{_checksum(file)}"
    with crew.together(task, as_json):
        data = SOURCES[_kind(file)](file, swept, settings, grid, workers, quiet or as_json, crew.alone)
        if crew.talks:
            from pdelang.runtime.sweep.dataset import save

            save(data, out)
            _told(data, swept, out, as_json)
    if not data.attrs["finished"]:
        return INTERRUPTED
    return DONE if bool((data["status"] == "converged").all()) else NOT_CONVERGED


def values(text: str) -> float | list[float]:
    """`0.01:0.3:64`, `0.01:0.3:64:log`, `0.1,0.2,0.3`, `0.01/pi`. ValueError says what would be right."""
    from pdelang.cli.assignments import numbers

    if ":" not in text:
        return numbers(text)
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (3, 4) or parts[3:] not in ([], ["log"]):
        raise ValueError("a range is lo:hi:n or lo:hi:n:log")
    low, high, count = numbers(parts[0]), numbers(parts[1]), parts[2]
    if not (isinstance(low, float) and isinstance(high, float)):
        raise ValueError("the ends of a range are numbers")
    if not count.isdigit() or not FEWEST <= int(count) <= MOST:
        raise ValueError(f"{count!r} is not a number of values from {FEWEST} to {MOST:,}")
    return spaced(low, high, int(count), len(parts) == 4)


def spaced(low: float, high: float, count: int, log: bool) -> list[float]:
    """Both ends included, to the bit."""
    if log and not (low > 0 and high > 0):
        raise ValueError("logarithmic spacing is for positive ends")
    shares = [k / (count - 1) for k in range(count)] if count > 1 else [0.0]
    inner = [low * (high / low) ** s if log else low + s * (high - low) for s in shares]
    return [low, *inner[1:-1], high] if count > 1 else inner


def _kind(file: Path) -> str:
    """What a file is, by its first bytes: a trained family is HDF5, a program is text."""
    if file.is_file():
        with file.open("rb") as opened:
            if opened.read(len(HDF5)) == HDF5:
                return "family"
    return "program"


def _checksum(file: Path) -> int:
    return zlib.crc32(file.read_bytes())


def _of_program(
    file: Path, swept: dict[str, Any], settings: dict[str, Any], grid: str | None, workers: int | None, quiet: bool, alone: bool
) -> xarray.Dataset:
    from pdelang.cli.loading import load, print_warnings
    from pdelang.cli.progress import reporting
    from pdelang.compiler.pipeline import compile as compile_problem
    from pdelang.runtime.sweep.api import sweep as solve_all

    problem = load(file)
    points = None if grid is None else _points(grid, [c.name for c in problem.coordinates])
    with reporting(quiet, listens=alone) as progress:
        progress("compiling")
        compiled = compile_problem(problem)
        if not quiet:
            print_warnings(problem.source, compiled.warnings)
        return solve_all(compiled, grid=points, workers=workers, progress=progress, **{**settings, **swept})


def _of_family(
    file: Path, swept: dict[str, Any], settings: dict[str, Any], grid: str | None, workers: int | None, quiet: bool, alone: bool
) -> xarray.Dataset:
    from pdelang.cli.progress import reporting
    from pdelang.runtime.family import Family

    tolerance = settings.pop("tolerance", None)
    if settings or workers:
        raise CommandError("a family is swept with --tol and --grid alone: -O and --workers are for the direct solver")
    family = Family.load(file)
    points = None if grid is None else _points(grid, [c.name for c in family.compiled.problem.coordinates])
    with reporting(quiet, listens=alone) as progress:
        return family.sweep(grid=points, tolerance=tolerance, progress=progress, **swept)


SOURCES: dict[str, Callable[..., xarray.Dataset]] = {"program": _of_program, "family": _of_family}
"""Kind of file -> what sweeps it."""


def _points(text: str, names: list[str]) -> dict[str, int]:
    counts = text.lower().split("x")
    if len(counts) != len(names) or not all(c.isdigit() for c in counts):
        raise CommandError(
            f"--grid {text!r}: a number of points for each of {', '.join(names)}, for instance {'x'.join(['64'] * len(names))}"
        )
    return dict(zip(names, map(int, counts)))


def _told(data: xarray.Dataset, swept: dict[str, Any], out: Path, as_json: bool) -> None:
    import numpy as np

    status = data["status"].values.ravel().astype(str)
    mesh = np.meshgrid(*(data[name].values for name in data["status"].dims), indexing="ij")
    wrong = [
        {name: float(m.ravel()[n]) for name, m in zip(data["status"].dims, mesh)} | {"status": str(status[n])}
        for n in np.flatnonzero(status != "converged")
    ]
    seconds, residual, estimate = float(data.attrs["seconds"]), _largest(data, "residual"), _largest(data, "error_estimate")
    if as_json:
        whole = "interrupted" if not data.attrs["finished"] else "converged" if not wrong else "tolerance_not_met"
        print_json(
            {
                "status": whole,
                "converged": not wrong,
                "instances": len(status),
                "batched": int(data["batched"].sum()),
                "how": data.attrs["how"],
                "residual": residual,
                "error_estimate": estimate,
                "seconds": round(seconds, 6),
                "parameters": {str(name): data[name].values.tolist() for name in data["status"].dims},
                "not_converged": wrong,
            }
        )
        return
    print(data.attrs["title"])
    print(f"  {len(status) - len(wrong):,} of {len(status):,} converged to {data.attrs['tolerance']:g}")
    for entry in wrong[:SHOWN]:
        print("  " + ", ".join(f"{k} = {v:.6g}" if isinstance(v, float) else v.replace("_", " ") for k, v in entry.items()))
    if len(wrong) > SHOWN:
        print(f"  and {len(wrong) - SHOWN:,} more: see `status` in the file")
    print(f"  residual at most {_text(residual)}, estimated error at most {_text(estimate)}")
    print(f"  {data.attrs['how']}")
    print(f"  {seconds:.2f} s, {len(status) / max(seconds, 1e-9):,.0f} solutions a second; written: {out}")


def _largest(data: xarray.Dataset, name: str) -> float | None:
    import numpy as np

    known = data[name].values[np.isfinite(data[name].values)]
    return float(known.max()) if known.size else None


def _text(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1e}"
