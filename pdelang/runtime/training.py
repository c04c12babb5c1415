"""`pdelang.train`: options, and the loop that trains any generator, logs, keeps checkpoints and can be taken up again.

The family file is the checkpoint: at any moment the last one written is a family that answers, and from which `resume` goes on to the
same bits as if it had never stopped. Nothing is lost but what was done since (`SECONDS_BETWEEN`).
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.files import check_writable
from pdelang.language.problem import Problem
from pdelang.runtime import devices, mesh
from pdelang.runtime.family import Family, Record
from pdelang.runtime.generator import GENERATORS, training_class
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.options import OptionError, checked_number
from pdelang.runtime.result import Progress, silent
from pdelang.runtime.training_log import Log

SECONDS_BETWEEN = 30.0
COSTS_BETWEEN = 50
"""Pauses between checkpoints are as many times longer than writing one takes: at most a fiftieth of the training."""


@dataclass(frozen=True)
class TrainOptions:
    """
    generator: a name of `runtime.generator.GENERATORS`, or auto. objective: of generators of kernels: projected, or paper (eq. 6).
    tolerance: the error at which training is done, where the generator estimates its own.
    steps, minutes: bounds of the training; None: the generator's own number of steps, and no bound of time. `minutes` counts over
        resumed runs too; where it ends a training, what has been learned until then is the family.
    kernels: of generated layouts; where a family is made of direct solves, how many at most. batch: parameters a step. learning_rate: the
        highest one. seed: of every random choice.
    w_adapt, beta, repulsion, repulsion_scale, inner_steps, inner_rate: of eq. (5) and (6).
    devices_a_condition: that share the points of each condition of a step; None: one, or more where devices are more than conditions.
    """

    generator: str = "auto"
    objective: str = "projected"
    tolerance: float = 1e-4
    steps: int | None = None
    minutes: float | None = None
    kernels: int | None = None
    batch: int | None = None
    learning_rate: float = 2e-3
    seed: int = 0
    w_adapt: float = 1.0
    beta: float = 1e-4
    repulsion: float = 1e-3
    repulsion_scale: float = 0.1
    inner_steps: int = 5
    inner_rate: float = 1e-3
    devices_a_condition: int | None = None


FEW = 5
"""Parameters, up to which a sparse grid of solves is tried."""
SUCCESSORS = {"spectral": "neighbours"}
"""Of `auto`: what learns a family that the first choice has given up, from the solves that it has made."""
OBJECTIVES = ("projected", "paper")
RANGES: Mapping[str, tuple[float, float]] = {
    "tolerance": (1e-14, 1.0),
    "steps": (1, 1_000_000_000),
    "minutes": (1e-3, 1e6),
    "kernels": (4, 100_000),
    "batch": (1, 100_000),
    "learning_rate": (1e-12, 10.0),
    "seed": (0, 2**31 - 1),
    "w_adapt": (0.0, 1e12),
    "beta": (0.0, 1e12),
    "repulsion": (0.0, 1e12),
    "repulsion_scale": (1e-9, 1e9),
    "inner_steps": (0, 10_000),
    "inner_rate": (0.0, 1e6),
    "devices_a_condition": (1, 100_000),
}
WHOLE = frozenset({"steps", "kernels", "batch", "seed", "inner_steps", "devices_a_condition"})
OPTIONAL = frozenset({"steps", "minutes", "kernels", "batch", "devices_a_condition"})
NAMES = tuple(f.name for f in fields(TrainOptions))


def build(options: TrainOptions | None, values: Mapping[str, Any]) -> TrainOptions:
    """`options` (or the defaults) with `values` put in, each checked. UsageError."""
    merged = asdict(options or TrainOptions()) | dict(values)
    for name in values:
        if name not in NAMES:
            raise UsageError(f"no option {name!r} of training: the options are {', '.join(NAMES)}")
    for name, (least, most) in RANGES.items():
        if not (merged[name] is None and name in OPTIONAL):
            try:
                merged[name] = checked_number(name, merged[name], least, most, name in WHOLE)
            except OptionError as error:
                raise UsageError(str(error)) from None
    if merged["objective"] not in OBJECTIVES:
        raise UsageError(f"no objective {merged['objective']!r}: there are {', '.join(OBJECTIVES)}")
    if merged["generator"] != "auto" and merged["generator"] not in GENERATORS:
        raise UsageError(f"no generator {merged['generator']!r}: there are auto, {', '.join(GENERATORS)}")
    return TrainOptions(**merged)


def train(
    problem: Problem | CompiledProblem | str | Path,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    options: TrainOptions | None = None,
    log: str | Path | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> Family:
    """Learn a whole family: an answer for every value of the program's parameters, in milliseconds.

    out: the family's file; it is written every half minute, so that a training that is stopped at any moment loses no more.
    resume: go on from that file (of the same program and options), to the same result as if it had not stopped.
    options: a TrainOptions, or any of its fields by name. log: a CSV file of the figures, a row a unit of work.

    Ctrl-C ends the training; what has been learned until then is returned, and saved. UsageError: an unknown option, a program without
    parameters, a file that is not one to go on from.
    """
    compiled = _compiled(problem)
    chosen = build(options, settings)
    conditions = Conditions.of(compiled.problem)
    if not conditions.size:
        raise UsageError("the program has no parameters that vary: there is no family to learn, `solve` answers it")
    path = Path(out) if out is not None else None
    if path is not None:
        mesh.first(lambda: check_writable(path))
    elif resume:
        raise UsageError("there is nothing to resume from: give the family's file")
    begun, record = _started(compiled, conditions, chosen, path if resume else None, progress)
    if words := devices.described(getattr(begun, "conditions_a_step", 0), getattr(begun, "devices_a_condition", 1)):
        progress(words)
    rows = Log(Path(log) if log and mesh.is_first() else None, keep=record.steps)
    family = _loop(compiled, begun, record, path, rows, progress)
    if chosen.generator == "auto" and family.record.generator in SUCCESSORS and begun.gives_up:
        progress(family.record.message)
        begun, record = _handed_over(compiled, chosen, family.record, begun)
        family = _loop(compiled, begun, record, path, Log(rows.path), progress)
    return family


def _compiled(problem: Problem | CompiledProblem | str | Path) -> CompiledProblem:
    if isinstance(problem, CompiledProblem):
        return problem
    from pdelang.compiler.pipeline import compile as compile_problem

    return compile_problem(problem)


def _started(compiled: CompiledProblem, conditions: Conditions, options: TrainOptions, path: Path | None, progress: Progress) -> Any:
    """The training, new or taken up, and its record."""
    if path is not None:
        with mesh.copied(path) as own:
            if own.exists():
                return _taken_up(compiled, options, own, progress)
        progress(f"no family {path}: starting anew")
    name, reason = choose(compiled, conditions) if options.generator == "auto" else (options.generator, "asked for")
    begun = training_class(name).start(compiled, replace(options, generator=name))
    return begun, Record(name, reason, asdict(options))


def _taken_up(compiled: CompiledProblem, options: TrainOptions, path: Path, progress: Progress) -> Any:
    from pdelang.runtime.family_storage import read_training

    record, numbers, arrays = read_training(path, compiled, options)
    if record.finished:
        progress("this training had ended: nothing is left to do")
    return training_class(record.generator).resumed(compiled, replace(options, generator=record.generator), numbers, arrays), record


def choose(compiled: CompiledProblem, conditions: Conditions) -> tuple[str, str]:
    """The generator for `auto`, and one sentence that says why. How smooth the family is only solves tell: see SUCCESSORS."""
    from pdelang.runtime.solve import choose as choose_method

    count = f"{conditions.size} parameter{'s' if conditions.size > 1 else ''}"
    if choose_method(compiled)[0] != "product":
        return "variational", "no product layout holds the problem: a generator of scattered kernels"
    if conditions.size <= FEW:
        return "spectral", f"{count} on a box: direct solves at sparse-grid nodes, interpolated"
    return "coefficients", f"{count} are too many for a grid of solves: a network gives the coefficients"


def _handed_over(compiled: CompiledProblem, options: TrainOptions, record: Record, before: Any) -> Any:
    """Another generator's training, where the first one found that it cannot learn this family."""
    name = SUCCESSORS[record.generator]
    reason = f"{record.generator} gave up: {record.message}"
    begun = training_class(name).start(compiled, replace(options, generator=name))
    begun.take(before.labels())
    return begun, Record(name, reason, asdict(options), seconds=record.seconds)


def _loop(compiled: CompiledProblem, training: Any, record: Record, path: Path | None, log: Log, progress: Progress) -> Family:
    """Units of work until it is done, out of time or interrupted; a checkpoint now and then."""
    limit = record.options["minutes"]
    written, cost = clock.monotonic(), 0.0
    try:
        while mesh.decided(not (training.done or record.finished) and not (limit and record.seconds > 60 * limit)):
            mesh.check_interrupt()
            began = clock.monotonic()
            figures = training.advance()
            spent = clock.monotonic() - began
            record = record.after(figures, spent)
            log.add(figures | {"seconds": record.seconds})
            left = record.seconds * (1 / training.fraction - 1) if training.fraction > 0 else float("nan")
            progress("training", training.fraction, **figures, left=min(left, 60 * limit - record.seconds) if limit else left)
            if path is not None and clock.monotonic() - written > max(SECONDS_BETWEEN, COSTS_BETWEEN * cost):
                cost = _write(compiled, training, record, path)
                written = clock.monotonic()
        record = replace(record, finished=True, message=getattr(training, "message", ""))
    except KeyboardInterrupt:
        record = replace(record, finished=False, interrupted=True)
    family = Family(compiled, training.generator(), replace(record, interrupted=False))
    if path is not None:
        _write(compiled, training, replace(record, interrupted=False), path)
    return replace(family, record=record)


def _write(compiled: CompiledProblem, training: Any, record: Record, path: Path) -> float:
    """Seconds that it took. The first process's affair."""
    from pdelang.runtime.family_storage import save

    if not mesh.is_first():
        return 0.0

    began = clock.monotonic()
    save(Family(compiled, training.generator(), record), path, training.state())
    return clock.monotonic() - began
