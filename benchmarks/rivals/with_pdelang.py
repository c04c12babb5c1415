"""pdelang: an example's text and a tolerance. Seconds hold all of `solve` (passes, estimate, certificate) and the values on the grid."""

from __future__ import annotations

from pathlib import Path

import pdelang
from rivals import Answer, Runs, Solver
from rivals.problems import BETA, LAYER, TRUTHS, WAVES

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PARAMETERS = {"convection": {"beta": BETA}, "helmholtz": {"a1": WAVES[0], "a2": WAVES[1]}, "boundary_layer": {"eps": LAYER}}


def prepared(name: str, tolerance: float) -> Solver:
    compiled = pdelang.compile(pdelang.load(EXAMPLES / f"{name}.pde"))
    axes = TRUTHS[name]().axes
    names = [c.name for c in compiled.problem.coordinates]

    def solve() -> Answer:
        solution = pdelang.solve(compiled, tolerance=tolerance, time_limit=240, **PARAMETERS.get(name, {}))
        values = solution.to_xarray(dict(zip(names, axes)))["u"].transpose(*names).values
        return Answer(axes, values)

    return solve


TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11)
RUNS: Runs = {name: ("pdelang", TOLERANCES, lambda tolerance, name=name: prepared(name, tolerance)) for name in TRUTHS}
