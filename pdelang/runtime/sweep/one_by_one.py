"""Instances that no guide can lead: the ordinary solver for each, on as many processes as there are cores where that pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.language.semantics import parse
from pdelang.runtime import mesh
from pdelang.runtime.api import direct
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.status import Status
from pdelang.runtime.sweep.instances import Instances
from pdelang.runtime.workers import START, pool, settle

ROUND = 4
"""Instances a worker, after which processes tell each other what they have found."""
Answer = tuple[Array | None, str, float, float]
"""Values (fields, n_1, ..., n_d), name of the status, residual, estimate (NaN: none)."""


@dataclass(eq=False)
class OneByOne:
    """results: of `drive.Results`; filled as answers come in."""

    instances: Instances
    options: SolveOptions
    axes: Sequence[Array]
    results: Any
    workers: int

    def run(self, numbers: Sequence[int], told: Callable[[str], None]) -> None:
        """Every process solves its share, a round at a time where there are several."""
        if not mesh.several():
            self._solve(numbers, told)
            return
        size = ROUND * self.workers * mesh.processes()
        for start in range(0, len(numbers), size):
            mesh.check_interrupt()
            part = numbers[start : start + size]
            self._solve([part[n] for n in mesh.share(len(part))], told)
            self._shared(part)

    def _shared(self, numbers: Sequence[int]) -> None:
        own = [numbers[n] for n in mesh.share(len(numbers))]
        r = self.results
        given = [
            {"values": r.values[:, n], "status": np.array(r.status[n].name), "figures": np.array([r.residual[n], r.estimate[n]])}
            for n in own
        ]
        for number, one in zip(numbers, mesh.collected(given, len(numbers))):
            self._keep(number, (one["values"], str(one["status"]), float(one["figures"][0]), float(one["figures"][1])))

    def _solve(self, numbers: Sequence[int], told: Callable[[str], None]) -> None:
        waiting = list(numbers)
        spent = 0.0
        while waiting:
            expected = spent / max(len(numbers) - len(waiting), 1) * len(waiting)
            if self.workers > 1 and len(waiting) > 1 and expected * (1 - 1 / self.workers) > START:
                self._in_processes(waiting, told)
                return
            number, began = waiting.pop(0), _now()
            told("one by one")
            self._keep(number, answer(self.instances.compiled, self.instances.parameters(number), self.options, self.axes))
            spent += _now() - began
        told("done")

    def _in_processes(self, numbers: Sequence[int], told: Callable[[str], None]) -> None:
        source = self.instances.compiled.problem.source
        given = (source.text, source.name, self.options, list(self.axes))
        with pool(self.workers, _begin, given) as processes:
            futures = {processes.submit(_answer, self.instances.parameters(n)): n for n in numbers}
            try:
                for future in as_completed(futures):
                    self._keep(futures[future], future.result())
                    told(f"one by one, {self.workers} processes")
            except BaseException:
                processes.shutdown(wait=False, cancel_futures=True)
                raise

    def _keep(self, number: int, found: Answer) -> None:
        values, status, residual, estimate = found
        self.results.values[:, number] = np.nan if values is None else values
        self.results.status[number] = Status[status]
        self.results.residual[number], self.results.estimate[number] = residual, estimate


def answer(compiled: CompiledProblem, parameters: dict[str, Any], options: SolveOptions, axes: Sequence[Array]) -> Answer:
    solution = direct(compiled, parameters, options)
    if solution.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if solution.representation is None:
        return None, solution.status.name, np.nan, np.nan
    zero = (0,) * len(axes)
    values = solution.representation.grid_jets(list(axes), [(f, zero) for f in range(len(compiled.problem.fields))])
    estimate = solution.error_estimate
    return values, solution.status.name, solution.residual, np.nan if estimate is None else estimate


_STATE: dict[str, Any] = {}  # of a process of its own: the compiled problem, options, axes


def _begin(text: str, name: str, options: SolveOptions, axes: Sequence[Array]) -> None:
    settle()
    _STATE.update(compiled=compile_problem(parse(text, name)), options=options, axes=axes)


def _answer(parameters: dict[str, Any]) -> Answer:
    return answer(_STATE["compiled"], parameters, _STATE["options"], _STATE["axes"])


def _now() -> float:
    import time

    return time.monotonic()
