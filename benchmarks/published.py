"""What the networks' authors report, and what the same network reaches here in a budget of minutes. `python benchmarks/published.py`.

Sizes, weights and optimisers are theirs, points and mostly steps are fewer. A row may be run for any `--steps`.
Resumable: finished rows are in the CSV file.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from figures.cases import CASES, ROOT, Case, Problem, at, problem
from figures.study import Row, Study, arguments, markdown, path_of

import pdelang
from pdelang.compiler.parameters import resolve
from pdelang.runtime.baselines.seam import count
from pdelang.runtime.baselines.train import Training
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.reference import exact_dataset

QUICK = 100
"""Steps of a quick run."""


@dataclass(frozen=True)
class Published:
    """case: the problem; options, shape: of our training. reported: their relative L2 errors after their steps; budget, source: theirs."""

    case: Case
    options: Mapping[str, Any]
    shape: Mapping[str, Any]
    reported: str
    budget: str
    source: str
    refined: tuple[int, ...] = field(default=(128, 101))


PUBLISHED: dict[str, Published] = {
    "mlp": Published(
        CASES["burgers"],
        {"ansatz": "mlp", "unknowns": 3021, "collocation": 4096, "steps": 20_000, "optimizer": "lbfgs"}
        | {"alpha_initial": 0.56, "alpha_boundary": 0.22},
        {"depth": 8},
        "6.7e-4",
        "L-BFGS to convergence, 10,000 points",
        "Raissi, Perdikaris, Karniadakis, J. Comput. Phys. 378 (2019)",
    ),
    "spinn": Published(
        Case(ROOT / "examples" / "klein_gordon_2d.pde", "Klein-Gordon, 2+1"),
        {"ansatz": "spinn", "unknowns": 37824, "collocation": 4096, "steps": 25_000, "learning_rate": 1e-3}
        | {"alpha_initial": 1.0, "alpha_boundary": 0.25},
        {"depth": 3, "ratio": 1.0},
        "5.3e-2 (25,000), 1.8e-2 (50,000 steps)",
        "Adam, 262,144 points",
        "demo(spinn).ipynb of github.com/stnamjef/SPINN (Cho et al., 2023)",
        (41, 41, 81),
    ),
    "pig": Published(
        Case(ROOT / "examples" / "helmholtz.pde", "Helmholtz, a = (4, 1)", {"a1": 4.0, "a2": 1.0}),
        {"ansatz": "pig", "unknowns": 6497, "collocation": 2048, "steps": 20_000, "optimizer": "lbfgs"}
        | {"alpha_residual": 1e-4, "alpha_boundary": 0.25},
        {"features": 4, "hidden": 16, "width": 0.05, "scale": 0.01},
        "2.2e-5",
        "16,097 numbers; L-BFGS, 2,001 times up to 20 steps, or Adam, 60,000 steps; 10,000 points drawn anew each time",
        "Kang et al., ICLR 2025; helmholtz2d_pig.sh of github.com/NamGyuKang/Physics-Informed-Gaussians",
    ),
    "pikan": Published(
        Case(Path(__file__).parent / "figures" / "sines.pde", "Poisson"),
        {"ansatz": "pikan", "unknowns": 150, "collocation": 2601, "steps": 3000, "optimizer": "lbfgs"}
        | {"alpha_residual": 1e-2, "alpha_boundary": 0.25},
        {"depth": 1, "degree": 4},
        "2.7e-2 (mean square 1.7e-4)",
        "splines on 2 nodes; L-BFGS, 150 times up to 20 steps, 2601 points",
        "Example_7_PDE_accuracy.ipynb of github.com/KindXiaoming/pykan (Liu et al., 2024)",
    ),
}
"""Weights are the authors': a mean over all faces is a quarter of the sum over four, and Raissi's 456 values are 256 initial ones and 200
on the two sides. In PIG's code each of the four features has 800 Gaussians of its own, here all share 800. Rates fall as everywhere here.
For PIKAN in Chebyshev form no figure with all its settings was found: the splines' is."""


def measured(row: Published, steps: int, **fewer: Any) -> Iterable[Row]:
    """fewer: options in place of the row's own."""
    case = given(row)
    options = SolveOptions(**{**row.options, "steps": steps, "seed": 0, **fewer})
    training = Training.start(case.compiled, case.parameters, options, shape=row.shape)
    training.advance(0)  # compiles
    began = time.process_time()
    while training.done < steps and training.advance(steps - training.done):
        pass
    seconds = time.process_time() - began
    yield {"parameters": count(training.theta), "seconds": seconds, "error": case.error(training.representation())}


def given(row: Published) -> Problem:
    """The problem and its truth: a file beside the examples, or its formula on a grid of `refined` points."""
    if row.case.reference:
        return problem(next(name for name, case in CASES.items() if case is row.case))
    compiled = pdelang.compile(row.case.path)
    if len(row.refined) == 2:
        return at(compiled, dict(row.case.parameters))
    parameters = resolve(compiled.problem, dict(row.case.parameters))
    axes = tuple(np.linspace(float(a), float(b), n) for a, b, n in zip(*compiled.bounds(parameters), row.refined))
    return Problem(compiled, parameters, axes, exact_dataset(compiled, parameters, axes)["u"].values)


def main() -> int:
    chosen = arguments(__doc__.splitlines()[0], seeds=1, quick_seeds=1, steps=0)
    study = Study(path_of(chosen, "published"), ("network", "steps"), ("parameters", "seconds", "error"))
    steps = {name: QUICK if chosen.quick else chosen.steps or row.options["steps"] for name, row in PUBLISHED.items()}
    keys = [(name, steps[name]) for name in PUBLISHED if chosen.only in ("", name)]
    study.run(keys, lambda name, steps: measured(PUBLISHED[name], steps))
    rows = []
    for name, row in PUBLISHED.items():
        for found in study.of(network=name):
            here = (
                f"{float(found['error']):.1e}; {found['steps']} steps, {row.options['collocation']} points, {float(found['seconds']):.0f} s"
            )
            theirs = f"{row.reported}; {row.budget}"
            rows.append([name, row.case.title, found["parameters"], theirs, here, row.source])
    text = markdown(["network", "problem", "parameters", "reported; their budget", "here; our budget", "source"], rows)
    path_of(chosen, "published").with_suffix(".md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
