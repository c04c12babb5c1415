"""Does the solver know its error? Estimate over true error of every evolution example, at several tolerances.

    python benchmarks/estimates.py                            all examples at 1e-4, 1e-6, 1e-8
    python benchmarks/estimates.py --only kdv --tol 1e-10     the rows whose name starts so, one tolerance
    python benchmarks/estimates.py --markdown

Columns: `error` and `estimate`, relative L2, the largest over the fields; `ratio`, estimate over error: 1 is perfect. A row fails if the
ratio leaves [0.1, 10] while error or estimate is above ROUNDING, or if `converged` has an error above ten tolerances. `seconds`: of the
processor, the first solve of a process after a rough one. The exit status is the number of rows that fail.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

TOLERANCES = (1e-4, 1e-6, 1e-8)
ROUNDING = 1e-12
"""Errors below this are those of the references too."""
WITHIN = 10.0
EXAMPLES: tuple[tuple[str, dict[str, float]], ...] = (
    ("convection", {"beta": 30}),
    ("heat", {}),
    ("wave", {}),
    ("robin", {}),
    ("advection_diffusion_reaction", {}),
    ("burgers", {}),
    ("kdv", {}),
    ("kuramoto_sivashinsky_regular", {}),
    ("kuramoto_sivashinsky", {}),
    ("allen_cahn", {}),
    ("schroedinger", {}),
    ("klein_gordon", {}),
    ("burgers2d", {"nu": 0.05}),
)


def measure(name: str, parameters: dict[str, float], tolerance: float) -> dict[str, Any]:
    import accuracy

    import pdelang
    import pdelang.compiler.pipeline

    row = accuracy.Row(name, parameters)
    compiled = pdelang.compiler.pipeline.compile(accuracy.EXAMPLES / f"{name}.pde")
    pdelang.solve(compiled, tolerance=0.1, time_limit=5, **parameters)
    began = time.process_time()
    solution = pdelang.solve(compiled, tolerance=tolerance, time_limit=300, **parameters)
    seconds = time.process_time() - began
    error, estimate = accuracy.true_error(row, compiled, solution), solution.error_estimate
    return {
        "problem": row.name,
        "tolerance": tolerance,
        "error": error,
        "estimate": estimate,
        "ratio": estimate / error if estimate is not None and error else None,
        "seconds": seconds,
        "status": solution.status.name.lower(),
    }


def fails(record: dict[str, Any]) -> bool:
    error, estimate, status = record.get("error"), record.get("estimate"), record["status"]
    if error is None or estimate is None:
        return status == "converged"
    wrong = max(error, estimate) > ROUNDING and not 1 / WITHIN < max(estimate, ROUNDING) / max(error, ROUNDING) < WITHIN
    return wrong or (status == "converged" and error > WITHIN * record["tolerance"])


COLUMNS = ("problem", "tolerance", "error", "estimate", "ratio", "seconds", "status")
FORMATS = {"tolerance": "{:.0e}", "error": "{:.1e}", "estimate": "{:.1e}", "ratio": "{:.2g}", "seconds": "{:.1f}"}
WIDTHS = (32, 10, 9, 9, 8, 8, 20)


def line(cells: list[str], markdown: bool) -> None:
    if markdown:
        print("| " + " | ".join(cells) + " |", flush=True)
    else:
        print("  ".join(c.ljust(w) for c, w in zip(cells, WIDTHS)).rstrip(), flush=True)


def in_process(number: int, tolerance: float) -> dict[str, Any]:
    """`measure` in a fresh process; a crash is a row as well, and fails."""
    command = [sys.executable, __file__, "--row", str(number), "--tol", repr(tolerance)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["crash"])[-1][:60]
        return {"problem": EXAMPLES[number][0], "tolerance": tolerance, "status": last, "crashed": True}
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME", help="rows whose name starts with NAME")
    parser.add_argument("--tol", type=float, help="one tolerance in place of three")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--row", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.row is not None:
        print(json.dumps(measure(*EXAMPLES[chosen.row], chosen.tol)))
        return 0
    line(list(COLUMNS), chosen.markdown)
    if chosen.markdown:
        line(["---"] * len(COLUMNS), True)
    failed = 0
    for number, (name, _) in enumerate(EXAMPLES):
        for tolerance in (chosen.tol,) if chosen.tol else TOLERANCES:
            if name.startswith(chosen.only):
                record = in_process(number, tolerance)
                failed += bool(record.get("crashed")) or fails(record)
                line([FORMATS.get(c, "{}").format(record[c]) if record.get(c) is not None else "-" for c in COLUMNS], chosen.markdown)
    return failed


if __name__ == "__main__":
    sys.exit(main())
