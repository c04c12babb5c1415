"""The paper's figure 2: error against time on four problems, and convection fitted. `pdelang bench figure2 [--quick]`.

Contenders get as many parameters (5 %), interior points and steps; those that solve instead of stepping are a point, or one a tolerance.
Seconds are processor time of one core without compilation. What solves is run once: nothing in it is drawn but the points that judge it.
Resumable: finished runs are in the CSV file, those of other numbers of steps too; these have tables and pictures of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from figures.cases import CASES, PROBLEMS, problem
from figures.contenders import CONTENDERS, STEPPED, Budget, points
from figures.drawing import curve, errors
from figures.study import Row, Study, arguments, finish, markdown, path_of

STEPS, QUICK_STEPS = 500, 200
LEFT_OUT_OF_QUICK = ("spinn-points", "rbf-sgd", "rbf-grid", "rbf-lattice")
FITTED = ("rbf", "mlp")
"""Contenders that also fit the solution itself."""


def main() -> int:
    given = arguments(__doc__.splitlines()[0], seeds=10, quick_seeds=1, steps=STEPS)
    budget = Budget(QUICK_STEPS, tolerances=(1e-4, 1e-6)) if given.quick else Budget(given.steps)
    keys, columns = ("problem", "contender", "seed", "steps"), ("point", "step", "seconds", "error", "objective", "parameters")
    study = Study(path_of(given, "figure2"), keys, columns)

    def measure(name: str, contender: str, seed: int, steps: int) -> Iterable[Row]:
        return [{"point": n} | asdict(p) for n, p in enumerate(points(contender, problem(name), budget, seed))]

    names = [c for c in CONTENDERS if not (given.quick and c in LEFT_OUT_OF_QUICK)]
    runs = [(p, c, s, budget.steps) for s in range(given.seeds) for p in PROBLEMS for c in names if not s or CONTENDERS[c].kind == "steps"]
    runs += [("fit", c, seed, budget.steps) for seed in range(given.seeds) for c in FITTED]
    study.run([k for k in runs if given.only in ("", k[0], k[1])], measure)
    name = "figure2" if given.quick or budget.steps == STEPS else f"figure2_{budget.steps}"
    finish(given, name, table(study, budget.steps), errors(study, titles(study, budget.steps), budget.steps))
    return 0


def ended(study: Study, name: str, contender: str, steps: int) -> tuple[float, float, float, float] | None:
    """Seconds, mean, least and largest error at the end of the runs. None: there are none, or none stayed finite."""
    rows = [r for r in study.of(problem=name, contender=contender, steps=steps) if float(r["seconds"]) > 0]
    found = curve(rows, "seconds") if rows else ((),)
    return (found[0][-1], found[1][-1], found[2][-1], found[3][-1]) if len(found[0]) else None


def counted(study: Study, name: str, contender: str, steps: int) -> tuple[int, int]:
    """Runs, and how many of them ended before the last step because a number was not finite: these are not in the mean."""
    last: dict[str, int] = {}
    for row in study.of(problem=name, contender=contender, steps=steps):
        last[row["seed"]] = max(last.get(row["seed"], 0), int(row["step"]))
    return len(last), sum(step < steps for step in last.values()) if CONTENDERS[contender].kind == "steps" else 0


def titles(study: Study, steps: int) -> Mapping[str, str]:
    """Problems and their titles; the worst and the best of the Gaussians by gradient steps, which the paper shows, are named so."""
    rbf = {name: end[1] for name in PROBLEMS if (end := ended(study, name, "rbf", steps))}
    marks = (
        {max(rbf, key=rbf.__getitem__): "\n(worst of RBF, Adam)", min(rbf, key=rbf.__getitem__): "\n(best of RBF, Adam)"}
        if len(rbf) > 1
        else {}
    )
    return {name: CASES[name].title + marks.get(name, "") for name in PROBLEMS} | {"fit": "convection, pure MSE"}


def table(study: Study, steps: int) -> str:
    header = ["error after all steps (least to largest; runs); seconds", *(CASES[p].title for p in (*PROBLEMS, "fit"))]
    rows = []
    for key, contender in CONTENDERS.items():
        cells = []
        for name in (*PROBLEMS, "fit"):
            end = ended(study, name, key, steps)
            runs, lost = counted(study, name, key, steps)
            left = f", {lost} of them not finite" if lost else ""
            cells.append(f"{end[1]:.1e} ({end[2]:.0e} to {end[3]:.0e}; {runs}{left}); {end[0]:.2f} s" if end else "-")
        rows.append([contender.label, *cells])
    return markdown(header, rows) + "\n" + "\n".join(verdicts(study, steps)) + "\n"


def verdicts(study: Study, steps: int) -> list[str]:
    """The best of all that step, against the project's own solver in no more time, a line a problem."""
    lines = []
    for name in PROBLEMS:
        best = min(((end[1], end[0], key) for key in STEPPED if (end := ended(study, name, key, steps))), default=None)
        own = [r for r in study.of(problem=name, contender="product", steps=steps) if best and float(r["seconds"]) <= best[1]]
        if best:
            theirs = f"- {CASES[name].title}: {CONTENDERS[best[2]].label} {best[0]:.1e} in {best[1]:.2f} s, "
            error = min((float(r["error"]) for r in own), default=float("nan"))
            ours = f"product layouts {error:.1e} in no more: {best[0] / error:.0f}x" if own else "product layouts need longer"
            lines.append(theirs + ours)
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
