"""Labels of a family: direct solves one by one, or in sweeps, projected on a common layout where there is one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.common_layout import CommonLayout
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.polish import parameters_of
from pdelang.runtime.generator.solves import Solves
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import silent
from pdelang.runtime.status import Status
from pdelang.runtime.sweep.drive import Results, Run, common_bounds, cores, guided
from pdelang.runtime.sweep.instances import Instances

VALUES, MOST = 2**24, 1024
"""Of one sweep: values, and labels."""
FLAT = 2
"""Coordinates up to which instances share pilots well enough for a sweep to be cheaper."""

Found = list[tuple[int, Any]]
"""Numbers of those that gave an answer, and their labels."""


@dataclass(frozen=True, eq=False)
class Labelling:
    """options: of the solves. z: rows (B, size) of conditions, as `Conditions` has them."""

    compiled: CompiledProblem
    options: SolveOptions

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def _solves(self) -> Solves:
        return Solves(self.compiled, self.options)

    def parameters(self, z: np.ndarray) -> dict[str, Any]:
        return parameters_of(self.compiled.parameters(), self.conditions.values(z))

    def solved(self, z: np.ndarray) -> Found:
        """Samples, one by one."""
        answers = self._solves([self.parameters(row) for row in z])
        return [(n, answer.sample) for n, answer in enumerate(answers) if answer.sample is not None]

    @cached_property
    def sweeps(self) -> bool:
        """Can labels be swept?"""
        few = self._instances(np.zeros((2, self.conditions.size)))
        flat = len(self.compiled.problem.coordinates) <= FLAT
        return flat and guided(few, self.options) is not None and common_bounds(self.compiled, few) is not None

    def at_once(self, layout: CommonLayout) -> int:
        """Labels a sweep."""
        return int(np.clip(VALUES // math.prod(map(len, layout.axes)), 1, MOST))

    def swept(self, layout: CommonLayout, z: np.ndarray) -> Found:
        """Coefficients (P,), all at once. KeyboardInterrupt: nothing of them is kept."""
        instances = self._instances(z)
        bounds = common_bounds(self.compiled, instances)
        assert bounds is not None
        axes = [low + (high - low) * unit for unit, low, high in zip(layout.axes, *bounds)]
        results = Results.nothing(layout.fields, len(z), tuple(map(len, axes)))
        if not Run(instances, self.options, axes, silent, results, cores()).run():
            raise KeyboardInterrupt
        good = [n for n, status in enumerate(results.status) if status is Status.CONVERGED]
        return [(n, layout.fitted(results.values[:, n])) for n in good]

    def _instances(self, z: np.ndarray) -> Instances:
        values = {name: np.asarray(v) for name, v in self.conditions.values(z).items()}
        return Instances(self.compiled, {n: v for n, v in self.compiled.parameters().items() if n not in values}, values)

    def close(self) -> None:
        self._solves.close()
