"""Error estimates and refinement of generated kernels: estimate over true error, and errors after kernels were added here or there.

    python benchmarks/uncertainty.py                                      a layer, twelve kernels, untrained variational network
    python benchmarks/uncertainty.py burgers.family convection.family     families that `pdelang train` wrote

Columns: true relative L2 error, and in brackets estimate/error; of the projected answer, and after a quarter (half, for the layer) more
kernels at `even` places, by the `residual`, and by residual times `spread` of the posterior's samples. Last line: geometric means.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

LAYER = """
problem layer
x in [0, 1]
param eps in [0.02, 0.5] log
eps*u_xx - u_x = -1
u(0) = 0
u(1) = 0
exact u = x - (exp((x - 1)/eps) - exp(-1/eps))/(1 - exp(-1/eps))
"""
TRUTH, COUNT = 1e-7, 6
GRID = 129


def layer() -> Any:
    import pdelang
    from pdelang.compiler.pipeline import compile as compile_problem
    from pdelang.runtime.family import Family, Record
    from pdelang.runtime.generator.kernels_training import KernelsTraining
    from pdelang.runtime.training import TrainOptions

    compiled = compile_problem(pdelang.parse(LAYER))
    model = KernelsTraining.start(compiled, TrainOptions(generator="variational", kernels=12)).generator()
    return Family(compiled, model, Record("variational", "untrained", {"tolerance": 1e-4}))


def measure(family: Any, more: int) -> None:
    from pdelang.runtime.api import direct
    from pdelang.runtime.generator.seam import QueryOptions
    from pdelang.runtime.options import SolveOptions

    ways = ["", "even", "residual", *(["spread"] if family.model.architecture.latent else [])]
    errors: dict[str, list[float]] = {by: [] for by in ways}
    for z in family.conditions.sample(COUNT, np.random.default_rng(3)):
        varied = {name: v if np.ndim(v) else float(v) for name, v in family.conditions.values(z).items()}
        parameters, reference = family.compiled.parameters(**varied), None
        if family.compiled.exact is None:
            truth = direct(family.compiled, parameters, SolveOptions(tolerance=TRUTH))
            reference = truth.to_xarray(GRID)
        cells = []
        for by in ways:
            options = QueryOptions(refine=more if by else 0, refine_by=by)
            answer = family._judged(parameters, family.model.answer(family.compiled, parameters, options), 1.0, 0, 0.0)
            answer = answer if reference is None else answer.compared_with(reference)
            errors[by].append(max(answer.relative_l2.values()))
            cells.append(f"{by or 'projected':9} {errors[by][-1]:.1e} ({answer.error_estimate / errors[by][-1]:.2g})")
        print("  ".join(f"{name}={np.round(v, 4)}" for name, v in varied.items()), "  ".join(cells), flush=True)
    means = {by or "projected": np.exp(np.mean(np.log(e))) for by, e in errors.items()}
    print(f"mean, {more} kernels more:", "  ".join(f"{by} {mean:.1e}" for by, mean in means.items()), flush=True)


def main() -> None:
    from pdelang.runtime.family import Family

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", type=Path)
    given = parser.parse_args().families
    if not given:
        measure(layer(), 6)
    for path in given:
        print(path.name)
        family = Family.load(path)
        measure(family, round(family.model.layout.kernels / 4))


if __name__ == "__main__":
    main()
