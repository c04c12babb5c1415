"""Solution <-> netCDF4. One file that any netCDF tool opens and plots, and that `load` turns back into the same solution.

    /            the fields on a grid (`Solution.to_xarray()`), status, method and parameters as attributes
    /solve       program, state and certificate: strings, the last two JSON
    /expansion   the representation's arrays, bit for bit
    /reference   the data set that `relative_l2` was measured against, if there is one

Nothing in it is code, and nothing in it is executed: the program is parsed, arrays are arrays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang import __version__
from pdelang.compiler.parameters import UsageError
from pdelang.files import replacing
from pdelang.language.diagnostics import ProblemError
from pdelang.language.semantics import parse
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.representation import Representation
from pdelang.runtime.status import Status

if TYPE_CHECKING:
    import xarray

    from pdelang.runtime.solution import Solution

FORMAT = "pdelang solution"
FORMAT_VERSION = 1
LARGEST = 4 * 2**30
"""Bytes in memory: a file that claims more is refused before it is read."""

REPRESENTATIONS = {
    "scattered": "pdelang.runtime.expansion:GaussianExpansion",
    "product": "pdelang.runtime.layout.product:ProductExpansion",
    "slabs": "pdelang.runtime.slabs:SlabExpansion",
}
"""Representation.kind -> the class whose `from_arrays` takes `arrays()` back."""


def save(solution: Solution, path: Path) -> Path:
    """The file in one step. OSError where it cannot be written; ValueError if there is nothing to save."""
    representation = solution.representation
    if representation is None:
        raise ValueError(f"there is nothing to save: {solution.status.value}")
    with replacing(path) as partial:
        root = solution.to_xarray()
        root.attrs |= {"format": FORMAT, "format_version": FORMAT_VERSION, "pdelang_version": __version__, "method": solution.method}
        root.to_netcdf(partial, mode="w", engine="h5netcdf")
        _texts(solution, representation).to_netcdf(partial, mode="a", engine="h5netcdf", group="solve")
        _raw(representation.arrays()).to_netcdf(partial, mode="a", engine="h5netcdf", group="expansion")
        if solution.reference is not None:
            solution.reference.to_netcdf(partial, mode="a", engine="h5netcdf", group="reference")
    return path


def load(path: Path) -> Solution:
    """The solution in a file. UsageError: no such file, not one of ours, cut short, of a version that this one does not know."""
    if not path.is_file():
        raise UsageError(f"no such file: {path}")
    try:
        groups = _read(path)
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, NotImplementedError) as fault:
        raise UsageError(f"{path} cannot be read: it is not a netCDF4 file, or it was cut short") from fault
    try:
        return _restore(groups)
    except ProblemError as fault:
        raise UsageError(f"{path}: the program in it is not one that pdelang {__version__} understands\n{fault}") from fault
    except UsageError as fault:
        raise UsageError(f"{path}: {fault}") from fault
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as fault:
        raise UsageError(f"{path} is damaged: {type(fault).__name__}: {fault}") from fault


def _texts(solution: Solution, representation: Representation) -> xarray.Dataset:
    import xarray

    state = {
        "status": solution.status.name,
        "method": solution.method,
        "reason": solution.reason,
        "message": solution.message,
        "iterations": solution.iterations,
        "seconds": solution.seconds,
        "compile_seconds": solution.compile_seconds,
        "relative_l2": dict(solution.relative_l2),
        "parameters": {name: np.asarray(value).tolist() for name, value in solution.parameters.items()},
        "lower": solution.lower.tolist(),
        "upper": solution.upper.tolist(),
        "representation": representation.kind,
        "program_name": solution.problem.source.name,
    }
    certificate = solution.certificate.to_json() if solution.certificate else None
    return xarray.Dataset({"program": solution.problem.source.text, "state": json.dumps(state), "certificate": json.dumps(certificate)})


def _raw(arrays: Mapping[str, np.ndarray]) -> xarray.Dataset:
    """Dimensions `<name>_0`, `<name>_1`, ...: nothing is shared, so nothing can clash."""
    import xarray

    values = {name: np.asarray(value) for name, value in arrays.items()}
    return xarray.Dataset({name: ([f"{name}_{k}" for k in range(v.ndim)], v) for name, v in values.items()})


def _read(path: Path) -> dict[str, xarray.Dataset]:
    import h5netcdf
    import xarray

    with h5netcdf.File(path, "r") as file:
        present = [name for name in ("solve", "expansion", "reference") if name in file.groups]
    groups = {}
    for name in ("/", *present):
        with xarray.open_dataset(path, engine="h5netcdf", group=name, mask_and_scale=False, decode_times=False) as data:
            if name == "/":
                groups[name] = xarray.Dataset(attrs=data.attrs)  # the grid is for others: the expansion gives it anew
                continue
            if data.nbytes > LARGEST:
                raise ValueError(f"{name} claims {data.nbytes} bytes")
            groups[name] = data.load()
    return groups


def _restore(groups: Mapping[str, xarray.Dataset]) -> Solution:
    from pdelang.runtime.solution import Solution

    attributes = groups["/"].attrs
    if attributes.get("format") != FORMAT:
        raise UsageError("it is a netCDF file, but not a solution that pdelang saved")
    version = int(attributes["format_version"])
    if version != FORMAT_VERSION:
        written_by = attributes.get("pdelang_version", "another version")
        raise UsageError(
            f"format {version}, written by pdelang {written_by}; pdelang {__version__} reads format {FORMAT_VERSION}: solve it again"
        )
    texts = groups["solve"]
    state: dict[str, Any] = json.loads(texts["state"].item())
    certificate = json.loads(texts["certificate"].item())
    if state["representation"] not in REPRESENTATIONS:
        raise UsageError(f"unknown kind of expansion {state['representation']!r}")
    return Solution(
        problem=parse(texts["program"].item(), state["program_name"]),
        parameters={name: np.asarray(value) if isinstance(value, list) else value for name, value in state["parameters"].items()},
        lower=np.asarray(state["lower"]),
        upper=np.asarray(state["upper"]),
        representation=_rebuild(state["representation"], groups["expansion"]),
        status=Status[state["status"]],
        certificate=Certificate.from_json(certificate) if certificate else None,
        method=state["method"],
        reason=state["reason"],
        message=state["message"],
        iterations=state["iterations"],
        seconds=state["seconds"],
        compile_seconds=state["compile_seconds"],
        relative_l2=state["relative_l2"],
        reference=groups.get("reference"),
    )


def _rebuild(kind: str, arrays: xarray.Dataset) -> Representation:
    module, name = REPRESENTATIONS[kind].split(":")
    built: Representation = getattr(import_module(module), name).from_arrays({str(n): v.values for n, v in arrays.data_vars.items()})
    return built
