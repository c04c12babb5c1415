"""The paper's figure 1: iteration rates, and the total time of training on convection. `pdelang bench figure1 [--quick]`.

Every run is one training by Adam, `steps` steps with about 1000 parameters on 2048 interior points, without compilation. Runs of one
seed take turns over the contenders, so that a machine that slows down slows all of them. Resumable: finished runs are in the CSV file.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from figures.cases import CASES, problem
from figures.contenders import CONTENDERS, RATED, Budget, begin, count
from figures.drawing import rates_and_totals
from figures.study import Study, arguments, finish, markdown, path_of

RATE_PROBLEMS = ("convection", "burgers")
TOTAL = "convection"
STEPS = 50


def main() -> int:
    given = arguments(__doc__.splitlines()[0], seeds=200, quick_seeds=5, steps=STEPS)
    budget = Budget(given.steps)
    study = Study(path_of(given, "figure1"), ("problem", "contender", "seed", "steps"), ("parameters", "seconds", "rate"))

    def measure(name: str, contender: str, seed: int, steps: int) -> Iterable[dict[str, Any]]:
        import time

        training = begin(contender, problem(name), budget, seed)
        began = time.process_time()
        while training.done < steps and training.advance(steps - training.done):
            pass
        seconds = time.process_time() - began
        yield {"parameters": count(training.theta), "seconds": seconds, "rate": training.done / seconds}

    keys = [(p, c, seed, budget.steps) for seed in range(given.seeds) for p in RATE_PROBLEMS for c in RATED]
    study.run([k for k in keys if given.only in ("", k[0], k[1])], measure)
    finish(given, "figure1", table(study, budget.steps), rates_and_totals(study, budget.steps, RATE_PROBLEMS, TOTAL))
    return 0


def table(study: Study, steps: int) -> str:
    header = ["", *(f"steps a second, {CASES[p].title}" for p in RATE_PROBLEMS), "runs", f"{TOTAL}, seconds in all", "parameters"]
    rows = []
    for name in RATED:
        found = {p: study.of(problem=p, contender=name, steps=steps) for p in RATE_PROBLEMS}
        runs = [row for rows_of in found.values() for row in rows_of]
        if runs:
            rates = [f"{median(float(r['rate']) for r in rows_of):.0f}" if rows_of else "-" for rows_of in found.values()]
            total = sum(float(r["seconds"]) for r in found[TOTAL])
            counts = " + ".join(str(len(rows_of)) for rows_of in found.values())
            rows.append([CONTENDERS[name].label, *rates, counts, f"{total:.2f}" if found[TOTAL] else "-", runs[0]["parameters"]])
    note = f"\nMedians; {steps} steps a run, processor time of one core, without compilation. By `benchmarks/figure1.py`.\n"
    return markdown(header, rows) + note


if __name__ == "__main__":
    raise SystemExit(main())
