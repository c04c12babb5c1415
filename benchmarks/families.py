"""The table of families: error inside and outside the range, time of a query and of the training, one row a generator.

    python benchmarks/families.py                                    every family and generator of kernels
    python benchmarks/families.py --only convection --generators plain,spectral
    python benchmarks/families.py --quick                            a tenth of the training steps

Columns: `inside`, mean relative L2 over 20 held-out conditions of the declared distributions; `worst` of them; `outside`, over 20
conditions with one parameter up to 20 % of its range beyond it, and how many of those say themselves that they miss 1e-2 (where the full
solver would step in). `query`: median milliseconds after the first, wall and CPU time, whatever else the machine does.
`training`: CPU seconds. The
truth is the program's exact solution, or a direct solve to 1e-7. `limit`: what the project must reach.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FAMILIES = Path(__file__).parent / "families"
COUNT, BEYOND, MISSED = 20, 0.2, 1e-2
GRID = (129, 51)
TRUTH = 1e-7


@dataclass(frozen=True)
class Row:
    """limit: mean error inside, after projection. steps: of the optimiser, None the generator's own number."""

    program: str
    limit: float
    steps: int | None = None


ROWS = (
    Row("convection", 3e-5),
    Row("helmholtz", 3e-5),
    Row("burgers_k1", 2e-4),
    Row("burgers_k2", 2e-4),
    Row("allen_cahn", 1e-3),
)
GENERATORS = ("plain", "variational", "paper")
"""`paper` is the variational one with eq. (6); any other name of `--generator` is taken too."""
QUICK = {"plain": 1500, "variational": 600, "paper": 600}


def conditions(family: Any, outside: bool) -> Iterator[dict[str, Any]]:
    """Held-out parameters; outside: one of them a little beyond its range, alternately below and above."""
    c, rng = family.conditions, np.random.default_rng(20)
    for n, z in enumerate(c.sample(COUNT, rng)):
        if outside:
            side = -1.0 if n % 2 else 1.0
            z = z.copy()
            z[n // 2 % c.size] = side * (1 + 2 * BEYOND * rng.uniform())
        yield {name: v if np.ndim(v) else float(v) for name, v in c.values(z).items()}


def error(family: Any, solution: Any) -> float:
    """Relative L2, the largest over the fields."""
    from pdelang.runtime.api import direct
    from pdelang.runtime.options import SolveOptions

    if not solution.relative_l2:
        truth = direct(family.compiled, solution.parameters, SolveOptions(tolerance=TRUTH, time_limit=120))
        names = [c.name for c in family.compiled.problem.coordinates]
        solution = solution.compared_with(truth.to_xarray(dict(zip(names, GRID))))
    return max(solution.relative_l2.values())


def measure(row: Row, generator: str, steps: int | None, tolerance: float) -> dict[str, Any]:
    import pdelang

    settings: dict[str, Any] = {"generator": generator, "steps": steps, "tolerance": tolerance}
    if generator == "paper":
        settings |= {"generator": "variational", "objective": "paper"}
    began = time.process_time()
    family = pdelang.train(FAMILIES / f"{row.program}.pde", **settings)
    training = time.process_time() - began
    solutions = [family.query(fallback=False, tolerance=MISSED, **p) for p in conditions(family, outside=False)]
    inside = [error(family, s) for s in solutions]
    beyond = [family.query(fallback=False, tolerance=MISSED, **p) for p in conditions(family, outside=True)]
    outside = [error(family, s) for s in beyond]
    silent = sum(e > MISSED and s.converged for e, s in zip(outside, beyond))
    walls, cpu = [], time.process_time()
    for p in conditions(family, outside=False):
        start = time.perf_counter()
        family.query(fallback=False, **p)
        walls.append(time.perf_counter() - start)
    return {
        "family": row.program,
        "generator": generator,
        "inside": statistics.mean(inside),
        "worst": max(inside),
        "limit": row.limit,
        "outside": statistics.mean(outside),
        "said": sum(not s.converged for s in beyond),
        "silent": silent,
        "query": 1e3 * statistics.median(walls),
        "query_cpu": 1e3 * (time.process_time() - cpu) / COUNT,
        "training": training,
        "steps": family.record.figures.get("step", family.record.steps),
    }


def line(r: dict[str, Any]) -> str:
    return (
        f"{r['family']:12} {r['generator']:12} inside {r['inside']:.1e} worst {r['worst']:.1e} (limit {r['limit']:.0e})   "
        f"outside {r['outside']:.1e}, {r['said']} of {COUNT} say so, {r['silent']} wrong and silent   "
        f"query {r['query']:.1f} ms, {r['query_cpu']:.1f} CPU   training {r['training']:.0f} s CPU, {r['steps']:.0f} steps"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="families whose name starts so")
    parser.add_argument("--generators", default=",".join(GENERATORS))
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--tol", type=float, default=1e-4, help="of generators that train to a tolerance (spectral)")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    for row in ROWS:
        if row.program.startswith(options.only):
            for generator in options.generators.split(","):
                steps = options.steps or (QUICK.get(generator) if options.quick else row.steps)
                print(line(measure(row, generator, steps, options.tol)), flush=True)


if __name__ == "__main__":
    main()
