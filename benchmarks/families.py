"""The table of families: errors, queries, training, and the direct solver at the same error. One row a family and generator.

    python benchmarks/families.py                                           every row that docs/figures/families.csv has not yet
    python benchmarks/families.py --only convection --generators plain,spectral
    python benchmarks/families.py --quick                                   short trainings, into a file of its own

`inside`: mean relative L2 over 20 held-out conditions of the declared distributions, `worst` of them. `outside`: over 20 conditions with
one parameter up to 20 % of its range beyond it; `said` is how many of these say that they miss 1e-2 (there the full solver steps in),
`silent` how many miss it without a word. `query`: CPU milliseconds, check included, after the first. `direct`: those of a cold direct
solve at the loosest tolerance whose error is no larger, at the same conditions. `training`: CPU seconds, worker processes included.
`grids`: answers on 256 x 101 points that `Family.sweep` makes in a second of the clock, and in one of the processor. `alone`: before any
step of refinement. The truth is the program's exact solution, or a tight direct solve. Rows are kept as they come; a row that is there is
not measured anew.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from figures.cases import ROOT
from figures.study import Row, Study, markdown

FAMILIES = Path(__file__).parent / "families"
COUNT, BEYOND, MISSED = 20, 0.2, 1e-2
DIRECT = 8
"""Conditions at which the direct solver is timed, of those inside."""
LADDER = (0.3, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
SWEPT = 1500
FINISHED = 1e-4
"""Tolerance of queries that the direct solver's march finishes: errors of some 1e-7."""


@dataclass(frozen=True)
class Case:
    """kernels: mean error inside that generated kernels have to reach. tolerances: of families of direct solves (`SOLVED`). grid: on which
    errors are measured. truth: tolerance of the direct solve that stands for the solution."""

    program: str
    kernels: float
    tolerances: tuple[float, ...] = (1e-4,)
    grid: tuple[int, ...] = (129, 51)
    truth: float = 1e-8
    generators: tuple[str, ...] = ("plain", "variational", "paper", "flow", "spectral")


CASES = (
    Case("convection", 3e-5, (1e-4, 1e-10)),
    Case("burgers_nu", 2e-4, (1e-4, 1e-8), truth=1e-10),
    Case("burgers_k1", 2e-4, (1e-4, 1e-5)),
    Case("burgers_k2", 2e-4, (1e-4,)),
    Case("helmholtz", 3e-5, (1e-4,), grid=(65, 65)),
    Case("allen_cahn", 1e-3, (1e-4, 1e-5), truth=1e-6),
    Case("many", 1e-2, (), generators=("coefficients", "plain")),
    Case("dear", 1e-3, (1e-3,), grid=(41, 41, 11), truth=1e-4, generators=("neighbours:400",)),
)
SOLVED = ("spectral", "neighbours")
QUICK = {"plain": 1500, "variational": 600, "paper": 600, "flow": 1000, "coefficients": 4000}
COLUMNS = (
    *("inside", "worst", "alone", "outside", "said", "silent"),
    *("query", "direct", "direct_tolerance", "training", "steps", "grids", "grids_cpu", "message"),
)


@dataclass(eq=False)
class Held:
    """Held-out conditions of a family, with the truth at each, solved once a process."""

    case: Case
    outside: bool
    found: dict[int, Any] = field(default_factory=dict)

    @cached_property
    def compiled(self) -> Any:
        from pdelang.compiler.pipeline import compile as compile_problem

        return compile_problem(FAMILIES / f"{self.case.program}.pde")

    @cached_property
    def conditions(self) -> list[dict[str, Any]]:
        from pdelang.runtime.generator.conditions import Conditions

        return list(_drawn(Conditions.of(self.compiled.problem), self.outside))

    def error(self, number: int, solution: Any) -> float:
        """Relative L2, the largest over the fields."""
        if solution.relative_l2:  # there is an exact solution
            return float(max(solution.relative_l2.values()))
        if number not in self.found:
            truth, _ = self.solved(number, self.case.truth)
            names = [c.name for c in self.compiled.problem.coordinates]
            self.found[number] = truth.to_xarray(dict(zip(names, self.case.grid)))
        return float(max(solution.compared_with(self.found[number]).relative_l2.values()))

    def solved(self, number: int, tolerance: float) -> tuple[Any, float]:
        """A direct solve, and its CPU seconds."""
        from pdelang.runtime.api import direct
        from pdelang.runtime.options import SolveOptions

        given = self.compiled.parameters() | self.conditions[number]
        began = time.process_time()
        found = direct(self.compiled, given, SolveOptions(tolerance=tolerance, time_limit=600))
        return found, time.process_time() - began

    @cached_property
    def ladders(self) -> list[list[tuple[float, float, float]]]:
        """For some conditions: (tolerance, error, seconds) from loose to tight, each measured when it is asked for."""
        return [[] for _ in range(min(DIRECT, len(self.conditions)))]

    def direct(self, errors: list[float]) -> tuple[float, float]:
        """Mean CPU seconds of direct solves that are no worse than these errors, and the mean logarithm's tolerance."""
        seconds, tolerances = [], []
        for number, (ladder, wanted) in enumerate(zip(self.ladders, errors)):
            for n, tolerance in enumerate(LADDER):
                if n == len(ladder):
                    if n == 0 and number == 0:
                        self.solved(number, tolerance)  # compiles
                    solution, spent = self.solved(number, tolerance)
                    ladder.append((tolerance, self.error(number, solution), spent))
                if ladder[n][1] <= wanted or tolerance <= self.case.truth:
                    break
            seconds.append(ladder[n][2])
            tolerances.append(ladder[n][0])
        return statistics.mean(seconds), float(np.exp(np.mean(np.log(tolerances))))


def _drawn(conditions: Any, outside: bool) -> Iterator[dict[str, Any]]:
    """Held-out parameters; outside: one of them a little beyond its range, alternately below and above."""
    rng = np.random.default_rng(20)
    for n, z in enumerate(conditions.sample(COUNT, rng)):
        if outside:
            side = -1.0 if n % 2 else 1.0
            z = z.copy()
            z[n // 2 % conditions.size] = side * (1 + 2 * BEYOND * rng.uniform())
        yield {name: v if np.ndim(v) else float(v) for name, v in conditions.values(z).items()}


HELD: dict[tuple[str, bool], Held] = {}


def held(case: Case, outside: bool) -> Held:
    return HELD.setdefault((case.program, outside), Held(case, outside))


def cpu() -> float:
    """Of this process and of the workers that it has waited for."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def trained(case: Case, generator: str, tolerance: float, steps: int | None, folder: Path | None) -> tuple[Any, float]:
    """The family, and CPU seconds of its training; one that is in `folder` already gives its own seconds, of the clock."""
    import pdelang

    generator, _, kernels = generator.partition(":")
    settings: dict[str, Any] = {
        "generator": generator,
        "steps": steps,
        "tolerance": tolerance,
        "kernels": int(kernels) if kernels else None,
    }
    if generator == "paper":
        settings |= {"generator": "variational", "objective": "paper"}
    path = folder / f"{case.program}_{generator}{kernels}_{tolerance:g}.family" if folder else None
    began, there = cpu(), bool(path and path.exists())
    family = pdelang.train(FAMILIES / f"{case.program}.pde", path, resume=there, **settings)
    return family, family.record.seconds if there else cpu() - began


def queries(family: Any, own: Held, tolerance: float, **settings: Any) -> tuple[list[Any], list[float], float]:
    """Solutions, errors, and the median CPU seconds of a query, after the first."""
    solutions, spent = [], []
    family.query(fallback=False, tolerance=tolerance, **settings, **own.conditions[0])
    for p in own.conditions:
        began = time.process_time()
        solutions.append(family.query(fallback=False, tolerance=tolerance, **settings, **p))
        spent.append(time.process_time() - began)
    errors = [own.error(n, s) for n, s in enumerate(solutions)]
    return solutions, errors, statistics.median(spent)


def rate(family: Any) -> tuple[float, float]:
    """Grids of 256 x 101 a second in a sweep over the first parameter, of the clock and of the processor."""
    if len(family.compiled.problem.coordinates) != 2 or family.record.generator != "spectral":
        return float("nan"), float("nan")
    first = family.conditions.declared[0]
    z = np.zeros((SWEPT, family.conditions.size))
    z[:, 0] = np.linspace(-0.99, 0.99, SWEPT)
    values = family.conditions.values(z)[first.name]
    grid = {c.name: n for c, n in zip(family.compiled.problem.coordinates, (256, 101))}
    best = (np.inf, np.inf)
    for _ in range(3):
        began, wall = time.process_time(), time.perf_counter()
        family.sweep(grid=grid, fallback=False, **{first.name: values})
        best = min(best[0], time.perf_counter() - wall), min(best[1], time.process_time() - began)
    return SWEPT / best[0], SWEPT / best[1]


def measure(case: Case, generator: str, tolerance: float, steps: int | None, folder: Path | None) -> Iterator[Row]:
    """One row; for coefficients another one of queries that are finished by the direct solver's march."""
    family, training = trained(case, generator, tolerance, steps, folder)
    asked, kind = tolerance if _plain_name(generator) in SOLVED else MISSED, family.record.generator
    generated = {"adapt_steps": 2} if kind == "coefficients" else {}
    _, alone, _ = queries(family, held(case, False), asked, adapt_steps=0)
    common = {"training": training, "alone": statistics.mean(alone), "message": _plain(family.record.message)}
    common["steps"] = family.record.figures.get("solves", family.record.figures.get("step", family.record.steps))
    yield common | row_of(family, case, asked, **generated) | dict(zip(("grids", "grids_cpu"), rate(family)))
    if kind == "coefficients":
        finished = row_of(family, case, FINISHED)
        yield common | finished | {"generator": f"{generator} and a march", "grids": float("nan"), "grids_cpu": float("nan")}


def _plain_name(generator: str) -> str:
    return generator.partition(":")[0]


def _plain(text: str) -> str:
    return text.replace(",", ";").replace("\n", " ")


def row_of(family: Any, case: Case, tolerance: float, **settings: Any) -> Row:
    inside, outside = held(case, False), held(case, True)
    _, errors, query = queries(family, inside, tolerance, **settings)
    beyond, far, _ = queries(family, outside, MISSED, **settings)
    direct, direct_tolerance = inside.direct(errors)
    return {
        "inside": statistics.mean(errors),
        "worst": max(errors),
        "outside": statistics.mean(far),
        "said": sum(not s.converged for s in beyond),
        "silent": sum(e > MISSED and s.converged for e, s in zip(far, beyond)),
        "query": 1e3 * query,
        "direct": 1e3 * direct,
        "direct_tolerance": direct_tolerance,
    }


HEADER = (
    *("family", "generator", "inside", "worst", "alone", "outside", "say so", "silent"),
    *("query, ms", "direct at the same error, ms", "training, s", "solves or steps", "grids/s, clock (CPU)"),
)


def table(study: Study) -> str:
    rows = []
    for r in study.rows:
        name = r["generator"] + (f" {float(r['tolerance']):.0e}" if _plain_name(r["generator"]) in SOLVED else "")
        errors = [f"{float(r[c]):.1e}" for c in ("inside", "worst", "alone", "outside")]
        times = [f"{float(r['query']):.3g}", f"{float(r['direct']):.3g}", f"{float(r['training']):.0f}", f"{float(r['steps']):.0f}"]
        grids = "-" if r["grids"] == "nan" else f"{float(r['grids']):.0f} ({float(r['grids_cpu']):.0f})"
        rows.append([r["family"], name, *errors, f"{r['said']} of {COUNT}", r["silent"], *times, grids])
    return markdown(HEADER, rows)


def wanted(options: argparse.Namespace) -> Iterable[tuple[str, str, str, str]]:
    for case in CASES:
        if case.program.startswith(options.only):
            own = (
                [float(t) for t in options.tolerances.split(",")] if options.tolerances else case.tolerances[: 1 if options.quick else None]
            )
            for generator in options.generators.split(",") if options.generators else case.generators:
                steps = options.steps or (QUICK.get(generator) if options.quick else None)
                for tolerance in own if _plain_name(generator) in SOLVED and own else (1e-4,):
                    yield case.program, generator, f"{tolerance:g}", str(steps or "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="families whose name starts so")
    parser.add_argument("--generators", default="", help="by commas, as plain or plain:256 (kernels); all that suit the family by default")
    parser.add_argument("--tolerances", default="", help="by commas, of families of direct solves; the table's own by default")
    parser.add_argument("--steps", type=int, default=None, help="of the training, in place of the generator's own number")
    parser.add_argument("--quick", action="store_true", help="short trainings, loose tolerances")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "figures", help="folder of families.csv and families.md")
    parser.add_argument("--families", type=Path, default=None, help="folder that keeps trained families, and gives them back")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / ("families_quick" if options.quick else "families")
    study = Study(stem.with_suffix(".csv"), ("family", "generator", "tolerance", "steps_asked"), COLUMNS)
    cases = {case.program: case for case in CASES}

    def one(program: str, generator: str, tolerance: str, steps: str) -> Iterable[Row]:
        for row in measure(cases[program], generator, float(tolerance), int(steps) if steps else None, options.families):
            print({k: f"{v:.3g}" if isinstance(v, float) else v for k, v in row.items()}, flush=True)
            yield row

    for key in wanted(options):
        study.run([key], one)
        stem.with_suffix(".md").write_text(table(study))
    print(table(study))


if __name__ == "__main__":
    main()
