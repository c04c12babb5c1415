"""A whole sweep: groups of instances, each guided by a pilot; what the guides cannot hold is solved one by one.

    group -> pilot in its middle -> all of it along the pilot's slabs -> those that miss the tolerance are split at the pilot and tried anew

so instances are grouped by what they need: one layout for all would be the most demanding one's.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime import mesh
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.product.newton import _starts_alone, supports
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.system import UnsupportedError
from pdelang.runtime.status import Status
from pdelang.runtime.sweep.guide import Guide, Prepared, guide_for, prepared
from pdelang.runtime.sweep.instances import Instances, by_name, pieces, spread
from pdelang.runtime.sweep.march import Outcome, follow
from pdelang.runtime.sweep.one_by_one import OneByOne
from pdelang.runtime.sweep.program import BatchProgram
from pdelang.runtime.workers import cores

AIM = 0.2  # of the tolerance: what a pilot is solved to, so that its layouts hold more than itself
WORKING = 2**18  # values of one jet on one slab, all instances of a chunk: 2 MiB
MOST_CHUNK = 512
SAMPLES = 4  # instances solved at a second resolution, a group
SMALLEST_ESTIMATE = 1e-14
FEWEST = 8  # points an axis on which errors can be seen


@dataclass(eq=False)
class Results:
    """What is known of each instance. values (fields, instances, n_1, ..., n_d); status None: not solved yet; batched: along a guide.
    how: the solutions came about, in words, where it was not by this sweep alone."""

    values: Array
    status: list[Status | None]
    residual: Array
    estimate: Array
    batched: Array
    pilots: int = 0
    how: str = ""

    @classmethod
    def nothing(cls, fields: int, count: int, grid: tuple[int, ...]) -> Results:
        nan = np.full(count, np.nan)
        return cls(np.empty((fields, count, *grid)), [None] * count, nan, nan.copy(), np.zeros(count, dtype=bool))

    def forget(self) -> None:
        """NaN where nothing was solved."""
        self.values[:, [n for n, s in enumerate(self.status) if s is None]] = np.nan

    @property
    def solved(self) -> int:
        return sum(s is not None for s in self.status)

    def __str__(self) -> str:
        batched = int(self.batched.sum())
        return self.how or f"{batched:,} in batches behind {self.pilots} pilots, {len(self.status) - batched:,} one by one"


@dataclass(eq=False)
class Run:
    instances: Instances
    options: SolveOptions
    axes: Sequence[Array]
    progress: Progress
    results: Results
    workers: int
    one_by_one: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = spread(self.instances.columns)

    def run(self) -> bool:
        """Fills `results`. False: interrupted."""
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                with threadpool_limits(limits=1), np.errstate(all="ignore"):
                    for group in self._groups():
                        self._solve(group, pool)
                single = OneByOne(self.instances, self.options, self.axes, self.results, self.workers)
                single.run(self.one_by_one, self._told)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                self.results.forget()
                return False
        return True

    def _told(self, stage: str) -> None:
        done, count = self.results.solved, len(self.instances)
        self.progress(stage, done / count, solved=float(done), of=float(count))

    # Groups that may share a layout -----------------------------------------------------------------------------

    def _groups(self) -> Iterator[_Group]:
        everyone = np.arange(len(self.instances))
        program = guided(self.instances, self.options)
        if program is None:
            self.one_by_one.extend(everyone)
            return
        for numbers in alike(self.instances, program):
            yield _Group(numbers, AIM * self.options.tolerance, 0)

    def _solve(self, group: _Group, pool: Executor) -> None:
        """A group, then what is left of it, until nothing is or guides are of no use."""
        waiting = [group]
        while waiting:
            group = waiting.pop()
            self._told(f"group of {len(group.numbers)}")
            waiting.extend(self._led(group, pool))

    def _led(self, group: _Group, pool: Executor) -> list[_Group]:
        order = np.argsort(self.places[:, group.numbers].sum(axis=0), kind="stable")
        pilot = int(group.numbers[order[len(order) // 2]])
        program = Program(self.instances.compiled, self.instances.parameters(pilot))
        try:
            deadline = clock.monotonic() + self.options.time_limit
            guide = guide_for(program, group.aim, Limits(deadline, None, self.options.max_iterations))
            self.results.pilots += guide is not None
            members = np.append(group.numbers[group.numbers != pilot], pilot)
            found = None if guide is None else self._guided(guide, members, pool)
        except UnsupportedError:
            found = None
        if found is None:
            self.one_by_one.extend(group.numbers)
            return []
        missed, growth = found
        if pilot in missed:  # the layouts do not even hold the pilot to the tolerance
            if group.attempts == 0 and growth > 1:
                return [_Group(np.sort(missed), group.aim / growth, 1)]
            self.one_by_one.extend(missed)
            return []
        aim = group.aim / max(growth, 1.0)
        return [_Group(part, aim, 0) for part in pieces(np.sort(missed), self.places, pilot)] if len(missed) else []

    def _guided(self, guide: Guide, members: Array, pool: Executor) -> tuple[Array, float]:
        """Solve the members along the guide; the last one is the pilot. Those that miss, and by how much pilots must be better."""
        tolerance = self.options.tolerance
        batch = BatchProgram(guide.program, self.instances.take(members))
        same = initially_alike(batch)
        out = self.results.values
        reached, residual = self._chunks(guide, batch, pool, same, out, members)
        met = residual <= tolerance
        reached, residual = reached[met], residual[met]
        missed = np.setdiff1d(np.arange(len(members)), reached)
        if not len(reached):
            return members[missed], 1.0
        growth = self._growth(guide, batch, reached, residual, pool, same, members)
        estimate = np.maximum(growth * residual, SMALLEST_ESTIMATE)
        good = estimate <= tolerance
        for number, r, e in zip(members[reached[good]], residual[good], estimate[good]):
            self.results.residual[number], self.results.estimate[number] = r, e
            self.results.status[number], self.results.batched[number] = Status.CONVERGED, True
        self._told(f"{len(members)} along a pilot")
        return np.setdiff1d(members, members[reached[good]]), float(np.clip(growth, 1.0, 1e3))

    def _seen(self, program: Program) -> Sequence[Array]:
        """Where errors are looked at: the output's points, or others where these are few (the ends of an interval, where u = 0)."""
        if min(map(len, self.axes)) >= FEWEST:
            return self.axes
        return [np.linspace(low, high, 2 * FEWEST + 1) for low, high in zip(*program.bounds)]

    def _chunks(
        self, guide: Guide, batch: BatchProgram, pool: Executor, same: bool, out: Array, rows: Array, axes: Sequence[Array] | None = None
    ) -> tuple[Array, Array]:
        """Numbers within the batch that reach the end, and their residuals. rows: of `out`, one a member of the batch.

        Every process follows its share of the chunks; all of them then have all values."""
        mesh.check_interrupt()
        slabs = prepared(guide, batch, pool)
        size = int(np.clip(WORKING // guide.largest, 1, MOST_CHUNK))
        count = max(-(-batch.size // size), min(self.workers, batch.size))

        def work(numbers: Array) -> Outcome:
            return follow(guide, slabs, batch, numbers, self.options.tolerance, same, axes or self.axes, out, rows)

        parts = np.array_split(np.arange(batch.size), count)
        futures = [pool.submit(work, parts[n]) for n in mesh.share(count)]
        try:
            found = [f.result() for f in futures]
        except BaseException:
            for f in futures:
                f.cancel()
            raise
        if mesh.several():
            found = _shared(found, count, out, rows)
        numbers, residual = np.concatenate([o.numbers for o in found]), np.concatenate([o.residual for o in found])
        order = np.argsort(numbers)
        return numbers[order], residual[order]

    def _growth(
        self, guide: Guide, batch: BatchProgram, reached: Array, residual: Array, pool: Executor, same: bool, members: Array
    ) -> float:
        """Error over residual, the largest of a sample that is solved at a second resolution; at least one."""
        order = reached[np.argsort(self.places[:, members[reached]].sum(axis=0), kind="stable")]
        worst = reached[np.argsort(residual)[-(SAMPLES - 2) :]]
        sample = np.unique(np.concatenate([order[[0, -1]], worst]))
        axes, few = self._seen(guide.program), batch.take(sample)
        shape = len(self.results.values), len(sample), *map(len, axes)
        given, finer = np.empty(shape), np.empty(shape)
        if axes is self.axes:
            given = self.results.values[:, members[sample]]
        else:
            self._chunks(guide, few, pool, same, given, np.arange(len(sample)), axes)
        found, _ = self._chunks(guide.finer(), few, pool, same, finer, np.arange(len(sample)), axes)
        if not len(found):
            return np.inf
        error = relative(given[:, found] - finer[:, found], given[:, found])
        own = residual[np.searchsorted(reached, sample[found])]
        return max(1.0, float(np.max(error / np.maximum(own, SMALLEST_ESTIMATE))))


def _shared(own: Sequence[Outcome], count: int, out: Array, rows: Array) -> list[Outcome]:
    """Outcomes of all chunks; the values of what reached the end are put where they belong in every process."""
    given = [{"numbers": o.numbers, "residual": o.residual, "values": out[:, rows[o.numbers]]} for o in own]
    every = mesh.collected(given, count)
    for one in every:
        out[:, rows[one["numbers"]]] = one["values"]
    return [Outcome(one["numbers"], one["residual"]) for one in every]


@dataclass(frozen=True, eq=False)
class _Group:
    """aim: tolerance of its pilot. attempts: how often the pilot has been made better."""

    numbers: Array
    aim: float
    attempts: int


def guided(instances: Instances, options: SolveOptions) -> Program | None:
    """The first instance's program, if pilots can guide: an evolution on a box, and no layout asked for."""
    compiled = instances.compiled
    if not supports(compiled) or options.method not in ("auto", "product") or options.kernels or options.slabs:
        return None
    program = Program(compiled, instances.parameters(0))
    return program if program.time is not None and all(_starts_alone(program)) else None


def relative(apart: Array, given: Array) -> Array:
    """Relative L2 over the grid, the largest over the fields, one an instance; (fields, B, ...) both."""
    flat, size = apart.reshape(*apart.shape[:2], -1), np.linalg.norm(given.reshape(*given.shape[:2], -1), axis=2)
    floor = np.maximum(size, 1e-6 * size.max(axis=0))
    return (np.linalg.norm(flat, axis=2) / np.where(floor > 0, floor, 1.0)).max(axis=0)


def alike(instances: Instances, program: Program) -> list[Array]:
    """Instances whose conditions stand at the same places and constrain alike: numbers of each group."""
    compiled = instances.compiled

    def places(values: Any) -> list[Any]:
        params = {**instances.fixed, **by_name(instances.shapes, values)}
        return [c.locate(params) for c in compiled.conditions]

    batch = BatchProgram(program, instances)
    rows = [np.asarray(p).reshape(len(instances), -1) for p in jax.jit(jax.vmap(places))(instances.columns.T)]
    middle = np.array([0.5 * (low + high) for low, high in zip(*program.bounds)])[None]
    for number, condition in enumerate(compiled.conditions):
        if condition.linear and condition.constant and condition.where is None:
            jets = np.zeros((len(condition.jets), 1, len(instances)))
            rows.append(batch.condition(number, jets, middle)[1][:, 0].T)
    table = np.nan_to_num(np.concatenate([np.zeros((len(instances), 1)), *rows], axis=1), nan=1e300)
    _, group = np.unique(table, axis=0, return_inverse=True)
    return [np.flatnonzero(group.ravel() == g) for g in range(int(group.max()) + 1)]


def initially_alike(batch: BatchProgram) -> bool:
    """Do the conditions at the start not depend on the parameters? Compared at random jets and places."""
    program, random = batch.program, np.random.default_rng(0)
    lower, upper = program.bounds
    points = lower + (upper - lower) * random.random((16, program.dimension))
    points[:, -1] = lower[-1]
    for number, condition in enumerate(program.compiled.conditions):
        if not program.is_initial(condition, program.places[number]):
            continue
        jets = np.repeat(random.standard_normal((len(condition.jets), len(points), 1)), batch.size, axis=2)
        residual, slope = batch.condition(number, jets, points)
        if np.ptp(residual, axis=-1).any() or np.ptp(slope, axis=-1).any():
            return False
    return True


def common_bounds(compiled: CompiledProblem, instances: Instances) -> tuple[Array, Array] | None:
    """The box of all instances. None: it depends on the parameters that vary."""

    def bounds(values: Any) -> Any:
        return compiled.bounds({**instances.fixed, **by_name(instances.shapes, values)})

    lower, upper = (np.asarray(b) for b in jax.jit(jax.vmap(bounds))(instances.columns.T))
    if np.ptp(lower, axis=0).any() or np.ptp(upper, axis=0).any():
        return None
    return lower[0], upper[0]


__all__ = ["Prepared", "Results", "Run", "cores"]
