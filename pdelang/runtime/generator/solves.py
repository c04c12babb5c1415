"""Direct solves for a training: several at a time, in processes of their own where that pays.

Where an instance is solved does not change its bits: everywhere linear algebra has one thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.language.semantics import parse
from pdelang.runtime import mesh
from pdelang.runtime.api import direct
from pdelang.runtime.generator.common_layout import Sample, below
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class
from pdelang.runtime.status import Status
from pdelang.runtime.workers import START, cores, pool, settle

WORST = 0.1
"""Relative residual above which an answer is none."""


@dataclass(frozen=True, eq=False)
class Solved:
    """sample: None where there is no usable answer; message says why. error: relative, estimated; the residual where there is no
    estimate. residual: relative."""

    sample: Sample | None
    error: float
    residual: float
    message: str = ""


@dataclass(eq=False)
class Solves:
    """Call it with parameters. spent: seconds of this process in all solves until now; beyond START processes are
    started, as many as cores.

    KeyboardInterrupt passes through: nothing of the batch is kept then.
    """

    compiled: CompiledProblem
    options: SolveOptions
    workers: int = field(default_factory=cores)
    spent: float = 0.0
    pool: ProcessPoolExecutor | None = field(default=None, repr=False)

    def __call__(self, parameters: Sequence[Parameters]) -> list[Solved]:
        """Every process solves its share."""
        own = self._own([parameters[n] for n in mesh.share(len(parameters))])
        return [_restored(a) for a in mesh.collected([_kept(s) for s in own], len(parameters))] if mesh.several() else own

    def _own(self, parameters: Sequence[Parameters]) -> list[Solved]:
        began = time.process_time()
        if self.workers > 1 and len(parameters) > 1 and self.spent > START:
            answers = self._beside(parameters)
        else:
            answers = [solved(self.compiled, p, self.options) for p in parameters]
        self.spent += time.process_time() - began
        return answers

    def _beside(self, parameters: Sequence[Parameters]) -> list[Solved]:
        if self.pool is None:
            source = self.compiled.problem.source
            given = (source.text, source.name, self.options)
            self.pool = pool(self.workers, _begin, given)
        futures: list[Future[Solved]] = [self.pool.submit(_solved, dict(p)) for p in parameters]
        try:
            return [f.result() for f in futures]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)
            self.pool = None


def solved(compiled: CompiledProblem, parameters: Parameters, options: SolveOptions) -> Solved:
    with threadpool_limits(1):
        solution = direct(compiled, parameters, options)
    if solution.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if solution.representation is None or not solution.residual < WORST:
        return Solved(None, float("inf"), float("inf"), solution.message or solution.status.value)
    estimate, residual = solution.error_estimate, solution.residual
    sample = Sample(solution.representation, solution.lower, solution.upper)
    return Solved(sample, residual if estimate is None else estimate, residual, "" if solution.converged else solution.message)


def _kept(own: Solved) -> dict[str, np.ndarray]:
    """As arrays, for the other processes."""
    out = {"figures": np.array([own.error, own.residual]), "message": np.array(own.message)}
    if own.sample is None:
        return out
    kept = own.sample.representation
    arrays = {f"of/{name}": np.asarray(a) for name, a in kept.arrays().items()}
    return out | arrays | {"kind": np.array(kept.kind), "lower": own.sample.lower, "upper": own.sample.upper}


def _restored(arrays: Mapping[str, np.ndarray]) -> Solved:
    error, residual = map(float, arrays["figures"])
    sample = None
    if "kind" in arrays:
        representation = representation_class(str(arrays["kind"])).from_arrays(below(arrays, "of"))
        sample = Sample(representation, arrays["lower"], arrays["upper"])
    return Solved(sample, error, residual, str(arrays["message"]))


_STATE: dict[str, Any] = {}  # of a process of its own: the compiled problem and the options


def _begin(text: str, name: str, options: SolveOptions) -> None:
    settle()
    _STATE.update(compiled=compile_problem(parse(text, name)), options=options)


def _solved(parameters: Parameters) -> Solved:
    return solved(_STATE["compiled"], parameters, _STATE["options"])
