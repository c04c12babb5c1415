"""`Family`: answers for every value of a program's parameters, from what was learned once.

A query is checked like a solve: residual of every equation and condition on independent points, and the generator's own estimate where it
has one. What misses the tolerance is solved directly, and the solution says so: a family never knows less than the solver.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from threadpoolctl import ThreadpoolController

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import resolve
from pdelang.runtime.api import direct
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.seam import Generator, Ladder, QueryOptions
from pdelang.runtime.grid_check import grid_check
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.quick_check import QuickCheck
from pdelang.runtime.result import MethodResult, Progress, silent
from pdelang.runtime.solution import Solution
from pdelang.runtime.status import Status
from pdelang.runtime.validation import blame, decide

if TYPE_CHECKING:
    import xarray

BEYOND = 0.25
"""Share of a parameter's range by which a query may leave it: further out nothing that was learned says anything."""


@dataclass(frozen=True)
class Record:
    """How a family came about. generator: a name of `GENERATORS`; reason: why that one. options: those of the training, as JSON has them.
    steps: units of work; seconds: spent in them, over all runs. figures: of the last unit. finished: nothing is left to resume.
    message: why it ended before the tolerance, empty where it did not."""

    generator: str
    reason: str
    options: dict[str, Any]
    steps: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    finished: bool = False
    interrupted: bool = False
    message: str = ""

    def after(self, figures: dict[str, float], seconds: float) -> Record:
        return replace(self, steps=self.steps + 1, seconds=self.seconds + seconds, figures=figures)


@dataclass(frozen=True, eq=False)
class Family:
    """
    compiled: the program. model: what was learned. record: how.

    Example:
        family = pdelang.train("burgers.pde", out="burgers.family")
        solution = family.query(nu=0.02)                      # a Solution, in milliseconds
        data = family.sweep(nu=np.linspace(0.01, 0.1, 1000))  # an xarray.Dataset
    """

    compiled: CompiledProblem = field(repr=False)
    model: Generator = field(repr=False)
    record: Record

    @property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @property
    def tolerance(self) -> float:
        """What the training aimed at, and what a query is held to unless it says otherwise."""
        return float(self.record.options["tolerance"])

    def query(
        self,
        *,
        tolerance: float | None = None,
        adapt_steps: int | None = None,
        refine: int = 0,
        samples: int = 0,
        seed: int = 0,
        fallback: bool = True,
        progress: Progress = silent,
        **parameters: Any,
    ) -> Solution:
        """The solution at given parameters (defaults for the others): the cheapest that meets the tolerance, and `reason` says which.

        tolerance: what it has to meet, by default the training's. Generated kernels are tried as they are, adapted, projected, and with
        more kernels where they are worst, then a direct solve, unless `fallback` is false.
        adapt_steps: of refinement after generation; None: the generator's own number. refine: kernels to add where residual and spread are
        largest. Either of them is all that is tried before the direct solve. samples: of a posterior, where there is one.
        A parameter may lie up to a quarter of its range's width outside. UsageError: an unknown parameter, or one further out.
        """
        began = time.perf_counter()
        given = resolve(self.compiled.problem, parameters, beyond=BEYOND)
        wanted = self.tolerance if tolerance is None else tolerance
        options = QueryOptions(wanted, adapt_steps, refine, samples=samples, seed=seed)
        with self._one_thread.limit(limits=1):  # on small arrays a second one costs more than it does
            learned, missed = self._climbed(given, options, wanted, began)
        if learned.converged or not fallback:
            return learned
        solved = direct(self.compiled, given, SolveOptions(tolerance=wanted, seed=seed), progress)
        reason = f"what was learned misses the tolerance ({'; '.join(missed)}): solved directly; {solved.reason}"
        return replace(solved, reason=reason, seconds=time.perf_counter() - began)

    def _climbed(self, given: Parameters, options: QueryOptions, tolerance: float, began: float) -> tuple[Solution, list[str]]:
        """The first of the generator's answers that converges, or the best one; and what the others missed."""
        tried: list[Solution] = []
        missed: list[str] = []
        for result in self._answers(given, options):
            learned = self._judged(given, result, tolerance, options.seed, began)
            if learned.converged:
                cheaper = f" (cheaper answers miss it: {'; '.join(missed)})" if missed else ""
                return replace(learned, reason=learned.reason + cheaper), missed
            tried.append(learned)
            missed.append(f"{learned.reason.partition(', ')[2] or learned.reason}: {result.message or _verdict(learned)}")
        return min(tried, key=lambda s: s.residual), missed

    def _answers(self, given: Parameters, options: QueryOptions) -> Iterable[MethodResult]:
        """Of rising cost, from a generator that can try harder."""
        if self._climbs:
            return cast(Ladder, self.model).answers(self.compiled, given, options)
        return [self.model.answer(self.compiled, given, options)]

    @cached_property
    def _climbs(self) -> bool:
        """Looked up once: looking at a protocol takes half a millisecond."""
        return isinstance(self.model, Ladder)

    def checked(self, tolerance: float, adapt_steps: int | None = None, **parameters: Any) -> Solution:
        """The generator's own answer, judged as in a query, and nothing else tried. adapt_steps: as there."""
        began, given = time.perf_counter(), resolve(self.compiled.problem, parameters, beyond=BEYOND)
        with self._one_thread.limit(limits=1):
            answer = self.model.answer(self.compiled, given, QueryOptions(tolerance, adapt_steps))
            return self._judged(given, answer, tolerance, 0, began)

    def sweep(
        self, *, grid: Any = None, tolerance: float | None = None, fallback: bool = True, progress: Progress = silent, **parameters: Any
    ) -> xarray.Dataset:
        """u(c_1, ..., c_p, xi) for the outer product of the given values, as `pdelang.sweep` makes it.

        grid: points of the output, an axis; as there. tolerance: the training's by default; what misses it by the family's estimate, or
        by the check of a query where there is none, is solved directly unless `fallback` is false. UsageError: as there.
        """
        from pdelang.runtime.family_sweep import sweep

        return sweep(self, grid, self.tolerance if tolerance is None else tolerance, fallback, progress, parameters)

    def statistics(
        self, *, grid: Any = None, quantiles: Sequence[float] = (0.05, 0.5, 0.95), samples: int = 2000, seed: int = 0
    ) -> xarray.Dataset:
        """Mean, variance and quantiles of every field over the declared distributions: `u_mean`, `u_variance`, `u_quantile`.

        grid: points of the output, an axis; as in `sweep`. Mean and variance of a spectral family are exact integrals of it, everything
        else comes from `samples` draws. UsageError: a domain that depends on the parameters; resonances in the range.
        """
        from pdelang.runtime.statistics import statistics

        return statistics(self, grid, quantiles, samples, seed)

    def _judged(self, parameters: Parameters, result: MethodResult, tolerance: float, seed: int, began: float) -> Solution:
        if isinstance(result.representation, GaussianExpansion):
            figures = result.checked or self._check(result.representation.theta, parameters)
            certificate: Certificate | None = self._check.certificate(figures, tolerance, result.error_estimate)
        else:
            certificate = grid_check(self.compiled, parameters, result, tolerance, seed)
        status = decide(result, certificate)
        message = result.message or ("" if status is Status.CONVERGED else blame(certificate))
        result = replace(result, message=message)
        return Solution.of(self.compiled, parameters, result, status, certificate, time.perf_counter() - began, compare=False)

    @cached_property
    def _one_thread(self) -> ThreadpoolController:
        return ThreadpoolController()

    @cached_property
    def _check(self) -> QuickCheck:
        return QuickCheck(self.compiled)

    def save(self, path: str | Path) -> Path:
        """One file without code in it: program, arrays, record. Never half a file. What a training needs to go on, `train` alone writes."""
        from pdelang.runtime.family_storage import save

        return save(self, Path(path))

    @staticmethod
    def load(path: str | Path) -> Family:
        """A family as `save` or `train` left it. UsageError: not such a file, cut short, or of another version."""
        from pdelang.runtime.family_storage import load

        return load(Path(path))


def _verdict(learned: Solution) -> str:
    """Why an answer is not enough."""
    if learned.certificate is None:
        return learned.status.value
    estimate = "" if learned.error_estimate is None else f", estimated error {learned.error_estimate:.1e}"
    return f"residual {learned.residual:.1e}{estimate}"
