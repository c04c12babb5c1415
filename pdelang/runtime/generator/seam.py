"""The seam between families and what learns them: a `Training` makes a `Generator`, a generator answers.

Every kind of generator (variational, spectral, coefficients, flow, ...) is one row of `GENERATORS` and stands behind these protocols: the
loop that trains, the file format, queries, sweeps and the fallback to the direct solver know nothing else of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.result import MethodResult

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class QueryOptions:
    """tolerance: what the answer must meet, None: whatever the generator gives. adapt_steps: of refinement after generation (gradient,
    Gauss-Newton or Newton steps, whatever the generator refines by); None: the generator's own number. refine: kernels to add where the
    answer is worst, where a generator has kernels; refine_by: a name of `refinement.SCORES`, empty for its own. samples: of the posterior,
    where there is one. seed: of the samples."""

    tolerance: float | None = None
    adapt_steps: int | None = None
    refine: int = 0
    refine_by: str = ""
    samples: int = 0
    seed: int = 0


class Generator(Protocol):
    """What a family has learned. Immutable; `arrays` and `config` are all that it consists of."""

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        """The solution at `parameters`, unchecked: `validation` judges it as it judges a solve."""

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Many answers at once: fields (M, F, n_1, ..., n_d) at z (M, size) on a tensor grid, and an estimate of each one's relative
        error (M,), NaN where there is none."""

    def config(self) -> dict[str, Any]:
        """What JSON can hold: sizes, kinds, settings."""

    def arrays(self) -> Arrays:
        """All numbers, by name."""

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """The inverse of `config` and `arrays`."""


@runtime_checkable
class Ladder(Protocol):
    """A generator that can try harder."""

    def answers(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> Iterator[MethodResult]:
        """Answers of rising cost, each made when it is asked for: the first that meets the tolerance is taken."""


class Training(Protocol):
    """A training under way. Deterministic: restored from `state`, it goes on to the same bits."""

    @property
    def done(self) -> bool:
        """The generator has reached what it can reach, or the steps asked for."""

    @property
    def fraction(self) -> float:
        """Of the whole, in [0, 1], for the progress bar."""

    def advance(self) -> dict[str, float]:
        """One unit of work, a second or so (some optimiser steps, a few direct solves). Figures for the log: `step` and what there is to
        say, such as loss, residual (after adaptation), kl, nearest (kernel distance), error (estimated)."""

    def generator(self) -> Generator:
        """What has been learned until now."""

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Everything that the rest of the training depends on: numbers for JSON (the random generator's state too) and arrays."""
