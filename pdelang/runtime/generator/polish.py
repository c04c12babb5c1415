"""From a generated answer to the tolerance: one pass of the direct solver's march, along the plan of the most similar label.

A cold solve finds slabs and layouts in a coarse pass, follows them in a finer one, and estimates its error in a third. Here the slabs and
layouts are those of a label whose solution is as steep over time, Newton's iteration starts from what was generated, and the error is
`growth` times the residual, the largest ratio seen among labels. Everything else is the march's own: slabs that miss are shortened,
layouts refined.
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.generator.common_layout import CommonLayout
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import silent
from pdelang.runtime.solve.product.correction import correction
from pdelang.runtime.solve.product.layouts import Layout, first_layout
from pdelang.runtime.solve.product.march import March, march
from pdelang.runtime.solve.product.newton import _starts_alone, supports
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.schedule import Schedule, Stage
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.system import UnsupportedError
from pdelang.runtime.solve.product.verdict import SAFETY
from pdelang.runtime.status import Status

PLAN_TOLERANCE = 1e-5
AIM = 0.5
"""Of a query's tolerance: the march's."""
TIMES, PLACES = 12, 3600
"""At which steepness is looked at: times, and places in space in all."""
SECONDS = 60.0
COMPLETE = (Status.CONVERGED, Status.TOLERANCE_NOT_MET)


@dataclass(frozen=True, eq=False)
class Plan:
    """slabs: (S, 2 + axes), begin, length and kernels of each; defects: (S, 1 + axes), of time and of each axis. kernels, modes: of time.
    steepness: of the solution, (features,). growth: its error over its residual."""

    slabs: Array
    defects: Array
    kernels: int
    modes: int
    steepness: Array
    growth: float

    def stages(self, program: Program) -> tuple[Stage, ...]:
        layouts: dict[tuple[int, ...], Layout] = {}
        found = []
        for (begin, length, *own), (in_time, *on_axes) in zip(self.slabs.tolist(), self.defects.tolist()):
            kernels = tuple(int(n) for n in own)
            layout = layouts.setdefault(kernels, Layout(program, kernels, (None,) * len(kernels)))
            found.append(Stage(begin, length, layout, in_time, np.array(on_axes), self.kernels, self.modes))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Plans:
    known: tuple[Plan, ...]

    @property
    def growth(self) -> float:
        return max(p.growth for p in self.known)

    def nearest(self, steepness: Array) -> Plan:
        apart = [float(np.linalg.norm(p.steepness - steepness)) for p in self.known]
        return self.known[int(np.argmin(apart))]

    def polished(
        self, compiled: CompiledProblem, parameters: Parameters, generated: Representation, steepness: Array, tolerance: float
    ) -> March | None:
        """None: the march did not reach the end."""
        program = Program(compiled, parameters)
        stages, aim = self.nearest(steepness).stages(program), AIM * tolerance
        schedule = Schedule(stages, generated, SAFETY * aim, kept=True)
        try:
            done = march(program, stages[0].layout, aim, silent, Limits(clock.monotonic() + SECONDS), schedule)
        except UnsupportedError:
            return None
        if done.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        return done if done.status in COMPLETE and done.representation is not None else None

    def arrays(self) -> dict[str, Array]:
        out: dict[str, Array] = {}
        for n, p in enumerate(self.known):
            out |= {f"{n}/slabs": p.slabs, f"{n}/defects": p.defects, f"{n}/steepness": p.steepness}
            out[f"{n}/numbers"] = np.array([p.kernels, p.modes, p.growth])
        return out

    @classmethod
    def restored(cls, arrays: Mapping[str, Array]) -> Self:
        count = len({name.split("/")[0] for name in arrays})
        return cls(tuple(_restored({k: arrays[f"{n}/{k}"] for k in ("slabs", "defects", "steepness", "numbers")}) for n in range(count)))


def _restored(own: Mapping[str, Any]) -> Plan:
    kernels, modes, growth = own["numbers"]
    return Plan(own["slabs"], own["defects"], int(kernels), int(modes), own["steepness"], float(growth))


def planned(compiled: CompiledProblem, parameters: Parameters, steepness: Array) -> Plan | None:
    """The plan of one direct march. None: it is steady, or did not reach the end, or needed graded layouts, which fit no other solution."""
    if not supports(compiled):
        return None
    program, limits = Program(compiled, parameters), Limits(clock.monotonic() + SECONDS)
    if program.time is None or not all(_starts_alone(program)):
        return None
    try:
        with threadpool_limits(1):
            found = march(program, first_layout(program, None), PLAN_TOLERANCE, silent, limits)
            apart = correction(program, found, silent, limits, (0.0, 1.0)) if found.status in COMPLETE else None
    except UnsupportedError:
        return None
    if found.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if apart is None or any(m is not None for s in found.stages for m in s.layout.mappings):
        return None
    slabs = np.array([[s.begin, s.length, *s.layout.kernels] for s in found.stages])
    defects = np.array([[s.in_time, *s.on_axes] for s in found.stages])
    growth = float(np.max(apart.error / np.maximum(apart.size, 1e-300))) / max(found.residual, 1e-300)
    return Plan(slabs, defects, found.stages[0].kernels, found.stages[0].modes, steepness, growth)


def steepness(layout: CommonLayout, coefficients: Array) -> Array:
    """log of the largest first and second derivative along each axis of space, at some times: what layouts and slabs depend on."""
    d = len(layout.pieces[0].lines) - 1
    each = max(12, int(np.ceil(PLACES ** (1 / max(d, 1)) / 12)))
    space = [(np.arange(each) + 0.5) / each for _ in range(d)]
    times = (np.arange(TIMES) + 0.5) / TIMES
    rows: list[Array] = []
    for order, axis in ((k, i) for k in (1, 2) for i in range(d)):
        orders = [order * (i == axis) for i in range(d + 1)]
        values = np.abs(layout.grids(coefficients[None], [*space, times], orders)[0])
        rows += list(values.reshape(len(values), -1, TIMES).max(axis=1))
    return np.log(np.maximum(np.concatenate(rows), 1e-12)) if rows else np.zeros(0)


def parameters_of(fixed: Parameters, values: Mapping[str, Any]) -> dict[str, Any]:
    return {**fixed, **{n: v if np.ndim(v) else float(v) for n, v in values.items()}}


def plans_for(found: Sequence[Plan | None]) -> Plans | None:
    known = tuple(p for p in found if p is not None)
    return Plans(known) if known else None
