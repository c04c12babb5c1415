"""The table of accuracy: relative L2 error of every example against its exact or reference solution, and what it cost.

    python benchmarks/accuracy.py                     every row, each in a process of its own
    python benchmarks/accuracy.py --only burgers      the rows whose name starts so
    python benchmarks/accuracy.py --method least_squares --tol 1e-4 --quick --markdown

Columns: `error`, relative L2, the largest over the fields, on 256 x 101 points (a coarser grid in more dimensions, the grid of the
file where the truth is a file). `seconds`: the second solve in the process, so that nothing is compiled in it. `first`: the first
solve, with JAX's compilation. `compile`: from the text to callables. Imports are in none of them. `estimate/error`: the solver's own
estimate of the error over the true one; 1 is perfect, below 1 it promised too much. `limit`: what the project must reach.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
EXAMPLES, MORE = ROOT / "examples", ROOT / "benchmarks" / "problems"
REFERENCES = EXAMPLES / "references"
GRIDS = {1: (1001,), 2: (256, 101), 3: (49, 49, 21), 4: (15, 15, 15, 11)}
"""Points an axis, by the number of coordinates, where the truth is a formula."""
REPEAT_BELOW = 60.0
"""A first solve longer than this many seconds is not repeated: compilation is a small part of it."""


@dataclass(frozen=True)
class Row:
    """One line of the table. limit: error and seconds to reach, None where no figure is set."""

    example: str
    parameters: dict[str, float] = field(default_factory=dict)
    tolerance: float = 1e-8
    limit: tuple[float, float] | None = None
    quick: bool = False
    reference: str = ""  # a file of examples/references by another name than the example's

    @property
    def name(self) -> str:
        return " ".join([self.example, *(f"{name}={value:g}" for name, value in self.parameters.items())])


ROWS = (
    Row("convection", {"beta": 30}, 1e-10, (1e-10, 0.5), quick=True),
    Row("convection", {"beta": 50}, 1e-10, (1e-10, 0.5)),
    Row("helmholtz", {"a1": 1, "a2": 4}, 1e-11, (1e-12, 0.1), quick=True),
    Row("helmholtz", {"a1": 4, "a2": 4}, 1e-11, (1e-12, 0.1)),
    Row("helmholtz", {"a1": 10, "a2": 10}, 1e-11, (1e-12, 0.1)),
    Row("heat", limit=(1e-7, 10), quick=True),
    Row("wave", limit=(1e-7, 10), quick=True),
    Row("advection_diffusion_reaction", limit=(1e-7, 10), quick=True),
    Row("poisson", tolerance=1e-10, limit=(1e-7, 10), quick=True),
    Row("elliptic", tolerance=1e-10, limit=(1e-12, 1)),
    Row("biharmonic", limit=(1e-7, 10)),
    Row("kovasznay", limit=(1e-7, 10)),
    Row("cavity", tolerance=1e-6, limit=(1e-6, 20)),
    Row("navier_stokes", limit=(1e-9, 20)),
    Row("boundary_layer", {"eps": 0.02}, limit=(1e-9, 1), quick=True),
    Row("boundary_layer", {"eps": 1e-6}, limit=(1e-9, 1)),
    Row("interior_layer", tolerance=1e-9, limit=(1e-9, 1)),
    Row("steady_burgers", tolerance=1e-9, limit=(1e-9, 1)),
    Row("burgers", tolerance=1e-4, limit=(1e-3, 60), quick=True),
    Row("burgers", tolerance=1e-8, limit=(1e-9, 2)),
    Row("front", limit=(1e-7, 10)),
    Row("robin", limit=(1e-7, 10)),
    Row("allen_cahn", tolerance=1e-5, limit=(1e-6, 10)),
    Row("kdv", limit=(1e-9, 3)),
    Row("kuramoto_sivashinsky_regular", limit=(1e-9, 3)),
    Row("kuramoto_sivashinsky", tolerance=1e-6, limit=(1e-6, 15)),
    Row("klein_gordon", limit=(1e-7, 10)),
    Row("schroedinger", limit=(1e-9, 20)),
    Row("schroedinger_kink", tolerance=1e-4, limit=(1e-4, 60)),
    Row("burgers2d", {"nu": 0.05}, limit=(1e-9, 5)),
    Row("burgers2d", {"nu": 0.01}, 1e-6, limit=(1e-6, 30), reference="burgers2d_thin"),
    Row("klein_gordon_2d", limit=(1e-9, 20)),
    Row("schroedinger_2d", limit=(1e-9, 20)),
    Row("flow_mixing", tolerance=3e-8, limit=(1e-9, 20)),
    Row("rotation", limit=(1e-9, 20)),
    Row("maxwell", limit=(1e-9, 20)),
    Row("anisotropic", limit=(1e-9, 20)),
    Row("heat3d", limit=(1e-9, 20)),
    Row("wave3d", limit=(1e-9, 20)),
    Row("poisson3d", tolerance=1e-10, limit=(1e-9, 20)),
    Row("corner", limit=(1e-8, 10)),
    Row("plucked_string", tolerance=1e-5, limit=(1e-5, 10)),
    Row("inflow", tolerance=1e-3, limit=(1e-3, 10)),
)


def measure(row: Row, method: str, tolerance: float) -> dict[str, Any]:
    """Compile, solve twice, compare with the truth; one flat record."""
    import sympy  # noqa: F401 - imports are in none of the figures

    import pdelang
    import pdelang.compiler.emission
    import pdelang.compiler.pipeline
    import pdelang.runtime.api

    path = next(p for p in (EXAMPLES / f"{row.example}.pde", MORE / f"{row.example}.pde") if p.exists())
    began = time.perf_counter()
    compiled = pdelang.compiler.pipeline.compile(path, use_cache=False)
    seconds_compile = time.perf_counter() - began

    def solve() -> tuple[Any, float]:
        began = time.perf_counter()
        solution = pdelang.solve(compiled, tolerance=tolerance, method=method, **row.parameters)
        return solution, time.perf_counter() - began

    solution, first = solve()
    again = solve()[1] if first < REPEAT_BELOW else first
    error = true_error(row, compiled, solution)
    estimate = solution.error_estimate
    return {
        "problem": row.name,
        "method": solution.method,
        "tolerance": tolerance,
        "error": error,
        "residual": solution.residual,
        "seconds": again,
        "first": first,
        "compile": seconds_compile,
        "kernels": solution.kernels,
        "iterations": solution.iterations,
        "status": solution.status.name.lower(),
        "estimate/error": estimate / error if estimate is not None and error else None,
        "limit": row.limit,
    }


def true_error(row: Row, compiled: Any, solution: Any) -> float | None:
    """Relative L2, the largest over the fields; None where nothing was computed or no truth is known at these parameters."""
    import xarray as xr

    from pdelang.runtime.reference import exact_dataset

    if solution.representation is None:
        return None
    if compiled.exact is not None:
        counts = GRIDS[len(solution.lower)]
        axes = solution.axes({c.name: n for c, n in zip(compiled.problem.coordinates, counts)})
        return max(solution.compared_with(exact_dataset(compiled, solution.parameters, axes)).relative_l2.values())
    path = REFERENCES / f"{row.reference or row.example}.nc"
    with xr.open_dataset(path, engine="h5netcdf") as data:
        known = json.loads(data.attrs["parameters"])
    if any(abs(solution.parameters[name] - value) > 1e-12 * abs(value) for name, value in known.items()):
        return None
    return max(solution.compared_with(path).relative_l2.values())


COLUMNS = (
    "problem",
    "method",
    "tolerance",
    "error",
    "limit",
    "residual",
    "estimate/error",
    "seconds",
    "first",
    "compile",
    "kernels",
    "status",
)
FORMATS = {"tolerance": "{:.0e}", "error": "{:.1e}", "residual": "{:.1e}", "estimate/error": "{:.2g}"} | dict.fromkeys(
    ("seconds", "first", "compile"), "{:.2f}"
)


def cell(record: dict[str, Any], column: str) -> str:
    value = record.get(column)
    if value is None:
        return "-"
    if column == "limit":
        return f"{value[0]:.0e} in {value[1]:g} s"
    return FORMATS.get(column, "{}").format(value)


class Table:
    """Rows as they come, in columns of fixed width, or as Markdown."""

    widths = (32, 16, 9, 8, 15, 8, 14, 8, 8, 8, 8, 18)

    def __init__(self, markdown: bool):
        self.markdown = markdown
        self.line(COLUMNS)
        if markdown:
            self.line(["---"] * len(COLUMNS))

    def line(self, cells: Any) -> None:
        cells = list(cells)
        if self.markdown:
            print("| " + " | ".join(cells) + " |", flush=True)
        else:
            print("  ".join(c.ljust(w) for c, w in zip(cells, self.widths)).rstrip(), flush=True)

    def add(self, record: dict[str, Any]) -> None:
        self.line(cell(record, column) for column in COLUMNS)


def in_process(index: int, method: str, tolerance: float, limit: float) -> dict[str, Any]:
    """`measure` in a fresh process; a crash or a time-out is a row as well."""
    command = [sys.executable, __file__, "--row", str(index), "--method", method, "--tol", repr(tolerance)]
    failed: dict[str, Any] = {"problem": ROWS[index].name, "method": method, "tolerance": tolerance, "limit": ROWS[index].limit}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return failed | {"status": f"over {limit:g} s"}
    if done.returncode:
        return failed | {"status": (done.stderr.strip().splitlines() or ["crash"])[-1][:100]}
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME", help="rows whose name starts with NAME")
    parser.add_argument("--method", default="auto")
    parser.add_argument("--tol", type=float, help="one tolerance for all rows, in place of each row's own")
    parser.add_argument("--quick", action="store_true", help="the cheap rows alone")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="give up on a row after so long")
    parser.add_argument("--row", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.row is not None:
        print(json.dumps(measure(ROWS[chosen.row], chosen.method, chosen.tol)))
        return
    table = Table(chosen.markdown)
    for index, row in enumerate(ROWS):
        if row.name.startswith(chosen.only) and (row.quick or not chosen.quick):
            table.add(in_process(index, chosen.method, chosen.tol or row.tolerance, chosen.limit))


if __name__ == "__main__":
    main()
