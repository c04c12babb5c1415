"""An interrupted solve goes on where it was: the slabs that a march has accepted, on disk, and the state it goes on from.

    /            format, versions
    /solve       program and what else must be the same: parameters, options (but the time limit); the passes' numbers as JSON
    /passes/0    the arrays of the first pass, and so on; slabs that share a layout share its arrays

A march is deterministic, so one that is taken up between two slabs gives the same bits as one that was never interrupted. Passes that have
ended are not repeated. What is kept for scattered kernels and for steady problems is nothing: their solves start anew.
"""

from __future__ import annotations

import hashlib
import json
import time as clock
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pdelang import __version__
from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import UsageError
from pdelang.files import check_writable, replacing
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.packing import Arrays, below, packed, snapshot, unpack
from pdelang.runtime.status import Status
from pdelang.runtime.storage import read_arrays, reading, write_arrays

FORMAT = "pdelang checkpoint"
FORMAT_VERSION = 1
SECONDS_BETWEEN = 3.0
COSTS_BETWEEN = 100
"""Pauses between two files are as many times longer than writing one takes: at most a hundredth of the solve."""
UNFINISHED = (Status.INTERRUPTED, Status.ITERATION_LIMIT)
"""What more time would mend: the checkpoint stays."""


class Recorder(Protocol):
    """What a march tells, and asks when it begins."""

    def begin(self, state: Any, tolerance: float) -> tuple[Status, str] | None:
        """A pass begins. An earlier one's state is put into `state`; how it ended, None if it is to go on."""

    def accepted(self, state: Any) -> None:
        """A slab more, and the state from which the next one begins."""

    def ended(self, state: Any, status: Status, message: str) -> None:
        """The pass is over."""


class _Nothing:
    def begin(self, state: Any, tolerance: float) -> tuple[Status, str] | None:
        return None

    def accepted(self, state: Any) -> None:
        pass

    def ended(self, state: Any, status: Status, message: str) -> None:
        pass


NOTHING = _Nothing()


def recorder_of(progress: Progress) -> Recorder:
    """The recorder that travels with `progress`."""
    return getattr(progress, "recorder", NOTHING)


@dataclass(frozen=True)
class Recording:
    """A `Progress` that brings a recorder along."""

    progress: Progress
    recorder: Recorder

    def __call__(self, stage: str, fraction: float | None = None, **figures: float) -> None:
        self.progress(stage, fraction, **figures)


@dataclass(eq=False)
class Pass:
    """values: the last accepted state, None before the first slab. status: how the pass ended, None while it goes on."""

    tolerance: float
    values: dict[str, Any] | None = None
    status: Status | None = None
    message: str = ""


@dataclass(frozen=True, eq=False)
class Stored:
    """A pass as it stands in a file."""

    tolerance: float
    numbers: Mapping[str, Any]
    arrays: Arrays
    status: Status | None
    message: str


@dataclass(eq=False)
class Checkpoint:
    """The recorder that writes. identity: what must be the same for a file to be taken up. fault: why it could not be written."""

    path: Path
    identity: Mapping[str, Any]
    earlier: list[Stored] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    written: float = field(default_factory=clock.monotonic)
    cost: float = 0.0
    fault: str = ""

    def begin(self, state: Any, tolerance: float) -> tuple[Status, str] | None:
        number = len(self.passes)
        self.passes.append(Pass(tolerance))
        if number >= len(self.earlier) or self.earlier[number].tolerance != tolerance:
            del self.earlier[number:]  # another course of passes: what follows would not fit
            return None
        stored = self.earlier[number]
        with reading(self.path):
            unpack(state, stored.numbers, stored.arrays)
        own = self.passes[-1]
        own.values, own.status, own.message = snapshot(state), stored.status, stored.message
        if own.status is None or (own.status in UNFINISHED and number + 1 == len(self.earlier)):
            own.status = None
            return None
        return own.status, own.message

    def accepted(self, state: Any) -> None:
        self.passes[-1].values = snapshot(state)
        self._write_now_and_then()

    def ended(self, state: Any, status: Status, message: str) -> None:
        own = self.passes[-1]
        if status is Status.INTERRUPTED:
            return
        if status is not Status.ITERATION_LIMIT:  # there the last accepted state is the better one to go on from
            own.values = snapshot(state)
        own.status, own.message = status, message
        self._write_now_and_then()

    def finished(self, status: Status) -> None:
        """The solve is over: the file stays where more time would help, otherwise it goes."""
        if status in UNFINISHED:
            self.write()
        else:
            self.path.unlink(missing_ok=True)

    def _write_now_and_then(self) -> None:
        if clock.monotonic() - self.written > max(SECONDS_BETWEEN, COSTS_BETWEEN * self.cost):
            self.write()

    def write(self) -> None:
        """The file in one step; nothing before the first slab. A disk that is full does not end the solve."""
        kept = [p for p in self.passes if p.values is not None]
        if not kept:
            return
        began = clock.monotonic()
        try:
            with replacing(self.path) as partial:
                _write(partial, self.identity, kept)
        except OSError as fault:
            self.fault = f"the checkpoint could not be written: {fault}"
        self.written = clock.monotonic()
        self.cost = self.written - began


@contextmanager
def recording(
    path: Path | None, resume: bool, compiled: CompiledProblem, parameters: Parameters, options: SolveOptions, progress: Progress
) -> Iterator[tuple[Progress, Checkpoint | None]]:
    """The progress to hand to a method. UsageError: the file there is not one to go on from. OSError: it cannot be written."""
    if path is None:
        if resume:
            raise UsageError("there is nothing to resume from: give the checkpoint's path")
        yield progress, None
        return
    check_writable(path)
    checkpoint = Checkpoint(path, identity(compiled, parameters, options))
    if resume and path.exists():
        checkpoint.earlier = load(path, checkpoint.identity)
    elif resume:
        progress(f"no checkpoint {path}: starting anew")
    try:
        yield Recording(progress, checkpoint), checkpoint
    except KeyboardInterrupt:
        checkpoint.write()
        raise


# ------------------------------------------------------------ the file


def identity(compiled: CompiledProblem, parameters: Parameters, options: SolveOptions) -> dict[str, Any]:
    """All that the course of a solve depends on, as JSON has it."""
    text = compiled.problem.source.text
    chosen = {name: value for name, value in asdict(options).items() if name != "time_limit"}
    return {
        "program": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "parameters": {name: np.asarray(value).tolist() for name, value in parameters.items()},
        "options": chosen,
    }


def _write(path: Path, identity: Mapping[str, Any], passes: list[Pass]) -> None:
    import h5py

    records: list[dict[str, Any]] = []
    arrays: Arrays = {}
    for number, own in enumerate(passes):
        assert own.values is not None
        numbers, parts = packed(own.values)
        status = own.status.name if own.status else None
        records.append({"tolerance": own.tolerance, "numbers": numbers, "status": status, "message": own.message})
        arrays |= {f"{number}/{name}": array for name, array in parts.items()}
    write_arrays(path, {"identity": np.array(json.dumps(identity)), "passes": np.array(json.dumps(records))}, "solve")
    write_arrays(path, arrays, "passes")
    with h5py.File(path, "a") as file:
        file.attrs.update({"format": FORMAT, "format_version": FORMAT_VERSION, "pdelang_version": __version__})


def load(path: Path, expected: Mapping[str, Any]) -> list[Stored]:
    """The passes in a file. UsageError: it is damaged, or of another program, parameters, options or version."""
    import h5py

    with reading(path), h5py.File(path, "r") as file:
        version = (file.attrs.get("format"), file.attrs.get("format_version"), file.attrs.get("pdelang_version"))
        if version[0] != FORMAT:
            raise UsageError("not a checkpoint that pdelang wrote")
        if version[1:] != (FORMAT_VERSION, __version__):
            raise UsageError(f"a checkpoint of pdelang {version[2]}, this is {__version__}; {ANEW}")
        texts, arrays = read_arrays(file["solve"]), read_arrays(file["passes"])
        _check_same(json.loads(str(texts["identity"])), expected)
        records = json.loads(str(texts["passes"]))
        return [
            Stored(r["tolerance"], r["numbers"], below(arrays, str(n)), Status[r["status"]] if r["status"] else None, r["message"])
            for n, r in enumerate(records)
        ]


ANEW = "solve without resuming to start anew"


def _check_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if found["sha256"] != expected["sha256"]:
        pairs = zip(found["program"].splitlines(), expected["program"].splitlines())
        line = next((n for n, (a, b) in enumerate(pairs, 1) if a != b), None)
        raise UsageError(f"a checkpoint of another program{f': line {line} differs' if line else ''}; {ANEW}")
    for kind in ("parameters", "options"):
        for name, value in expected[kind].items():
            other = found[kind].get(name)
            if other != value:
                raise UsageError(f"a checkpoint with {kind[:-1]} {name} = {other}, not {value}; {ANEW}")
