"""The search for the networks' settings: the same learning rates for each, and two shapes. `cd benchmarks && python -m figures.search`.

The winner has the least geometric mean error over the problems and seeds; it becomes a row of `runtime/baselines/settings.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import geometric_mean
from typing import Any

from pdelang.runtime.baselines.seam import count

from .cases import problem
from .contenders import Budget, begin
from .study import Row, Study, arguments, markdown, path_of

RATES = (1e-3, 3e-3, 1e-2, 3e-2)
SHAPES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "mlp": ({"depth": 3}, {"depth": 4}),
    "spinn": ({"ratio": 1.0}, {"ratio": 2.0}),
    "pikan": ({"depth": 2, "degree": 4}, {"depth": 3, "degree": 4}),
    "pig": ({"features": 2, "hidden": 16}, {"features": 4, "hidden": 16}),
    "rbf-grid": ({},),
    "rbf-lattice": ({},),
    "rbf": ({},),
    "rbf-sgd": ({},),
}
ON = ("burgers", "convection", "helmholtz")
DIVERGED = 10.0


def main() -> int:
    given = arguments(__doc__.splitlines()[0], seeds=1, quick_seeds=1, steps=1000)
    budget, on = (Budget(300, measured=1), ON[:1]) if given.quick else (Budget(given.steps, measured=1), ON)
    study = Study(path_of(given, "search"), ("problem", "contender", "shape", "rate", "seed", "steps"), ("error", "seconds", "parameters"))

    def measure(name: str, contender: str, shape: str, rate: float, seed: int, steps: int) -> Iterable[Row]:
        import time

        sizes = next(s for s in SHAPES[contender] if written(s) == shape)
        training = begin(contender, problem(name), budget, seed, shape=sizes, learning_rate=rate)
        began = time.process_time()
        while training.done < steps and training.advance(steps - training.done):
            pass
        error = problem(name).error(training.representation()) if training.done == steps else DIVERGED
        yield {"error": min(error, DIVERGED), "seconds": time.process_time() - began, "parameters": count(training.theta)}

    shapes = [(c, written(s)) for c, all_of_them in SHAPES.items() for s in all_of_them]
    study.run(
        [
            (p, c, s, r, seed, budget.steps)
            for seed in range(given.seeds)
            for p in on
            for c, s in shapes
            for r in RATES
            if given.only in ("", p, c)
        ],
        measure,
    )
    text = table(study, budget.steps, shapes)
    path_of(given, "search").with_suffix(".md").write_text(text)
    print(text)
    return 0


def written(shape: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value:g}" for name, value in shape.items()) or "-"


def table(study: Study, steps: int, shapes: Iterable[tuple[str, str]]) -> str:
    found = {
        (c, s, r): geometric_mean(float(row["error"]) for row in rows)
        for c, s in shapes
        for r in RATES
        if (rows := study.of(contender=c, shape=s, rate=r, steps=steps))
    }
    best = {c: min((k for k in found if k[0] == c), key=found.__getitem__) for c in SHAPES}
    rows = [
        [c, s, *(f"**{found[c, s, r]:.2g}**" if (c, s, r) == best[c] else f"{found[c, s, r]:.2g}" for r in RATES)]
        for c, s in dict.fromkeys(k[:2] for k in found)
    ]
    problems = ", ".join(dict.fromkeys(row["problem"] for row in study.rows))
    head = f"Geometric mean of the relative L2 error after {steps} steps on {problems}, by learning rate.\n\n"
    return head + markdown(["network", "shape", *(f"{r:g}" for r in RATES)], rows)


if __name__ == "__main__":
    raise SystemExit(main())
