"""Family <-> one HDF5 file, without pickle: the program's text, arrays and JSON.

    /            format and versions as attributes
    /family      program, record and configuration: strings, the last two JSON
    /generator   what was learned
    /training    what is needed to go on: numbers (JSON) and arrays; absent in a family that was saved without

Nothing in it is code, and nothing in it is executed: the program is parsed and compiled, arrays are arrays.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang import __version__
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.files import replacing
from pdelang.runtime.family import Family, Record
from pdelang.runtime.generator import GENERATORS, generator_class
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.storage import read_arrays, reading, write_arrays

if TYPE_CHECKING:
    import h5py

    from pdelang.runtime.training import TrainOptions

FORMAT = "pdelang family"
FORMAT_VERSION = 3
MAY_CHANGE = ("steps", "minutes", "devices_a_condition")
"""Options of a training that may differ when it is taken up again: where it ends, and who works on it."""


def save(family: Family, path: Path, training: tuple[dict[str, Any], Arrays] | None = None) -> Path:
    """The file in one step; `training`: the state to go on from. OSError where it cannot be written."""
    import h5py

    source = family.compiled.problem.source
    texts = {
        "program": source.text,
        "program_name": source.name,
        "record": json.dumps(asdict(family.record)),
        "config": json.dumps(family.model.config()),
    }
    with replacing(path) as partial:
        with h5py.File(partial, "w") as file:
            file.attrs.update({"format": FORMAT, "format_version": FORMAT_VERSION, "pdelang_version": __version__})
        write_arrays(partial, {name: np.array(text) for name, text in texts.items()}, "family")
        write_arrays(partial, family.model.arrays(), "generator")
        if training is not None:
            numbers, arrays = training
            write_arrays(partial, arrays | {"numbers": np.array(json.dumps(numbers))}, "training")
    return path


def load(path: Path) -> Family:
    """The family in a file. UsageError: no such file, not one of ours, cut short, of a version that this one does not know."""
    import h5py

    from pdelang.compiler.pipeline import compile as compile_problem
    from pdelang.language.semantics import parse

    with reading(path), h5py.File(path, "r") as file:
        record, texts = _opened(file)
        compiled = compile_problem(parse(texts["program"], texts["program_name"]))
        made = generator_class(record.generator)
        model = made.restored(compiled, json.loads(texts["config"]), read_arrays(file["generator"]))
        return Family(compiled, model, record)


def is_family(path: Path) -> bool:
    """Whether a file says that it is a family; False for whatever cannot be read."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == FORMAT)
    except OSError:
        return False


def read_training(path: Path, compiled: CompiledProblem, options: TrainOptions) -> tuple[Record, dict[str, Any], Arrays]:
    """The record of a training and the state to go on from. UsageError: damaged, or of another program, options or version."""
    import h5py

    with reading(path), h5py.File(path, "r") as file:
        record, texts = _opened(file)
        if texts["program"] != compiled.problem.source.text:
            raise UsageError("it was trained for another program: train without resuming to start anew")
        if "training" not in file:
            raise UsageError("it was saved without what is needed to go on")
        wanted = asdict(options)
        for name, value in record.options.items():
            if name not in MAY_CHANGE and wanted.get(name) != value and not (name == "generator" and wanted[name] == record.generator):
                raise UsageError(f"it was trained with {name} = {value}, not {wanted.get(name)}: train without resuming to start anew")
        if any(wanted[name] != record.options.get(name) for name in MAY_CHANGE):
            record = Record(**(asdict(record) | {"options": wanted, "finished": False}))
        arrays = read_arrays(file["training"])
        return record, json.loads(str(arrays.pop("numbers"))), arrays


def _opened(file: h5py.File) -> tuple[Record, dict[str, str]]:
    version = file.attrs.get("format_version")
    if file.attrs.get("format") != FORMAT:
        raise UsageError("not a family that pdelang trained")
    if version != FORMAT_VERSION:
        writer = file.attrs.get("pdelang_version", "another version")
        raise UsageError(f"format {version}, written by pdelang {writer}; pdelang {__version__} reads format {FORMAT_VERSION}: train again")
    texts = {name: str(value) for name, value in read_arrays(file["family"]).items()}
    record = Record(**json.loads(texts["record"]))
    if record.generator not in GENERATORS:
        raise UsageError(f"its generator {record.generator!r} is unknown to pdelang {__version__}")
    return record, texts
